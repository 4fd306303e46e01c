// RFC 6298 section 2.
#include "stack/tcp/rtt.h"

#include <algorithm>

namespace anteroom {
namespace {

// The granularity G: times are in nanoseconds, but a time-out below this is noise.
constexpr Duration kGranularity = 1ms;

}  // namespace

void Rtt::on_sample(Duration sample, const TcpConfig& config) {
  sample = std::max(sample, Duration(1));
  if (!has_sample()) {  // (2.2)
    smoothed_ = sample;
    variance_ = sample / 2;
  } else {  // (2.3): beta 1/4, alpha 1/8
    const Duration error = smoothed_ > sample ? smoothed_ - sample : sample - smoothed_;
    variance_ += (error - variance_) / 4;
    smoothed_ += (sample - smoothed_) / 8;
  }
  const Duration rto = smoothed_ + std::max(kGranularity, 4 * variance_);
  rto_ = std::clamp(rto, config.rto_min, config.rto_max);
}

void Rtt::back_off(const TcpConfig& config) { rto_ = std::min(2 * rto_, config.rto_max); }

}  // namespace anteroom
