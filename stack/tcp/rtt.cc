// RFC 6298 section 2.
#include "stack/tcp/rtt.h"

#include <algorithm>

namespace anteroom {
namespace {

// A path may change: a minimum older than this gives way.
constexpr std::uint32_t kMinimumLastsMs = 300'000;

// `value` moved by 1/`share` of its distance to `target`.
std::uint32_t moved(std::uint32_t value, std::uint32_t target, std::int64_t share) {
  return static_cast<std::uint32_t>(value + (std::int64_t{target} - value) / share);
}

}  // namespace

void Rtt::on_sample(Instant now, Duration sample, const TcpConfig& config) {
  const std::uint32_t us = std::max(short_us(sample), 1u);
  const std::uint32_t now_ms = wrapping_ms(now);
  if (minimum_us_ == 0 || us <= minimum_us_ || now_ms - minimum_at_ms_ > kMinimumLastsMs) {
    minimum_us_ = us;
    minimum_at_ms_ = now_ms;
  }
  if (!has_sample()) {  // (2.2)
    smoothed_us_ = us;
    variance_us_ = us / 2;
  } else {  // (2.3): beta 1/4, alpha 1/8
    const std::uint32_t error = smoothed_us_ > us ? smoothed_us_ - us : us - smoothed_us_;
    variance_us_ = moved(variance_us_, error, 4);
    smoothed_us_ = std::max(moved(smoothed_us_, us, 8), 1u);
  }
  // The minimum bounds the margin, not the sum, and is the granularity G as well: notes/003.
  const std::uint64_t margin =
      std::max<std::uint64_t>(short_us(config.rto_min), 4ull * variance_us_);
  rto_us_ = static_cast<std::uint32_t>(std::min<std::uint64_t>(
      smoothed_us_ + margin + short_us(config.rto_slop), short_us(config.rto_max)));
}

void Rtt::back_off(const TcpConfig& config) {
  // The slop is on top of what doubles; the first time-out of a SYN has none.
  const std::uint32_t slop = short_us(config.rto_slop);
  const bool first = !has_sample() && rto_us_ == short_us(config.rto_initial);
  const std::uint64_t base = first ? rto_us_ : rto_us_ - std::min(rto_us_, slop);
  rto_us_ = static_cast<std::uint32_t>(
      std::min<std::uint64_t>(2 * base + slop, short_us(config.rto_max)));
}

}  // namespace anteroom
