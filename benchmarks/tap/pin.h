// What the programs of this folder share: one processor each, a clock, and a stop by SIGTERM.
// Not here: what is measured.
#pragma once

#include <sched.h>
#include <signal.h>
#include <time.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>

namespace anteroom::benchmarks {

// Keeps this process on one processor; a negative number leaves it where it is.
inline void pin_to(int processor) {
  if (processor < 0) return;
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(static_cast<std::size_t>(processor), &set);
  if (sched_setaffinity(0, sizeof set, &set) != 0) {
    std::perror("cannot pin to a processor");
    std::exit(2);
  }
}

inline std::int64_t nanoseconds_now() {
  timespec time{};
  clock_gettime(CLOCK_MONOTONIC, &time);
  return std::int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
}

inline volatile sig_atomic_t stop_requested = 0;

inline void stop_on_sigterm() {
  struct sigaction action = {};
  action.sa_handler = [](int) { stop_requested = 1; };
  sigaction(SIGTERM, &action, nullptr);
}

// For scripts that wait until a server can be asked.
inline void say_ready() {
  std::puts("ready");
  std::fflush(stdout);
}

}  // namespace anteroom::benchmarks
