// RFC 9438 by its formulas, computed here in floating point. Not here: slow start
// (hystart_test.cc).
#include <cmath>

#include <gtest/gtest.h>

#include "stack/tcp/congestion/algorithm.h"

namespace anteroom {
namespace {

constexpr std::uint32_t kMss = 1000;
constexpr double kC = 0.4;     // RFC 9438 4.1
constexpr double kBeta = 0.7;  // RFC 9438 4.6
constexpr double kAlpha = 3 * (1 - kBeta) / (1 + kBeta);

// RFC 9438 4.2, in segments and seconds.
double to_plateau(double plateau, double start) { return std::cbrt((plateau - start) / kC); }
double curve(double t, double k, double plateau) { return kC * std::pow(t - k, 3) + plateau; }

// A path that acknowledges what it is sent, one segment at a time, evenly over the round trip.
struct Path {
  explicit Path(std::uint32_t segments, Duration round_trip)
      : congestion({.window_segments = segments, .mss = kMss}), rtt(round_trip) {}

  double window() const { return congestion.window_bytes() / double{kMss}; }
  void ack(bool window_limited = true) {
    congestion.on_ack({.now = now,
                       .acked_bytes = kMss,
                       .mss = kMss,
                       .rtt = rtt,
                       .smoothed_rtt = rtt,
                       .window_limited = window_limited});
  }
  void run(Duration duration, bool window_limited = true) {
    const Instant end = now + duration;
    while (now < end) {
      ack(window_limited);
      now += rtt * kMss / congestion.window_bytes();
    }
  }
  void lose() {
    congestion.on_congestion(congestion.window_bytes(), kMss, CongestionCause::loss);
    congestion.on_recovered();
  }

