// Free lists by size, through the free blocks themselves; what is kept and what is taken count
// together against the limit.
#include "stack/base/buffer_pool.h"

#include <bit>
#include <new>

#include "stack/base/assert.h"

namespace anteroom {
namespace {

std::size_t size_class(std::uint32_t bytes) {
  return static_cast<std::size_t>(std::countr_zero(bytes / BufferPool::kBlockMin));
}

}  // namespace

BufferPool::~BufferPool() {
  for (std::size_t i = 0; i < kSizes; ++i) release_idle(i);
}

Block BufferPool::take(std::uint32_t bytes, Reserve reserve) {
  STACK_ASSERT(bytes <= kBlockMax);
  const std::uint32_t size = bytes <= kBlockMin ? kBlockMin : std::bit_ceil(bytes);
  if (reserve == Reserve::keep && taken_ + size > bytes_max_ - bytes_max_ / 4) return {};
  Free*& free = free_[size_class(size)];
  if (free == nullptr) return make(size);
  auto* data = reinterpret_cast<std::uint8_t*>(free);
  free = free->next;
  kept_ -= size;
  taken_ += size;
  return {data, size};
}

Block BufferPool::make(std::uint32_t size) {
  // Blocks of other sizes that lie idle make room.
  for (std::size_t i = kSizes; i-- > 0 && taken_ + kept_ + size > bytes_max_;) release_idle(i);
  if (taken_ + kept_ + size > bytes_max_) return {};
  taken_ += size;
  return {new std::uint8_t[size], size};
}

void BufferPool::release_idle(std::size_t size_class) {
  while (Free* const idle = free_[size_class]) {
    free_[size_class] = idle->next;
    kept_ -= std::uint64_t{kBlockMin} << size_class;
    delete[] reinterpret_cast<std::uint8_t*>(idle);
  }
}

void BufferPool::give_back(Block block) {
  if (!block) return;
  STACK_ASSERT(taken_ >= block.size);
  taken_ -= block.size;
  kept_ += block.size;
  Free*& free = free_[size_class(block.size)];
  free = new (block.data) Free{free};
}

}  // namespace anteroom
