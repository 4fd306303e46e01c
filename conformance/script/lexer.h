// Script text to tokens, one at a time: blanks, comments and #ifdef skipped, defined names
// replaced. Not here: what order tokens may stand in (the parse_*.cc).
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "conformance/script/parser.h"

namespace anteroom::script {

enum class TokenKind : std::uint8_t {
  end,        // of the text
  word,       // letters, digits, underscores; exp-, gen- and voice- with what hangs on them
  integer,    // decimal with an optional minus, or 0x and hexadecimal digits; any size
  decimal,    // .5, 1.25, -0.1
  string,     // "..."; text is what stands between the quotes, escapes and all
  command,    // `...`
  code,       // %{ ... }%
  ellipsis,   // ...
  address,    // an IPv4 or IPv6 literal
  dashes,     // -- of an option
  character,  // any other byte
};

// Views end with the text that the lexer was given, or with the lexer: those of defined names.
struct Token {
  TokenKind kind = TokenKind::end;
  Place place{};
  std::size_t begin = 0;  // in the text; `end` is behind the last byte
  std::size_t end = 0;
  std::string_view text{};
  bool is_defined = false;  // `text` is what the word that stands here was defined as

  bool is(char character) const {
    return kind == TokenKind::character && text.front() == character;
  }
  bool is(std::string_view word) const { return kind == TokenKind::word && text == word; }
};

// What a thing is called in an error message.
std::string to_string(const Token& token);

class Lexer {
 public:
  // `text` must outlive the lexer. Throws ParseError, as all below do.
  Lexer(std::string_view path, std::string_view text, const ParseOptions& options);

  // The next token; from the end on, TokenKind::end.
  Token next();
  // What comes next up to a blank or a comment, as one word with its quotes: the value of an
  // option.
  Token next_run();
  // Moves behind the next `character`, whatever is before it. `missing` is what was expected where
  // there is none.
  void skip_behind(char character, std::string_view missing);

  // From now on `name` is replaced. `value` as on a command line: "string", `command`, number or
  // word. One that ParseOptions has stays what it is.
  void define(std::string_view name, std::string_view value);

  std::string_view text() const { return text_; }
  std::size_t position() const { return position_; }
  const std::string& path() const { return path_; }

 private:
  struct Definition {
    TokenKind kind = TokenKind::word;
    std::string text{};
    bool is_fixed = false;  // of ParseOptions
  };

  char at(std::size_t ahead) const;
  void advance(std::size_t bytes);
  void skip_blanks();
  void skip_comment();
  void conditional();
  bool is_defined(std::string_view name) const;
  Definition definition(std::string_view value) const;
  Token token(TokenKind kind, std::size_t bytes);
  Token delimited(TokenKind kind, std::size_t opening, std::string_view closing);
  std::size_t string_size() const;
  std::size_t word_size() const;
  Token number_or_word();
  [[noreturn]] void fail(Place place, std::string sentence) const;

  std::string path_;
  std::string_view text_;
  const ParseOptions& options_;
  std::map<std::string, Definition, std::less<>> definitions_{};
  std::size_t position_ = 0;
  Place place_{};
  Place conditional_{.line = 0, .column = 0};  // of the #ifdef that is open; line 0: none
};

}  // namespace anteroom::script
