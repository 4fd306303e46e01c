// The arguments of a script's system calls, as written: no symbol has its value yet.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace anteroom::script {

// Both from 1.
struct Place {
  std::uint32_t line = 1;
  std::uint32_t column = 1;
};

struct Member;

enum class ExpressionKind : std::uint8_t {
  ellipsis,   // ...
  integer,    // decimal or hexadecimal
  word,       // a symbol
  string,     // escapes undone
  alternate,  // a|b|c: items
  list,       // [a, b]: items
  structure,  // {a, b} or {name=a, name(n)=b}: members
  function,  // inet_addr("..."), htonl(n), inet6_addr("..."): text is its name, items its arguments
};

struct Expression {
  ExpressionKind kind = ExpressionKind::ellipsis;
  Place place{};
  std::int64_t integer = 0;
  std::string text{};  // of word, string, function
  std::vector<Expression> items{};
  std::vector<Member> members;  // no {}: clang wants Member complete for that
};

struct Member {
  std::string name{};                  // empty where only values are given
  std::vector<Expression> argument{};  // of name(argument)=; none or one
  Expression value{};
};

}  // namespace anteroom::script
