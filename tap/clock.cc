// Reads CLOCK_MONOTONIC and CLOCK_REALTIME; both go through the vDSO and are no system calls.
#include <time.h>

#include <anteroom/tap/clock.h>

namespace anteroom::tap {
namespace {

Duration read_clock(clockid_t clock) {
  timespec time{};
  // Fails only for a clock that does not exist.
  clock_gettime(clock, &time);
  return std::chrono::seconds(time.tv_sec) + Duration(time.tv_nsec);
}

}  // namespace

Instant monotonic_now() { return Instant(read_clock(CLOCK_MONOTONIC)); }

Duration wall_now() { return read_clock(CLOCK_REALTIME); }

}  // namespace anteroom::tap
