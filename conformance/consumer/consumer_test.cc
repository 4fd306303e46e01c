// A test as users of anteroom::testing write it: a scripted peer in the segment notation, and two
// stacks on one clock.
#include <gtest/gtest.h>

#include <anteroom/testing/pair.h>
#include <anteroom/testing/peer.h>

TEST(Consumer, JudgesAScriptedPeer) {
  anteroom::testing::Peer peer({.listener = {.conditional = true}});
  peer.sends("S 0:5(5) win 65535 <mss 1460> \"hello\"");
  EXPECT_EQ(peer.sees_nothing(), "");
  const auto pending = peer.requested();
  ASSERT_TRUE(pending);
  ASSERT_TRUE(peer.accept(*pending, "world"));
  EXPECT_NE(peer.next().find("0:5(5) ack 6"), std::string::npos);
}

TEST(Consumer, RejectsOneOfTwoStacks) {
  anteroom::testing::Pair pair;
  ASSERT_TRUE(pair.server.listen({.local = {{}, 80}, .conditional = true}));
  ASSERT_TRUE(pair.client.connect(pair.now(), {.remote = {pair.server_address(), 80}}));
  pair.run_for(std::chrono::milliseconds(10));
  for (const anteroom::Event& event : pair.take_events(pair.server)) {
    if (event.kind != anteroom::EventKind::connection_requested) continue;
    EXPECT_TRUE(pair.server.reject(pair.now(), event.pending));
  }
  pair.run_for(std::chrono::milliseconds(10));
  const auto events = pair.take_events(pair.client);
  ASSERT_FALSE(events.empty());
  EXPECT_EQ(events.back().error, anteroom::Error::refused);
}
