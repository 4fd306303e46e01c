// The main job between two stacks on one virtual clock: SYN data in, verdict, response data out.
#include <gmock/gmock.h>

#include <anteroom/testing/pair.h>
#include <anteroom/testing/peer.h>

namespace anteroom::testing {
namespace {

using ::testing::ElementsAre;

std::string read_all(Pair& pair, Stack& stack, ConnectionId id) {
  std::string all;
  std::uint8_t chunk[4096];
  for (;;) {
    const auto taken = stack.receive_into(pair.now(), id, chunk);
    if (!taken || *taken == 0) return all;
    all += text_of(Bytes(chunk).first(*taken));
  }
}

// conditional-accept 1 to 3.
TEST(FirstLight, CallerDataIsJudgedAndResponseDataRidesInTheSynAck) {
  Pair pair;
  const auto listener = pair.server.listen({.local = {{}, 80}, .conditional = true});
  ASSERT_TRUE(listener);
  const auto client = pair.client.connect(
      pair.now(), {.remote = {pair.server_address(), 80}, .caller_data = bytes_of("hello")});
  ASSERT_TRUE(client);
  pair.run_for(10ms);
  const auto events = pair.take_events(pair.server);
  ASSERT_EQ(events.size(), 1u);
  ASSERT_EQ(events[0].kind, EventKind::connection_requested);
  const auto request = pair.server.request(pair.now(), events[0].pending);
  ASSERT_TRUE(request);
  EXPECT_EQ(text_of(request->caller_data), "hello");
  const auto accepted =
      pair.server.accept(pair.now(), events[0].pending, {.response_data = bytes_of("welcome")});
  ASSERT_TRUE(accepted);
  pair.run_for(100ms);
  EXPECT_EQ(read_all(pair, pair.client, *client), "welcome");
  EXPECT_EQ(read_all(pair, pair.server, *accepted), "hello");
  EXPECT_EQ(pair.client.connection_info(*client)->caller_data_taken_bytes, 5u);
  EXPECT_EQ(pair.client.connection_info(*client)->response_data_bytes, 7u);
  EXPECT_THAT(pair.take_trace(),
              ElementsAre("client > S 0:5(5) \"hello\"", "server > S. 0:7(7) ack 6 \"welcome\"",
                          "client > . 6:6(0) ack 8"));
  (void)pair.client.close(pair.now(), *client);
  (void)pair.server.close(pair.now(), *accepted);
  pair.run(200s);
  pair.take_events(pair.client);
  pair.take_events(pair.server);
  EXPECT_EQ(pair.client.stats().connections, 0u);
  EXPECT_EQ(pair.server.stats().connections, 0u);
}

// Data that never left, because nobody answered for the link address, leaves when somebody does.
TEST(NoWayOut, WhatWaitedForAnAddressGoesLater) {
  Config client_config = test_config(2);
  client_config.limits.neighbor_reachable_time = 1s;
  Pair pair(test_config(1), client_config);
  const auto listener = pair.server.listen({.local = {{}, 80}});
  ASSERT_TRUE(listener);
  const auto data = pair.client.connect(pair.now(), {.remote = {pair.server_address(), 80}});
  const auto fin = pair.client.connect(pair.now(), {.remote = {pair.server_address(), 80}});
  pair.run_for(2s);
  bool deaf = true;
  pair.set_wire([&](Toward toward, auto&) { return !(deaf && toward == Toward::server); });
  (void)pair.client.connect(pair.now(), {.remote = {pair.server_address(), 81}});
  pair.run_for(10s);  // the address is asked for, and forgotten
  ASSERT_TRUE(pair.client.send(pair.now(), *data, bytes_of("late")));
  ASSERT_TRUE(pair.client.shutdown(pair.now(), *fin));
  pair.run_for(10s);
  deaf = false;
  pair.run_for(60s);
  const auto first = pair.server.take(*listener);
  const auto second = pair.server.take(*listener);
  ASSERT_TRUE(first && second);
  EXPECT_EQ(read_all(pair, pair.server, *first), "late");
  EXPECT_EQ(pair.server.connection_info(*second)->state, State::close_wait);
}

TEST(FirstLight, BulkBothWays) {
  Pair pair;
  const auto listener = pair.server.listen({.local = {{}, 80}});
  ASSERT_TRUE(listener);
  const auto client = pair.client.connect(pair.now(), {.remote = {pair.server_address(), 80}});
  pair.run_for(10ms);
  const auto server = pair.server.take(*listener);
  ASSERT_TRUE(server);
  const std::size_t total = 3'000'000;
  std::size_t sent[2] = {}, got[2] = {};
  std::vector<std::uint8_t> chunk(100'000);
  Stack* stacks[2] = {&pair.client, &pair.server};
  const ConnectionId ids[2] = {*client, *server};
  for (int turn = 0; turn < 100'000 && (got[0] < total || got[1] < total); ++turn) {
    for (int i = 0; i < 2; ++i) {
      if (sent[i] < total) {
        for (std::size_t k = 0; k < chunk.size(); ++k)
          chunk[k] = static_cast<std::uint8_t>((sent[i] + k) % 251);
        const auto n = stacks[i]->send(pair.now(), ids[i],
                                       Bytes(chunk).first(std::min(chunk.size(), total - sent[i])));
        if (n) sent[i] += *n;
      }
      while (true) {
        const auto n = stacks[i]->receive_into(pair.now(), ids[i], chunk);
        if (!n || *n == 0) break;
        for (std::size_t k = 0; k < *n; ++k) ASSERT_EQ(chunk[k], (got[i] + k) % 251);
        got[i] += *n;
      }
    }
    pair.step(pair.now() + 10s);
  }
  EXPECT_EQ(got[0], total);
  EXPECT_EQ(got[1], total);
  EXPECT_EQ(pair.client.stats().segments_retransmitted, 0u);
}

}  // namespace
}  // namespace anteroom::testing
