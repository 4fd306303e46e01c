// Sequence numbers as offsets that only grow, and time-stamps of two clocks: what makes a capture's
// numbers into the stack's and back. RFC 9293 3.4, RFC 7323 4.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>

#include <anteroom/time.h>

namespace anteroom::replay {

// Offsets from an initial sequence number, in 64 bits: the SYN is 0, the first byte 1.
class Offsets {
 public:
  Offsets() = default;
  explicit Offsets(std::uint32_t initial) : initial_(initial) {}

  std::uint32_t initial() const { return initial_; }
  // The offset nearest to the last one that was noted.
  std::int64_t of(std::uint32_t seq) const {
    const auto last = initial_ + static_cast<std::uint32_t>(last_);
    return last_ + static_cast<std::int32_t>(seq - last);
  }
  // From now on numbers are near this one.
  void note(std::int64_t offset) {
    if (offset > last_) last_ = offset;
  }
  std::uint32_t seq(std::int64_t offset) const {
    return initial_ + static_cast<std::uint32_t>(offset);
  }

 private:
  std::uint32_t initial_ = 0;
  std::int64_t last_ = 0;
};

// Time-stamp values of the captured host, with the moments they were first seen, so that an echo of
// one becomes an echo of what the stack would have said then.
class Stamps {
 public:
  explicit Stamps(std::size_t marks_max) : marks_max_(marks_max) {}

  void on_captured(std::uint32_t value, Instant at) {
    if (!marks_.empty() && static_cast<std::int32_t>(value - marks_.back().captured) <= 0) return;
    marks_.push_back({value, at});
    if (marks_.size() > marks_max_) marks_.pop_front();
  }
  // The stack has said `value` at this time.
  void on_stack(std::uint32_t value, Instant at) {
    stack_value_ = value;
    stack_at_ = at;
  }

  // The stack's value in the place of one of the captured host's. Before the stack has said any:
  // the same.
  std::uint32_t to_stack(std::uint32_t captured) const {
    if (!stack_value_) return captured;
    for (auto mark = marks_.rbegin(); mark != marks_.rend(); ++mark) {
      if (static_cast<std::int32_t>(captured - mark->captured) < 0) continue;
      return not_ahead(*stack_value_ + milliseconds(mark->at - stack_at_));
    }
    return *stack_value_;
  }
  // And back: the value that the captured host had first said most nearly then.
  std::uint32_t to_captured(std::uint32_t stack, Instant at) const {
    for (auto mark = marks_.rbegin(); mark != marks_.rend(); ++mark) {
      if (mark->at <= at) return mark->captured;
    }
    return marks_.empty() ? stack : marks_.front().captured;
  }

 private:
  struct Mark {
    std::uint32_t captured;
    Instant at;
  };

  static std::uint32_t milliseconds(Duration duration) {
    return static_cast<std::uint32_t>(
        std::chrono::duration_cast<std::chrono::milliseconds>(duration).count());
  }
  // No echo of what was not said yet.
  std::uint32_t not_ahead(std::uint32_t value) const {
    return static_cast<std::int32_t>(value - *stack_value_) > 0 ? *stack_value_ : value;
  }

  std::size_t marks_max_;
  std::deque<Mark> marks_;
  std::optional<std::uint32_t> stack_value_;
  Instant stack_at_{};
};

}  // namespace anteroom::replay
