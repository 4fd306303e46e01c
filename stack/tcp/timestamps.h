// The timestamps of one connection: TS.Recent and PAWS, RFC 7323 4 and 5.
// Not here: round-trip times (rtt.h); the option's bytes (wire/tcp_options.h).
#pragma once

#include <cstdint>

#include <anteroom/time.h>

namespace anteroom {

class Timestamps {
 public:
  Timestamps() = default;
  explicit Timestamps(std::uint32_t offset) : offset_(offset) {}

  // TSval: milliseconds, RFC 7323 5.4, shifted by the connection's own offset.
  std::uint32_t value(Instant now) const {
    const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(now.time_since_epoch());
    return static_cast<std::uint32_t>(ms.count()) + offset_;
  }
  // TSecr.
  std::uint32_t recent() const { return recent_; }

  void set_recent(std::uint32_t value, Instant now) {
    recent_ = value;
    recent_at_ = seconds(now);
  }
  // True for a segment from before TS.Recent, RFC 7323 5.3 (R1). A TS.Recent that has not changed
  // for 24 days may have wrapped and proves nothing (5.5).
  bool is_old(std::uint32_t value, Instant now) const {
    constexpr std::uint32_t kDays24 = 24 * 24 * 3600;
    return static_cast<std::int32_t>(value - recent_) < 0 && seconds(now) - recent_at_ < kDays24;
  }
  // How long ago the peer saw `echo`; in milliseconds' precision.
  Duration age_of(std::uint32_t echo, Instant now) const {
    return std::chrono::milliseconds(static_cast<std::int32_t>(value(now) - echo));
  }

 private:
  static std::uint32_t seconds(Instant at) {
    return static_cast<std::uint32_t>(at.time_since_epoch() / Duration(1s));
  }

  std::uint32_t offset_ = 0;
  std::uint32_t recent_ = 0;
  std::uint32_t recent_at_ = 0;  // in seconds, modulo 2^32: four bytes of every connection saved
};

}  // namespace anteroom
