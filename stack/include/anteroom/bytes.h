// Borrowed byte ranges. A Bytes never owns: each function says how long it must stay valid.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace anteroom {

using Bytes = std::span<const std::uint8_t>;
using MutableBytes = std::span<std::uint8_t>;

// Views text as bytes; valid as long as the text.
inline Bytes bytes_of(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

// Views bytes as text; valid as long as the bytes.
inline std::string_view text_of(Bytes bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

}  // namespace anteroom
