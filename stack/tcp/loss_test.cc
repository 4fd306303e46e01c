// Loss as one connection sees it: RACK, tail loss probes, duplicates reported and needless
// retransmissions undone. The round trip to the peer takes 100 ms.
#include <gtest/gtest.h>

#include <anteroom/testing/notation.h>
#include <anteroom/testing/peer.h>

namespace anteroom::testing {
namespace {

constexpr Duration kRtt = 100ms;

// Established with SACK and segments of 1,000 bytes; no event is left to read.
Peer with_sack(std::string_view more_options = {}, PeerOptions options = {}) {
  Peer peer(options);
  peer.sends("S 0:0(0) win 65535 <mss 1000,sackOK" + std::string(more_options) + ">");
  (void)peer.next();
  peer.passes(kRtt);
  return peer;
}

Peer established(PeerOptions options = {}) {
  Peer peer = with_sack({}, options);
  peer.sends(". 1:1(0) ack 1");
  peer.connection = *peer.stack().take(peer.listener());
  while (peer.event()) {
  }
  return peer;
}

ConnectionInfo info(const Peer& peer) {
  return *const_cast<Peer&>(peer).stack().connection_info(peer.connection);
}

void writes_segments(Peer& peer, int count) {
  ASSERT_TRUE(peer.writes(std::string(static_cast<std::size_t>(count) * 1000, 'd')));
  for (int i = 0; i < count; ++i) ASSERT_NE(peer.next(), "") << i;
}

// RFC 8985 6.2 step 4: before reordering was seen and with fewer than three segments reported, a
// quarter of the shortest round trip.
TEST(Rack, WaitsForTheReorderingWindow) {
  Peer peer = established();
  writes_segments(peer, 3);
  peer.passes(kRtt);
  peer.sends(". 1:1(0) ack 1 <sack 2001:3001>");
  EXPECT_EQ(peer.sees_nothing(), "");
  EXPECT_EQ(peer.stack().next_deadline()->timer, Timer::reordering);
  peer.passes(25ms - 1us);
  EXPECT_EQ(peer.sees_nothing(), "");
  peer.passes(1us);
  EXPECT_EQ(peer.sees(". 1:1001(1000) ack 1"), "");
  EXPECT_EQ(peer.sees_nothing(), "");  // nothing was delivered meanwhile: RFC 9937 6 lets one go
  peer.sends(". 1:1(0) ack 1001 <sack 2001:3001>");
  EXPECT_EQ(peer.sees(". 1001:2001(1000) ack 1"), "");
  EXPECT_EQ(peer.stack().stats().fast_retransmits, 1u);
}

// RFC 7765 4: with fewer than four segments left the time-out counts from when the first of them
// went out; with more of them it counts from the acknowledgment.
TEST(RtoRestart, CountsFromTheFirstSegmentWhereFewAreLeft) {
  for (const int left : {3, 4}) {
    PeerOptions options;
    options.config.tcp.no_delay = true;
    Peer peer = Peer::established(options);
    ASSERT_TRUE(peer.writes("a"));
    EXPECT_NE(peer.next(), "");
    peer.passes(60ms);
    for (int i = 0; i < left; ++i) {
      ASSERT_TRUE(peer.writes("b"));
      EXPECT_NE(peer.next(), "");
    }
    peer.passes(50ms);
    peer.sends(". 1:1(0) ack 2");
    EXPECT_EQ(peer.sees_nothing(), "");
    const Duration rto = info(peer).retransmission_timeout;
    const Deadline deadline = *peer.stack().next_deadline();
    EXPECT_EQ(deadline.timer, Timer::retransmit);
    EXPECT_EQ(deadline.at - peer.now(), left == 3 ? rto - 50ms : rto) << left;
  }
}

// RFC 8985 6.2 step 3: what arrives late without having been sent again was reordered, and from
// then on three reports are no proof of a loss.
TEST(Rack, ReorderingOnceSeenIsGivenTime) {
  Peer peer = established();
  writes_segments(peer, 2);
  peer.passes(kRtt);
  peer.sends(". 1:1(0) ack 1 <sack 1001:2001>");
  peer.sends(". 1:1(0) ack 2001");
  EXPECT_TRUE(info(peer).reordering_seen);
  writes_segments(peer, 6);
  peer.passes(kRtt);
  peer.sends(". 1:1(0) ack 2001 <sack 3001:6001>");
  EXPECT_EQ(peer.sees_nothing(), "");
  peer.passes(25ms);
  EXPECT_EQ(peer.sees(". 2001:3001(1000) ack 1"), "");
}

// RFC 8985 3.1: a retransmission is lost when something sent after it has arrived.
TEST(Rack, ALostRetransmissionIsSentAgain) {
  Peer peer = established();
  writes_segments(peer, 5);
  peer.passes(kRtt);
  ASSERT_TRUE(peer.writes(std::string(3000, 'n')));
  for (int i = 0; i < 3; ++i) EXPECT_NE(peer.next(), "");
  peer.sends(". 1:1(0) ack 1 <sack 1001:5001>");
  EXPECT_EQ(peer.sees(". 1:1001(1000) ack 1"), "");
  ASSERT_TRUE(peer.writes(std::string(4000, 'm')));
  std::string sent;
  for (std::string line = peer.next(); !line.empty(); line = peer.next()) sent = line;
  ASSERT_NE(sent, "");  // new data left after the retransmission
  peer.passes(kRtt);
  peer.sends(". 1:1(0) ack 1 <sack 1001:9001>");
  EXPECT_EQ(peer.sees(". 1:1001(1000) ack 1"), "");
  EXPECT_EQ(peer.stack().stats().retransmit_timeouts, 0u);
}

// New data and, behind it, a retransmission left at the same instant: the one does not tell of the
// loss of the other.
TEST(Rack, ARetransmissionBehindNewDataOfTheSameInstantIsNotLost) {
  Peer peer = established();
  writes_segments(peer, 5);
  peer.passes(kRtt);
  writes_segments(peer, 3);
  peer.sends(". 1:1(0) ack 1 <sack 1001:5001>");
  EXPECT_EQ(peer.sees(". 1:1001(1000) ack 1"), "");
  peer.passes(kRtt);
  peer.sends(". 1:1(0) ack 1 <sack 1001:8001>");
  EXPECT_EQ(peer.sees_nothing(), "");
  peer.sends(". 1:1(0) ack 8001");
  EXPECT_EQ(info(peer).segments_retransmitted, 1u);
}

// RFC 9438 4.6: a reduction is of the window that was used, also where acknowledgments that were
// read together with the one that tells of the loss have shrunk the flight.
TEST(Reduction, IsOfTheWindowNotOfWhatABatchHasLeft) {
  Peer peer = established();
  ASSERT_TRUE(peer.writes(std::string(60'000, 'd')));
  while (!peer.next().empty()) {
  }
  peer.passes(kRtt);
  for (int acked = 2; acked <= 6; acked += 2) {
    peer.sends(". 1:1(0) ack " + std::to_string(1000 * acked + 1));
  }
  EXPECT_EQ(info(peer).congestion_window_bytes, 16'000u);
  peer.sends(". 1:1(0) ack 6001 <sack 7001:10001>");
  EXPECT_EQ(info(peer).slow_start_threshold_bytes, 11'200u);
}

// RFC 5681 3.2 (2): what was sent for reported segments while a gap waited to be judged is no part
// of it.
TEST(Reduction, LeavesOutLimitedTransmit) {
  Peer peer = established();
  ASSERT_TRUE(peer.writes(std::string(60'000, 'd')));
  while (!peer.next().empty()) {
  }
  peer.passes(kRtt);
  peer.sends(". 1:1(0) ack 1 <sack 1001:2001>");
  EXPECT_NE(peer.next(), "");
  peer.sends(". 1:1(0) ack 1 <sack 1001:3001>");
  EXPECT_NE(peer.next(), "");
  peer.sends(". 1:1(0) ack 1 <sack 1001:4001>");
  EXPECT_EQ(peer.sees(". 1:1001(1000) ack 1"), "");
  EXPECT_EQ(info(peer).slow_start_threshold_bytes, 7'000u);
}

// RFC 3042 2: the first two duplicates let two new segments out, beyond the congestion window.
TEST(LimitedTransmit, TwoDuplicatesTwoSegments) {
  for (const bool sack : {true, false}) {
    PeerOptions options;
    options.config.tcp.initial_window_segments = 4;
    options.config.tcp.sack = sack;
    Peer peer = established(options);
    ASSERT_TRUE(peer.writes(std::string(9'000, 'd')));
    for (int i = 0; i < 4; ++i) EXPECT_NE(peer.next(), "");
    EXPECT_EQ(peer.sees_nothing(), "");
    peer.sends(sack ? ". 1:1(0) ack 1 <sack 1001:2001>" : ". 1:1(0) ack 1");
    EXPECT_EQ(peer.sees(". 4001:5001(1000) ack 1"), "");
    peer.sends(sack ? ". 1:1(0) ack 1 <sack 1001:3001>" : ". 1:1(0) ack 1");
    EXPECT_EQ(peer.sees(". 5001:6001(1000) ack 1"), "");
    EXPECT_EQ(peer.sees_nothing(), "");
    EXPECT_EQ(peer.stack().stats().fast_retransmits, 0u);
  }
}

// RFC 8985 7.2, 7.3: after two round trips, 200 ms more for a single segment.
TEST(TailLossProbe, SendsTheLastSegmentAgain) {
  Peer peer = established();
  writes_segments(peer, 3);
  EXPECT_EQ(peer.sees_nothing(), "");
  EXPECT_EQ(peer.stack().next_deadline()->timer, Timer::tail_loss_probe);
  peer.passes(2 * kRtt - 1us);
  EXPECT_EQ(peer.sees_nothing(), "");
  peer.passes(1us);
  EXPECT_EQ(peer.sees("P. 2001:3001(1000) ack 1"), "");
  EXPECT_EQ(peer.sees_nothing(), "");
  EXPECT_EQ(peer.stack().next_deadline()->timer, Timer::retransmit);
  EXPECT_EQ(peer.stack().stats().tail_loss_probes, 1u);
}

TEST(TailLossProbe, PrefersNewData) {
  PeerOptions options;
  options.config.tcp.initial_window_segments = 2;
  Peer peer = established(options);
  ASSERT_TRUE(peer.writes(std::string(3000, 'd')));
  EXPECT_NE(peer.next(), "");
  EXPECT_NE(peer.next(), "");
  EXPECT_EQ(peer.sees_nothing(), "");
  peer.passes(2 * kRtt);
  EXPECT_EQ(peer.sees("P. 2001:3001(1000) ack 1"), "");
}

// RFC 8985 7.4.2: an acknowledgment beyond the probe without a report of a duplicate means that the
// probe was needed, and that is a loss; with one nothing was lost.
TEST(TailLossProbe, ARepairedLossCounts) {
  for (const bool duplicate : {false, true}) {
    Peer peer = established();
    writes_segments(peer, 3);
    const std::uint32_t window = info(peer).congestion_window_bytes;
    peer.passes(2 * kRtt);
    EXPECT_NE(peer.next(), "");
    peer.passes(kRtt);
    peer.sends(duplicate ? ". 1:1(0) ack 3001 <sack 2001:3001>" : ". 1:1(0) ack 3001");
    writes_segments(peer, 1);
    peer.passes(kRtt);
    peer.sends(". 1:1(0) ack 4001");
    EXPECT_EQ(peer.stack().stats().tail_loss_repairs, duplicate ? 0u : 1u);
    EXPECT_EQ(info(peer).congestion_window_bytes < window, !duplicate);
  }
}

// The report comes after the acknowledgment of the original where that was only late.
TEST(TailLossProbe, AReportBehindTheAcknowledgmentCounts) {
  Peer peer = established();
  writes_segments(peer, 3);
  peer.passes(2 * kRtt);
  EXPECT_NE(peer.next(), "");
  peer.passes(kRtt);
  peer.sends(". 1:1(0) ack 3001");
  peer.sends(". 1:1(0) ack 3001 <sack 2001:3001>");
  writes_segments(peer, 1);
  peer.passes(kRtt);
  peer.sends(". 1:1(0) ack 4001");
  EXPECT_EQ(peer.stack().stats().tail_loss_repairs, 0u);
}

// The memory for what is in flight goes back when nothing more can be learned.
TEST(Outstanding, IsGivenBack) {
  Peer peer = established();
  writes_segments(peer, 3);
  peer.passes(2 * kRtt);
  EXPECT_NE(peer.next(), "");
  peer.sends(". 1:1(0) ack 3001");
  EXPECT_NE(peer.stack().stats().buffer_bytes, 0u);  // the probe may still prove needless
  peer.passes(10s);
  EXPECT_EQ(peer.sees_nothing(), "");
  EXPECT_EQ(peer.stack().stats().buffer_bytes, 0u);
  EXPECT_FALSE(peer.stack().next_deadline());
}

// RFC 2883 4: the duplicate first, once; then what is missing.
TEST(Dsack, DuplicatesAreReported) {
  Peer peer = established();
  peer.sends("P. 1:11(10) ack 1");
  peer.sends("P. 1:11(10) ack 1");
  EXPECT_EQ(peer.sees(". 1:1(0) ack 11 <sack 1:11>"), "");
  peer.sends("P. 21:31(10) ack 1");
  EXPECT_EQ(peer.sees(". 1:1(0) ack 11 <sack 21:31>"), "");
  peer.sends("P. 21:31(10) ack 1");
  EXPECT_EQ(peer.sees(". 1:1(0) ack 11 <sack 21:31 21:31>"), "");
  peer.sends("P. 6:21(15) ack 1");
  EXPECT_EQ(peer.sees(". 1:1(0) ack 31 <sack 6:11>"), "");
  peer.sends("P. 31:41(10) ack 1");
  EXPECT_EQ(peer.sees(". 1:1(0) ack 41 <>"), "");
}

// A retransmission time-out with three segments in flight, at which the first goes again.
void times_out(Peer& peer) {
  writes_segments(peer, 3);
  peer.passes(2 * kRtt);
  ASSERT_NE(peer.next(), "");  // the probe
  peer.passes(10s);
  ASSERT_NE(peer.next(), "");
  ASSERT_EQ(peer.stack().stats().retransmit_timeouts, 1u);
}

// RFC 3522 3.2, RFC 4015 4: an answer to the original's timestamp undoes the time-out.
TEST(Spurious, EifelUndoesATimeout) {
  Peer peer = with_sack(",TS val 1000 ecr 0");
  peer.sends(". 1:1(0) ack 1 <TS val 1100 ecr 0>");
  peer.connection = *peer.stack().take(peer.listener());
  while (peer.event()) {
  }
  ASSERT_TRUE(peer.writes(std::string(3 * 988, 'd')));
  const std::string first = peer.next();
  const auto note = parse_segment(first);
  ASSERT_TRUE(note && note->options->timestamp) << first;
  const std::uint32_t original = note->options->timestamp->first;
  while (!peer.next().empty()) {
  }
  const std::uint32_t window = info(peer).congestion_window_bytes;
  peer.passes(10s);
  ASSERT_NE(peer.next(), "");  // the probe
  peer.passes(10s);
  ASSERT_NE(peer.next(), "");
  ASSERT_EQ(peer.stack().stats().retransmit_timeouts, 1u);
  EXPECT_LT(info(peer).congestion_window_bytes, window);
  peer.sends(". 1:1(0) ack 989 <TS val 1200 ecr " + std::to_string(original) + ">");
  EXPECT_EQ(peer.stack().stats().spurious_recoveries, 1u);
  EXPECT_EQ(info(peer).congestion_window_bytes, window);
  EXPECT_EQ(peer.sees_nothing(), "");  // nothing is sent again
}

// RFC 5682 2.1: without timestamps the first answer makes new data go; if that or any that was sent
// once is acknowledged next, the time-out was spurious.
TEST(Spurious, FrtoUndoesATimeout) {
  Peer peer = established();
  times_out(peer);
  const std::uint32_t before = info(peer).congestion_window_bytes;
  peer.sends(". 1:1(0) ack 2001");
  EXPECT_EQ(peer.stack().stats().spurious_recoveries, 1u);
  EXPECT_GT(info(peer).congestion_window_bytes, before);
  EXPECT_EQ(peer.sees_nothing(), "");
}

// The same with a real loss: the peer misses more than the first.
TEST(Spurious, ARealTimeoutStays) {
  Peer peer = established();
  times_out(peer);
  peer.sends(". 1:1(0) ack 1001");
  EXPECT_EQ(peer.stack().stats().spurious_recoveries, 0u);
  EXPECT_EQ(peer.sees(". 1001:2001(1000) ack 1"), "");
}

// RFC 3708 2: every retransmission came twice, so the recovery was needless.
TEST(Spurious, DuplicatesUndoARecovery) {
  Peer peer = established();
  writes_segments(peer, 5);
  const std::uint32_t window = info(peer).congestion_window_bytes;
  peer.passes(kRtt);
  peer.sends(". 1:1(0) ack 1 <sack 1001:5001>");
  EXPECT_EQ(peer.sees(". 1:1001(1000) ack 1"), "");
  EXPECT_LT(info(peer).congestion_window_bytes, window);
  peer.sends(". 1:1(0) ack 5001");
  peer.passes(kRtt);
  peer.sends(". 1:1(0) ack 5001 <sack 1:1001>");
  EXPECT_EQ(peer.stack().stats().spurious_recoveries, 1u);
  EXPECT_GE(info(peer).congestion_window_bytes, window);
}

// RFC 2018 8: a peer may withdraw what it reported; the time-out sends it again.
TEST(Sack, RenegingPeerGetsEverythingAgain) {
  Peer peer = established();
  writes_segments(peer, 5);
  peer.passes(kRtt);
  peer.sends(". 1:1(0) ack 1 <sack 1001:5001>");
  EXPECT_EQ(peer.sees(". 1:1001(1000) ack 1"), "");
  peer.passes(kRtt);
  peer.sends(". 1:1(0) ack 1001");  // and no word of the rest
  peer.passes(10s);
  EXPECT_EQ(peer.sees(". 1001:2001(1000) ack 1"), "");
  peer.sends(". 1:1(0) ack 2001");
  EXPECT_EQ(peer.sees(". 2001:3001(1000) ack 1"), "");
}

}  // namespace
}  // namespace anteroom::testing
