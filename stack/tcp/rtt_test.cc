// The retransmission time-out: RFC 6298, with the minimum of notes/003.
#include "stack/tcp/rtt.h"

#include <gtest/gtest.h>

#include <anteroom/testing/peer.h>

namespace anteroom::testing {
namespace {

constexpr Instant kNow{1s};

ConnectionInfo info(Peer& peer) { return *peer.stack().connection_info(peer.connection); }

// A connection whose handshake took 100 ms; `options` of its SYN beside the MSS.
Peer measured(const std::string& options = {}, const std::string& of_ack = {}) {
  Peer peer;
  peer.sends("S 0:0(0) win 65535 <mss 1000" + options + ">");
  (void)peer.next();
  peer.passes(100ms);
  peer.sends(". 1:1(0) ack 1" + of_ack);
  peer.connection = *peer.stack().take(peer.listener());
  return peer;
}

// RFC 6298 2.1: one second before anything was measured.
TEST(Rtt, BeginsAtOneSecond) {
  const TcpConfig config;
  EXPECT_EQ(Rtt(config).rto(), 1s);
  EXPECT_FALSE(Rtt(config).has_sample());
}

// RFC 6298 2.2: SRTT is the first sample, RTTVAR half of it, RTO their sum by K = 4.
TEST(Rtt, TheFirstSampleIsTakenWhole) {
  const TcpConfig config;
  Rtt rtt(config);
  rtt.on_sample(kNow, 400ms, config);
  EXPECT_EQ(rtt.smoothed(), 400ms);
  EXPECT_EQ(rtt.variance(), 200ms);
  EXPECT_EQ(rtt.rto(), 1200ms);
}

// RFC 6298 2.3: RTTVAR by a quarter of the difference from the SRTT before, SRTT by an eighth.
TEST(Rtt, LaterSamplesMoveIt) {
  const TcpConfig config;
  Rtt rtt(config);
  rtt.on_sample(kNow, 400ms, config);
  rtt.on_sample(kNow, 480ms, config);
  EXPECT_EQ(rtt.variance(), 170ms);  // 3/4 of 200 and 1/4 of 80
  EXPECT_EQ(rtt.smoothed(), 410ms);
  EXPECT_EQ(rtt.rto(), 410ms + 4 * 170ms);
}

// RFC 6298 2.4, 2.5: bounds of the configuration; the lower one is of the margin (notes/003).
TEST(Rtt, StaysWithinItsBounds) {
  const TcpConfig config;
  EXPECT_GE(config.rto_max, 60s);
  Rtt steady(config);
  for (int i = 0; i < 100; ++i) steady.on_sample(kNow, 10ms, config);
  EXPECT_EQ(steady.rto(), 10ms + config.rto_min);
  Rtt slow(config);
  slow.on_sample(kNow, 50s, config);
  EXPECT_EQ(slow.rto(), config.rto_max);
}

// RFC 6298 5.5: doubled each time, up to the maximum; the next sample ends it.
TEST(Rtt, BacksOffUntilASampleComes) {
  const TcpConfig config;
  Rtt rtt(config);
  for (const Duration wanted : {2s, 4s, 8s, 16s, 32s, 60s, 60s}) {
    rtt.back_off(config);
    EXPECT_EQ(rtt.rto(), wanted);
  }
  rtt.on_sample(kNow, 400ms, config);
  EXPECT_EQ(rtt.rto(), 1200ms);
}

// RFC 6298 3: Karn's rule. What was sent twice measures nothing, and the backed off time-out stays.
TEST(Karn, ARetransmittedSegmentIsNoSample) {
  Peer peer = measured();
  ASSERT_TRUE(peer.writes("abc"));
  EXPECT_EQ(peer.sees("P. 1:4(3) ack 1"), "");
  const ConnectionInfo before = info(peer);
  EXPECT_EQ(before.smoothed_rtt, 100ms);
  peer.passes(10s);
  EXPECT_EQ(peer.sees("P. 1:4(3) ack 1"), "");
  peer.passes(50ms);
  peer.sends(". 1:1(0) ack 4");
  EXPECT_EQ(info(peer).smoothed_rtt, 100ms);
  EXPECT_EQ(info(peer).retransmission_timeout, 2 * before.retransmission_timeout);
}

// RFC 6298 3: but with timestamps the echo tells which copy is answered.
TEST(Karn, TheEchoOfATimestampMakesItOne) {
  Peer peer = measured(",TS val 1000 ecr 0", " <TS val 1100 ecr 0>");
  ASSERT_TRUE(peer.writes("abc"));
  EXPECT_NE(peer.next(), "");
  peer.passes(10s);
  const std::string again = peer.next();
  const std::size_t at = again.find("TS val ") + 7;
  const std::string value = again.substr(at, again.find(' ', at) - at);
  peer.passes(180ms);
  peer.sends(". 1:1(0) ack 4 <TS val 1400 ecr " + value + ">");
  EXPECT_EQ(info(peer).smoothed_rtt, 110ms);  // 100 and an eighth of 80
}

// RFC 6298 3: a measurement in each round trip.
TEST(Karn, EveryRoundTripIsMeasured) {
  Peer peer = measured();
  Duration last = info(peer).smoothed_rtt;
  for (int trip = 0; trip < 3; ++trip) {
    ASSERT_TRUE(peer.writes("x"));
    EXPECT_NE(peer.next(), "");
    peer.passes(180ms);
    const std::string end = std::to_string(trip + 2);
    peer.sends(". 1:1(0) ack " + end);
    EXPECT_GT(info(peer).smoothed_rtt, last);
    last = info(peer).smoothed_rtt;
  }
}

// RFC 6298 5, 5.1 to 5.3: it starts with the first data, starts again with what is acknowledged,
// and stops when all is; no segment goes again before its time.
TEST(RetransmitTimer, RunsWhileSomethingIsOutstanding) {
  PeerOptions options;
  options.config.tcp.no_delay = true;
  Peer peer = Peer::established(options);
  for (int i = 0; i < 6; ++i) {
    ASSERT_TRUE(peer.writes("x"));
    EXPECT_NE(peer.next(), "");
  }
  const Instant sent_at = peer.now();
  EXPECT_EQ(peer.stack().next_deadline()->at, sent_at + info(peer).retransmission_timeout);
  peer.passes(100ms);
  peer.sends(". 1:1(0) ack 2");
  EXPECT_EQ(peer.stack().next_deadline()->timer, Timer::retransmit);
  EXPECT_EQ(peer.stack().next_deadline()->at, peer.now() + info(peer).retransmission_timeout);
  peer.sends(". 1:1(0) ack 7");
  EXPECT_FALSE(peer.stack().next_deadline());
}

// RFC 6298 5.7, RFC 5681 3.1: after a lost SYN-ACK three seconds, and a window of one segment.
TEST(LostSyn, MakesTheStartCautious) {
  Peer peer;
  peer.sends("S 0:0(0) win 65535 <mss 1000>");
  EXPECT_NE(peer.next(), "");
  peer.passes(1s);
  EXPECT_EQ(peer.sees("S. 0:0(0) ack 1"), "");
  peer.sends(". 1:1(0) ack 1");
  peer.connection = *peer.stack().take(peer.listener());
  EXPECT_EQ(info(peer).retransmission_timeout, 3s);
  EXPECT_EQ(info(peer).congestion_window_bytes, 1000u);

  Peer whole = measured();
  EXPECT_LT(info(whole).retransmission_timeout, 1s);
  EXPECT_EQ(info(whole).congestion_window_bytes, 10'000u);  // the handshake has not added to it
}

}  // namespace
}  // namespace anteroom::testing
