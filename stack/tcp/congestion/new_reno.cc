// RFC 5681 3.1, RFC 3465 2, RFC 6928 2. Not here: the threshold and the window themselves
// (algorithm.cc).
#include "stack/tcp/congestion/new_reno.h"

#include <algorithm>

namespace anteroom {

std::uint32_t initial_window(std::uint32_t segments, std::uint32_t mss) {
  return std::min(segments * mss, std::max(2 * mss, 1460 * segments));
}

std::uint32_t slow_start_increase(std::uint32_t acked_bytes, std::uint32_t limit,
                                  std::uint32_t mss) {
  return std::min(acked_bytes, limit * mss);
}

bool ByteCount::add(std::uint32_t acked_bytes, std::uint32_t bytes_per_segment) {
  bytes_ += std::min(acked_bytes, kCongestionWindowMax);
  if (bytes_ < bytes_per_segment) return false;
  // What a larger, former window had in flight does not earn this one several segments.
  bytes_ = std::min(bytes_ - bytes_per_segment, bytes_per_segment - 1);
  return true;
}

std::uint32_t NewReno::next_window(std::uint32_t acked_bytes, std::uint32_t window,
                                   std::uint32_t mss) {
  return acked_.add(acked_bytes, window) ? window + mss : window;
}

}  // namespace anteroom
