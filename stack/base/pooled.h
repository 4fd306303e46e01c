// One object in a block of the pool, there only while it is needed: its owner stays small.
#pragma once

#include <new>
#include <utility>

#include "stack/base/assert.h"
#include "stack/base/buffer_pool.h"

namespace anteroom {

template <typename T>
class Pooled {
  static_assert(sizeof(T) <= BufferPool::kBlockMin);
  static_assert(alignof(T) <= __STDCPP_DEFAULT_NEW_ALIGNMENT__);

 public:
  Pooled() = default;
  Pooled(const Pooled&) = delete;
  Pooled& operator=(const Pooled&) = delete;
  ~Pooled() { STACK_ASSERT(object_ == nullptr); }  // release() first: it cannot find its pool

  explicit operator bool() const { return object_ != nullptr; }
  T* operator->() { return object_; }
  const T* operator->() const { return object_; }
  T& operator*() { return *object_; }
  const T& operator*() const { return *object_; }

  // Makes the object, which is not there yet. False where the pool is exhausted.
  template <typename... Args>
  [[nodiscard]] bool make(BufferPool& pool, Args&&... args) {
    const Block block = pool.take(sizeof(T), Reserve::use);
    if (!block) return false;
    object_ = new (block.data) T(std::forward<Args>(args)...);
    return true;
  }

  void release(BufferPool& pool) {
    if (object_ == nullptr) return;
    object_->~T();
    pool.give_back({reinterpret_cast<std::uint8_t*>(object_), BufferPool::kBlockMin});
    object_ = nullptr;
  }

 private:
  T* object_ = nullptr;
};

}  // namespace anteroom
