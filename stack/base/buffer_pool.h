// Memory for send and receive buffers, bounded in total: blocks of 512 bytes to 64 MiB in powers of
// two. Blocks given back are kept for the next taker, so that a busy stack does not allocate.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace anteroom {

// Whether a block may come out of the last quarter of the pool. Data to send keeps off it: two
// hosts that had filled all of theirs with it could not take what each other sends, for ever.
enum class Reserve : std::uint8_t { keep, use };

// A handle of one block. Whoever took it gives it back to the pool it came from, once.
struct Block {
  std::uint8_t* data = nullptr;
  std::uint32_t size = 0;  // bytes; a power of two, or 0 for no block

  explicit operator bool() const { return size != 0; }
};

class BufferPool {
 public:
  static constexpr std::uint32_t kBlockMin = 512;
  static constexpr std::uint32_t kBlockMax = 64u << 20;

  explicit BufferPool(std::uint64_t bytes_max) : bytes_max_(bytes_max) {}
  // Every block was given back before.
  ~BufferPool();
  BufferPool(const BufferPool&) = delete;
  BufferPool& operator=(const BufferPool&) = delete;

  // A block of at least `bytes`, which is at most kBlockMax; an empty one at the limit.
  Block take(std::uint32_t bytes, Reserve reserve);
  // An empty block is nothing to give back.
  void give_back(Block block);

  std::uint64_t bytes_taken() const { return taken_; }

 private:
  static constexpr std::size_t kSizes = 18;  // 2^9 .. 2^26

  // A block that nobody has, in the list of its size.
  struct Free {
    Free* next;
  };

  Block make(std::uint32_t size);
  void release_idle(std::size_t size_class);

  std::array<Free*, kSizes> free_{};
  std::uint64_t bytes_max_;
  std::uint64_t taken_ = 0;
  std::uint64_t kept_ = 0;
};

}  // namespace anteroom
