// The soonest of many deadlines: an indexed binary heap, one deadline per owner, moved in place.
// Not here: which timer of its owner a deadline is.
#pragma once

#include <cstdint>
#include <vector>

#include <anteroom/time.h>

#include "stack/base/assert.h"

namespace anteroom {

// Where an owner's deadline stands in the heap; the owner keeps it.
using HeapPosition = std::uint32_t;
inline constexpr HeapPosition kNotQueued = UINT32_MAX;

// `Positions` finds the HeapPosition of an owner: HeapPosition& operator()(std::uint32_t owner).
// It is an argument of each call, so that the queue points at nobody.
class DeadlineQueue {
 public:
  struct Entry {
    Instant at;
    std::uint32_t owner;
  };

  bool empty() const { return heap_.empty(); }
  std::size_t size() const { return heap_.size(); }
  const Entry& front() const { return heap_.front(); }
  Instant at(HeapPosition position) const { return heap_[position].at; }

  // Sets or moves the deadline of `owner`.
  template <typename Positions>
  void set(std::uint32_t owner, Instant at, Positions&& positions) {
    HeapPosition position = positions(owner);
    if (position == kNotQueued) {
      position = static_cast<HeapPosition>(heap_.size());
      heap_.push_back({at, owner});
      rise(position, {at, owner}, positions);
      return;
    }
    const Instant before = heap_[position].at;
    if (at == before) return;
    if (at < before) {
      rise(position, {at, owner}, positions);
    } else {
      sink(position, {at, owner}, positions);
    }
  }

  // Removes the deadline of `owner`, if there is one.
  template <typename Positions>
  void clear(std::uint32_t owner, Positions&& positions) {
    const HeapPosition position = positions(owner);
    if (position == kNotQueued) return;
    positions(owner) = kNotQueued;
    const Entry last = heap_.back();
    heap_.pop_back();
    if (position == heap_.size()) return;
    rise(position, last, positions);
    sink(positions(last.owner), last, positions);
  }

  template <typename Positions>
  void check_invariants(Positions&& positions) const {
    for (std::size_t i = 0; i < heap_.size(); ++i) {
      STACK_ASSERT(positions(heap_[i].owner) == i);
      STACK_ASSERT(i == 0 || heap_[(i - 1) / 2].at <= heap_[i].at);
    }
  }

 private:
  // `moved` takes the free place at `position`, or one above it. It is an argument, not read from
  // the heap: a wide load of what narrow stores have just written stalls (notes/002).
  template <typename Positions>
  void rise(HeapPosition position, Entry moved, Positions& positions) {
    while (position != 0) {
      const HeapPosition parent = (position - 1) / 2;
      if (heap_[parent].at <= moved.at) break;
      place(position, heap_[parent], positions);
      position = parent;
    }
    place(position, moved, positions);
  }

  template <typename Positions>
  void sink(HeapPosition position, Entry moved, Positions& positions) {
    for (;;) {
      std::size_t child = 2 * std::size_t{position} + 1;
      if (child >= heap_.size()) break;
      if (child + 1 < heap_.size() && heap_[child + 1].at < heap_[child].at) ++child;
      if (heap_[child].at >= moved.at) break;
      place(position, heap_[child], positions);
      position = static_cast<HeapPosition>(child);
    }
    place(position, moved, positions);
  }

  template <typename Positions>
  void place(HeapPosition position, const Entry& entry, Positions& positions) {
    heap_[position] = entry;
    positions(entry.owner) = position;
  }

  std::vector<Entry> heap_;
};

}  // namespace anteroom
