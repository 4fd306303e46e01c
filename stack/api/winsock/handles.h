// Handles of sockets and events: a provider, a slot and a generation in one number, so that a
// closed handle is an error and never another thing. Multiples of four and never 0, as on Windows.
#pragma once

#include <algorithm>
#include <memory>
#include <vector>

#include <anteroom/winsock/types.h>

namespace anteroom::winsock {

inline constexpr std::uint32_t kProvidersMax = 16;
inline constexpr std::uint32_t kHandlesMax = 1u << 18;  // of one kind in one provider, at most

enum class HandleKind : std::uint8_t { socket, event };

struct HandleParts {
  HandleKind kind{};
  std::uint32_t provider = 0;  // 1 to kProvidersMax
  std::uint32_t index = 0;
  std::uint64_t generation = 0;
};

constexpr std::uintptr_t join(const HandleParts& parts) {
  const std::uintptr_t kind = parts.kind == HandleKind::event ? 1 : 0;
  const std::uintptr_t low = kind | std::uintptr_t{parts.provider} << 1 |
                             std::uintptr_t{parts.index} << 6 | parts.generation << 24;
  return low << 2;
}

constexpr HandleParts split(std::uintptr_t handle) {
  const std::uintptr_t low = handle >> 2;
  return {(low & 1) != 0 ? HandleKind::event : HandleKind::socket,
          static_cast<std::uint32_t>(low >> 1 & 31),
          static_cast<std::uint32_t>(low >> 6 & (kHandlesMax - 1)), low >> 24};
}

// The things of one kind in one provider. Their addresses stay until they are erased.
template <typename T>
class HandleTable {
 public:
  HandleTable(HandleKind kind, std::uint32_t provider, std::uint32_t things_max)
      : kind_(kind), provider_(provider), things_max_(std::min(things_max, kHandlesMax)) {}

  bool full() const { return live_ >= things_max_; }
  std::size_t live() const { return live_; }

  // Makes a T; its handle is put into its member `handle`. There must be room.
  T& add() {
    std::uint32_t index = 0;
    if (!free_.empty()) {
      index = free_.back();
      free_.pop_back();
    } else {
      index = static_cast<std::uint32_t>(slots_.size());
      slots_.emplace_back();
    }
    Slot& slot = slots_[index];
    slot.thing = std::make_unique<T>();
    slot.thing->handle = join({kind_, provider_, index, slot.generation});
    ++live_;
    return *slot.thing;
  }

  T* find(std::uintptr_t handle) const {
    const HandleParts parts = split(handle);
    if (parts.index >= slots_.size() || join(parts) != handle) return nullptr;
    const Slot& slot = slots_[parts.index];
    return slot.thing && slot.thing->handle == handle ? slot.thing.get() : nullptr;
  }

  void erase(std::uintptr_t handle) {
    const std::uint32_t index = split(handle).index;
    slots_[index].thing.reset();
    ++slots_[index].generation;
    free_.push_back(index);
    --live_;
  }

  // Calls `f` with each; `f` may erase the one it has.
  template <typename F>
  void for_each(F f) {
    for (std::size_t i = 0; i < slots_.size(); ++i) {
      if (slots_[i].thing) f(*slots_[i].thing);
    }
  }

 private:
  struct Slot {
    std::unique_ptr<T> thing;
    std::uint64_t generation = 0;
  };

  HandleKind kind_;
  std::uint32_t provider_;
  std::uint32_t things_max_;
  std::size_t live_ = 0;
  std::vector<Slot> slots_;
  std::vector<std::uint32_t> free_;
};

}  // namespace anteroom::winsock
