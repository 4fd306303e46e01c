// What a stack promises about itself: the same inputs give the same bytes; nothing is allocated per
// packet; an idle connection and a held request cost what they may cost.
#include <cstdlib>
#include <new>

#include <gtest/gtest.h>

#include <anteroom/testing/pair.h>

#include "stack/accept/backlog.h"
#include "stack/base/keyed_hash.h"
#include "stack/parts.h"

namespace {

std::uint64_t allocations = 0;

}  // namespace

// Every allocation of this program passes here.
void* operator new(std::size_t size) {
  ++allocations;
  if (void* memory = std::malloc(size)) return memory;
  std::abort();
}
void* operator new(std::size_t size, const std::nothrow_t&) noexcept { return operator new(size); }
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }

namespace anteroom::testing {
namespace {

// A day in the life of two stacks with loss; every frame goes into one hash.
std::uint64_t story(std::uint8_t seed) {
  Config config = test_config(1);
  config.seed.fill(seed);
  Pair pair(config);
  std::uint64_t digest = 0;
  int count = 0;
  const HashKey key{};
  pair.set_wire([&](Toward, std::vector<std::uint8_t>& frame) {
    digest = digest * 31 + keyed_hash(key, frame);
    return ++count % 13 != 0;
  });
  const auto listener = pair.server.listen({.local = {{}, 80}, .conditional = true});
  (void)listener;
  const auto client = pair.client.connect(
      pair.now(), {.remote = {pair.server_address(), 80}, .caller_data = bytes_of("hello")});
  pair.run_for(50ms);
  for (const Event& event : pair.take_events(pair.server)) {
    if (event.kind != EventKind::connection_requested) continue;
    (void)pair.server.accept(pair.now(), event.pending, {.response_data = bytes_of("welcome")});
  }
  const std::string data(60'000, 'd');
  for (int i = 0; i < 20; ++i) {
    (void)pair.client.send(pair.now(), *client, bytes_of(data));
    pair.run_for(300ms);
  }
  (void)pair.client.abort(pair.now(), *client);
  pair.run();
  return digest;
}

TEST(Determinism, SameSeedSameInputsSameBytes) {
  EXPECT_EQ(story(7), story(7));
  EXPECT_NE(story(7), story(8));
}

// design 2.6: nothing allocates per packet. Both stacks, the wire between them made of one buffer.
TEST(Allocation, NoneOnceWarm) {
  Stack server(test_config(1)), client(test_config(2));
  Instant now{1s};
  std::vector<std::uint8_t> frame(server.frame_bytes_max()), data(100'000);
  const auto shuttle = [&] {
    for (bool moved = true; moved;) {
      moved = false;
      while (const std::size_t size = client.next_frame(now, frame)) {
        server.receive(now, Bytes(frame).first(size));
        moved = true;
      }
      while (const std::size_t size = server.next_frame(now, frame)) {
        client.receive(now, Bytes(frame).first(size));
        moved = true;
      }
    }
    now += 1ms;
    server.advance(now);
    client.advance(now);
  };
  ASSERT_TRUE(server.listen({.local = {{}, 80}, .conditional = true}));
  const auto life = [&] {
    const auto from = client.connect(
        now, {.remote = {IpAddress::v4(192, 0, 2, 1), 80}, .caller_data = bytes_of("hello")});
    shuttle();
    ConnectionId to;
    while (const auto event = server.next_event()) {
      if (event->kind != EventKind::connection_requested) continue;
      to = *server.accept(now, event->pending, {.response_data = bytes_of("welcome")});
    }
    for (int i = 0; i < 50; ++i) {
      (void)client.send(now, *from, data);
      shuttle();
      while (server.receive_into(now, to, data).value_or(0) != 0) {
      }
    }
    (void)client.close(now, *from);
    (void)server.close(now, to);
    shuttle();
    while (server.next_event() || client.next_event()) {
    }
  };
  life();
  life();
  const std::uint64_t before = allocations;
  for (int i = 0; i < 10; ++i) life();
  EXPECT_EQ(allocations - before, 0u);
  EXPECT_GT(server.stats().segments_in, 10'000u);
}

// performance targets: 512 bytes for an idle connection, 128 and its data for a held request.
TEST(Memory, IdleConnectionAndHeldRequest) {
  constexpr std::size_t kIndexBytes = 16;  // two slots of eight bytes at a load of one half
  EXPECT_LE((Slab<ConnectionSlot, ConnectionId>::slot_bytes()) + kIndexBytes, 512u);
  EXPECT_LE(Backlog::request_bytes(), 128u);
}

}  // namespace
}  // namespace anteroom::testing
