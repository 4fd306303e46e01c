// Reading and writing numbers in network byte order, and the one place that copies bytes.
#pragma once

#include <cstring>

#include <anteroom/bytes.h>

#include "stack/base/assert.h"

namespace anteroom {

// The caller has checked the length: these run on the packet path.
inline std::uint16_t load_be16(const std::uint8_t* at) {
  std::uint16_t value;
  std::memcpy(&value, at, sizeof value);
  return __builtin_bswap16(value);
}
inline std::uint32_t load_be32(const std::uint8_t* at) {
  std::uint32_t value;
  std::memcpy(&value, at, sizeof value);
  return __builtin_bswap32(value);
}
inline void store_be16(std::uint8_t* at, std::uint16_t value) {
  value = __builtin_bswap16(value);
  std::memcpy(at, &value, sizeof value);
}
inline void store_be32(std::uint8_t* at, std::uint32_t value) {
  value = __builtin_bswap32(value);
  std::memcpy(at, &value, sizeof value);
}

// Copies all of `from` to the start of `to`, which must hold it. The ranges do not overlap.
inline void copy_bytes(MutableBytes to, Bytes from) {
  STACK_ASSERT(from.size() <= to.size());
  if (!from.empty()) std::memcpy(to.data(), from.data(), from.size());
}

// The same within one buffer, where the ranges may overlap.
inline void move_bytes(std::uint8_t* to, const std::uint8_t* from, std::size_t size) {
  if (size != 0) std::memmove(to, from, size);
}

}  // namespace anteroom
