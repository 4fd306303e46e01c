// Longest match wins, as in the real tools; where they refuse what cannot be misunderstood (a
// comment without a newline behind it), it is taken.
#include "conformance/script/lexer.h"

#include <algorithm>
#include <utility>

#include "conformance/script/address_literal.h"

namespace anteroom::script {
namespace {

bool is_blank(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\v' || c == '\f';
}
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_hex_digit(char c) {
  return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}
bool is_word_character(char c) {
  return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

std::size_t span(std::string_view text, bool (*belongs)(char)) {
  return static_cast<std::size_t>(std::find_if_not(text.begin(), text.end(), belongs) -
                                  text.begin());
}

// Of the decimal or hexadecimal integer that `text` begins with; 0 if none.
std::size_t integer_size(std::string_view text) {
  if (text.starts_with("0x") || text.starts_with("0X")) {
    const std::size_t digits = span(text.substr(2), is_hex_digit);
    if (digits > 0) return digits + 2;
  }
  const std::size_t sign = text.starts_with('-') ? 1 : 0;
  const std::size_t digits = span(text.substr(sign), is_digit);
  return digits > 0 ? sign + digits : 0;
}

// Optional minus, optional digits, dot, at least one digit.
std::size_t decimal_size(std::string_view text) {
  const std::size_t sign = text.starts_with('-') ? 1 : 0;
  const std::size_t dot = sign + span(text.substr(sign), is_digit);
  if (dot >= text.size() || text[dot] != '.') return 0;
  const std::size_t digits = span(text.substr(dot + 1), is_digit);
  return digits > 0 ? dot + 1 + digits : 0;
}

}  // namespace

std::string to_string(const Token& token) {
  constexpr std::size_t kShownBytesMax = 40;
  std::string text(token.text.substr(0, kShownBytesMax));
  if (text.size() < token.text.size()) text += "...";
  switch (token.kind) {
    case TokenKind::end: return "the end of the script";
    case TokenKind::string: return "the string \"" + text + "\"";
    case TokenKind::command: return "a command in backquotes";
    case TokenKind::code: return "%{ code }%";
    default: break;
  }
  if (text.empty()) return "a name that is defined as nothing";
  const unsigned char first = static_cast<unsigned char>(text.front());
  if (first >= ' ' && first < 0x7f) return "'" + text + "'";
  return "a byte of value " + std::to_string(first);
}

Lexer::Lexer(std::string_view path, std::string_view text, const ParseOptions& options)
    : path_(path), text_(text), options_(options) {
  if (text_.starts_with("\xef\xbb\xbf")) position_ = 3;
  for (const auto& [name, value] : options.defines) {
    Definition& entry = definitions_[name];
    entry = definition(value);
    entry.is_fixed = true;
  }
}

void Lexer::define(std::string_view name, std::string_view value) {
  Definition& entry = definitions_[std::string(name)];
  if (!entry.is_fixed) entry = definition(value);
}

Lexer::Definition Lexer::definition(std::string_view value) const {
  const bool is_enclosed = value.size() >= 2 && value.front() == value.back();
  if (is_enclosed && (value.front() == '"' || value.front() == '`')) {
    const TokenKind kind = value.front() == '"' ? TokenKind::string : TokenKind::command;
    return {kind, std::string(value.substr(1, value.size() - 2)), false};
  }
  // The fork goes by the first digit alone.
  const bool is_integer = options_.dialect == Dialect::google
                              ? integer_size(value) == value.size()
                              : !value.empty() && is_digit(value.front());
  return {is_integer && !value.empty() ? TokenKind::integer : TokenKind::word, std::string(value),
          false};
}

bool Lexer::is_defined(std::string_view name) const {
  const auto& names = options_.predefined;
  return definitions_.contains(name) || std::find(names.begin(), names.end(), name) != names.end();
}

void Lexer::fail(Place place, std::string sentence) const {
  throw ParseError{path_, place, std::move(sentence)};
}

char Lexer::at(std::size_t ahead) const {
  return position_ + ahead < text_.size() ? text_[position_ + ahead] : '\0';
}

void Lexer::advance(std::size_t bytes) {
  for (; bytes > 0 && position_ < text_.size(); --bytes, ++position_) {
    ++place_.column;
    if (text_[position_] == '\n') place_ = {place_.line + 1, 1};
  }
}

void Lexer::skip_blanks() {
  while (position_ < text_.size()) {
    const std::string_view rest = text_.substr(position_);
    if (is_blank(rest.front())) {
      advance(1);
    } else if (rest.starts_with("//") || rest.starts_with("/*")) {
      skip_comment();
    } else if (rest.starts_with("#ifdef") || rest.starts_with("#endif")) {
      conditional();
    } else {
      return;
    }
  }
  if (conditional_.line != 0) {
    fail(conditional_, "found #ifdef; expected #endif somewhere behind it");
  }
}

void Lexer::skip_comment() {
  const bool is_line = at(1) == '/';
  const std::size_t close = text_.find(is_line ? "\n" : "*/", position_ + 2);
  if (close == text_.npos && !is_line) fail(place_, "found /*; expected */ somewhere behind it");
  advance(std::min(close, text_.size()) - position_ + (is_line ? 0 : 2));
}

// At a `#`. What a false condition hides is not even looked at.
void Lexer::conditional() {
  constexpr std::string_view kEndif = "#endif";
  const Place here = place_;
  const bool is_endif = text_.substr(position_).starts_with(kEndif);
  advance(kEndif.size());
  if (is_endif) {
    if (conditional_.line == 0) fail(here, "found #endif; expected #ifdef before it");
    conditional_ = {.line = 0, .column = 0};
    return;
  }
  if (conditional_.line != 0) fail(here, "found #ifdef in #ifdef; expected #endif first");
  while (at(0) == ' ' || at(0) == '\t') advance(1);
  const std::string_view name =
      text_.substr(position_, span(text_.substr(position_), is_word_character));
  if (name.empty()) fail(place_, "found no name; expected that of #ifdef NAME");
  advance(name.size());
  conditional_ = here;
  if (is_defined(name)) return;
  const std::size_t close = text_.find(kEndif, position_);
  if (close == text_.npos) fail(here, "found #ifdef; expected #endif somewhere behind it");
  advance(close - position_);
}

Token Lexer::token(TokenKind kind, std::size_t bytes) {
  Token token{kind, place_, position_, position_ + bytes, text_.substr(position_, bytes), false};
  advance(bytes);
  return token;
}

Token Lexer::delimited(TokenKind kind, std::size_t opening, std::string_view closing) {
  const std::size_t close = text_.find(closing, position_ + opening);
  if (close == text_.npos) {
    fail(place_, "found " + std::string(text_.substr(position_, opening)) + "; expected " +
                     std::string(closing) + " somewhere behind it");
  }
  Token result = token(kind, close + closing.size() - position_);
  result.text = text_.substr(result.begin + opening, close - result.begin - opening);
  return result;
}

// Both quotes included.
std::size_t Lexer::string_size() const {
  std::size_t at = position_ + 1;
  while (at < text_.size() && text_[at] != '"') at += text_[at] == '\\' ? 2 : 1;
  if (at >= text_.size()) fail(place_, "found \"; expected \" somewhere behind it");
  return at + 1 - position_;
}

// A few words have a hyphen in them: exp-FO, gen-77, voice-admit.
std::size_t Lexer::word_size() const {
  const std::string_view rest = text_.substr(position_);
  const std::size_t size = span(rest, is_word_character);
  const std::string_view first = rest.substr(0, size);
  const bool is_half =
      first == "exp" || first == "EXP" || first == "gen" || first == "GEN" || first == "voice";
  if (!is_half || !rest.substr(size).starts_with('-')) return size;
  const std::size_t more = span(rest.substr(size + 1), is_word_character);
  return more > 0 ? size + 1 + more : size;
}

Token Lexer::number_or_word() {
  const std::string_view rest = text_.substr(position_);
  const std::pair<TokenKind, std::size_t> candidates[] = {
      {TokenKind::address, address_literal_size(rest)},
      {TokenKind::integer, integer_size(rest)},
      {TokenKind::decimal, decimal_size(rest)},
      {TokenKind::word, word_size()}};
  const auto longest =
      std::max_element(std::begin(candidates), std::end(candidates),
                       [](const auto& a, const auto& b) { return a.second < b.second; });
  if (longest->second == 0) return token(TokenKind::character, 1);
  Token result = token(longest->first, longest->second);
  if (result.kind != TokenKind::word) return result;
  const auto found = definitions_.find(result.text);
  if (found == definitions_.end()) return result;
  result.kind = found->second.kind;
  result.text = found->second.text;
  result.is_defined = true;
  return result;
}

Token Lexer::next() {
  skip_blanks();
  if (position_ >= text_.size()) return token(TokenKind::end, 0);
  const std::string_view rest = text_.substr(position_);
  if (rest.front() == '"') {
    Token result = token(TokenKind::string, string_size());
    result.text = result.text.substr(1, result.text.size() - 2);
    return result;
  }
  if (rest.front() == '`') return delimited(TokenKind::command, 1, "`");
  if (rest.starts_with("%{")) return delimited(TokenKind::code, 2, "}%");
  if (rest.starts_with("...")) return token(TokenKind::ellipsis, 3);
  if (rest.starts_with("--") && is_word_character(at(2))) return token(TokenKind::dashes, 2);
  return number_or_word();
}

Token Lexer::next_run() {
  skip_blanks();
  std::size_t bytes = 0;
  char quote = '\0';  // the one that is open
  while (position_ + bytes < text_.size()) {
    const char c = at(bytes);
    if (quote == '\0' && (is_blank(c) || (c == '/' && at(bytes + 1) == '/'))) break;
    if (c == '\\' && quote == '"') ++bytes;
    if (c == quote) {
      quote = '\0';
    } else if (quote == '\0' && (c == '"' || c == '`')) {
      quote = c;
    }
    ++bytes;
  }
  bytes = std::min(bytes, text_.size() - position_);
  if (quote != '\0') {
    fail(place_, std::string("found ") + quote + "; expected " + quote + " somewhere behind it");
  }
  return token(bytes == 0 ? TokenKind::end : TokenKind::word, bytes);
}

void Lexer::skip_behind(char character, std::string_view missing) {
  const std::size_t close = text_.find(character, position_);
  if (close == text_.npos) {
    advance(text_.size() - position_);
    fail(place_, "found the end of the script; expected " + std::string(missing));
  }
  advance(close + 1 - position_);
}

}  // namespace anteroom::script
