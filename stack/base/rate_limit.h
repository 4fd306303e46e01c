// At most so many per second: challenge ACKs (RFC 5961 7), ICMP errors (RFC 1812 4.3.2.8).
#pragma once

#include <cstdint>

#include <anteroom/time.h>

namespace anteroom {

class RateLimit {
 public:
  explicit RateLimit(std::uint32_t per_second) : per_second_(per_second) {}

  // True, and counted, while this second's allowance lasts.
  bool allow(Instant now) {
    if (now - second_start_ >= 1s || !started_) {
      started_ = true;
      second_start_ = now;
      used_ = 0;
    }
    if (used_ >= per_second_) return false;
    ++used_;
    return true;
  }

 private:
  std::uint32_t per_second_;
  std::uint32_t used_ = 0;
  bool started_ = false;
  Instant second_start_{};
};

}  // namespace anteroom
