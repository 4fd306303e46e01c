// The timers of one connection: when each is due, or never.
#pragma once

#include <array>

#include <anteroom/event.h>

namespace anteroom {

inline constexpr Instant kNever = Instant::max();

class TimerTable {
 public:
  TimerTable() { due_.fill(kNever); }

  void set(Timer timer, Instant at) { due_[slot(timer)] = at; }
  void clear(Timer timer) { due_[slot(timer)] = kNever; }
  void clear_all() { due_.fill(kNever); }
  bool is_set(Timer timer) const { return due_[slot(timer)] != kNever; }
  bool is_due(Timer timer, Instant now) const { return due_[slot(timer)] <= now; }
  Instant at(Timer timer) const { return due_[slot(timer)]; }

  // The soonest; Timer::none at kNever where no timer runs.
  std::pair<Instant, Timer> soonest() const {
    std::pair<Instant, Timer> found{kNever, Timer::none};
    for (std::size_t i = 0; i < kTimers; ++i) {
      if (due_[i] < found.first) found = {due_[i], static_cast<Timer>(i + 1)};
    }
    return found;
  }

 private:
  static constexpr std::size_t kTimers = 6;
  static_assert(static_cast<std::size_t>(Timer::fin_wait_2) == kTimers);

  static std::size_t slot(Timer timer) { return static_cast<std::size_t>(timer) - 1; }

  std::array<Instant, kTimers> due_;
};

}  // namespace anteroom
