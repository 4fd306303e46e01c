// What the owner asks of a connection: to hold segments back, to show what came.
#include <gtest/gtest.h>

#include <anteroom/testing/peer.h>

namespace anteroom::testing {
namespace {

// Full segments go, the rest waits for the cork to be drawn, for the end of the data or for a
// time-out.
TEST(Cork, HoldsPartialSegmentsBack) {
  Peer peer = Peer::established();
  const auto corked = [&](bool on) {
    ASSERT_TRUE(peer.stack().set_corked(peer.now(), peer.connection, on));
  };
  corked(true);
  ASSERT_TRUE(peer.writes(std::string(1200, 'a')));
  EXPECT_EQ(peer.sees(". 1:1001(1000) ack 1"), "");
  EXPECT_EQ(peer.sees_nothing(), "");
  corked(false);
  EXPECT_EQ(peer.sees("P. 1001:1201(200) ack 1"), "");  // whatever Nagle says
  peer.sends(". 1:1(0) ack 1201");
  corked(true);
  ASSERT_TRUE(peer.writes("b"));
  EXPECT_EQ(peer.sees_nothing(), "");
  peer.passes(peer.stack().connection_info(peer.connection)->retransmission_timeout);
  EXPECT_EQ(peer.sees("P. 1201:1202(1) ack 1"), "");
  peer.sends(". 1:1(0) ack 1202");
  ASSERT_TRUE(peer.writes("c"));
  EXPECT_EQ(peer.sees_nothing(), "");
  ASSERT_TRUE(peer.stack().shutdown(peer.now(), peer.connection));
  EXPECT_EQ(peer.sees("FP. 1202:1203(1) ack 1"), "");
}

// RFC 9293 3.8.4 [MUST-24], [MUST-27], [SHLD-12]: on and off for one connection, after an idle time
// of its own; a probe is empty, and one that is not answered ends nothing.
TEST(Keepalive, IsTheConnectionsOwn) {
  Peer peer = Peer::established();
  EXPECT_FALSE(peer.stack().next_deadline());
  ASSERT_TRUE(peer.stack().set_keepalive(
      peer.now(), peer.connection, KeepaliveConfig{.idle = 3h, .interval = 1min, .probes_max = 3}));
  peer.passes(3h - 1ms);
  EXPECT_EQ(peer.sees_nothing(), "");
  peer.passes(1ms);
  EXPECT_EQ(peer.sees(". 0:0(0) ack 1"), "");
  peer.passes(1min);
  EXPECT_EQ(peer.sees(". 0:0(0) ack 1"), "");
  EXPECT_EQ(peer.state(), State::established);
  ASSERT_TRUE(peer.stack().set_keepalive(peer.now(), peer.connection, std::nullopt));
  EXPECT_FALSE(peer.stack().next_deadline());
}

// RFC 9293 3.9.1.9 [MUST-48], [SHLD-21], [SHLD-22]: as the owner says, and when he says something
// else.
TEST(Dscp, MayChangeWhileTheConnectionLives) {
  Peer peer = Peer::established();
  for (const std::uint8_t dscp : std::initializer_list<std::uint8_t>{46, 10, 0}) {
    ASSERT_TRUE(peer.stack().set_dscp(peer.now(), peer.connection, dscp));
    ASSERT_TRUE(peer.writes(std::string(1000, 'x')));
    const auto packet = peer.next_packet();
    ASSERT_FALSE(packet.empty());
    EXPECT_EQ(packet[1] >> 2, dscp);
  }
}

TEST(Peek, LeavesWhatItShows) {
  Peer peer = Peer::established();
  std::uint8_t out[16];
  const auto peek = [&](std::uint32_t offset) {
    const auto taken = peer.stack().peek(peer.connection, offset, out);
    return taken ? std::string(text_of(Bytes(out).first(*taken))) : to_string(taken.error().error);
  };
  EXPECT_EQ(peek(0), "would_block");
  peer.sends("P. 1:6(5) ack 1 \"hello\"");
  EXPECT_EQ(peek(0), "hello");
  EXPECT_EQ(peek(3), "lo");
  EXPECT_EQ(peek(5), "would_block");
  EXPECT_EQ(peer.reads(), "hello");
  peer.sends("F. 6:6(0) ack 1");
  EXPECT_EQ(peek(0), "");
}

}  // namespace
}  // namespace anteroom::testing
