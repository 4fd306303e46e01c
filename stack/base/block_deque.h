// A queue of small values in one pool block, growing by doubling. clear() gives the block back.
#pragma once

#include <new>
#include <type_traits>

#include "stack/base/buffer_pool.h"
#include "stack/base/bytes.h"

namespace anteroom {

template <typename T>
class BlockDeque {
  static_assert(std::is_trivially_copyable_v<T> && std::is_trivially_destructible_v<T>);

 public:
  BlockDeque() = default;
  BlockDeque(const BlockDeque&) = delete;
  BlockDeque& operator=(const BlockDeque&) = delete;
  ~BlockDeque() { STACK_ASSERT(!block_); }  // clear() first: it cannot find its pool by itself

  bool empty() const { return size_ == 0; }
  std::uint32_t size() const { return size_; }
  T& operator[](std::uint32_t i) { return *at(front_ + i); }
  const T& operator[](std::uint32_t i) const { return *at(front_ + i); }
  T& front() { return (*this)[0]; }
  const T& front() const { return (*this)[0]; }
  T& back() { return (*this)[size_ - 1]; }
  const T& back() const { return (*this)[size_ - 1]; }

  // False, and nothing changed, where the pool is exhausted.
  [[nodiscard]] bool push_back(const T& value, BufferPool& pool) {
    return insert(size_, value, pool);
  }

  // Puts `value` before the element at `i`, which may be the end.
  [[nodiscard]] bool insert(std::uint32_t i, const T& value, BufferPool& pool) {
    if (front_ + size_ == capacity() && !make_room(pool)) return false;
    for (std::uint32_t at_end = size_; at_end > i; --at_end) {
      new (at(front_ + at_end)) T((*this)[at_end - 1]);
    }
    new (at(front_ + i)) T(value);
    ++size_;
    return true;
  }

  // Takes the first block now. False, and nothing changed, where the pool is exhausted.
  [[nodiscard]] bool reserve(BufferPool& pool) { return block_ || make_room(pool); }

  // The block stays, also where nothing is left in it.
  void pop_front() {
    ++front_;
    if (--size_ == 0) front_ = 0;
  }

  // Removes the elements [first, last).
  void erase(std::uint32_t first, std::uint32_t last, BufferPool& pool) {
    for (std::uint32_t from = last; from < size_; ++from)
      (*this)[first + from - last] = (*this)[from];
    size_ -= last - first;
    if (size_ == 0) clear(pool);
  }

  void clear(BufferPool& pool) {
    pool.give_back(block_);
    block_ = {};
    front_ = size_ = 0;
  }

 private:
  std::uint32_t capacity() const { return static_cast<std::uint32_t>(block_.size / sizeof(T)); }
  T* at(std::uint32_t slot) { return reinterpret_cast<T*>(block_.data) + slot; }
  const T* at(std::uint32_t slot) const { return reinterpret_cast<const T*>(block_.data) + slot; }

  // Elements slide to the start while at least half of the block is free; else the block doubles.
  // So each element moves a bounded number of times on average.
  bool make_room(BufferPool& pool) {
    const std::uint32_t bytes = static_cast<std::uint32_t>(size_ * sizeof(T));
    if (front_ >= capacity() / 2 && block_) {
      move_bytes(block_.data, block_.data + front_ * sizeof(T), bytes);
      front_ = 0;
      return true;
    }
    Block larger = pool.take(block_ ? block_.size * 2 : BufferPool::kBlockMin, Reserve::use);
    if (!larger) return false;
    if (bytes != 0) {
      copy_bytes({larger.data, larger.size}, {block_.data + front_ * sizeof(T), bytes});
    }
    pool.give_back(block_);
    block_ = larger;
    front_ = 0;
    return true;
  }

  Block block_;
  std::uint32_t front_ = 0;
  std::uint32_t size_ = 0;
};

}  // namespace anteroom
