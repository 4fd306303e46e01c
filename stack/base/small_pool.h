// Memory for small byte strings that live a while: powers of two from 32 bytes to 64 KiB, cut from
// large chunks and used again. The pool only grows; what it may hold is its users' limit to keep.
#pragma once

#include <array>
#include <bit>
#include <memory>
#include <new>
#include <vector>

#include "stack/base/bytes.h"

namespace anteroom {

class SmallPool {
 public:
  static constexpr std::size_t kBytesMax = 64u << 10;

  // Uninitialised memory of at least `bytes` bytes, 1 to kBytesMax.
  std::uint8_t* take(std::size_t bytes) {
    const std::size_t kind = kind_of(bytes);
    if (free_[kind] == nullptr) refill(kind);
    Free* taken = free_[kind];
    free_[kind] = taken->next;
    return reinterpret_cast<std::uint8_t*>(taken);
  }

  // `bytes` as it was asked for.
  void give_back(std::uint8_t* data, std::size_t bytes) {
    const std::size_t kind = kind_of(bytes);
    free_[kind] = new (data) Free{free_[kind]};
  }

 private:
  static constexpr std::size_t kUnitMin = 32;
  static constexpr std::size_t kChunkBytes = 64u << 10;

  struct Free {
    Free* next;
  };

  static std::size_t kind_of(std::size_t bytes) {
    STACK_ASSERT(bytes != 0 && bytes <= kBytesMax);
    return bytes <= kUnitMin ? 0 : static_cast<std::size_t>(std::bit_width(bytes - 1)) - 5;
  }

  void refill(std::size_t kind) {
    chunks_.push_back(std::make_unique_for_overwrite<std::uint8_t[]>(kChunkBytes));
    std::uint8_t* chunk = chunks_.back().get();
    const std::size_t unit = kUnitMin << kind;
    for (std::size_t at = kChunkBytes; at != 0; at -= unit) {
      free_[kind] = new (chunk + at - unit) Free{free_[kind]};
    }
  }

  std::array<Free*, 12> free_{};
  std::vector<std::unique_ptr<std::uint8_t[]>> chunks_;
};

}  // namespace anteroom
