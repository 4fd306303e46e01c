// RFC 9406 by its rules, one acknowledgment after the other. Not here: CUBIC (cubic_test.cc).
#include <gtest/gtest.h>

#include "stack/tcp/congestion/algorithm.h"

namespace anteroom {
namespace {

constexpr std::uint32_t kMss = 1000;

// Rounds of `acks` acknowledgments of one segment each, all with the same round-trip time.
struct Rounds {
  explicit Rounds(bool paced = false, bool unlimited = false)
      : congestion({.paced = paced,
                    .unlimited_slow_start = unlimited,
                    .window_segments = 10,
                    .mss = kMss}) {}

  void round(Duration rtt, int acks = 10) {
    const Seq end = nxt;
    nxt = nxt + static_cast<std::uint32_t>(acks) * kMss;
    for (int i = acks - 1; i >= 0; --i) ack(end - static_cast<std::uint32_t>(i), rtt, kMss);
  }
  void ack(Seq una, Duration rtt, std::uint32_t bytes) {
    now += 1ms;
    congestion.on_ack({.now = now,
                       .acked_bytes = bytes,
                       .mss = kMss,
                       .rtt = rtt,
                       .smoothed_rtt = rtt,
                       .una = una,
                       .nxt = nxt,
                       .window_limited = true});
  }
  std::uint32_t grown_in(Duration rtt, int acks = 10) {
    const std::uint32_t before = congestion.window_bytes();
    round(rtt, acks);
    return congestion.window_bytes() - before;
  }

  Congestion congestion;
  Instant now{1s};
  Seq nxt{5000};
};

// RFC 9406 4.2: while the round-trip time stays, it is slow start.
TEST(HyStart, SteadyRttIsSlowStart) {
  Rounds path;
  for (int i = 0; i < 10; ++i) EXPECT_EQ(path.grown_in(40ms), 10'000u);
  EXPECT_TRUE(path.congestion.in_slow_start());
}

// RFC 9406 4.2: a rise by an eighth, seen eight times, makes growth conservative: a quarter.
TEST(HyStart, RisingRttSlowsGrowth) {
  Rounds path;
  path.round(40ms);
  path.round(40ms);
  // Seven acknowledgments in full, from the eighth on a quarter: it decides before it grows.
  EXPECT_EQ(path.grown_in(45ms), 7 * 1000u + 3 * 250u);
  EXPECT_EQ(path.grown_in(45ms), 10 * 250u);
  EXPECT_TRUE(path.congestion.in_slow_start());
}

// RFC 9406 4.3: MIN_RTT_THRESH is 4 ms, whatever an eighth is.
TEST(HyStart, SmallRiseOfAShortRttIsNoise) {
  Rounds path;
  path.round(8ms);
  path.round(8ms);
  EXPECT_EQ(path.grown_in(11'999us), 10'000u);
}

// RFC 9406 4.3: MIN_RTT_THRESH reached.
TEST(HyStart, FourMillisecondsAreARise) {
  Rounds path;
  path.round(8ms);
  path.round(8ms);
  EXPECT_LT(path.grown_in(12ms), 10'000u);
}

// RFC 9406 4.3: MAX_RTT_THRESH is 16 ms, though an eighth of 400 ms is 50 ms.
TEST(HyStart, SixteenMillisecondsAreARise) {
  Rounds path;
  path.round(400ms);
  path.round(400ms);
  EXPECT_EQ(path.grown_in(415'999us), 10'000u);
  EXPECT_LT(path.grown_in(432ms), 10'000u);
}

// RFC 9406 4.3: N_RTT_SAMPLE; seven samples of a round do not tell.
TEST(HyStart, SevenSamplesDoNotTell) {
  Rounds path;
  path.round(40ms, 7);
  path.round(40ms, 7);
  EXPECT_EQ(path.grown_in(90ms, 7), 7'000u);
}

// RFC 9406 4.2: one acknowledgment with the old round-trip time shows that the path is not full.
TEST(HyStart, OneLowSampleIsEnough) {
  Rounds path;
  path.round(40ms);
  path.round(40ms);
  const Seq end = path.nxt;
  path.nxt = path.nxt + 10'000;
  path.ack(end - 9, 40ms, kMss);
  for (std::uint32_t i = 8; i > 0; --i) path.ack(end - i, 90ms, kMss);
  const std::uint32_t before = path.congestion.window_bytes();
  path.ack(end, 90ms, kMss);
  EXPECT_EQ(path.congestion.window_bytes() - before, 1'000u);
}

// RFC 9406 4.2: when the round-trip time falls below the baseline, slow start resumes.
TEST(HyStart, FallingRttResumesSlowStart) {
  Rounds path;
  path.round(40ms);
  path.round(40ms);
  path.round(60ms);
  EXPECT_EQ(path.grown_in(60ms), 2'500u);
  EXPECT_EQ(path.grown_in(59ms), 7 * 250u + 3 * 1000u);
  EXPECT_EQ(path.grown_in(59ms), 10'000u);
}

// RFC 9406 4.2: CSS_ROUNDS; the round in which it became conservative counts. Then the window is
// the threshold.
TEST(HyStart, FiveConservativeRoundsEndSlowStart) {
  Rounds path;
  path.round(40ms);
  path.round(40ms);
  for (int i = 0; i < 4; ++i) {
    path.round(60ms);
    EXPECT_TRUE(path.congestion.in_slow_start()) << i;
  }
  path.round(60ms);
  EXPECT_FALSE(path.congestion.in_slow_start());
  EXPECT_EQ(path.congestion.threshold_bytes(), path.congestion.window_bytes());
}

// RFC 9406 4.2: L is 8 segments where sending is not paced.
TEST(HyStart, OneAckAddsEightSegmentsAtMost) {
  Rounds path;
  path.ack(path.nxt - 1, 40ms, 20'000);
  EXPECT_EQ(path.congestion.window_bytes(), 18'000u);
}

// RFC 9406 4.2: L is infinite where sending is paced.
TEST(HyStart, PacedGrowthHasNoLimit) {
  Rounds path(true);
  path.ack(path.nxt - 1, 40ms, 20'000);
  EXPECT_EQ(path.congestion.window_bytes(), 30'000u);
}

// The same where the owner wants it.
TEST(HyStart, UnlimitedGrowthHasNoLimit) {
  Rounds path(false, true);
  path.ack(path.nxt - 1, 40ms, 20'000);
  EXPECT_EQ(path.congestion.window_bytes(), 30'000u);
}

// RFC 9406 4.3: only the first slow start; a later one ends at its threshold.
TEST(HyStart, LaterSlowStartsDoWithout) {
  Rounds path;
  path.congestion.on_timeout(400'000, kMss, true);
  path.round(40ms);
  path.round(40ms);
  EXPECT_EQ(path.grown_in(90ms), 10'000u);
}

// RFC 9438 4.9: a loss that was none gives the first slow start back.
TEST(HyStart, UndoneLossStartsItAgain) {
  Rounds path;
  path.congestion.on_congestion(10'000, kMss, CongestionCause::loss);
  path.congestion.undo();
  EXPECT_EQ(path.congestion.threshold_bytes(), UINT32_MAX);
  path.round(40ms);
  path.round(40ms);
  path.round(60ms);
  EXPECT_EQ(path.grown_in(60ms), 2'500u);
}

}  // namespace
}  // namespace anteroom
