// One pass: the text is read and computed at once, by precedence. Strings have no value of their
// own: they are messages.
#include "conformance/runner/code.h"

#include <cctype>
#include <charconv>

#include "conformance/runner/outcome.h"

namespace anteroom::runner {
namespace {

constexpr int kDepthMax = 64;

using Outside = std::function<std::optional<std::int64_t>(const std::string&)>;

class Evaluator {
 public:
  Evaluator(std::string_view text, Variables& variables, const Outside& outside)
      : text_(text), variables_(variables), outside_(outside) {}

  void run() {
    for (skip_to_statement(); at_ < text_.size(); skip_to_statement()) statement();
  }

 private:
  void statement() {
    const std::size_t start = at_;
    const std::string word = name();
    if (word == "assert") return assertion(start);
    if (word == "print") {
      // Nothing depends on what is printed.
      skip_statement();
      return;
    }
    if (word.empty()) throw Failed("a statement was expected in the code" + near());
    const bool adds = take("+=");
    const bool subtracts = !adds && take("-=");
    if (!adds && !subtracts && !take("=")) throw Failed("= was expected in the code" + near());
    const std::int64_t value = expression(0);
    variables_[word] = adds        ? wrap_add(variables_[word], value)
                       : subtracts ? wrap_subtract(variables_[word], value)
                                   : value;
  }

  void assertion(std::size_t start) {
    const bool holds = expression(0) != 0;
    const std::string claim(text_.substr(start, at_ - start));
    std::string values;
    values.swap(seen_);
    if (take(",")) {
      expression(0);
      seen_.clear();
    }
    if (!holds) throw Failed(claim + " does not hold:" + values);
  }

  // Levels: or, and, not, comparisons, |, &, + and -, * // %, unary.
  std::int64_t expression(int depth) {
    if (depth > kDepthMax) throw Failed("the code is nested too deep");
    std::int64_t value = conjunction(depth);
    while (take_word("or")) {
      const std::int64_t other = conjunction(depth);
      value = value != 0 ? value : other;
    }
    return value;
  }
  std::int64_t conjunction(int depth) {
    std::int64_t value = negation(depth);
    while (take_word("and")) {
      const std::int64_t other = negation(depth);
      value = value == 0 ? value : other;
    }
    return value;
  }
  std::int64_t negation(int depth) {
    if (depth > kDepthMax) throw Failed("the code is nested too deep");
    if (take_word("not")) return negation(depth + 1) == 0;
    return comparison(depth);
  }
  std::int64_t comparison(int depth) {
    std::int64_t left = alternatives(depth);
    bool any = false;
    bool holds = true;
    for (;;) {
      const char* found = nullptr;
      for (const char* sign : {"==", "!=", "<=", ">=", "<", ">"}) {
        if (take(sign)) {
          found = sign;
          break;
        }
      }
      if (found == nullptr) return any ? holds : left;
      const std::int64_t right = alternatives(depth);
      holds = holds && compares(left, found, right);
      left = right;
      any = true;
    }
  }
  static bool compares(std::int64_t a, std::string_view sign, std::int64_t b) {
    if (sign == "==") return a == b;
    if (sign == "!=") return a != b;
    if (sign == "<=") return a <= b;
    if (sign == ">=") return a >= b;
    return sign == "<" ? a < b : a > b;
  }
  std::int64_t alternatives(int depth) {
    std::int64_t value = masked(depth);
    while (take("|")) value |= masked(depth);
    return value;
  }
  std::int64_t masked(int depth) {
    std::int64_t value = sum(depth);
    while (take("&")) value &= sum(depth);
    return value;
  }
  std::int64_t sum(int depth) {
    std::int64_t value = product(depth);
    for (;;) {
      if (peek() == '+' && peek(1) != '=' && take("+"))
        value = wrap_add(value, product(depth));
      else if (peek() == '-' && peek(1) != '=' && take("-"))
        value = wrap_subtract(value, product(depth));
      else
        return value;
    }
  }
  static std::int64_t wrap_add(std::int64_t a, std::int64_t b) {
    return static_cast<std::int64_t>(static_cast<std::uint64_t>(a) + static_cast<std::uint64_t>(b));
  }
  static std::int64_t wrap_subtract(std::int64_t a, std::int64_t b) {
    return static_cast<std::int64_t>(static_cast<std::uint64_t>(a) - static_cast<std::uint64_t>(b));
  }
  std::int64_t product(int depth) {
    std::int64_t value = unary(depth);
    for (;;) {
      if (take("*")) {
        value = static_cast<std::int64_t>(static_cast<std::uint64_t>(value) *
                                          static_cast<std::uint64_t>(unary(depth)));
      } else if (take("//") || take("/")) {
        const std::int64_t divisor = unary(depth);
        if (divisor == 0 || divisor == -1) throw Failed("a division by " + std::to_string(divisor));
        value /= divisor;
      } else if (take("%")) {
        // Of a message: what follows are the values to print in it.
        const std::int64_t divisor = unary(depth);
        value = divisor == 0 || divisor == -1 ? 0 : value % divisor;
      } else {
        return value;
      }
    }
  }
  std::int64_t unary(int depth) {
    if (depth > kDepthMax) throw Failed("the code is nested too deep");
    if (take("-")) return wrap_subtract(0, unary(depth + 1));
    if (take("+")) return unary(depth + 1);
    if (take("~")) return ~unary(depth + 1);
    return primary(depth);
  }
  std::int64_t primary(int depth) {
    if (take("(")) {
      ++parentheses_;
      std::int64_t value = peek() == ')' ? 0 : expression(depth + 1);
      while (take(",")) {
        if (peek() != ')') value = expression(depth + 1);
      }
      if (!take(")")) throw Failed(") was expected in the code" + near());
      --parentheses_;
      return value;
    }
    const char c = peek();
    if (c == '"' || c == '\'') return string(c);
    if (std::isdigit(static_cast<unsigned char>(c)) != 0) return number();
    const std::string word = name();
    if (word.empty()) throw Failed("a value was expected in the code" + near());
    return value_of(word);
  }

