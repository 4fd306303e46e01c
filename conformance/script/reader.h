// What all the parse_*.cc read from: tokens with a view ahead, numbers in their range, and the
// errors. Every function that does not find what it needs throws ParseError; parser.cc catches it.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "conformance/script/lexer.h"

namespace anteroom::script {

// What is nested deeper is refused, for the sake of our own stack.
inline constexpr int kNestingMax = 64;

class Reader {
 public:
  explicit Reader(Lexer& lexer) : lexer_(lexer) {}

  // The token to be taken next, and the one or two behind it.
  const Token& peek(std::size_t ahead = 0);
  Token take();

  bool at(char character) { return peek().is(character); }
  bool at(std::string_view word) { return peek().is(word); }
  bool at(TokenKind kind) { return peek().kind == kind; }

  bool take_if(char character);
  bool take_if(std::string_view word);
  bool take_if_kind(TokenKind kind);
  // "found X; expected `expected`", if it is something else.
  void expect(char character, std::string_view expected);
  Token expect(TokenKind kind, std::string_view expected);

  // An integer from `min` to `max`; `what` names it in errors.
  std::int64_t integer(std::string_view what, std::int64_t min, std::int64_t max);
  std::uint8_t integer8(std::string_view what);
  std::uint16_t integer16(std::string_view what);
  std::uint32_t integer32(std::string_view what);
  // The value of an integer token, whatever its size.
  std::optional<std::int64_t> value(const Token& token) const;
  // A string, and those that stand right behind it; escapes undone.
  std::string string();

  // The rest up to `closing`, whatever it is; nothing may have been looked at.
  void skip_behind(char closing, std::string_view missing);
  // The value of an option or a definition; nothing may have been looked at.
  Token run();

  // What is taken from now on is one event, whose source text() is, on one line.
  void begin_text();
  std::string text();

  [[noreturn]] void fail(std::string_view expected);
  [[noreturn]] void fail_at(Place place, std::string sentence) const;

 private:
  Lexer& lexer_;
  std::array<Token, 3> ahead_{};
  std::size_t count_ = 0;  // of tokens in `ahead_`
  std::string text_{};
  std::size_t text_end_ = 0;  // in the source, of what `text_` has
};

// What the sizes of a script may be at most.
inline constexpr std::size_t kScriptBytesMax = std::size_t{1} << 20;

// The text of a string token with its escapes undone: \f \n \r \t \v, \xHH, and any other
// character for itself.
std::string unescaped(std::string_view text);

}  // namespace anteroom::script
