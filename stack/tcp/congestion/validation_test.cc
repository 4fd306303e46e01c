// RFC 7661: an unused window is kept for a while, does not grow, and does not excuse a loss.
#include <gtest/gtest.h>

#include "stack/tcp/congestion/algorithm.h"

namespace anteroom {
namespace {

constexpr std::uint32_t kMss = 1000;

// Congestion avoidance at a hundred segments, and an application that uses some of them.
struct Sender {
  explicit Sender(CongestionAlgorithm algorithm = CongestionAlgorithm::new_reno, bool paced = false)
      : congestion({.algorithm = algorithm, .paced = paced, .window_segments = 10, .mss = kMss}) {
    congestion.set_window(200'000);
    congestion.on_congestion(200'000, kMss, CongestionCause::loss);
    congestion.on_recovered();
    window = congestion.window_bytes();
  }

  // Round trips of 100 ms, in each `segments` acknowledgments of a segment.
  void rounds(int count, int segments, bool window_limited) {
    for (int i = 0; i < count * segments; ++i) {
      now += Duration(100ms) / segments;
      congestion.on_ack({.now = now,
                         .acked_bytes = kMss,
                         .mss = kMss,
                         .smoothed_rtt = 100ms,
                         .window_limited = window_limited});
    }
  }

  Congestion congestion;
  std::uint32_t window;
  Instant now{50s};
};

// RFC 7661 4.4: an application that sends little does not change the window.
TEST(Validation, LowRateKeepsTheWindow) {
  Sender sender;
  sender.rounds(600, 10, false);
  EXPECT_EQ(sender.congestion.window_bytes(), 100'000u);
  EXPECT_EQ(sender.congestion.threshold_bytes(), 100'000u);
}

// RFC 7661 4.4.1: a loss answers for what was in use, not for what was allowed.
TEST(Validation, LossWhileNotValidatedHalvesWhatWasUsed) {
  Sender sender;
  sender.rounds(30, 20, false);
  sender.congestion.on_congestion(12'000, kMss, CongestionCause::loss);
  // pipeACK is 20 segments, more than was in flight at the loss.
  EXPECT_EQ(sender.congestion.window_bytes(), 10'000u);
}

// RFC 7661 4.4.1: nor by CUBIC's larger factor.
TEST(Validation, LossWhileNotValidatedHalvesUnderCubic) {
  Sender sender(CongestionAlgorithm::cubic);
  sender.rounds(30, 20, false);
  sender.congestion.on_congestion(30'000, kMss, CongestionCause::loss);
  EXPECT_EQ(sender.congestion.window_bytes(), 15'000u);
}

// RFC 7661 4.3: half of the window in use validates it; the algorithm's own answer follows.
TEST(Validation, HalfTheWindowIsEnough) {
  Sender sender(CongestionAlgorithm::cubic);
  sender.rounds(30, 80, false);  // of 140
  sender.congestion.on_congestion(30'000, kMss, CongestionCause::loss);
  EXPECT_EQ(sender.congestion.window_bytes(), 21'000u);
}

// RFC 7661 4.4.1: after recovery pipeACK is undefined, and the window counts as validated.
TEST(Validation, IsUndefinedAfterRecovery) {
  Sender sender(CongestionAlgorithm::cubic);
  sender.rounds(30, 20, false);
  sender.congestion.on_congestion(20'000, kMss, CongestionCause::loss);
  sender.congestion.on_recovered();
  sender.congestion.set_window(100'000);
  sender.congestion.on_congestion(30'000, kMss, CongestionCause::loss);
  EXPECT_EQ(sender.congestion.window_bytes(), 21'000u);
}

// RFC 7661 4.2: pipeACK is the largest sample of the last second, and then of the next.
TEST(Validation, PipeAckIsTheLargestOfItsPeriod) {
  Validation validation;
  Instant now{9s};
  const auto round = [&](std::uint32_t bytes) {
    now += 100ms;
    validation.on_ack(now, bytes, 100ms);
  };
  round(1);
  EXPECT_TRUE(validation.is_validated(1'000'000));
  round(50'000);
  for (int i = 0; i < 9; ++i) round(3'000);
  EXPECT_EQ(validation.pipe_ack_bytes(), 50'000u);
  for (int i = 0; i < 2; ++i) round(3'000);
  EXPECT_EQ(validation.pipe_ack_bytes(), 3'000u);
  EXPECT_TRUE(validation.is_validated(6'000));
  EXPECT_FALSE(validation.is_validated(6'002));
}

// RFC 7661 4.2: a sample is of one round trip; a silence does not add two bursts up.
TEST(Validation, SampleIsOfOneRoundTrip) {
  Validation validation;
  validation.on_ack(Instant(1s), 1, 100ms);
  validation.on_ack(Instant(1050ms), 7'000, 100ms);
  validation.on_ack(Instant(1900ms), 7'000, 100ms);
  EXPECT_EQ(validation.pipe_ack_bytes(), 7'000u);
}

// RFC 7661 4.4.3: after five minutes half of it goes, and slow start leads back to three quarters.
TEST(Validation, FiveMinutesHalveIt) {
  Sender sender;
  sender.rounds(2950, 10, false);
  EXPECT_EQ(sender.congestion.window_bytes(), 100'000u);
  sender.rounds(60, 10, false);
  EXPECT_EQ(sender.congestion.window_bytes(), 50'000u);
  EXPECT_EQ(sender.congestion.threshold_bytes(), 100'000u);
}

// RFC 7661 4.4.3: not below the initial window, however long it lasts.
TEST(Validation, NeverBelowTheInitialWindow) {
  Sender sender;
  sender.rounds(10, 1, false);
  sender.now += 24h;
  sender.rounds(1, 1, false);
  EXPECT_EQ(sender.congestion.window_bytes(), 10'000u);
}

// RFC 7661 4.5.3: a window used in full is validated, whatever the last samples say.
TEST(Validation, FullUseValidates) {
  Sender sender;
  for (int minute = 0; minute < 10; ++minute) {
    sender.rounds(590, 10, false);
    sender.rounds(10, 10, true);
  }
  EXPECT_GE(sender.congestion.window_bytes(), 100'000u);
}

// RFC 7661 4.4: a paced sender resumes after a pause with the window it had.
TEST(Validation, PacedSenderResumes) {
  Sender sender(CongestionAlgorithm::new_reno, true);
  sender.rounds(10, 100, true);
  const std::uint32_t before = sender.congestion.window_bytes();
  sender.congestion.on_idle(sender.now + 60s, kMss);
  EXPECT_EQ(sender.congestion.window_bytes(), before);
}

// RFC 7661 4.2: but what the path carried before the pause is no measure of it any more.
TEST(Validation, LossRightAfterAPauseHalvesTheFlight) {
  Sender sender(CongestionAlgorithm::cubic, true);
  sender.rounds(10, 140, true);
  sender.congestion.on_idle(sender.now + 60s, kMss);
  sender.congestion.on_congestion(40'000, kMss, CongestionCause::loss);
  EXPECT_EQ(sender.congestion.window_bytes(), 20'000u);
}

// RFC 7661 4.4.3: but not after ten minutes.
TEST(Validation, PacedSenderResumesWithLessAfterTenMinutes) {
  Sender sender(CongestionAlgorithm::new_reno, true);
  sender.rounds(1, 100, false);
  sender.congestion.on_idle(sender.now + 601s, kMss);
  EXPECT_EQ(sender.congestion.window_bytes(), 25'000u);
}

// RFC 5681 4.1: without a pacer the burst is bounded by the restart window.
TEST(Validation, UnpacedSenderRestarts) {
  Sender sender;
  sender.rounds(10, 100, false);
  sender.congestion.on_idle(sender.now + 2s, kMss);
  EXPECT_EQ(sender.congestion.window_bytes(), 10'000u);
  EXPECT_EQ(sender.congestion.threshold_bytes(), 100'000u);
}

// RFC 5681 4.1: a window below the initial one stays.
TEST(Validation, RestartNeverGrows) {
  Sender sender;
  sender.congestion.set_window(3'000);
  sender.congestion.on_idle(sender.now + 2s, kMss);
  EXPECT_EQ(sender.congestion.window_bytes(), 3'000u);
}

}  // namespace
}  // namespace anteroom
