// The reordering window of RACK by itself, and what SACK forbids: RFC 8985 6.2 step 4, RFC 5681
// 3.2, RFC 2018 5. Losses as a connection sees them are in loss_test.cc.
#include "stack/tcp/rack.h"

#include <gtest/gtest.h>

#include <anteroom/testing/notation.h>
#include <anteroom/testing/peer.h>

namespace anteroom::testing {
namespace {

constexpr Duration kRtt = 100ms;

Peer with_sack() {
  PeerOptions options;
  options.config.tcp.initial_window_segments = 4;
  Peer peer(options);
  peer.sends("S 0:0(0) win 65535 <mss 1000,sackOK>");
  (void)peer.next();
  peer.passes(kRtt);
  peer.sends(". 1:1(0) ack 1");
  peer.connection = *peer.stack().take(peer.listener());
  return peer;
}

// RFC 8985 7.3: no probe without a round trip measured since the last one. Without timestamps a
// flight that was a single retransmitted segment measures none (RFC 6298 3).
TEST(TailLossProbe, WantsASampleSinceTheLast) {
  Peer peer = with_sack();
  for (const bool probed : {true, false}) {
    const std::uint64_t before = peer.stack().stats().tail_loss_probes;
    ASSERT_TRUE(peer.writes(std::string(1000, 'x')));
    EXPECT_NE(peer.next(), "");
    peer.passes(1s);
    const SegmentNote again = *parse_segment(peer.next());
    EXPECT_EQ(peer.stack().stats().tail_loss_probes - before, probed ? 1u : 0u);
    peer.sends(". 1:1(0) ack " + std::to_string(again.seq + again.length));
    peer.passes(5s);
  }
}

// RFC 8985 7.2: due together with the time-out the probe goes in its place, and the window stays.
TEST(TailLossProbe, TakesThePlaceOfATimeoutThatIsDueWithIt) {
  Peer peer = with_sack();
  ASSERT_TRUE(peer.writes(std::string(1000, 'x')));
  EXPECT_NE(peer.next(), "");
  peer.passes(300ms);  // the round trip and 200 ms
  EXPECT_EQ(peer.sees("P. 1:1001(1000) ack 1"), "");
  EXPECT_EQ(peer.stack().stats().tail_loss_probes, 1u);
  EXPECT_EQ(peer.stack().stats().retransmit_timeouts, 0u);
}

// RFC 8985 6.2 step 4: a quarter of the shortest round trip, a quarter more for each round with a
// DSACK, never more than the smoothed round trip.
TEST(Reordering, WindowGrowsWithDsacksAndIsBounded) {
  Reordering reordering;
  EXPECT_EQ(reordering.window(kRtt, 2 * kRtt), 25ms);
  const Seq una(1000);
  reordering.on_dsack(una, una + 500);
  EXPECT_EQ(reordering.window(kRtt, 2 * kRtt), 50ms);
  reordering.on_dsack(una + 499, una + 900);  // the same round
  EXPECT_EQ(reordering.window(kRtt, 2 * kRtt), 50ms);
  reordering.on_dsack(una + 500, una + 900);
  EXPECT_EQ(reordering.window(kRtt, 2 * kRtt), 75ms);
  for (Seq at = una + 900; at.before(una + 500'000); at = at + 500)
    reordering.on_dsack(at, at + 500);
  EXPECT_EQ(reordering.window(kRtt, 2 * kRtt), 2 * kRtt);
  EXPECT_EQ(reordering.window(kRtt, kRtt), kRtt);
}

// RFC 8985 6.2 step 4: after sixteen recoveries without one it is small again.
TEST(Reordering, WindowFallsAfterSixteenRecoveries) {
  Reordering reordering;
  reordering.on_dsack(Seq(1), Seq(2));
  for (int i = 0; i < 15; ++i) reordering.on_recovered();
  EXPECT_EQ(reordering.window(kRtt, 2 * kRtt), 50ms);
  reordering.on_recovered();
  EXPECT_EQ(reordering.window(kRtt, 2 * kRtt), 25ms);
}

// RFC 8985 6.2 step 2: the acknowledgment of a retransmitted segment may be that of an earlier
// copy, which its timestamp or too short a round trip tells; then it measures nothing.
TEST(Delivery, AnEarlierCopyTellsNothingOfTheLater) {
  const Instant sent(10s);
  SentSegment segment{sent, Seq(1), 1000, 7};
  const auto has_newest = [&](Instant now, std::uint32_t echo_value, bool has_echo) {
    const Timestamps clock;
    Delivery delivery(now, kRtt, {clock, echo_value, has_echo});
    delivery.add(segment, true);
    return delivery.has_newest;
  };
  const std::uint32_t value = Timestamps().value(sent);
  EXPECT_TRUE(has_newest(sent + 10ms, 0, false));  // sent once
  segment.transmissions = 2;
  EXPECT_FALSE(has_newest(sent + kRtt - 1us, 0, false));
  EXPECT_TRUE(has_newest(sent + kRtt, 0, false));
  EXPECT_FALSE(has_newest(sent + kRtt, value - 1, true));
  EXPECT_TRUE(has_newest(sent + kRtt, value, true));
}

// RFC 5681 3.2 (1): where SACK is agreed on, a duplicate without news lets nothing out.
TEST(LimitedTransmit, NothingForADuplicateWithoutNews) {
  Peer peer = with_sack();
  ASSERT_TRUE(peer.writes(std::string(9'000, 'd')));
  for (int i = 0; i < 4; ++i) EXPECT_NE(peer.next(), "");
  peer.sends(". 1:1(0) ack 1");
  EXPECT_EQ(peer.sees_nothing(), "");
  peer.sends(". 1:1(0) ack 1 <sack 1001:2001>");
  EXPECT_EQ(peer.sees(". 4001:5001(1000) ack 1"), "");
  peer.sends(". 1:1(0) ack 1 <sack 1001:2001>");
  EXPECT_EQ(peer.sees_nothing(), "");
}

// RFC 2018 5: the left edge of the window goes again after a time-out, reported or not; what was
// reported is kept until it is acknowledged.
TEST(Sack, TheLeftEdgeGoesAgainAfterATimeout) {
  for (const bool reported : {false, true}) {
    Peer peer = with_sack();
    ASSERT_TRUE(peer.writes(std::string(3'000, 'd')));
    for (int i = 0; i < 3; ++i) EXPECT_NE(peer.next(), "");
    peer.sends(". 1:1(0) ack 1 <sack 2001:3001>");
    if (reported) peer.sends(". 1:1(0) ack 1 <sack 1:3001>");
    for (int turn = 0; turn < 20 && peer.stack().stats().retransmit_timeouts == 0; ++turn) {
      while (!peer.next().empty()) {
      }
      peer.passes(10s);
    }
    EXPECT_EQ(peer.sees(". 1:1001(1000) ack 1"), "");
    EXPECT_EQ(peer.stack().connection_info(peer.connection)->unacknowledged_bytes, 3000u);
  }
}

}  // namespace
}  // namespace anteroom::testing
