// Which algorithm a connection has, and that it is this one that answers. Not here: the algorithms
// (the tests beside).
#include <gtest/gtest.h>

#include <anteroom/testing/peer.h>

namespace anteroom::testing {
namespace {

using enum CongestionAlgorithm;

ConnectionInfo info(Peer& peer) { return *peer.stack().connection_info(peer.connection); }

// Six segments of 1000 bytes go out, and the first is lost.
std::uint32_t threshold_after_a_loss(Peer& peer) {
  EXPECT_TRUE(peer.writes(std::string(6000, 'd')));
  while (!peer.next().empty()) {
  }
  for (int i = 0; i < 3; ++i) peer.sends(". 1:1(0) ack 1");
  return info(peer).slow_start_threshold_bytes;
}

// RFC 9438 1: CUBIC is the default; 4.6: it keeps seven tenths.
TEST(Choice, CubicIsTheDefault) {
  Peer peer = Peer::established();
  EXPECT_EQ(info(peer).congestion, cubic);
  EXPECT_EQ(threshold_after_a_loss(peer), 4'200u);
}

// RFC 5681 3.1 (4): by configuration, NewReno halves.
TEST(Choice, OfTheConfiguration) {
  PeerOptions options;
  options.config.tcp.congestion = new_reno;
  Peer peer = Peer::established(options);
  EXPECT_EQ(info(peer).congestion, new_reno);
  EXPECT_EQ(threshold_after_a_loss(peer), 3'000u);
}

// RFC 5681 3.1 (4): what a listener says goes before the configuration.
TEST(Choice, OfAnOrdinaryListener) {
  Peer peer = Peer::established({.listener = {.congestion = new_reno}});
  EXPECT_EQ(threshold_after_a_loss(peer), 3'000u);
}

// RFC 5681 3.1 (4): and of a conditional one, at the verdict.
TEST(Choice, OfAConditionalListener) {
  Peer peer({.listener = {.conditional = true, .congestion = new_reno}});
  peer.sends("S 0:0(0) win 65535 <mss 1000>");
  ASSERT_TRUE(peer.accept(*peer.requested()));
  (void)peer.next();
  peer.sends(". 1:1(0) ack 1");
  EXPECT_EQ(threshold_after_a_loss(peer), 3'000u);
}

// RFC 5681 3.1 (4): or of the one that connects.
TEST(Choice, OfAnActiveOpen) {
  Peer peer({.listen = false});
  const auto made = peer.stack().connect(
      peer.now(), {.remote = {IpAddress::v4(192, 0, 2, 2), 9}, .congestion = new_reno});
  ASSERT_TRUE(made);
  peer.connection = *made;
  EXPECT_EQ(info(peer).congestion, new_reno);
}

// RFC 5681 4.1: after a pause longer than a time-out the restart window, no burst.
TEST(Choice, WindowRestartsAfterAPause) {
  Peer peer = Peer::established();
  std::uint32_t acked = 1;
  for (int i = 0; i < 3; ++i) {
    const std::uint32_t bytes = info(peer).congestion_window_bytes;
    ASSERT_TRUE(peer.writes(std::string(bytes, 'd')));
    while (!peer.next().empty()) {
    }
    acked += bytes;
    peer.sends(". 1:1(0) ack " + std::to_string(acked));
  }
  EXPECT_GT(info(peer).congestion_window_bytes, 20'000u);
  peer.passes(10s);
  ASSERT_TRUE(peer.writes("d"));
  EXPECT_EQ(info(peer).congestion_window_bytes, 10'000u);
}

}  // namespace
}  // namespace anteroom::testing
