// Tokens are lexed when they are looked at, never before: what a --define in the script means for
// the tokens behind it depends on that.
#include "conformance/script/reader.h"

#include <algorithm>
#include <charconv>
#include <limits>
#include <utility>

#include "stack/base/assert.h"

namespace anteroom::script {
namespace {

bool is_blank(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

void append_squeezed(std::string_view text, std::string& out) {
  for (const char c : text) {
    if (!is_blank(c)) {
      out += c;
    } else if (out.empty() || out.back() != ' ') {
      out += ' ';
    }
  }
}

std::optional<char> simple_escape(char letter) {
  switch (letter) {
    case 'f': return '\f';
    case 'n': return '\n';
    case 'r': return '\r';
    case 't': return '\t';
    case 'v': return '\v';
    default: return std::nullopt;
  }
}

}  // namespace

std::string unescaped(std::string_view text) {
  std::string result;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\' || i + 1 == text.size()) {
      result += text[i];
      continue;
    }
    const char letter = text[++i];
    unsigned value = 0;
    const char* const digits = text.data() + i + 1;
    if (letter == 'x' && text.size() - i > 2 &&
        std::from_chars(digits, digits + 2, value, 16).ptr == digits + 2) {
      result += static_cast<char>(value);
      i += 2;
    } else {
      result += simple_escape(letter).value_or(letter);
    }
  }
  return result;
}

const Token& Reader::peek(std::size_t ahead) {
  while (count_ <= ahead) ahead_[count_++] = lexer_.next();
  return ahead_[ahead];
}

Token Reader::take() {
  const Token token = peek();
  --count_;
  std::move(ahead_.begin() + 1, ahead_.end(), ahead_.begin());
  if (token.begin > text_end_ && !text_.empty()) text_ += ' ';
  const std::string_view source = lexer_.text().substr(token.begin, token.end - token.begin);
  if (token.kind == TokenKind::code || token.kind == TokenKind::command) {
    append_squeezed(source, text_);
  } else {
    text_ += source;
  }
  text_end_ = token.end;
  return token;
}

bool Reader::take_if(char character) {
  if (!at(character)) return false;
  take();
  return true;
}

bool Reader::take_if(std::string_view word) {
  if (!at(word)) return false;
  take();
  return true;
}

bool Reader::take_if_kind(TokenKind kind) {
  if (!at(kind)) return false;
  take();
  return true;
}

void Reader::expect(char character, std::string_view expected) {
  if (!take_if(character)) fail(expected);
}

Token Reader::expect(TokenKind kind, std::string_view expected) {
  if (!at(kind)) fail(expected);
  return take();
}

std::optional<std::int64_t> Reader::value(const Token& token) const {
  std::string_view digits = token.text;
  const bool is_hexadecimal = digits.starts_with("0x") || digits.starts_with("0X");
  if (is_hexadecimal) digits.remove_prefix(2);
  // A 64-bit mask has all its bits in hexadecimal.
  std::uint64_t bits = 0;
  std::int64_t number = 0;
  const char* const end = digits.data() + digits.size();
  const auto [last, error] = is_hexadecimal ? std::from_chars(digits.data(), end, bits, 16)
                                            : std::from_chars(digits.data(), end, number);
  if (error != std::errc() || last != end) return std::nullopt;
  return is_hexadecimal ? static_cast<std::int64_t>(bits) : number;
}

std::int64_t Reader::integer(std::string_view what, std::int64_t min, std::int64_t max) {
  if (!at(TokenKind::integer)) fail(what);
  const std::optional<std::int64_t> number = value(peek());
  if (!number || *number < min || *number > max) {
    fail(std::string(what) + " from " + std::to_string(min) + " to " + std::to_string(max));
  }
  take();
  return *number;
}

std::uint8_t Reader::integer8(std::string_view what) {
  return static_cast<std::uint8_t>(integer(what, 0, std::numeric_limits<std::uint8_t>::max()));
}

std::uint16_t Reader::integer16(std::string_view what) {
  return static_cast<std::uint16_t>(integer(what, 0, std::numeric_limits<std::uint16_t>::max()));
}

std::uint32_t Reader::integer32(std::string_view what) {
  return static_cast<std::uint32_t>(integer(what, 0, std::numeric_limits<std::uint32_t>::max()));
}

std::string Reader::string() {
  std::string result = unescaped(expect(TokenKind::string, "a string").text);
  while (at(TokenKind::string)) result += unescaped(take().text);
  return result;
}

void Reader::skip_behind(char closing, std::string_view missing) {
  STACK_ASSERT(count_ == 0);
  const std::size_t begin = lexer_.position();
  lexer_.skip_behind(closing, missing);
  text_end_ = lexer_.position();
  append_squeezed(lexer_.text().substr(begin, text_end_ - begin), text_);
}

Token Reader::run() {
  STACK_ASSERT(count_ == 0);
  return lexer_.next_run();
}

void Reader::begin_text() {
  text_.clear();
  text_end_ = peek().begin;
}

std::string Reader::text() { return std::move(text_); }

void Reader::fail(std::string_view expected) {
  fail_at(peek().place, "found " + to_string(peek()) + "; expected " + std::string(expected));
}

void Reader::fail_at(Place place, std::string sentence) const {
  throw ParseError{lexer_.path(), place, std::move(sentence)};
}

}  // namespace anteroom::script
