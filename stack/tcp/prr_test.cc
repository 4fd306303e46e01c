// RFC 9937 6, by numbers.
#include "stack/tcp/prr.h"

#include <gtest/gtest.h>

namespace anteroom {
namespace {

constexpr std::uint32_t kMss = 1000;

// Twenty segments out, one lost, threshold ten: every second delivery lets one segment out, and at
// the end the flight is the threshold.
TEST(Prr, HalvesInStepWithDelivery) {
  Prr prr(20 * kMss);
  std::uint32_t pipe = 19 * kMss, sent = 0;
  for (int delivered = 0; delivered < 18; ++delivered) {
    pipe -= kMss;
    const std::uint32_t window = prr.on_ack(kMss, pipe, 10 * kMss, kMss, false);
    while (window >= pipe + kMss) {
      pipe += kMss;
      ++sent;
      prr.on_sent(kMss);
    }
  }
  EXPECT_EQ(pipe, 10u * kMss);
  EXPECT_EQ(sent, 9u);
}

TEST(Prr, TheFirstRetransmissionAlwaysGoes) {
  Prr prr(20 * kMss);
  EXPECT_EQ(prr.on_ack(0, 15 * kMss, 10 * kMss, kMss, false), 16u * kMss);
}

// Below the threshold: conservative without, one segment more with an acknowledgment that is safe.
TEST(Prr, GrowsBackToTheThreshold) {
  Prr conservative(20 * kMss);
  conservative.on_sent(kMss);
  EXPECT_EQ(conservative.on_ack(kMss, 4 * kMss, 10 * kMss, kMss, false), 5u * kMss);
  Prr safe(20 * kMss);
  safe.on_sent(kMss);
  EXPECT_EQ(safe.on_ack(kMss, 4 * kMss, 10 * kMss, kMss, true), 6u * kMss);
  Prr near(20 * kMss);
  near.on_sent(kMss);
  EXPECT_EQ(near.on_ack(5 * kMss, 9 * kMss, 10 * kMss, kMss, true), 10u * kMss);
}

}  // namespace
}  // namespace anteroom
