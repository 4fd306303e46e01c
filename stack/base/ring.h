// A byte ring over a pool block that grows on demand: bytes are addressed by their offset from the
// front, may be written ahead of the end (out-of-order data), and the block goes back when empty.
#pragma once

#include <bit>

#include "stack/base/buffer_pool.h"
#include "stack/base/bytes.h"

namespace anteroom {

class Ring {
 public:
  Ring() = default;
  Ring(const Ring&) = delete;
  Ring& operator=(const Ring&) = delete;
  ~Ring() {
    STACK_ASSERT(data_ == nullptr);
  }  // clear() first: a ring cannot find its pool by itself

  std::uint32_t size() const { return size_; }

  // Writes at `offset` from the front, growing the block where needed. False, and nothing changed,
  // where the pool is exhausted. size() stays: extend() says what has become contiguous.
  bool write_at(std::uint32_t offset, Bytes data, Reserve reserve, BufferPool& pool) {
    if (data.empty()) return true;
    const std::uint32_t end = offset + static_cast<std::uint32_t>(data.size());
    if (end > capacity() && !grow(end, reserve, pool)) return false;
    const std::uint32_t at = (front_ + offset) & (capacity() - 1);
    const std::uint32_t run = std::min(static_cast<std::uint32_t>(data.size()), capacity() - at);
    copy_bytes({data_ + at, run}, data.first(run));
    copy_bytes({data_, capacity()}, data.subspan(run));
    if (end > used_) used_ = end;
    return true;
  }

  // Takes `bytes` that were written behind the end into the contiguous part.
  void extend(std::uint32_t bytes) {
    size_ += bytes;
    STACK_ASSERT(size_ <= capacity());
  }

  bool append(Bytes data, Reserve reserve, BufferPool& pool) {
    if (data_ == nullptr) return start(data, reserve, pool);
    if (!write_at(size_, data, reserve, pool)) return false;
    extend(static_cast<std::uint32_t>(data.size()));
    return true;
  }

  // Copies out.size() bytes from `offset`, which must all be there.
  void read_at(std::uint32_t offset, MutableBytes out) const {
    if (out.empty()) return;
    STACK_ASSERT(offset + out.size() <= used_);
    const std::uint32_t at = (front_ + offset) & (capacity() - 1);
    const std::size_t run = std::min(out.size(), std::size_t{capacity() - at});
    copy_bytes(out, {data_ + at, run});
    copy_bytes(out.subspan(run), {data_, out.size() - run});
  }

  // The contiguous part from `offset` on, up to the end of the block.
  Bytes view_at(std::uint32_t offset) const {
    if (offset >= size_) return {};
    const std::uint32_t at = (front_ + offset) & (capacity() - 1);
    return {data_ + at, std::min(size_ - offset, capacity() - at)};
  }

  // Drops bytes from the front; gives the block back when nothing is left in it.
  void drop_front(std::uint32_t bytes, BufferPool& pool) {
    STACK_ASSERT(bytes <= size_);
    size_ -= bytes;
    used_ -= bytes;
    front_ = data_ != nullptr ? (front_ + bytes) & (capacity() - 1) : 0;
    if (used_ == 0) clear(pool);
  }

  void clear(BufferPool& pool) {
    if (data_ != nullptr) pool.give_back({data_, capacity()});
    data_ = nullptr;
    front_ = size_ = used_ = 0;
  }

 private:
  // The first bytes of an empty ring: no wrap to mind.
  bool start(Bytes data, Reserve reserve, BufferPool& pool) {
    if (data.empty()) return true;
    const Block block = pool.take(static_cast<std::uint32_t>(data.size()), reserve);
    if (!block) return false;
    hold(block);
    copy_bytes({data_, capacity()}, data);
    size_ = used_ = static_cast<std::uint32_t>(data.size());
    return true;
  }

  // Of the block; a power of two, of which the exponent is kept.
  std::uint32_t capacity() const { return data_ != nullptr ? 1u << capacity_log2_ : 0; }
  void hold(const Block& block) {
    data_ = block.data;
    capacity_log2_ = static_cast<std::uint8_t>(std::countr_zero(block.size));
  }

  bool grow(std::uint32_t bytes, Reserve reserve, BufferPool& pool) {
    const Block larger = pool.take(bytes, reserve);
    if (!larger) return false;
    read_at(0, {larger.data, used_});
    if (data_ != nullptr) pool.give_back({data_, capacity()});
    hold(larger);
    front_ = 0;
    return true;
  }

  std::uint8_t* data_ = nullptr;
  std::uint32_t front_ = 0;
  std::uint32_t size_ = 0;  // contiguous from the front
  std::uint32_t used_ = 0;  // up to the last byte ever written ahead
  std::uint8_t capacity_log2_ = 0;
};

}  // namespace anteroom
