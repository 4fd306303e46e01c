// A hash index of bounded size: from a hash to the index of a thing kept elsewhere. Open
// addressing, linear probing, removal by shifting back, so that no tombstones gather. Eight bytes a
// slot. It starts small and doubles: a table for the limit would cost each lookup of a quiet stack
// a cache miss.
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <utility>
#include <vector>

#include "stack/base/assert.h"

namespace anteroom {

class FlatIndex {
 public:
  // Holds at most `entries_max` entries, at a load of three quarters or less.
  explicit FlatIndex(std::uint32_t entries_max)
      : entries_max_(entries_max), slots_(std::min(kSlotsMin, slots_for(entries_max))) {}

  std::size_t size() const { return size_; }

  // The stored value of this hash for which `matches(value)` is true; kNone where there is none.
  template <typename Matches>
  std::uint32_t find(std::uint64_t hash, Matches&& matches) const {
    const auto tag = static_cast<std::uint32_t>(hash);
    for (std::size_t at = tag & mask(); slots_[at].value != kNone; at = (at + 1) & mask()) {
      if (slots_[at].tag == tag && matches(slots_[at].value)) return slots_[at].value;
    }
    return kNone;
  }

  // Adds an entry that is not there yet.
  void insert(std::uint64_t hash, std::uint32_t value) {
    STACK_ASSERT(size_ < entries_max_);
    if (4 * (size_ + 1) > 3 * slots_.size()) grow();
    place({static_cast<std::uint32_t>(hash), value});
    ++size_;
  }

  // Removes an entry that is there.
  void erase(std::uint64_t hash, std::uint32_t value) {
    const auto tag = static_cast<std::uint32_t>(hash);
    std::size_t at = tag & mask();
    while (slots_[at].value != value) {
      STACK_ASSERT(slots_[at].value != kNone);
      at = (at + 1) & mask();
    }
    --size_;
    for (std::size_t next = (at + 1) & mask(); slots_[next].value != kNone;
         next = (next + 1) & mask()) {
      const std::size_t home = slots_[next].tag & mask();
      // An entry may fill the gap unless its home lies behind the gap.
      if (((next - home) & mask()) >= ((next - at) & mask())) {
        slots_[at] = slots_[next];
        at = next;
      }
    }
    slots_[at] = {};
  }

  static constexpr std::uint32_t kNone = UINT32_MAX;

 private:
  struct Slot {
    std::uint32_t tag = 0;
    std::uint32_t value = kNone;
  };

  static constexpr std::size_t kSlotsMin = 1024;

  static std::size_t slots_for(std::uint32_t entries) {
    return std::bit_ceil(4 * (std::size_t{entries} + 1) / 3 + 1);
  }
  std::size_t mask() const { return slots_.size() - 1; }

  void place(Slot slot) {
    std::size_t at = slot.tag & mask();
    while (slots_[at].value != kNone) at = (at + 1) & mask();
    slots_[at] = slot;
  }
  // The tags are enough to place everything anew.
  void grow() {
    const std::vector<Slot> old = std::exchange(slots_, std::vector<Slot>(2 * slots_.size()));
    for (const Slot& slot : old) {
      if (slot.value != kNone) place(slot);
    }
  }

  std::uint32_t entries_max_;
  std::vector<Slot> slots_;
  std::size_t size_ = 0;
};

}  // namespace anteroom
