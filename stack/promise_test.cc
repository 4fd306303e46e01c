// What a stack promises about itself: the same inputs give the same bytes; nothing is allocated per
// packet; an idle connection and a held request cost what they may cost.
#include <cstddef>
#include <cstdlib>
#include <new>

#include <gtest/gtest.h>

#include <anteroom/testing/pair.h>

#include "stack/accept/backlog.h"
#include "stack/base/keyed_hash.h"
#include "stack/parts.h"
#include "stack/wire/checksum.h"

namespace {

std::uint64_t allocations = 0;
std::size_t allocated_bytes = 0;  // asked for and not given back

// In front of each allocation: its size.
constexpr std::size_t kNoteBytes = alignof(std::max_align_t);

void give_back(void* memory) {
  if (memory == nullptr) return;
  std::size_t* const note = static_cast<std::size_t*>(memory) - kNoteBytes / sizeof(std::size_t);
  allocated_bytes -= *note;
  std::free(note);
}

}  // namespace

// Every allocation of this program passes here.
void* operator new(std::size_t size) {
  auto* const note = static_cast<std::size_t*>(std::malloc(kNoteBytes + size));
  if (note == nullptr) std::abort();
  ++allocations;
  allocated_bytes += * note = size;
  return note + kNoteBytes / sizeof(std::size_t);
}
void* operator new(std::size_t size, const std::nothrow_t&) noexcept { return operator new(size); }
void operator delete(void* memory) noexcept { give_back(memory); }
void operator delete(void* memory, std::size_t) noexcept { give_back(memory); }

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

