// Everything here is in order of offsets, so the fronts of two queues tell what can be compared.
#include "conformance/replay/marks.h"

#include <algorithm>

namespace anteroom::replay {
namespace {

constexpr std::size_t kHolesMax = 64;

}  // namespace

Mark mark_of(const Segment& segment, const Moment& moment) {
  Mark mark;
  mark.moment = moment;
  mark.payload_bytes = segment.payload.size();
  mark.head.number = segment.number;
  mark.head.at = segment.at;
  mark.head.traffic_class = segment.traffic_class;
  mark.head.seq = segment.seq;
  mark.head.ack = segment.ack;
  mark.head.flags = segment.flags;
  mark.head.window = segment.window;
  mark.head.urgent_pointer = segment.urgent_pointer;
  mark.head.options = segment.options;
  mark.head.option_bytes = segment.option_bytes;
  mark.head.read = segment.read;
  return mark;
}

Sent::Kind Sent::take(std::int64_t begin, std::int64_t end) {
  if (begin >= end_) {
    if (begin > end_ && holes_.size() < kHolesMax) holes_.emplace_back(end_, begin);
    end_ = end;
    return Kind::fresh;
  }
  const auto hole = std::find_if(holes_.begin(), holes_.end(), [&](const auto& gap) {
    return begin >= gap.first && begin < gap.second;
  });
  const bool fills = hole != holes_.end();
  if (fills) {
    const auto gap = *hole;
    holes_.erase(hole);
    if (gap.first < begin) holes_.emplace_back(gap.first, begin);
    if (end < gap.second) holes_.emplace_back(end, gap.second);
  }
  end_ = std::max(end_, end);
  return fills ? Kind::late : Kind::again;
}

void Sent::again(Mark mark) {
  if (resent_.size() < marks_max_) {
    resent_.push_back(std::move(mark));
  } else {
    ++resent_lost_;
  }
}

bool Sent::has_resent(const Mark& mark) const {
  // All of it, in however many pieces.
  std::vector<std::pair<std::int64_t, std::int64_t>> pieces;
  for (const Mark& other : resent_) {
    if (other.begin < mark.end && mark.begin < other.end) {
      pieces.emplace_back(other.begin, other.end);
    }
  }
  std::sort(pieces.begin(), pieces.end());
  std::int64_t covered = mark.begin;
  for (const auto& [begin, end] : pieces) {
    if (begin > covered) break;
    covered = std::max(covered, end);
  }
  return covered >= mark.end;
}

void Boundaries::captured(Mark mark, const Sink& sink) {
  if (is_lost_ || mark.end <= next_) return;
  auto at = captured_.end();
  while (at != captured_.begin() && std::prev(at)->begin > mark.begin) --at;
  captured_.insert(at, std::move(mark));
  pair_up(sink);
}

void Boundaries::stack(Mark mark, const Sink& sink) {
  if (is_lost_) return;
  stack_.push_back(std::move(mark));
  pair_up(sink);
}

void Boundaries::pair_up(const Sink& sink) {
  while (pair_one(sink)) {
  }
  if (captured_.size() > marks_max_ || stack_.size() > marks_max_) {
    is_lost_ = true;
    captured_.clear();
    stack_.clear();
  }
}

bool Boundaries::pair_one(const Sink& sink) {
  while (!captured_.empty() && captured_.front().end <= next_) captured_.pop_front();
  if (captured_.empty() || stack_.empty()) return false;
  Mark& captured = captured_.front();
  Mark& stack = stack_.front();
  // What the captured host sent before is not known to it yet.
  if (captured.begin > next_) return false;
  const bool is_cut_up = captured.is_unknown || captured.end - captured.begin >
                                                    static_cast<std::int64_t>(segment_bytes_max_);
  const std::int64_t end = std::min(captured.end, stack.end);
  if (captured.end == stack.end) {
    const bool whole = !captured.is_rest && !stack.is_rest && !captured.is_unknown;
    if (whole) sink(captured, stack, BoundaryMatch::same);
    captured_.pop_front();
    stack_.pop_front();
  } else if (stack.end < captured.end) {
    if (!captured.is_unknown) {
      const bool told = captured.is_rest || stack.is_rest;
      if (is_cut_up) sink(captured, stack, BoundaryMatch::cut_up);
      if (!is_cut_up && !told) sink(captured, stack, BoundaryMatch::different);
      // The rest of one that a card cuts up is still long or its last piece.
      captured.is_rest = !is_cut_up || captured.is_rest;
    }
    captured.begin = stack.end;
    stack_.pop_front();
  } else {
    const bool told = captured.is_rest || stack.is_rest || captured.is_unknown;
    if (!told) sink(captured, stack, BoundaryMatch::different);
    stack.begin = captured.end;
    stack.is_rest = true;
    captured_.pop_front();
  }
  next_ = end;
  return true;
}

void AckTimes::captured(Mark mark, const Sink& sink) {
  while (!stack_.empty() && stack_.front().end < mark.end) stack_.pop_front();
  if (!stack_.empty()) {
    sink(mark, stack_.front());
    return;
  }
  if (captured_.size() < marks_max_) captured_.push_back(std::move(mark));
}

void AckTimes::stack(Mark mark, const Sink& sink) {
  while (!captured_.empty() && captured_.front().end <= mark.end) {
    sink(captured_.front(), mark);
    captured_.pop_front();
  }
  // The last one stays: later ones of the captured host may be below it.
  if (stack_.size() >= marks_max_) stack_.pop_front();
  stack_.push_back(std::move(mark));
}

}  // namespace anteroom::replay
