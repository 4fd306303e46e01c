// RFC 9406 4.2, constants of 4.3. Not here: loss in slow start, which ends it like any other
// (algorithm.cc).
#include "stack/tcp/congestion/hystart.h"

#include "stack/base/short_time.h"
#include "stack/tcp/congestion/new_reno.h"

namespace anteroom {
namespace {

constexpr std::uint32_t kRttThresholdMinUs = 4'000;   // MIN_RTT_THRESH
constexpr std::uint32_t kRttThresholdMaxUs = 16'000;  // MAX_RTT_THRESH
constexpr std::uint32_t kRttDivisor = 8;              // MIN_RTT_DIVISOR
constexpr std::uint8_t kSamples = 8;                  // N_RTT_SAMPLE
constexpr std::uint32_t kGrowthDivisor = 4;           // CSS_GROWTH_DIVISOR
constexpr std::uint8_t kConservativeRounds = 5;       // CSS_ROUNDS
constexpr std::uint32_t kSegmentsPerAck = 8;          // L

}  // namespace

bool HyStart::on_ack(Seq una, Seq nxt, Duration rtt) {
  if (!begun_) {
    begun_ = true;
    round_end_ = nxt;
  }
  if (rtt > Duration::zero()) on_sample(short_us(rtt));
  return una.at_or_after(round_end_) && end_round(nxt);
}

void HyStart::on_sample(std::uint32_t rtt_us) {
  round_min_us_ = std::min(round_min_us_, rtt_us);
  if (samples_ < kSamples) ++samples_;
  if (samples_ < kSamples) return;
  if (is_conservative()) {
    // The rise was jitter: back to slow start.
    if (round_min_us_ < baseline_us_) baseline_us_ = kNoRtt;
    return;
  }
  if (last_min_us_ == kNoRtt) return;
  const std::uint32_t threshold =
      std::max(kRttThresholdMinUs, std::min(last_min_us_ / kRttDivisor, kRttThresholdMaxUs));
  if (round_min_us_ < last_min_us_ + threshold) return;
  baseline_us_ = round_min_us_;
  conservative_rounds_ = 0;
}

// A round that became conservative on the way counts as a whole one.
bool HyStart::end_round(Seq nxt) {
  round_end_ = nxt;
  last_min_us_ = round_min_us_;
  round_min_us_ = kNoRtt;
  samples_ = 0;
  return is_conservative() && ++conservative_rounds_ >= kConservativeRounds;
}

std::uint32_t HyStart::increase(std::uint32_t acked_bytes, std::uint32_t mss,
                                bool unlimited) const {
  const std::uint32_t bytes =
      unlimited ? acked_bytes : slow_start_increase(acked_bytes, kSegmentsPerAck, mss);
  return is_conservative() ? bytes / kGrowthDivisor : bytes;
}

}  // namespace anteroom
