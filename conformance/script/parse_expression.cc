// The arguments of calls. Structures are not told apart: what members mean is the runner's.
#include <utility>

#include "conformance/script/grammar.h"

namespace anteroom::script {
namespace {

Expression make(const Token& token, ExpressionKind kind) {
  Expression expression;
  expression.kind = kind;
  expression.place = token.place;
  expression.text = token.text;
  return expression;
}

// Comma-separated expressions up to `closing`, which is taken too.
std::vector<Expression> parse_items(Reader& in, char closing, int depth) {
  std::vector<Expression> items;
  if (in.take_if(closing)) return items;
  do {
    items.push_back(parse_expression(in, depth));
  } while (in.take_if(','));
  in.expect(closing, std::string("',' or '") + closing + "'");
  return items;
}

// `name = value`, `name(argument) = value`, or a value alone.
Member parse_member(Reader& in, int depth) {
  Member member;
  if (in.at(TokenKind::word) && in.peek(1).is('=')) {
    member.name = in.take().text;
    in.take();
    member.value = parse_expression(in, depth);
    return member;
  }
  member.value = parse_expression(in, depth);
  if (member.value.kind != ExpressionKind::function || !in.take_if('=')) return member;
  if (member.value.items.size() > 1) {
    in.fail_at(member.value.place, "found two arguments of a member; expected one");
  }
  member.name = std::move(member.value.text);
  member.argument = std::move(member.value.items);
  member.value = parse_expression(in, depth);
  return member;
}

Expression parse_structure(Reader& in, int depth) {
  Expression structure;
  structure.kind = ExpressionKind::structure;
  structure.place = in.take().place;
  if (in.take_if('}')) return structure;
  do {
    structure.members.push_back(parse_member(in, depth));
  } while (in.take_if(','));
  in.expect('}', "',' or '}' in a structure");
  return structure;
}

// (label 7, tc 0, [S], ttl 3): an entry of an MPLS stack, as members named by their words.
Expression parse_entry(Reader& in) {
  Expression entry;
  entry.kind = ExpressionKind::structure;
  entry.place = in.take().place;
  do {
    Member member;
    const bool is_bracketed = in.take_if('[');
    const Token name = in.expect(TokenKind::word, "label, tc, [S] or ttl");
    member.name = name.text;
    if (is_bracketed) {
      in.expect(']', "']' behind the word");
      member.value = make(name, ExpressionKind::word);
    } else {
      member.value = make(in.peek(), ExpressionKind::integer);
      member.value.text.clear();
      member.value.integer = in.integer32("a number");
    }
    entry.members.push_back(std::move(member));
  } while (in.take_if(','));
  in.expect(')', "',' or ')' in an MPLS entry");
  return entry;
}

Expression parse_word(Reader& in, int depth) {
  const Token name = in.take();
  if (!in.take_if('(')) return make(name, ExpressionKind::word);
  Expression function = make(name, ExpressionKind::function);
  function.items = parse_items(in, ')', depth);
  return function;
}

Expression parse_integer(Reader& in) {
  Expression expression = make(in.peek(), ExpressionKind::integer);
  const std::optional<std::int64_t> value = in.value(in.peek());
  if (value) {
    expression.text.clear();
    expression.integer = *value;
  } else {  // a key in hexadecimal digits: what it is is known to the member that it belongs to
    expression.kind = ExpressionKind::word;
  }
  in.take();
  return expression;
}

Expression parse_primary(Reader& in, int depth) {
  const Token next = in.peek();
  switch (next.kind) {
    case TokenKind::ellipsis: in.take(); return make(next, ExpressionKind::ellipsis);
    case TokenKind::integer: return parse_integer(in);
    case TokenKind::word: return parse_word(in, depth);
    case TokenKind::address: return make(in.take(), ExpressionKind::word);
    case TokenKind::string: {
      Expression expression = make(next, ExpressionKind::string);
      expression.text = in.string();
      return expression;
    }
    default: break;
  }
  if (next.is('{')) return parse_structure(in, depth);
  if (next.is('(')) return parse_entry(in);
  if (in.take_if('&')) {  // &sin6_addr, where inet_pton() would write
    if (!in.at(TokenKind::word)) in.fail("a name behind '&'");
    return parse_word(in, depth);
  }
  if (!next.is('[')) {
    in.fail("an argument: a number, a name, \"...\", [...], {...} or ...");
  }
  in.take();
  Expression list = make(next, ExpressionKind::list);
  list.text.clear();
  list.items = parse_items(in, ']', depth);
  return list;
}

}  // namespace

Expression parse_expression(Reader& in, int depth) {
  if (depth >= kNestingMax) {
    in.fail_at(in.peek().place,
               "found brackets " + std::to_string(kNestingMax) + " deep; expected fewer");
  }
  Expression first = parse_primary(in, depth + 1);
  if (!in.at('|')) return first;
  Expression alternate;
  alternate.kind = ExpressionKind::alternate;
  alternate.place = first.place;
  alternate.items.push_back(std::move(first));
  while (in.take_if('|')) alternate.items.push_back(parse_primary(in, depth + 1));
  return alternate;
}

std::vector<Expression> parse_arguments(Reader& in, int depth) {
  return parse_items(in, ')', depth);
}

}  // namespace anteroom::script
