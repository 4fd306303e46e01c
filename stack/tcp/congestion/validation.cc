// RFC 7661 4.2 to 4.5. Not here: bounding the burst after a pause (pacer.cc, algorithm.cc).
#include "stack/tcp/congestion/validation.h"

#include "stack/base/short_time.h"

namespace anteroom {
namespace {

constexpr std::uint32_t kNonValidatedMs = 300'000;  // RFC 7661 5: five minutes
constexpr std::uint32_t kSamplingMsMin = 1'000;     // RFC 7661 4.5.1: max(3 RTT, 1 s)

}  // namespace

// A sample is what one round trip acknowledged.
void Validation::on_ack(Instant now, std::uint32_t acked_bytes, Duration smoothed_rtt) {
  const std::uint32_t now_us = wrapping_us(now), rtt_us = short_us(smoothed_rtt);
  if (!sampling_) {
    sampling_ = true;
    sample_began_us_ = now_us;
    sample_bytes_ = 0;
    return;
  }
  const std::uint32_t took = now_us - sample_began_us_;
  if (took < rtt_us) {
    sample_bytes_ += acked_bytes;
    return;
  }
  // After a silence this acknowledgment belongs to a later round trip than the ones before it.
  if (took / 2 <= rtt_us) sample_bytes_ += acked_bytes;
  add_sample(wrapping_ms(now), sample_bytes_, std::max(kSamplingMsMin, rtt_us / 1000 * 3));
  sample_began_us_ = now_us;
  sample_bytes_ = 0;
}

// The largest of a sampling period. When it is too old the newest takes its place, which may be
// less than the largest since: the error is on the careful side and lasts one sample.
void Validation::add_sample(std::uint32_t now_ms, std::uint32_t bytes, std::uint32_t period_ms) {
  if (defined_ && bytes < pipe_ack_ && now_ms - pipe_ack_at_ms_ <= period_ms) return;
  pipe_ack_ = bytes;
  pipe_ack_at_ms_ = now_ms;
  defined_ = true;
}

void Validation::note_phase(Instant now, std::uint32_t window, bool window_limited) {
  if (noted_ && !window_limited && !is_validated(window)) return;
  noted_ = true;
  validated_at_ms_ = wrapping_ms(now);
}

void Validation::on_idle(Instant now) {
  sampling_ = false;
  sample_bytes_ = 0;
  if (wrapping_ms(now) - pipe_ack_at_ms_ > kSamplingMsMin) pipe_ack_ = 0;
}

void Validation::reset() { sampling_ = defined_ = noted_ = false; }

bool Validation::take_expired(Instant now) {
  if (!noted_ || wrapping_ms(now) - validated_at_ms_ < kNonValidatedMs) return false;
  validated_at_ms_ += kNonValidatedMs;
  return true;
}

}  // namespace anteroom
