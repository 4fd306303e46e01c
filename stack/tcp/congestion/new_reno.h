// The increase and the decrease of RFC 5681, counting bytes (RFC 3465): the numbers of NewReno, and
// those that every other algorithm starts from. Not here: when to apply them (algorithm.cc), loss
// detection (recovery.cc).
#pragma once

#include <cstdint>

namespace anteroom {

// A window beyond this serves no buffer that Limits allows, and sums with it do not overflow.
inline constexpr std::uint32_t kCongestionWindowMax = 1u << 30;

// RFC 6928 2: `segments` full segments, bounded by 1460 bytes each or two segments.
std::uint32_t initial_window(std::uint32_t segments, std::uint32_t mss);

// RFC 3465 2.2: by what was acknowledged, at most `limit` segments for one acknowledgment.
std::uint32_t slow_start_increase(std::uint32_t acked_bytes, std::uint32_t limit,
                                  std::uint32_t mss);

// One segment for so many bytes acknowledged: what is left counts towards the next.
class ByteCount {
 public:
  // True where another `bytes_per_segment` are complete; at most once for one acknowledgment.
  bool add(std::uint32_t acked_bytes, std::uint32_t bytes_per_segment);
  void reset() { bytes_ = 0; }

 private:
  std::uint32_t bytes_ = 0;
};

class NewReno {
 public:
  // RFC 3465 2.1: one segment more for each window acknowledged.
  std::uint32_t next_window(std::uint32_t acked_bytes, std::uint32_t window, std::uint32_t mss);
  void on_reduction() { acked_.reset(); }

  // RFC 5681 3.1, equation (4), before its lower bound.
  static std::uint32_t reduced(std::uint32_t flight_bytes) { return flight_bytes / 2; }

 private:
  ByteCount acked_;
};

}  // namespace anteroom