  std::int64_t value_of(const std::string& word) {
    if (word == "True") return 1;
    if (word == "False" || word == "None") return 0;
    const auto known = variables_.find(word);
    const std::optional<std::int64_t> value =
        known != variables_.end() ? std::optional(known->second) : outside_(word);
    if (!value) throw Skipped("the stack does not know " + word);
    seen_ += " " + word + " is " + std::to_string(*value);
    return *value;
  }
  std::int64_t string(char quote) {
    ++at_;
    while (at_ < text_.size() && text_[at_] != quote) at_ += text_[at_] == '\\' ? 2 : 1;
    if (at_ >= text_.size()) throw Failed("a string in the code has no end");
    ++at_;
    return 1;
  }
  std::int64_t number() {
    const bool hex = text_.substr(at_).starts_with("0x") || text_.substr(at_).starts_with("0X");
    const char* first = text_.data() + at_ + (hex ? 2 : 0);
    std::int64_t value = 0;
    const auto read = std::from_chars(first, text_.data() + text_.size(), value, hex ? 16 : 10);
    if (read.ec != std::errc{}) throw Failed("a number in the code is no number" + near());
    at_ = static_cast<std::size_t>(read.ptr - text_.data());
    return value;
  }

  // --- Text ---
  std::string name() {
    skip_blanks();
    const std::size_t start = at_;
    while (at_ < text_.size() &&
           (std::isalnum(static_cast<unsigned char>(text_[at_])) != 0 || text_[at_] == '_')) {
      ++at_;
    }
    return std::string(text_.substr(start, at_ - start));
  }
  // Blanks, a line that goes on behind a backslash or inside parentheses.
  void skip_blanks() {
    for (; at_ < text_.size(); ++at_) {
      const char c = text_[at_];
      if (c == ' ' || c == '\t' || c == '\r') continue;
      if (c == '\n' && parentheses_ > 0) continue;
      if (c == '\\' && at_ + 1 < text_.size() && text_[at_ + 1] == '\n') {
        ++at_;
        continue;
      }
      if (c == '#') {
        at_ = std::min(text_.find('\n', at_), text_.size()) - 1;
        continue;
      }
      return;
    }
  }
  // To the end of its line, or to a semicolon; strings and parentheses go on.
  void skip_statement() {
    for (skip_blanks(); at_ < text_.size(); skip_blanks()) {
      const char c = text_[at_];
      if (parentheses_ <= 0 && (c == '\n' || c == ';')) break;
      if (c == '"' || c == '\'') {
        string(c);
        continue;
      }
      if (c == '(') ++parentheses_;
      if (c == ')') --parentheses_;
      ++at_;
    }
    parentheses_ = 0;
  }
  void skip_to_statement() {
    for (;;) {
      skip_blanks();
      if (at_ >= text_.size() || (text_[at_] != ';' && text_[at_] != '\n')) return;
      ++at_;
    }
  }
  char peek(std::size_t ahead = 0) {
    skip_blanks();
    return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0';
  }
  bool take(std::string_view sign) {
    skip_blanks();
    if (!text_.substr(at_).starts_with(sign)) return false;
    at_ += sign.size();
    return true;
  }
  bool take_word(std::string_view word) {
    skip_blanks();
    const std::size_t start = at_;
    if (name() == word) return true;
    at_ = start;
    return false;
  }
  std::string near() const {
    return at_ < text_.size() ? " before '" + std::string(text_.substr(at_, 20)) + "'"
                              : " at its end";
  }

  std::string_view text_;
  Variables& variables_;
  const Outside& outside_;
  std::size_t at_ = 0;
  int parentheses_ = 0;
  std::string seen_;  // names and values of the statement so far
};

}  // namespace

void run_code(std::string_view text, Variables& variables, const Outside& outside) {
  Evaluator(text, variables, outside).run();
}

}  // namespace anteroom::runner
