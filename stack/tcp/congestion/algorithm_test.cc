// Laws that hold for every algorithm and every sequence of calls. Not here: numbers (the tests of
// the algorithms).
#include "stack/tcp/congestion/algorithm.h"

#include <gtest/gtest.h>

#include "stack/base/rng.h"

namespace anteroom {
namespace {

struct Walk {
  explicit Walk(std::uint8_t seed) : rng(key(seed)) {
    mss = 64 + static_cast<std::uint32_t>(rng.below(9000));
    congestion = Congestion({.algorithm = static_cast<CongestionAlgorithm>(rng.below(2)),
                             .paced = rng.below(2) == 0,
                             .window_segments = 1 + static_cast<std::uint32_t>(rng.below(20)),
                             .mss = mss});
    congestion.set_window(std::max(congestion.window_bytes(), mss));
  }

  static HashKey key(std::uint8_t seed) {
    HashKey bytes{};
    bytes[0] = seed;
    return bytes;
  }
  std::uint32_t any(std::uint64_t bound) { return static_cast<std::uint32_t>(rng.below(bound)); }

  void ack() {
    una = una + any(100'000);
    congestion.on_ack({.now = now,
                       .acked_bytes = rng.below(20) == 0 ? any(UINT32_MAX) : any(100'000),
                       .mss = mss,
                       .rtt = Duration(any(2'000'000'000)),
                       .smoothed_rtt = rng.below(9) == 0 ? Duration() : Duration(any(1u << 31)),
                       .una = una,
                       .nxt = una + any(1u << 20),
                       .window_limited = rng.below(3) != 0});
  }
  void step() {
    now += rng.below(1000) == 0 ? Duration(24h) : Duration(any(1'000'000'000));
    const std::uint32_t flight =
        rng.below(50) == 0 ? UINT32_MAX : any(congestion.window_bytes() + 1ull);
    switch (rng.below(60)) {
      case 0: return congestion.on_congestion(flight, mss, CongestionCause::loss);
      case 1: return congestion.on_congestion(flight, mss, CongestionCause::ecn);
      case 2: return congestion.on_timeout(flight, mss, rng.below(2) == 0);
      case 3: return congestion.on_recovered();
      case 4: return congestion.undo();
      case 5: return congestion.on_idle(now, mss);
      default: ack();
    }
  }

  Rng rng;
  Congestion congestion;
  std::uint32_t mss;
  Instant now{1s};
  Seq una{UINT32_MAX - 5};
};

// RFC 5681 3.1, RFC 9438 4.6: never below a segment, the threshold never below two; and never so
// large that sums overflow.
TEST(Congestion, StaysWithinBounds) {
  for (std::uint8_t seed = 0; seed < 100; ++seed) {
    Walk walk(seed);
    for (int i = 0; i < 2000; ++i) {
      walk.step();
      ASSERT_GE(walk.congestion.window_bytes(), walk.mss) << int{seed};
      ASSERT_GE(walk.congestion.threshold_bytes(), 2 * walk.mss) << int{seed};
      ASSERT_LE(walk.congestion.window_bytes(), 1u << 30) << int{seed};
    }
  }
}

// The same calls give the same window, on every machine and in every run.
TEST(Congestion, IsDeterministic) {
  for (std::uint8_t seed = 0; seed < 20; ++seed) {
    Walk first(seed), second(seed);
    for (int i = 0; i < 2000; ++i) {
      first.step();
      second.step();
      ASSERT_EQ(first.congestion.window_bytes(), second.congestion.window_bytes()) << int{seed};
    }
  }
}

// RFC 9438 4.9.2: a reduction and its undo leave window and threshold as they were, in every state.
TEST(Congestion, UndoIsTheInverseOfEveryReduction) {
  for (std::uint8_t seed = 0; seed < 100; ++seed) {
    Walk walk(seed);
    for (int i = 0; i < 300; ++i) walk.step();
    Congestion copy = walk.congestion;
    const std::uint32_t flight = walk.congestion.window_bytes() / 2;
    switch (seed % 3) {
      case 0: copy.on_congestion(flight, walk.mss, CongestionCause::loss); break;
      case 1: copy.on_congestion(flight, walk.mss, CongestionCause::ecn); break;
      default: copy.on_timeout(flight, walk.mss, true);
    }
    if (copy.window_bytes() >= walk.congestion.window_bytes()) continue;
    copy.undo();
    EXPECT_EQ(copy.window_bytes(), walk.congestion.window_bytes()) << int{seed};
    EXPECT_EQ(copy.threshold_bytes(), walk.congestion.threshold_bytes()) << int{seed};
  }
}

// Acknowledgments alone never shrink a window that is in use.
TEST(Congestion, AcknowledgmentsNeverShrinkIt) {
  for (std::uint8_t seed = 0; seed < 50; ++seed) {
    Walk walk(seed);
    for (int i = 0; i < 200; ++i) walk.step();
    for (int i = 0; i < 500; ++i) {
      const std::uint32_t before = walk.congestion.window_bytes();
      walk.now += Duration(walk.any(100'000'000));
      walk.congestion.on_ack({.now = walk.now,
                              .acked_bytes = walk.any(50'000),
                              .mss = walk.mss,
                              .smoothed_rtt = 50ms,
                              .window_limited = true});
      // The first may find the window unused for five minutes.
      ASSERT_TRUE(i == 0 || walk.congestion.window_bytes() >= before) << int{seed};
    }
  }
}

// A connection holds it by value, and there are many connections.
TEST(Congestion, IsSmall) { EXPECT_EQ(sizeof(Congestion), 92u); }

}  // namespace
}  // namespace anteroom
