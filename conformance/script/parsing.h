// What the tests of the parser share: parsing that fails the test where it should have succeeded,
// and parts of what came out.
#pragma once

#include <ostream>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "conformance/script/parser.h"

namespace anteroom::script {

inline Script parsed(std::string_view text, const ParseOptions& options = {}) {
  Result<Script, ParseError> result = parse("test.pkt", text, options);
  if (result) return std::move(*result);
  ADD_FAILURE() << result.error().text() << "\nin:\n" << text;
  return {};
}

inline Script parsed_as(Dialect dialect, std::string_view text) {
  ParseOptions options;
  options.dialect = dialect;
  return parsed(text, options);
}

// "line:column: sentence", or "" where there is no error.
inline std::string error_of(std::string_view text) {
  const Result<Script, ParseError> result = parse("e", text, {});
  return result ? "" : result.error().text().substr(2);
}

// The only event of a script.
template <typename Kind>
Kind only(std::string_view text, const ParseOptions& options = {}) {
  Script script = parsed(text, options);
  if (script.events.size() == 1 && std::holds_alternative<Kind>(script.events[0].what)) {
    return std::get<Kind>(std::move(script.events[0].what));
  }
  ADD_FAILURE() << "not one event of the kind: " << text;
  return {};
}

// The TCP packet of the event `+0 TEXT`.
inline TcpPacket tcp(std::string_view text) {
  const Packet packet = only<Packet>("+0 " + std::string(text));
  const auto* const found = std::get_if<TcpPacket>(&packet.body);
  return found == nullptr ? TcpPacket{} : *found;
}

// The first argument of the call `f(TEXT)`.
inline Expression argument(std::string_view text) {
  const Call call = only<Call>("+0 f(" + std::string(text) + ") = 0");
  return call.arguments.empty() ? Expression{} : call.arguments[0];
}

inline void show(const Expression& expression, std::ostream& out);

inline void show(const Member& member, std::ostream& out) {
  if (!member.name.empty()) {
    out << member.name;
    for (const Expression& argument : member.argument) {
      out << '(';
      show(argument, out);
      out << ')';
    }
    out << '=';
  }
  show(member.value, out);
}

template <typename Item>
void show_all(const std::vector<Item>& items, std::string_view separator, std::ostream& out) {
  std::string_view before;
  for (const Item& item : items) {
    out << before;
    show(item, out);
    before = separator;
  }
}

inline void show(const Expression& expression, std::ostream& out) {
  switch (expression.kind) {
    case ExpressionKind::ellipsis: out << "..."; break;
    case ExpressionKind::integer: out << expression.integer; break;
    case ExpressionKind::word: out << expression.text; break;
    case ExpressionKind::string: out << '"' << expression.text << '"'; break;
    case ExpressionKind::alternate: show_all(expression.items, "|", out); break;
    case ExpressionKind::list:
      out << '[';
      show_all(expression.items, ",", out);
      out << ']';
      break;
    case ExpressionKind::structure:
      out << '{';
      show_all(expression.members, ",", out);
      out << '}';
      break;
    case ExpressionKind::function:
      out << expression.text << '(';
      show_all(expression.items, ",", out);
      out << ')';
      break;
  }
}

// Value, kind and structure as one line, for comparing.
inline std::string shown(const Expression& expression) {
  std::ostringstream out;
  show(expression, out);
  return out.str();
}

}  // namespace anteroom::script
