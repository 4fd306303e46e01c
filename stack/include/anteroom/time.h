// Time as values: the stack is told what time it is and never asks.
// Not here: reading a clock (<anteroom/tap/clock.h>).
#pragma once

#include <chrono>
#include <cstdint>

namespace anteroom {

using namespace std::chrono_literals;

using Duration = std::chrono::nanoseconds;

// A clock type without now(): reading the time inside the stack does not compile.
struct StackClock {
  using rep = std::int64_t;
  using period = std::nano;
  using duration = Duration;
  using time_point = std::chrono::time_point<StackClock>;
  static constexpr bool is_steady = true;
};

// A moment on the caller's monotonic clock, in nanoseconds since an origin of the caller's choice.
using Instant = StackClock::time_point;

}  // namespace anteroom
