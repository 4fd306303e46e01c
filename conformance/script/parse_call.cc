// Calls with their results, and our own condition(...).
#include <array>
#include <limits>
#include <utility>

#include "conformance/script/grammar.h"

namespace anteroom::script {
namespace {

// What follows is a remark up to the next `)`; its words mean nothing, its quotes neither.
void skip_note(Reader& in) {
  in.take();
  in.skip_behind(')', "')' behind the note");
}

Expression parse_result(Reader& in) {
  if (in.at('?') || in.at(TokenKind::ellipsis)) {
    Expression any;  // kind ellipsis
    any.place = in.take().place;
    return any;
  }
  if (in.at(')') || in.at('(') || in.at(TokenKind::end)) in.fail("the result of the call");
  return parse_expression(in, 0);
}

Verdict parse_verdict(Reader& in) {
  constexpr std::array<std::pair<std::string_view, Verdict>, 5> kNames = {
      {{"ACCEPT", Verdict::accept},
       {"REJECT", Verdict::reject},
       {"IGNORE", Verdict::ignore},
       {"DEFER", Verdict::defer},
       {"CHALLENGE", Verdict::challenge}}};
  for (const auto& [name, verdict] : kNames) {
    if (in.take_if(name)) return verdict;
  }
  in.fail("ACCEPT, REJECT, IGNORE, DEFER or CHALLENGE");
}

}  // namespace

Call parse_call(Reader& in) {
  Call call;
  call.name = in.expect(TokenKind::word, "the name of a call").text;
  in.expect('(', "'(' behind the name of a call");
  call.arguments = parse_arguments(in, 0);
  in.expect('=', "'=' and the result of the call");
  call.result = parse_result(in);
  if (in.at(TokenKind::word)) call.error = in.take().text;
  while (in.at('(')) skip_note(in);
  return call;
}

Condition parse_condition(Reader& in) {
  Condition condition;
  in.take();
  in.expect('(', "'(' behind condition");
  condition.fd = in.integer("a descriptor", 0, std::numeric_limits<std::int32_t>::max());
  if (in.take_if(',')) condition.caller_data = in.string();
  in.expect(')', "')' behind condition's arguments");
  in.expect('=', "'=' and the verdict");
  condition.verdict = parse_verdict(in);
  if (condition.verdict == Verdict::accept && in.take_if('(')) {
    condition.response_data = in.string();
    in.expect(')', "')' behind the response data");
  }
  if (!in.at(TokenKind::integer) || in.peek().text != "-1") return condition;
  in.take();
  condition.error = in.expect(TokenKind::word, "an errno").text;
  while (in.at('(')) skip_note(in);
  return condition;
}

}  // namespace anteroom::script
