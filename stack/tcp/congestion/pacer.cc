// RFC 9002 7.7: the time a segment takes at the rate, owed to the ones behind it.
// Not here: which segment is next (next_segment.cc).
#include "stack/tcp/congestion/pacer.h"

namespace anteroom {
namespace {

constexpr std::uint64_t kNsPerSecond = 1'000'000'000;
// Below this a wait is a matter of the retransmission timer, not of pacing.
constexpr std::uint64_t kRateMin = 64;

Duration time_of(std::uint32_t bytes, const PacingRate& rate) {
  return Duration(static_cast<Duration::rep>(bytes * kNsPerSecond / rate.bytes_per_second));
}

}  // namespace

PacingRate pacing_rate(std::uint32_t window_bytes, Duration smoothed_rtt, bool in_slow_start,
                       std::uint32_t burst_bytes) {
  if (smoothed_rtt <= Duration::zero()) return {};
  // In tenths, so that 1.2 is a whole number; a window is below 2^31 bytes.
  const std::uint64_t gain = in_slow_start ? 20 : 12;
  const auto rtt_us = static_cast<std::uint64_t>(
      std::max<Duration::rep>(1, smoothed_rtt / std::chrono::microseconds(1)));
  const std::uint64_t rate = window_bytes * gain * (kNsPerSecond / 10'000) / rtt_us;
  return {std::max(rate, kRateMin), burst_bytes};
}

void Pacer::on_sent(Instant now, std::uint32_t bytes, const PacingRate& rate) {
  if (rate.bytes_per_second == 0) return;
  const std::uint32_t rest = rate.burst_bytes > bytes ? rate.burst_bytes - bytes : 0;
  next_at_ = std::max(next_at_, now - time_of(rest, rate)) + time_of(bytes, rate);
}

}  // namespace anteroom
