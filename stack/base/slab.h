// Slots for things of one type, named by index and generation. Slots never move, are made in chunks
// up to a fixed number, and are used again last-freed first, so that a busy stack stays in the
// cache.
#pragma once

#include <memory>
#include <new>
#include <utility>
#include <vector>

#include <anteroom/id.h>

#include "stack/base/assert.h"

namespace anteroom {

template <typename T, typename IdType>
class Slab {
 public:
  explicit Slab(std::uint32_t slots_max) : slots_max_(slots_max) {}
  ~Slab() {
    for (std::uint32_t i = 0; i < slots_made_; ++i) {
      if (slot(i).live) slot(i).value()->~T();
    }
  }
  Slab(const Slab&) = delete;
  Slab& operator=(const Slab&) = delete;

  std::uint32_t size() const { return size_; }
  std::uint32_t slots_max() const { return slots_max_; }
  // Slots that were ever used: the bound for walks over all indices.
  std::uint32_t slots_made() const { return slots_made_; }
  bool full() const { return size_ == slots_max_; }

  // Makes a T in a free slot; the slab must not be full.
  template <typename... Args>
  IdType emplace(Args&&... args) {
    STACK_ASSERT(!full());
    std::uint32_t index = free_;
    if (index != kNone) {
      free_ = slot(index).next_free;
    } else {
      if (slots_made_ % kChunk == 0) chunks_.push_back(std::make_unique<Slot[]>(kChunk));
      index = slots_made_++;
    }
    Slot& taken = slot(index);
    new (taken.storage) T(std::forward<Args>(args)...);
    taken.live = true;
    ++size_;
    return {index, taken.generation};
  }

  void erase(std::uint32_t index) {
    Slot& freed = slot(index);
    STACK_ASSERT(freed.live);
    freed.value()->~T();
    freed.live = false;
    ++freed.generation;
    freed.next_free = free_;
    free_ = index;
    --size_;
  }

  // Null for an id that is dead or was never given out.
  T* find(IdType id) {
    if (id.index >= slots_made_) return nullptr;
    Slot& found = slot(id.index);
    return found.live && found.generation == id.generation ? found.value() : nullptr;
  }
  const T* find(IdType id) const { return const_cast<Slab*>(this)->find(id); }

  T& operator[](std::uint32_t index) { return *slot(index).value(); }
  const T& operator[](std::uint32_t index) const {
    return *const_cast<Slab*>(this)->slot(index).value();
  }
  bool live(std::uint32_t index) const {
    return index < slots_made_ && const_cast<Slab*>(this)->slot(index).live;
  }
  IdType id_of(std::uint32_t index) const {
    return {index, const_cast<Slab*>(this)->slot(index).generation};
  }

  // Bytes of one slot, for the memory budget.
  static constexpr std::size_t slot_bytes() { return sizeof(Slot); }

 private:
  static constexpr std::uint32_t kNone = UINT32_MAX;
  static constexpr std::uint32_t kChunk = 64;

  struct Slot {
    alignas(T) unsigned char storage[sizeof(T)];
    std::uint32_t generation : 31 = 1;
    std::uint32_t live : 1 = 0;
    std::uint32_t next_free = kNone;
    T* value() { return std::launder(reinterpret_cast<T*>(storage)); }
  };

  Slot& slot(std::uint32_t index) { return chunks_[index / kChunk][index % kChunk]; }

  std::vector<std::unique_ptr<Slot[]>> chunks_;
  std::uint32_t slots_max_;
  std::uint32_t slots_made_ = 0;
  std::uint32_t size_ = 0;
  std::uint32_t free_ = kNone;
};

}  // namespace anteroom
