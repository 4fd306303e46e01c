// A byte ring over a pool block that grows on demand: bytes are addressed by their offset from the
// front, may be written ahead of the end (out-of-order data), and the block goes back when empty.
#pragma once

#include "stack/base/buffer_pool.h"
#include "stack/base/bytes.h"

namespace anteroom {

class Ring {
 public:
  Ring() = default;
  Ring(const Ring&) = delete;
  Ring& operator=(const Ring&) = delete;
  ~Ring() { STACK_ASSERT(!block_); }  // clear() first: a ring cannot find its pool by itself

  std::uint32_t size() const { return size_; }

  // Writes at `offset` from the front, growing the block where needed. False, and nothing changed,
  // where the pool is exhausted. size() stays: extend() says what has become contiguous.
  bool write_at(std::uint32_t offset, Bytes data, BufferPool& pool) {
    if (data.empty()) return true;
    const std::uint32_t end = offset + static_cast<std::uint32_t>(data.size());
    if (end > block_.size && !grow(end, pool)) return false;
    const std::uint32_t at = (front_ + offset) & (block_.size - 1);
    const std::uint32_t run = std::min(static_cast<std::uint32_t>(data.size()), block_.size - at);
    copy_bytes({block_.data + at, run}, data.first(run));
    copy_bytes({block_.data, block_.size}, data.subspan(run));
    if (end > used_) used_ = end;
    return true;
  }

  // Takes `bytes` that were written behind the end into the contiguous part.
  void extend(std::uint32_t bytes) {
    size_ += bytes;
    STACK_ASSERT(size_ <= block_.size);
  }

  bool append(Bytes data, BufferPool& pool) {
    if (!block_) return start(data, pool);
    if (!write_at(size_, data, pool)) return false;
    extend(static_cast<std::uint32_t>(data.size()));
    return true;
  }

  // Copies out.size() bytes from `offset`, which must all be there.
  void read_at(std::uint32_t offset, MutableBytes out) const {
    if (out.empty()) return;
    STACK_ASSERT(offset + out.size() <= used_);
    const std::uint32_t at = (front_ + offset) & (block_.size - 1);
    const std::size_t run = std::min(out.size(), std::size_t{block_.size - at});
    copy_bytes(out, {block_.data + at, run});
    copy_bytes(out.subspan(run), {block_.data, out.size() - run});
  }

  // Drops bytes from the front; gives the block back when nothing is left in it.
  void drop_front(std::uint32_t bytes, BufferPool& pool) {
    STACK_ASSERT(bytes <= size_);
    size_ -= bytes;
    used_ -= bytes;
    front_ = block_ ? (front_ + bytes) & (block_.size - 1) : 0;
    if (used_ == 0) clear(pool);
  }

  void clear(BufferPool& pool) {
    pool.give_back(block_);
    block_ = {};
    front_ = size_ = used_ = 0;
  }

 private:
  // The first bytes of an empty ring: no wrap to mind.
  bool start(Bytes data, BufferPool& pool) {
    if (data.empty()) return true;
    block_ = pool.take(static_cast<std::uint32_t>(data.size()));
    if (!block_) return false;
    copy_bytes({block_.data, block_.size}, data);
    size_ = used_ = static_cast<std::uint32_t>(data.size());
    return true;
  }

  bool grow(std::uint32_t bytes, BufferPool& pool) {
    Block larger = pool.take(bytes);
    if (!larger) return false;
    read_at(0, {larger.data, used_});
    pool.give_back(block_);
    block_ = larger;
    front_ = 0;
    return true;
  }

  Block block_;
  std::uint32_t front_ = 0;
  std::uint32_t size_ = 0;  // contiguous from the front
  std::uint32_t used_ = 0;  // up to the last byte ever written ahead
};

}  // namespace anteroom
