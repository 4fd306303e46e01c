// What is remembered of two senders so that they can be compared although one may be ahead of the
// other: where segments ended, what was sent again, when acknowledgments left. Each is bounded;
// what does not fit is not judged. Offsets are those of numbers.h. Not here: the verdicts
// (judge.h).
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <utility>
#include <vector>

#include "conformance/replay/segment.h"

namespace anteroom::replay {

// What was going on when a segment went by.
struct Moment {
  Instant now{};             // virtual
  Duration at{};             // the same clock, as the capture counts
  std::uint64_t packet = 0;  // the last of the capture that was played
  const char* state = "";    // of the stack's connection
};

// A segment that was sent, without its payload.
struct Mark {
  std::int64_t begin = 0;
  std::int64_t end = 0;
  Segment head{};
  std::size_t payload_bytes = 0;
  Moment moment{};
  bool is_unknown = false;  // the capture does not have it: any boundaries will do
  bool is_rest = false;     // of a segment that was compared in part
};

// The segment without its payload.
Mark mark_of(const Segment& segment, const Moment& moment);

// What one sender has sent: the first time, late, or again.
class Sent {
 public:
  explicit Sent(std::size_t marks_max) : marks_max_(marks_max) {}

  enum class Kind : std::uint8_t { fresh, late, again };
  // Takes a stretch; only one that is `fresh` or `late` is no retransmission. What is behind a gap
  // is fresh, and what comes to fill it is late: the capture has it out of order.
  Kind take(std::int64_t begin, std::int64_t end);
  std::int64_t end() const { return end_; }

  void again(Mark mark);
  const std::deque<Mark>& resent() const { return resent_; }
  // Retransmissions that were not kept.
  std::uint64_t resent_lost() const { return resent_lost_; }
  bool has_resent(const Mark& mark) const;

 private:
  std::size_t marks_max_;
  std::int64_t end_ = 0;
  std::vector<std::pair<std::int64_t, std::int64_t>> holes_;
  std::deque<Mark> resent_;
  std::uint64_t resent_lost_ = 0;
};

enum class BoundaryMatch : std::uint8_t { same, cut_up, different };

// Pairs the captured host's segments with the stack's that have the same bytes.
class Boundaries {
 public:
  Boundaries(std::size_t marks_max, std::size_t segment_bytes_max)
      : marks_max_(marks_max), segment_bytes_max_(segment_bytes_max) {}

  using Sink = std::function<void(const Mark& captured, const Mark& stack, BoundaryMatch match)>;
  void captured(Mark mark, const Sink& sink);
  void stack(Mark mark, const Sink& sink);
  // The first segment of the captured host whose bytes the stack has not all sent; may be null.
  const Mark* first_unsent() const { return captured_.empty() ? nullptr : &captured_.front(); }
  // True where too many waited for one another.
  bool is_lost() const { return is_lost_; }

 private:
  void pair_up(const Sink& sink);
  bool pair_one(const Sink& sink);

  std::size_t marks_max_;
  std::size_t segment_bytes_max_;  // a longer one is for the card to cut up
  std::int64_t next_ = 1;
  std::deque<Mark> captured_;  // by offset
  std::deque<Mark> stack_;
  bool is_lost_ = false;
};

// Pairs acknowledgments: when each end first covered what the captured host acknowledged.
class AckTimes {
 public:
  explicit AckTimes(std::size_t marks_max) : marks_max_(marks_max) {}

  using Sink = std::function<void(const Mark& captured, const Mark& stack)>;
  // Mark::end is what is acknowledged.
  void captured(Mark mark, const Sink& sink);
  void stack(Mark mark, const Sink& sink);
  // The first acknowledgment of the captured host that the stack never covered.
  const Mark* unmatched() const { return captured_.empty() ? nullptr : &captured_.front(); }
  // The stack's last one; may be null.
  const Mark* last_of_stack() const { return stack_.empty() ? nullptr : &stack_.back(); }

 private:
  std::size_t marks_max_;
  std::deque<Mark> captured_;
  std::deque<Mark> stack_;
};

// When the peer's data came, until the captured host has acknowledged it.
class Arrivals {
 public:
  explicit Arrivals(std::size_t marks_max) : marks_max_(marks_max) {}

  void arrived(std::int64_t end, const Moment& moment) {
    if (waiting_.size() < marks_max_) waiting_.push_back({end, moment});
  }
  void acknowledged(std::int64_t acked) {
    while (!waiting_.empty() && waiting_.front().first <= acked) waiting_.pop_front();
  }
  // The oldest that was not.
  std::optional<std::pair<std::int64_t, Moment>> oldest() const {
    if (waiting_.empty()) return std::nullopt;
    return waiting_.front();
  }

 private:
  std::size_t marks_max_;
  std::deque<std::pair<std::int64_t, Moment>> waiting_;
};

}  // namespace anteroom::replay
