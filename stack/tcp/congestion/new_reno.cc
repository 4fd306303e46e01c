// RFC 5681 3.1 and 3.2.
#include "stack/tcp/congestion/new_reno.h"

#include <algorithm>

namespace anteroom {
namespace {

// A window beyond this serves no buffer that Limits allows, and sums with it must not overflow.
constexpr std::uint32_t kWindowMax = 1u << 30;

// RFC 6928 2: at most `segments`, bounded by 14,600 bytes or two segments.
std::uint32_t initial_window(std::uint32_t segments, std::uint32_t mss) {
  return std::min(segments * mss, std::max(2 * mss, 1460 * segments));
}

}  // namespace

NewReno::NewReno(std::uint32_t window_segments, std::uint32_t mss)
    : window_(initial_window(window_segments, mss)) {}

void NewReno::on_ack(std::uint32_t acked_bytes, std::uint32_t mss) {
  if (in_slow_start()) {
    window_ += std::min(acked_bytes, 2 * mss);  // RFC 3465 2.2, L = 2
  } else {
    acked_ += acked_bytes;
    if (acked_ < window_) return;
    acked_ -= window_;
    window_ += mss;
  }
  window_ = std::min(window_, kWindowMax);
}

void NewReno::on_loss(std::uint32_t flight_bytes, std::uint32_t mss) {
  threshold_ = std::max(flight_bytes / 2, 2 * mss);
  window_ = threshold_;
  acked_ = 0;
}

void NewReno::on_recovered(std::uint32_t flight_bytes, std::uint32_t mss) {
  window_ = std::min(threshold_, std::max(flight_bytes, mss) + mss);
}

void NewReno::on_timeout(std::uint32_t flight_bytes, std::uint32_t mss, bool first) {
  if (first) threshold_ = std::max(flight_bytes / 2, 2 * mss);
  window_ = mss;
  acked_ = 0;
}

void NewReno::on_idle(std::uint32_t initial_segments, std::uint32_t mss) {
  window_ = std::min(window_, initial_window(initial_segments, mss));
}

}  // namespace anteroom
