// What the tests of the parser share: parsing that fails the test where it should have succeeded,
// and parts of what came out.
#pragma once

#include <string>
#include <string_view>

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

// Value, kind and structure as one line, for comparing.
inline std::string shown(const Expression& expression) {
  std::string result;
  const auto separated = [&](const auto& list, const char* separator, const auto& show) {
    for (std::size_t i = 0; i < list.size(); ++i)
      result += (i > 0 ? separator : "") + show(list[i]);
  };
  const auto member = [](const Member& m) {
    if (m.name.empty()) return shown(m.value);
    return m.name + (m.argument.empty() ? "" : "(" + shown(m.argument[0]) + ")") + "=" +
           shown(m.value);
  };
  switch (expression.kind) {
    case ExpressionKind::ellipsis: return "...";
    case ExpressionKind::integer: return std::to_string(expression.integer);
    case ExpressionKind::word: return expression.text;
    case ExpressionKind::string: return '"' + expression.text + '"';
    case ExpressionKind::alternate: separated(expression.items, "|", shown); return result;
    case ExpressionKind::list:
      result = "[";
      separated(expression.items, ",", shown);
      return result + "]";
    case ExpressionKind::structure:
      result = "{";
      separated(expression.members, ",", member);
      return result + "}";
    case ExpressionKind::function:
      result = expression.text + "(";
      separated(expression.items, ",", shown);
      return result + ")";
  }
  return result;
}

}  // namespace anteroom::script
