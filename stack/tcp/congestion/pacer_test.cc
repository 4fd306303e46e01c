// Paced sending by its arithmetic, and through a connection whose clock stands still.
#include "stack/tcp/congestion/pacer.h"

#include <gtest/gtest.h>

#include <anteroom/testing/peer.h>

namespace anteroom {
namespace {

// 2 x cwnd / srtt in slow start.
TEST(PacingRate, IsTwiceTheWindowInSlowStart) {
  EXPECT_EQ(pacing_rate(100'000, 50ms, true, 0).bytes_per_second, 4'000'000u);
}

// 1.2 x cwnd / srtt in congestion avoidance.
TEST(PacingRate, IsAFifthMoreInCongestionAvoidance) {
  EXPECT_EQ(pacing_rate(100'000, 50ms, false, 0).bytes_per_second, 2'400'000u);
}

// The largest window over the shortest round trip.
TEST(PacingRate, DoesNotOverflow) {
  EXPECT_EQ(pacing_rate(1u << 30, Duration(1), true, 0).bytes_per_second,
            (std::uint64_t{1} << 31) * 1'000'000);
}

// Without a round trip measured there is no rate, and nothing waits.
TEST(Pacer, UnknownRateDoesNotWait) {
  Pacer pacer;
  pacer.on_sent(Instant(1s), 1000, pacing_rate(10'000, Duration(), true, 0));
  EXPECT_EQ(pacer.next_send_at(Instant(1s)), Instant(1s));
}

// RFC 9002 7.7: one segment after the other, at the rate.
TEST(Pacer, SpreadsSegments) {
  Pacer pacer;
  const PacingRate rate{1'000'000, 1000};
  Instant now(1s);
  for (int i = 0; i < 5; ++i) {
    EXPECT_FALSE(pacer.must_wait(now));
    pacer.on_sent(now, 1000, rate);
    EXPECT_TRUE(pacer.must_wait(now));
    EXPECT_EQ(pacer.next_send_at(now), now + 1ms);
    now = pacer.next_send_at(now);
  }
}

// RFC 9002 7.7: a burst goes at once, and the next one only after as long a silence.
TEST(Pacer, BurstIsBounded) {
  Pacer pacer;
  const PacingRate rate{1'000'000, 4000};
  const auto burst = [&](Instant now) {
    int sent = 0;
    for (; !pacer.must_wait(now); ++sent) pacer.on_sent(now, 1000, rate);
    return sent;
  };
  EXPECT_EQ(burst(Instant(1s)), 4);
  EXPECT_EQ(burst(Instant(1s) + 1ms), 1);
  EXPECT_EQ(burst(Instant(1s) + 3ms), 2);
  EXPECT_EQ(burst(Instant(10s)), 4);
}

// A driver that wakes late catches up, so that the rate holds on average.
TEST(Pacer, LateWakeUpsKeepTheRate) {
  Pacer pacer;
  const PacingRate rate{1'000'000, 4000};
  std::uint32_t sent = 0;
  for (Instant now(1s); now < Instant(2s); now += 2500us) {
    for (; !pacer.must_wait(now); sent += 1000) pacer.on_sent(now, 1000, rate);
  }
  EXPECT_NEAR(sent, 1'000'000, 5'000);
}

}  // namespace
}  // namespace anteroom

namespace anteroom::testing {
namespace {

// Established over a round trip of 100 ms, with segments of 1000 bytes.
Peer over_100ms(bool pacing) {
  PeerOptions options;
  options.config.tcp.pacing = pacing;
  options.config.tcp.initial_window_segments = 4;
  Peer peer(options);
  peer.sends("S 0:0(0) win 65535 <mss 1000>");
  (void)peer.next();
  peer.passes(100ms);
  peer.sends(". 1:1(0) ack 1");
  peer.connection = *peer.stack().take(peer.listener());
  return peer;
}

int segments_now(Peer& peer) {
  int count = 0;
  while (!peer.next().empty()) ++count;
  return count;
}

// RFC 9002 7.7: what the window allows beyond the burst leaves at twice the window per round trip.
TEST(Pacing, SpreadsTheWindow) {
  Peer peer = over_100ms(true);
  ASSERT_TRUE(peer.writes(std::string(20'000, 'd')));
  EXPECT_EQ(segments_now(peer), 4);
  peer.passes(100ms);
  peer.sends(". 1:1(0) ack 4001");
  // A window of 8 segments per 100 ms in slow start: one segment in 6.25 ms; four after the
  // silence.
  EXPECT_EQ(segments_now(peer), 4);
  EXPECT_EQ(peer.stack().next_deadline()->timer, Timer::pacing);
  EXPECT_EQ(peer.stack().next_deadline()->at, peer.now() + 6250us);
  peer.passes(6250us);
  EXPECT_EQ(segments_now(peer), 1);
  peer.passes(6250us);
  EXPECT_EQ(segments_now(peer), 1);
}

// Off by default: the window leaves as one burst.
TEST(Pacing, IsOffByDefault) {
  EXPECT_FALSE(TcpConfig().pacing);
  Peer peer = over_100ms(false);
  ASSERT_TRUE(peer.writes(std::string(20'000, 'd')));
  EXPECT_EQ(segments_now(peer), 4);
  peer.passes(100ms);
  peer.sends(". 1:1(0) ack 4001");
  EXPECT_EQ(segments_now(peer), 8);
}

// Acknowledgments do not wait for the pace of data.
TEST(Pacing, AcksDoNotWait) {
  Peer peer = over_100ms(true);
  ASSERT_TRUE(peer.writes(std::string(20'000, 'd')));
  EXPECT_EQ(segments_now(peer), 4);
  peer.passes(100ms);
  peer.sends(". 1:1(0) ack 4001");
  EXPECT_EQ(segments_now(peer), 4);
  peer.sends(". 10:11(1) ack 4001");
  EXPECT_EQ(peer.sees(". 8001:8001(0) ack 1"), "");
}

}  // namespace
}  // namespace anteroom::testing
