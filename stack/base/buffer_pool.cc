// Free lists by size; what is kept and what is taken count together against the limit.
#include "stack/base/buffer_pool.h"

#include <bit>

#include "stack/base/assert.h"

namespace anteroom {
namespace {

std::size_t size_class(std::uint32_t bytes) {
  return static_cast<std::size_t>(std::countr_zero(bytes / BufferPool::kBlockMin));
}

}  // namespace

Block BufferPool::take(std::uint32_t bytes) {
  STACK_ASSERT(bytes <= kBlockMax);
  const std::uint32_t size = bytes <= kBlockMin ? kBlockMin : std::bit_ceil(bytes);
  auto& free = free_[size_class(size)];
  if (!free.empty()) {
    Block block = std::move(free.back());
    free.pop_back();
    kept_ -= size;
    taken_ += size;
    return block;
  }
  // Blocks of other sizes that lie idle make room.
  for (std::size_t i = kSizes; i-- > 0 && taken_ + kept_ + size > bytes_max_;) {
    kept_ -= std::uint64_t{free_[i].size()} * (std::uint64_t{kBlockMin} << i);
    std::vector<Block>().swap(free_[i]);
  }
  if (taken_ + kept_ + size > bytes_max_) return {};
  taken_ += size;
  return {std::make_unique_for_overwrite<std::uint8_t[]>(size), size};
}

void BufferPool::give_back(Block block) {
  if (!block) return;
  STACK_ASSERT(taken_ >= block.size);
  taken_ -= block.size;
  kept_ += block.size;
  free_[size_class(block.size)].push_back(std::move(block));
}

}  // namespace anteroom
