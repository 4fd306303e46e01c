// Disjoint half-open ranges of offsets, sorted, at most a given number of them.
// Offsets are distances from a moving origin, so that sequence numbers need no order here.
#pragma once

#include <cstdint>
#include <vector>

#include "stack/base/block_deque.h"

namespace anteroom {

struct Range {
  std::uint64_t begin = 0;
  std::uint64_t end = 0;  // one past the last

  std::uint64_t size() const { return end - begin; }
  friend bool operator==(const Range&, const Range&) = default;
};

class RangeSet {
 public:
  bool empty() const { return ranges_.empty(); }
  std::uint32_t count() const { return ranges_.size(); }
  const Range& operator[](std::uint32_t i) const { return ranges_[i]; }

  // The stored range that holds `offset`, or null.
  const Range* find(std::uint64_t offset) const {
    const std::uint32_t i = first_ending_after(offset);
    return i < ranges_.size() && offset >= ranges_[i].begin ? &ranges_[i] : nullptr;
  }

  // The first run of bytes in `added` that is there already; empty where none is.
  Range first_overlap(Range added) const {
    const std::uint32_t i = first_ending_after(added.begin);
    if (i >= ranges_.size() || ranges_[i].begin >= added.end) return {added.begin, added.begin};
    return {std::max(added.begin, ranges_[i].begin), std::min(added.end, ranges_[i].end)};
  }
  bool overlaps(Range added) const {
    const Range overlap = first_overlap(added);
    return overlap.begin != overlap.end;
  }

  // Adds a range that is not empty, joining what it touches. False, and nothing changed, where that
  // would need more than `count_max` ranges or more memory than the pool has.
  bool add(Range added, std::uint32_t count_max, BufferPool& pool) {
    STACK_ASSERT(added.begin < added.end);
    // One that ends where this begins is joined as well.
    const std::uint32_t first = added.begin == 0 ? 0 : first_ending_after(added.begin - 1);
    std::uint32_t last = first;
    while (last < ranges_.size() && ranges_[last].begin <= added.end) {
      added.begin = std::min(added.begin, ranges_[last].begin);
      added.end = std::max(added.end, ranges_[last].end);
      ++last;
    }
    if (first == last) {
      return ranges_.size() < count_max && ranges_.insert(first, added, pool);
    }
    ranges_[first] = added;
    ranges_.erase(first + 1, last, pool);
    return true;
  }

  // Forgets everything below `offset`.
  void remove_below(std::uint64_t offset, BufferPool& pool) {
    while (!ranges_.empty() && ranges_.front().end <= offset) ranges_.pop_front();
    if (ranges_.empty()) ranges_.clear(pool);
    if (!ranges_.empty() && ranges_.front().begin < offset) ranges_.front().begin = offset;
  }

  void clear(BufferPool& pool) { ranges_.clear(pool); }

  void check_invariants() const {
    for (std::uint32_t i = 0; i < ranges_.size(); ++i) {
      STACK_ASSERT(ranges_[i].begin < ranges_[i].end);
      STACK_ASSERT(i == 0 || ranges_[i - 1].end < ranges_[i].begin);
    }
  }

 private:
  std::uint32_t first_ending_after(std::uint64_t offset) const {
    std::uint32_t low = 0, high = ranges_.size();
    while (low < high) {
      const std::uint32_t middle = low + (high - low) / 2;
      if (ranges_[middle].end > offset) {
        high = middle;
      } else {
        low = middle + 1;
      }
    }
    return low;
  }

  BlockDeque<Range> ranges_;
};

}  // namespace anteroom
