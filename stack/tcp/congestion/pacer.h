// Paced sending: when the next segment may go, so that a window leaves spread over the round trip
// and not as one burst. RFC 9406 4.3 and RFC 7661 4.4.2 ask for it, RFC 9002 7.7 says how.
// Not here: the window (algorithm.h), the timer that waits (connection.cc).
#pragma once

#include <algorithm>
#include <cstdint>

#include <anteroom/time.h>

namespace anteroom {

struct PacingRate {
  std::uint64_t bytes_per_second = 0;  // 0: not known, nothing waits
  std::uint32_t burst_bytes = 0;       // what may go at once after a silence
};

// What the window is worth over the round trip, and more: twice as much in slow start, which
// doubles it meanwhile, and 1.2 times afterwards, so that the window remains what limits.
PacingRate pacing_rate(std::uint32_t window_bytes, Duration smoothed_rtt, bool in_slow_start,
                       std::uint32_t burst_bytes);

class Pacer {
 public:
  // `now` where the next segment may go at once.
  Instant next_send_at(Instant now) const { return std::max(now, next_at_); }
  bool must_wait(Instant now) const { return next_at_ > now; }

  void on_sent(Instant now, std::uint32_t bytes, const PacingRate& rate);

 private:
  Instant next_at_{};  // in the past by as much as the burst is not used up
};

}  // namespace anteroom
