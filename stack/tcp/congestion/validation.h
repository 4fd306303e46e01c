// Whether the path has lately carried what the congestion window allows: pipeACK, the non-validated
// phase and its end. RFC 7661.
// Not here: what that does to the window (algorithm.cc).
#pragma once

#include <algorithm>

#include <anteroom/time.h>

namespace anteroom {

class Validation {
 public:
  void on_ack(Instant now, std::uint32_t acked_bytes, Duration smoothed_rtt);
  // `window_limited`: the window is used in full, which validates it (RFC 7661 4.5.3).
  void note_phase(Instant now, std::uint32_t window, bool window_limited);
  // Nothing was in flight for a while: what was measured before may be out of date.
  void on_idle(Instant now);
  // RFC 7661 4.4.1: after a loss pipeACK is undefined, and the window counts as validated.
  void reset();

  // At least half the window was used, or pipeACK is undefined: RFC 7661 4.3.
  bool is_validated(std::uint32_t window) const { return pipe_ack_bytes() >= window / 2; }
  // What the path has carried in a round trip; the largest number while undefined. What the current
  // round trip has brought already counts, which matters where each brings twice the last.
  std::uint32_t pipe_ack_bytes() const {
    return defined_ ? std::max(pipe_ack_, sample_bytes_) : UINT32_MAX;
  }

  // True for each five minutes that the window was not validated: RFC 7661 4.4.3.
  bool take_expired(Instant now);

 private:
  void add_sample(std::uint32_t now_ms, std::uint32_t bytes, std::uint32_t period_ms);

  std::uint32_t sample_bytes_ = 0;
  std::uint32_t sample_began_us_ = 0;
  std::uint32_t pipe_ack_ = 0;         // the largest sample of the sampling period
  std::uint32_t pipe_ack_at_ms_ = 0;   // when it was taken
  std::uint32_t validated_at_ms_ = 0;  // the last time the window was
  bool sampling_ = false;
  bool defined_ = false;
  bool noted_ = false;  // validated_at_ms_ is
};

}  // namespace anteroom
