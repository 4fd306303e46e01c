// The only reads of a clock in the project. Not here: waiting (loop.h).
#pragma once

#include <chrono>

#include <anteroom/time.h>

namespace anteroom::tap {

// CLOCK_MONOTONIC: never goes back; the origin is the machine's start.
Instant monotonic_now();

// CLOCK_REALTIME since 1970 (UTC), for time stamps that people compare with other machines.
// Can jump, so nothing may be computed from it.
Duration wall_now();

}  // namespace anteroom::tap
