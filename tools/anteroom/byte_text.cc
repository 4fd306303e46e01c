// Escapes, hexadecimal, and what counts as text.
#include "tools/anteroom/byte_text.h"

#include <array>
#include <optional>

#include <fmt/format.h>

namespace anteroom::tools {
namespace {

// How many bytes follow a first byte, and the smallest code point that may need so many.
struct Sequence {
  std::size_t following;
  std::uint32_t code_point_min;
};

std::optional<Sequence> sequence_of(std::uint8_t first) {
  if (first < 0x80) return Sequence{0, 0};
  if (first >= 0xc0 && first < 0xe0) return Sequence{1, 0x80};
  if (first >= 0xe0 && first < 0xf0) return Sequence{2, 0x800};
  if (first >= 0xf0 && first < 0xf8) return Sequence{3, 0x10000};
  return std::nullopt;
}

std::optional<unsigned> hex_digit(char digit) {
  if (digit >= '0' && digit <= '9') return static_cast<unsigned>(digit - '0');
  if (digit >= 'a' && digit <= 'f') return static_cast<unsigned>(digit - 'a' + 10);
  if (digit >= 'A' && digit <= 'F') return static_cast<unsigned>(digit - 'A' + 10);
  return std::nullopt;
}

bool is_letter_or_digit(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

}  // namespace

bool is_utf8(Bytes bytes) {
  for (std::size_t i = 0; i < bytes.size();) {
    const std::optional<Sequence> sequence = sequence_of(bytes[i]);
    if (!sequence || i + sequence->following >= bytes.size()) return false;
    std::uint32_t code_point =
        bytes[i] & (0x7fu >> (sequence->following == 0 ? 0 : sequence->following + 1));
    for (std::size_t j = 1; j <= sequence->following; ++j) {
      if ((bytes[i + j] & 0xc0) != 0x80) return false;
      code_point = code_point << 6 | (bytes[i + j] & 0x3fu);
    }
    const bool surrogate = code_point >= 0xd800 && code_point < 0xe000;
    if (code_point < sequence->code_point_min || code_point > 0x10ffff || surrogate) return false;
    i += 1 + sequence->following;
  }
  return true;
}

std::string to_hex(Bytes bytes) {
  std::string text;
  text.reserve(bytes.size() * 2);
  for (const std::uint8_t byte : bytes) fmt::format_to(std::back_inserter(text), "{:02x}", byte);
  return text;
}

std::string to_quoted(Bytes bytes, std::size_t bytes_max) {
  std::string text = "\"";
  const std::size_t shown = std::min(bytes.size(), bytes_max);
  for (const std::uint8_t byte : bytes.first(shown)) {
    if (byte == '\n') {
      text += "\\n";
    } else if (byte == '\r') {
      text += "\\r";
    } else if (byte == '\t') {
      text += "\\t";
    } else if (byte == '"' || byte == '\\') {
      text += '\\';
      text += static_cast<char>(byte);
    } else if (byte < 0x20 || byte >= 0x7f) {
      fmt::format_to(std::back_inserter(text), "\\x{:02x}", byte);
    } else {
      text += static_cast<char>(byte);
    }
  }
  text += '"';
  if (shown < bytes.size()) text += fmt::format(" and {} bytes more", bytes.size() - shown);
  return text;
}

tap::Outcome<std::string> unescape(std::string_view text) {
  std::string bytes;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\') {
      bytes += text[i];
      continue;
    }
    if (++i == text.size()) return tap::Problem{"a backslash at the end escapes nothing"};
    switch (text[i]) {
      case 'r': bytes += '\r'; break;
      case 'n': bytes += '\n'; break;
      case 't': bytes += '\t'; break;
      case '0': bytes += '\0'; break;
      case 'x': {
        const auto high = i + 2 < text.size() ? hex_digit(text[i + 1]) : std::nullopt;
        const auto low = i + 2 < text.size() ? hex_digit(text[i + 2]) : std::nullopt;
        if (!high || !low) return tap::Problem{"\\x needs two hexadecimal digits"};
        bytes += static_cast<char>(*high * 16 + *low);
        i += 2;
        break;
      }
      default:
        if (is_letter_or_digit(text[i])) {
          return tap::Problem{
              fmt::format("\\{} is no escape; known are \\r \\n \\t \\0 \\xHH and \\\\", text[i])};
        }
        bytes += text[i];
    }
  }
  return bytes;
}

}  // namespace anteroom::tools
