// RFC 5681, RFC 3465 and RFC 6928 by their numbers. Not here: who calls what (transfer_test.cc).
#include <gtest/gtest.h>

#include "stack/tcp/congestion/algorithm.h"

namespace anteroom {
namespace {

constexpr std::uint32_t kMss = 1000;

Congestion reno(std::uint32_t segments) {
  return Congestion(
      {.algorithm = CongestionAlgorithm::new_reno, .window_segments = segments, .mss = kMss});
}

void acknowledge(Congestion& congestion, std::uint32_t bytes) {
  congestion.on_ack({.acked_bytes = bytes, .mss = kMss, .window_limited = true});
}

// RFC 6928 2: min (10*MSS, max (2*MSS, 14600)).
TEST(InitialWindow, IsBoundedInBytes) {
  EXPECT_EQ(initial_window(10, 1460), 14'600u);
  EXPECT_EQ(initial_window(10, 536), 5'360u);
  EXPECT_EQ(initial_window(10, 8960), 17'920u);
  EXPECT_EQ(initial_window(10, 4000), 14'600u);
}

// RFC 3465 2.2: what one acknowledgment adds in slow start ends at two segments.
TEST(NewReno, SlowStartCountsBytesUpToTwoSegments) {
  Congestion congestion = reno(10);
  acknowledge(congestion, 300);
  EXPECT_EQ(congestion.window_bytes(), 10'300u);
  acknowledge(congestion, 5000);
  EXPECT_EQ(congestion.window_bytes(), 12'300u);
}

// RFC 5681 3.1: a sender that its window does not limit learns nothing of the path.
TEST(NewReno, UnusedWindowStays) {
  Congestion congestion = reno(10);
  congestion.on_ack({.acked_bytes = 1000, .mss = kMss});
  EXPECT_EQ(congestion.window_bytes(), 10'000u);
}

// RFC 5681 3.1 (4), 3.2: half of what is in flight.
TEST(NewReno, LossHalvesTheFlight) {
  Congestion congestion = reno(10);
  congestion.on_congestion(9'000, kMss, CongestionCause::loss);
  EXPECT_EQ(congestion.threshold_bytes(), 4'500u);
  EXPECT_EQ(congestion.window_bytes(), 4'500u);
}

// RFC 5681 3.1 (4): never below two segments.
TEST(NewReno, LossLeavesTwoSegments) {
  Congestion congestion = reno(10);
  congestion.on_congestion(1'000, kMss, CongestionCause::loss);
  EXPECT_EQ(congestion.window_bytes(), 2'000u);
}

// RFC 3168 6.1.2: marks may take the window down to one segment, the threshold to two.
TEST(NewReno, MarksLeaveOneSegment) {
  Congestion congestion = reno(10);
  congestion.on_congestion(1'000, kMss, CongestionCause::ecn);
  EXPECT_EQ(congestion.window_bytes(), 1'000u);
  EXPECT_EQ(congestion.threshold_bytes(), 2'000u);
}

// RFC 5681 3.1, RFC 3465 2.1: one segment more for each window acknowledged.
TEST(NewReno, AvoidanceAddsASegmentForAWindow) {
  Congestion congestion = reno(20);
  congestion.on_congestion(20'000, kMss, CongestionCause::loss);
  for (int i = 0; i < 9; ++i) acknowledge(congestion, 1000);
  EXPECT_EQ(congestion.window_bytes(), 10'000u);
  acknowledge(congestion, 1000);
  EXPECT_EQ(congestion.window_bytes(), 11'000u);
  for (int i = 0; i < 11; ++i) acknowledge(congestion, 1000);
  EXPECT_EQ(congestion.window_bytes(), 12'000u);
}

// RFC 5681 3.1: the loss window; a second expiry leaves the threshold alone.
TEST(NewReno, TimeoutLeavesOneSegment) {
  Congestion congestion = reno(20);
  congestion.on_timeout(20'000, kMss, true);
  EXPECT_EQ(congestion.window_bytes(), 1'000u);
  EXPECT_EQ(congestion.threshold_bytes(), 10'000u);
  congestion.on_timeout(1'000, kMss, false);
  EXPECT_EQ(congestion.threshold_bytes(), 10'000u);
}

// RFC 3465 2.3: after a time-out one acknowledgment adds one segment at most.
TEST(NewReno, SlowStartAfterATimeoutIsCautious) {
  Congestion congestion = reno(20);
  congestion.on_timeout(20'000, kMss, true);
  acknowledge(congestion, 8'000);
  EXPECT_EQ(congestion.window_bytes(), 2'000u);
}

// RFC 9438 4.9.2, RFC 4015 3: what was a mistake is taken back, once.
TEST(NewReno, UndoRestoresWindowAndThreshold) {
  Congestion congestion = reno(20);
  congestion.on_congestion(20'000, kMss, CongestionCause::loss);
  congestion.on_recovered();
  congestion.on_timeout(9'000, kMss, true);
  congestion.undo();
  EXPECT_EQ(congestion.window_bytes(), 10'000u);
  EXPECT_EQ(congestion.threshold_bytes(), 10'000u);
  congestion.set_window(500);
  congestion.undo();
  EXPECT_EQ(congestion.window_bytes(), 500u);
}

// RFC 6582 3.2: recovery ends with the window at the threshold.
TEST(NewReno, RecoveryEndsAtTheThreshold) {
  Congestion congestion = reno(20);
  congestion.on_congestion(20'000, kMss, CongestionCause::loss);
  congestion.set_window(3'000);
  congestion.on_recovered();
  EXPECT_EQ(congestion.window_bytes(), 10'000u);
}

}  // namespace
}  // namespace anteroom
