// The congestion window of RFC 5681: slow start and congestion avoidance, counting bytes (RFC
// 3465). Every algorithm has these functions and no others; a connection holds one by value. Not
// here: loss detection and what is sent in recovery (recovery.cc).
#pragma once

#include <cstdint>

namespace anteroom {

class NewReno {
 public:
  // `mss` in bytes, here and below.
  NewReno() = default;
  NewReno(std::uint32_t window_segments, std::uint32_t mss);

  std::uint32_t window_bytes() const { return window_; }
  std::uint32_t threshold_bytes() const { return threshold_; }
  bool in_slow_start() const { return window_ < threshold_; }

  // `acked_bytes` arrived, and the window was what held the sender back.
  void on_ack(std::uint32_t acked_bytes, std::uint32_t mss);
  // A loss was detected with so many bytes in flight: RFC 5681 3.2 (2).
  void on_loss(std::uint32_t flight_bytes, std::uint32_t mss);
  // Recovery is over: RFC 6582 3.2, "full acknowledgments".
  void on_recovered(std::uint32_t flight_bytes, std::uint32_t mss);
  // The retransmission timer expired: RFC 5681 3.1, equation (4) and the loss window. `first` is
  // false for a repeated expiry of the same segment, which leaves the threshold alone.
  void on_timeout(std::uint32_t flight_bytes, std::uint32_t mss, bool first);
  // Nothing was sent for a time-out: RFC 5681 4.1, the restart window.
  void on_idle(std::uint32_t initial_segments, std::uint32_t mss);

 private:
  std::uint32_t window_ = 0;
  std::uint32_t threshold_ = UINT32_MAX;
  std::uint32_t acked_ = 0;  // in congestion avoidance, towards the next increase
};

}  // namespace anteroom
