// The timers of one connection: when each is due, or never. Timers that exclude one another share a
// slot: setting one ends the other.
#pragma once

#include <array>

#include <anteroom/event.h>

namespace anteroom {

inline constexpr Instant kNever = Instant::max();

class TimerTable {
 public:
  TimerTable() { due_.fill(kNever); }

  void set(Timer timer, Instant at) {
    const std::size_t slot = slot_of(timer);
    due_[slot] = at;
    timer_[slot] = timer;
  }
  void clear(Timer timer) {
    if (is_set(timer)) due_[slot_of(timer)] = kNever;
  }
  void clear_all() { due_.fill(kNever); }
  bool is_set(Timer timer) const {
    const std::size_t slot = slot_of(timer);
    return due_[slot] != kNever && timer_[slot] == timer;
  }
  bool is_due(Timer timer, Instant now) const { return is_set(timer) && at(timer) <= now; }
  // Of a timer that is set.
  Instant at(Timer timer) const { return due_[slot_of(timer)]; }

  // The soonest; Timer::none at kNever where no timer runs. At one instant the probe goes before
  // the time-out that it is there to avoid.
  std::pair<Instant, Timer> soonest() const {
    std::pair<Instant, Timer> found{kNever, Timer::none};
    for (std::size_t i = 0; i < kSlots; ++i) {
      if (due_[i] < found.first) found = {due_[i], timer_[i]};
    }
    return found;
  }

 private:
  static constexpr std::size_t kSlots = 4;

  static constexpr std::size_t slot_of(Timer timer) {
    switch (timer) {
      case Timer::reordering:
      case Timer::tail_loss_probe: return 0;
      case Timer::retransmit:
      case Timer::persist: return 1;
      case Timer::delayed_ack: return 2;
      default: return 3;  // keepalive, time_wait, fin_wait_2
    }
  }

  std::array<Instant, kSlots> due_;
  std::array<Timer, kSlots> timer_{};
};

}  // namespace anteroom
