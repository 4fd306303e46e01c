// Times in 32 bits, because a connection keeps several of them: moments that wrap (only differences
// mean something) and durations that stop at the largest. Not here: what they are measured for.
#pragma once

#include <algorithm>

#include <anteroom/time.h>

namespace anteroom {

// A moment in microseconds; two of them differ by at most 71 minutes.
constexpr std::uint32_t wrapping_us(Instant at) {
  return static_cast<std::uint32_t>(
      std::chrono::duration_cast<std::chrono::microseconds>(at.time_since_epoch()).count());
}

// A moment in milliseconds; two of them differ by at most 49 days.
constexpr std::uint32_t wrapping_ms(Instant at) {
  return static_cast<std::uint32_t>(
      std::chrono::duration_cast<std::chrono::milliseconds>(at.time_since_epoch()).count());
}

// A duration in microseconds, at most 35 minutes, so that two of them can be added as signed ones.
constexpr std::uint32_t short_us(Duration duration) {
  const auto us = std::chrono::duration_cast<std::chrono::microseconds>(duration).count();
  return static_cast<std::uint32_t>(std::clamp<std::int64_t>(us, 0, INT32_MAX));
}

}  // namespace anteroom