// A segment of the i-th of many clients that are not there: its SYN, or what follows that. Behind
// the headers `packet` holds its data.
void forge(std::uint16_t flags, std::uint32_t i, std::uint32_t ack, const IpAddress& to,
           MutableBytes packet) {
  const TcpHeader tcp{static_cast<std::uint16_t>(1'024 + i % 50'000),
                      80,
                      flags == tcp_flag::syn ? i : i + 1,
                      ack,
                      flags,
                      1'000};
  IpHeader ip;
  ip.source = IpAddress::v4(0x0a000000 + i * 7);
  ip.destination = to;
  ip.protocol = kProtocolTcp;
  const MutableBytes segment = packet.subspan(kIpv4HeaderBytes);
  const Written written = emit_tcp(tcp, {}, segment);
  ip.payload_bytes = static_cast<std::uint16_t>(segment.size());
  finish_tcp_checksum(segment, written,
                      pseudo_header_sum(ip.source, ip.destination, kProtocolTcp, segment.size()));
  emit_ip(ip, packet);
}

// RFC 4987 3.6: a hundred thousand forged SYNs cost an ordinary listener nothing but its backlog,
// and a client that is there still gets in.
TEST(Flood, CostsNoMemoryAndKeepsNobodyOut) {
  Config config = test_config(1);
  config.interface.medium = Medium::ip;
  Stack server(config);
  const ListenerId listener =
      server.listen({.local = {{}, 80}, .overload = OverloadPolicy::challenge, .backlog_max = 128})
          .value();
  std::vector<std::uint8_t> out(server.frame_bytes_max());
  Instant now{1s};
  const auto drain = [&] {
    while (server.next_frame(now, out) != 0) {
    }
  };
  std::vector<std::uint8_t> packet(kIpv4HeaderBytes + 20);
  const auto forged = [&](std::uint32_t i) {
    forge(tcp_flag::syn, i, 0, config.interface.addresses.front().address, packet);
    server.receive(now, packet);
    now += 10us;
    server.advance(now);
    drain();
  };
  std::uint32_t i = 0;
  while (i < 1'000) forged(++i);
  const std::uint64_t before = allocations;
  while (i < 100'000) forged(++i);
  EXPECT_EQ(allocations, before);
  EXPECT_LE(server.stats().connections, 128u);
  EXPECT_EQ(server.stats().buffer_bytes, 0u);
  EXPECT_GE(server.stats().syn_cookies_sent, 99'000u);

  Config own = test_config(2);
  own.interface.medium = Medium::ip;
  Stack client(own);
  const Endpoint there{config.interface.addresses.front().address, 80};
  const ConnectionId ours = client.connect(now, {.remote = there}).value();
  EXPECT_TRUE(client.send(now, ours, bytes_of("hello")));
  for (int turn = 0; turn < 4; ++turn) {
    while (const std::size_t size = client.next_frame(now, out)) {
      server.receive(now, Bytes(out).first(size));
    }
    while (const std::size_t size = server.next_frame(now, out)) {
      client.receive(now, Bytes(out).first(size));
    }
  }
  const ConnectionId theirs = server.take(listener).value();
  EXPECT_EQ(server.receive_into(now, theirs, out).value(), 5u);
  EXPECT_EQ(client.connection_info(ours)->state, State::established);
  EXPECT_EQ(server.stats().syn_cookies_accepted, 1u);
}

// A server under a flood of forged SYNs with data, and an honest client beside it.
class Flooded {
 public:
  explicit Flooded(const ListenOptions& listener) : server_(host(1)), client_(host(2)) {
    server_.listen(listener).value();
  }

  const Stats& stats() const { return server_.stats(); }
  void flood(std::uint32_t syns) {
    for (std::uint32_t i = 0; i < syns; ++i) {
      forge(tcp_flag::syn, ++forged_, 0, server_address(), packet_);
      server_.receive(now_, packet_);
      now_ += 10us;
      server_.advance(now_);
      judge();
      while (server_.next_frame(now_, out_) != 0) {
      }
    }
  }
  // What the server has accepted from the client in the end, in bytes of caller data.
  std::size_t call(FastOpen fast_open) {
    accepted_bytes_ = 0;
    const ConnectionId id = client_
                                .connect(now_, {.remote = {server_address(), 80},
                                                .caller_data = bytes_of("an honest caller"),
                                                .fast_open = fast_open})
                                .value();
    for (int turn = 0; turn < 6; ++turn) {
      while (const std::size_t size = client_.next_frame(now_, out_)) {
        server_.receive(now_, Bytes(out_).first(size));
      }
      judge();
      while (const std::size_t size = server_.next_frame(now_, out_)) {
        client_.receive(now_, Bytes(out_).first(size));
      }
    }
    (void)client_.abort(now_, id);
    while (client_.next_frame(now_, out_) != 0) {
    }
    return accepted_bytes_;
  }

 private:
  static Config host(std::uint8_t number) {
    Config config = test_config(number);
    config.interface.medium = Medium::ip;
    return config;
  }
  IpAddress server_address() const { return server_.config().interface.addresses.front().address; }
  // Whoever has proven its address is accepted, the rest steps aside.
  void judge() {
    while (const auto event = server_.next_event()) {
      if (event->kind != EventKind::connection_requested) continue;
      const auto request = server_.request(now_, event->pending);
      if (!request) continue;
      if (!request->address_validated) {
        (void)server_.defer(now_, event->pending);
        continue;
      }
      accepted_bytes_ = request->caller_data.size();
      const auto accepted = server_.accept(now_, event->pending, {});
      if (accepted) (void)server_.abort(now_, *accepted);
    }
  }

  Stack server_;
  Stack client_;
  Instant now_{1s};
  std::uint32_t forged_ = 0;
  std::size_t accepted_bytes_ = 0;
  std::vector<std::uint8_t> out_ = std::vector<std::uint8_t>(2'000);
  std::vector<std::uint8_t> packet_ = std::vector<std::uint8_t>(kIpv4HeaderBytes + 20 + 200, 'x');
};

// conditional-accept 4: five million forged SYNs with data against a conditional listener cost what
// its limits say and no more; a client with a Fast Open cookie, and one that answers a challenge,
// get in.
TEST(Flood, OfRequestsIsBoundedAndKeepsNoProvenClientOut) {
  constexpr std::uint32_t kBacklog = 4'096;
  Flooded flooded({.local = {{}, 80},
                   .conditional = true,
                   .deferral = Deferral::independent,
                   .overload = OverloadPolicy::challenge,
                   .backlog_max = kBacklog,
                   .fast_open = FastOpen::cookie});
  flooded.flood(20'000);
  EXPECT_EQ(flooded.stats().requests_held, kBacklog / 4 * 3);
  (void)flooded.call(FastOpen::cookie);  // fetches a cookie, by way of a challenge
  EXPECT_EQ(flooded.call(FastOpen::cookie), 16u);
  EXPECT_EQ(flooded.call(FastOpen::off), 16u);
  flooded.flood(2'000'000);  // twenty seconds, in which the first ones expire
  const std::uint64_t before = allocations;
  flooded.flood(3'000'000);
  EXPECT_EQ(allocations, before);
  EXPECT_LE(flooded.stats().requests_held, kBacklog);
  EXPECT_GE(flooded.stats().dropped(DropReason::request_limit), 4'900'000u);
  EXPECT_EQ(flooded.stats().connections, 0u);
  EXPECT_EQ(flooded.call(FastOpen::cookie), 16u);
  EXPECT_EQ(flooded.call(FastOpen::off), 16u);
  EXPECT_GE(flooded.stats().fast_open_accepted, 2u);
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

// performance targets: 512 bytes for an idle connection, all told. The worst number of them is the
// one with which the index has just doubled.
TEST(Memory, IdleConnection) {
  constexpr std::uint32_t kConnections = 12'289;  // three quarters of 2^14, and one more
  Config config = test_config(1);
  config.limits.connections_max = 2 * kConnections;
  config.interface.medium = Medium::ip;
  Stack server(config);
  const ListenerId listener =
      server.listen({.local = {{}, 80}, .backlog_max = kConnections}).value();
  const IpAddress here = config.interface.addresses.front().address;
  std::vector<std::uint8_t> packet(kIpv4HeaderBytes + 20), out(server.frame_bytes_max());
  const std::size_t before = allocated_bytes;
  for (std::uint32_t i = 1; i <= kConnections; ++i) {
    forge(tcp_flag::syn, i, 0, here, packet);
    server.receive(Instant(1s), packet);
    const std::size_t size = server.next_frame(Instant(1s), out);
    const auto answer = parse_tcp(Bytes(out).first(size).subspan(kIpv4HeaderBytes));
    forge(tcp_flag::ack, i, answer->header.seq + 1, here, packet);
    server.receive(Instant(1s), packet);
    while (server.next_event()) {
    }
    ASSERT_TRUE(server.take(listener));
  }
  EXPECT_EQ(server.stats().connections_opened, kConnections);
  EXPECT_EQ(server.stats().buffer_bytes, 0u);
  EXPECT_LE(allocated_bytes - before, std::size_t{512} * kConnections);
}

// 128 bytes and its data for a held request.
TEST(Memory, HeldRequest) { EXPECT_LE(Backlog::request_bytes(), 128u); }

// Two hosts that queue all that they are allowed to before either reads: neither may be left
// without the memory to take what would free the other's.
TEST(Memory, TwoFullSendersDoNotStarveEachOther) {
  const auto config = [](std::uint8_t host) {
    Config small = test_config(host);
    small.limits.buffer_bytes_max = 64 << 10;
    return small;
  };
  Pair pair(config(1), config(2));
  const auto listener = pair.server.listen({.local = {{}, 80}});
  std::vector<std::pair<Stack*, ConnectionId>> ends;
  for (int i = 0; i < 4; ++i) {
    ends.emplace_back(&pair.client,
                      *pair.client.connect(pair.now(), {.remote = {pair.server_address(), 80}}));
    pair.run(100ms);
    ends.emplace_back(&pair.server, *pair.server.take(*listener));
  }
  const std::vector<std::uint8_t> data(64 << 10, 'x');
  std::vector<std::size_t> owed(ends.size());  // to the other end: ends[i ^ 1]
  for (std::size_t i = 0; i < ends.size(); ++i) {
    const auto& [stack, id] = ends[i];
    for (std::size_t chunk = 16 << 10; chunk >= 64; chunk /= 2) {
      const auto sent = stack->send(pair.now(), id, Bytes(data).first(chunk));
      if (sent) owed[i ^ 1] += *sent;
    }
  }
  pair.run(60s);
  std::vector<std::uint8_t> out(64 << 10);
  for (int round = 0; round < 200; ++round) {
    for (std::size_t i = 0; i < ends.size(); ++i) {
      const auto got = ends[i].first->receive_into(pair.now(), ends[i].second, out);
      if (got) owed[i] -= *got;
    }
    pair.run_for(1s);
  }
  EXPECT_EQ(owed, std::vector<std::size_t>(ends.size(), 0));
}

}  // namespace
}  // namespace anteroom::testing
