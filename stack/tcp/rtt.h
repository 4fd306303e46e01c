// Retransmission time-out from round-trip samples. RFC 6298, minimum relaxed (notes/003).
// Not here: which samples are valid (delivery.h, Karn) and what an expiry does (recovery.cc).
#pragma once

#include <anteroom/config.h>

#include "stack/base/short_time.h"

namespace anteroom {

// Kept in microseconds of 32 bits: every connection carries them.
class Rtt {
 public:
  explicit Rtt(const TcpConfig& config) : rto_us_(short_us(config.rto_initial)) {}

  void on_sample(Instant now, Duration sample, const TcpConfig& config);
  // Doubles the time-out, RFC 6298 5.5; the next sample ends the backing off.
  void back_off(const TcpConfig& config);
  // After a lost SYN or SYN-ACK the data phase starts from 3 s, RFC 6298 5.7.
  void restart_after_lost_syn() { rto_us_ = std::max(rto_us_, short_us(3s)); }

  Duration rto() const { return std::chrono::microseconds(rto_us_); }
  Duration smoothed() const { return std::chrono::microseconds(smoothed_us_); }
  Duration variance() const { return std::chrono::microseconds(variance_us_); }
  bool has_sample() const { return smoothed_us_ != 0; }
  // The shortest sample of late, RFC 8985 6.2 step 1; 0 where there is none.
  Duration minimum() const { return std::chrono::microseconds(minimum_us_); }

 private:
  std::uint32_t smoothed_us_ = 0;
  std::uint32_t variance_us_ = 0;
  std::uint32_t rto_us_;
  std::uint32_t minimum_us_ = 0;
  std::uint32_t minimum_at_ms_ = 0;
};

}  // namespace anteroom