  Congestion congestion;
  Duration rtt;
  Instant now{100s};
};

// RFC 9438 4.6: beta is 0.7, of what is in flight.
TEST(Cubic, LossLeavesSevenTenths) {
  Path path(100, 100ms);
  path.congestion.on_congestion(90'000, kMss, CongestionCause::loss);
  EXPECT_EQ(path.congestion.window_bytes(), 63'000u);
  EXPECT_EQ(path.congestion.threshold_bytes(), 63'000u);
}

// RFC 9438 4.6: not below two segments after a loss, one after a mark.
TEST(Cubic, LowerBounds) {
  Path path(2, 100ms);
  path.congestion.on_congestion(1'200, kMss, CongestionCause::loss);
  EXPECT_EQ(path.congestion.window_bytes(), 2'000u);
  path.congestion.on_congestion(1'200, kMss, CongestionCause::ecn);
  EXPECT_EQ(path.congestion.window_bytes(), 1'000u);
  EXPECT_EQ(path.congestion.threshold_bytes(), 2'000u);
}

// RFC 9438 4.2, 4.4, 4.5: the window follows W_cubic(t + RTT), before and behind the plateau.
TEST(Cubic, FollowsTheCurve) {
  Path path(1000, 100ms);
  path.lose();
  const double k = to_plateau(1000, 700);
  EXPECT_NEAR(k, 9.0856, 0.0001);
  for (int second = 1; second <= 18; ++second) {
    path.run(1s);
    // W_cubic(t + RTT) is where the window is one round trip later.
    EXPECT_NEAR(path.window(), curve(second, k, 1000), 0.01 * path.window()) << second;
  }
}

// RFC 9438 4.2: K; there the window is what it was before the loss.
TEST(Cubic, ReachesThePlateauAfterK) {
  Path path(1000, 100ms);
  path.lose();
  path.run(9086ms);
  EXPECT_NEAR(path.window(), 1000, 1);
}

// RFC 9438 4.2: one window acknowledged raises it to 1.5 times at most.
TEST(Cubic, GrowsByHalfInARoundTripAtMost) {
  Path path(1000, 20s);
  path.lose();
  path.ack();
  path.now += 40s;
  const std::uint32_t before = path.congestion.window_bytes();
  path.congestion.on_ack({.now = path.now,
                          .acked_bytes = before,
                          .mss = kMss,
                          .smoothed_rtt = path.rtt,
                          .window_limited = true});
  EXPECT_EQ(path.congestion.window_bytes(), before + before / 2);
}

// RFC 9438 4.3: with a short round trip the window is AIMD's, by 9/17 of a segment in each.
TEST(Cubic, IsRenoFriendlyAtShortRoundTrips) {
  Path path(30, 10ms);
  path.lose();
  const double start = path.window();
  // Until cwnd_prior; there alpha becomes 1.
  for (int rounds = 1; rounds <= 15; ++rounds) {
    path.run(10ms);
    EXPECT_NEAR(path.window(), start + kAlpha * rounds, 1.0) << rounds;
  }
}

// RFC 9438 4.3: from cwnd_prior on alpha is 1.
TEST(Cubic, GrowsLikeRenoBeyondTheFormerWindow) {
  Path path(30, 1ms);
  path.lose();
  while (path.window() < 30) path.run(1ms);
  const double before = path.window();
  path.run(40ms);
  EXPECT_NEAR(path.window() - before, 40, 2);
}

// RFC 9438 4.7: a window that did not regain the plateau takes it further down, by (1 + 0.7) / 2.
TEST(Cubic, FastConvergence) {
  Path path(1000, 100ms);
  path.lose();  // 700, plateau 1000
  path.lose();  // 490, plateau 700 * 0.85
  EXPECT_NEAR(path.window(), 490, 1);
  const double k = to_plateau(595, 490);
  path.run(Duration(static_cast<std::int64_t>(k * 1e9)));
  EXPECT_NEAR(path.window(), 595, 1);
  EXPECT_NEAR(curve(k, k, 595), 595, 0.001);
}

// RFC 9438 4.7: a window above the plateau is the next plateau as it is.
TEST(Cubic, HigherWindowIsTheNextPlateau) {
  Path path(1000, 100ms);
  path.lose();
  path.run(15s);
  const double top = path.window();
  ASSERT_GT(top, 1010);
  path.lose();
  path.run(Duration(static_cast<std::int64_t>(to_plateau(top, kBeta * top) * 1e9)));
  EXPECT_NEAR(path.window(), top, 2);
}

// RFC 9438 4.2 [MUST NOT], 5.8: time that the application left unused does not count.
TEST(Cubic, ApplicationLimitedTimeDoesNotCount) {
  Path steady(1000, 100ms), paused(1000, 100ms);
  steady.lose();
  paused.lose();
  steady.run(3s);
  paused.run(3s);
  const std::uint32_t before = paused.congestion.window_bytes();
  paused.run(30s, false);
  EXPECT_EQ(paused.congestion.window_bytes(), before);
  steady.run(2s);
  paused.run(2s);
  EXPECT_NEAR(paused.window(), steady.window(), 1);
}

// RFC 9438 5.8: neither does a silence in which nothing was acknowledged at all.
TEST(Cubic, SilenceDoesNotCount) {
  Path path(1000, 100ms);
  path.lose();
  path.run(3s);
  path.now += 2h;
  path.run(1s);
  // Two round trips of the silence, at most, pass for a late acknowledgment.
  EXPECT_LE(path.window(), curve(4 + 0.3, to_plateau(1000, 700), 1000) + 1);
}

// RFC 9438 4.8: after a time-out the threshold is by beta, and the first stage begins at its
// plateau.
TEST(Cubic, TimeoutForgetsThePlateau) {
  Path path(1000, 100ms);
  path.congestion.on_timeout(1'000'000, kMss, true);
  EXPECT_EQ(path.congestion.window_bytes(), 1'000u);
  EXPECT_EQ(path.congestion.threshold_bytes(), 700'000u);
  while (path.congestion.in_slow_start()) path.ack();
  const double start = path.window();
  path.run(6s);
  EXPECT_NEAR(path.window(), std::max(curve(6, 0, start), start + kAlpha * 60), 2);
}

// RFC 9438 4.10: slow start left without a loss: K is 0, the plateau the window of that moment.
TEST(Cubic, BeginsAtThePlateauAfterHyStart) {
  Path path(100, 100ms);
  path.congestion.set_window(100'000);
  Seq una(0);
  for (int round = 0; path.congestion.in_slow_start(); ++round) {
    const Duration rtt = round < 2 ? 100ms : 120ms;
    for (std::uint32_t i = 0; i < 8; ++i) {
      una = una + 1;
      path.congestion.on_ack({.now = path.now,
                              .acked_bytes = kMss,
                              .mss = kMss,
                              .rtt = rtt,
                              .smoothed_rtt = rtt,
                              .una = una,
                              .nxt = una + 8,
                              .window_limited = true});
    }
    ASSERT_LT(round, 20);
  }
  const double start = path.window();
  path.run(8s);
  // cwnd_prior is that window, so that the AIMD estimate grows by whole segments.
  EXPECT_NEAR(path.window(), std::max(curve(8, 0, start), start + 80), 3);
}

// RFC 9438 4.2: congestion avoidance after a restart is a stage of its own, with a K of its own:
// the curve does not jump back to where the former one had been.
TEST(Cubic, RestartBeginsAStage) {
  Path path(100, 100ms);
  path.congestion.set_window(1'000'000);
  path.lose();
  path.run(Duration(static_cast<std::int64_t>(to_plateau(1000, 700) * 1e9)));
  path.congestion.on_idle(path.now, kMss);
  EXPECT_NEAR(path.window(), 100, 0.1);
  path.now += 10s;
  while (path.congestion.in_slow_start()) path.ack();
  const double start = path.window();
  EXPECT_NEAR(start, 750, 2);
  path.run(2s);
  EXPECT_NEAR(path.window(), curve(2.1, to_plateau(1000, start), 1000), 15);
}

// RFC 9438 4.6, RFC 7661 4.3: slow start outruns pipeACK; a loss there is still one of a window in
// use.
TEST(Cubic, LossInSlowStartLeavesSevenTenths) {
  for (const Duration duration : {300ms, 350ms, 399ms, 480ms, 550ms}) {
    Path path(10, 100ms);
    path.run(duration);
    const std::uint32_t before = path.congestion.window_bytes();
    ASSERT_TRUE(path.congestion.in_slow_start());
    path.lose();
    EXPECT_EQ(path.congestion.window_bytes(), before / 10 * 7 + before % 10 * 7 / 10);
  }
}

// RFC 9438 4.9.2: a spurious loss leaves no trace: the window goes on as if it had not been.
TEST(Cubic, UndoRestoresTheCurve) {
  Path path(1000, 100ms);
  path.lose();
  path.run(5s);
  const Congestion before = path.congestion;
  Path other = path;
  other.congestion.on_congestion(700'000, kMss, CongestionCause::loss);
  ASSERT_LT(other.congestion.window_bytes(), before.window_bytes());
  other.congestion.undo();
  EXPECT_EQ(other.congestion.window_bytes(), before.window_bytes());
  EXPECT_EQ(other.congestion.threshold_bytes(), before.threshold_bytes());
  path.run(8s);
  other.run(8s);
  EXPECT_EQ(other.congestion.window_bytes(), path.congestion.window_bytes());
}

// RFC 9438 4.9.1: a spurious time-out, expired twice, gives back what was before the first.
TEST(Cubic, UndoOfARepeatedTimeout) {
  Path path(1000, 100ms);
  path.congestion.on_timeout(900'000, kMss, true);
  path.congestion.on_timeout(1'000, kMss, false);
  path.congestion.undo();
  EXPECT_EQ(path.congestion.window_bytes(), 1'000'000u);
  EXPECT_EQ(path.congestion.threshold_bytes(), UINT32_MAX);
}

// RFC 9438 4.9.2: a window that has grown beyond what it was stays.
TEST(Cubic, UndoNeverShrinks) {
  Path path(10, 100ms);
  path.lose();
  path.congestion.set_window(50'000);
  path.congestion.undo();
  EXPECT_EQ(path.congestion.window_bytes(), 50'000u);
}

}  // namespace
}  // namespace anteroom
