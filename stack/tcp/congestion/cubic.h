// CUBIC's window in congestion avoidance: RFC 9438 4.2 to 4.5, and what 4.6 to 4.9 do to its state.
// Whole numbers throughout, so that every machine computes the same window.
// Not here: the window and the threshold themselves (algorithm.cc), slow start (hystart.cc, 4.10).
#pragma once

#include <anteroom/time.h>

#include "stack/tcp/congestion/new_reno.h"

namespace anteroom {

// What of an acknowledgment the curve needs.
struct CubicAck {
  Instant now{};
  std::uint32_t acked_bytes = 0;
  std::uint32_t mss = 0;
  Duration smoothed_rtt{};
  bool window_limited = false;
};

class Cubic {
 public:
  // What 4.9.2 saves and restores, beside window and threshold.
  struct Curve {
    std::uint32_t plateau_bytes = 0;    // W_max; 0: unknown
    std::uint32_t reno_bytes = 0;       // W_est; 0: the stage has not begun
    std::uint32_t prior_bytes = 0;      // cwnd_prior
    std::int32_t since_plateau_us = 0;  // t - K, application-limited periods left out

    friend bool operator==(const Curve&, const Curve&) = default;
  };

  // The window after an acknowledgment in congestion avoidance.
  std::uint32_t next_window(const CubicAck& ack, std::uint32_t window);

  // The window is about to shrink: 4.6, 4.7.
  void on_congestion(std::uint32_t window);
  // 4.8: the next stage knows no plateau.
  void on_timeout(std::uint32_t window);
  // Slow start runs: the next congestion avoidance is a stage of its own.
  void on_slow_start() { curve_.reno_bytes = 0; }

  const Curve& curve() const { return curve_; }
  void restore(const Curve& curve) { curve_ = curve; }

  // 4.6, before its lower bounds: beta is 0.7.
  static std::uint32_t reduced(std::uint32_t flight_bytes) {
    return static_cast<std::uint32_t>(std::uint64_t{flight_bytes} * 7 / 10);
  }

 private:
  void begin(Instant now, std::uint32_t window, std::uint32_t mss);
  void advance(const CubicAck& ack);
  void grow_reno_window(std::uint32_t acked_bytes, std::uint32_t window, std::uint32_t mss);
  std::uint32_t window_at(std::int64_t since_plateau_us, std::uint32_t mss) const;

  Curve curve_;
  std::uint32_t advanced_at_us_ = 0;  // up to when since_plateau_us counts
  ByteCount reno_acked_;
};

}  // namespace anteroom
