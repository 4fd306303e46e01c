// The order of a script: options, perhaps a command, events, perhaps a command.
#include "conformance/script/parser.h"

#include <utility>

#include "conformance/script/grammar.h"

namespace anteroom::script {
namespace {

// A run that is one string loses its quotes.
std::string unquoted(std::string_view value) {
  std::size_t at = 1;
  while (at < value.size() && value[at] != '"') at += value[at] == '\\' ? 2 : 1;
  if (!value.starts_with('"') || at + 1 != value.size()) return std::string(value);
  return unescaped(value.substr(1, at - 1));
}

// NAME=VALUE of --define and -D.
void parse_define(Reader& in, Lexer& lexer) {
  const Token token = in.peek();
  // As written: the name may have a meaning already, which is about to change.
  const std::string_view name = lexer.text().substr(token.begin, token.end - token.begin);
  const bool is_name = token.kind == TokenKind::word || token.is_defined;
  if (!is_name) in.fail("NAME=VALUE");
  in.take();
  in.expect('=', "'=' and the value of the name");
  const Token value = in.run();
  if (value.kind == TokenKind::end) {
    in.fail_at(value.place, "found nothing; expected the value of the name");
  }
  lexer.define(name, value.text);
}

// One option; false where none stands.
bool parse_option(Reader& in, Lexer& lexer, Script& script) {
  const bool is_short = in.at('-');
  if (!is_short && !in.at(TokenKind::dashes)) return false;
  Option option;
  option.place = in.take().place;
  const Token name = in.expect(TokenKind::word, "the name of an option");
  option.name = name.text;
  if (is_short && option.name == "D") {
    parse_define(in, lexer);
    return true;
  }
  if (is_short && option.name != "v") {
    in.fail_at(option.place, "found '-" + option.name + "'; expected --NAME, --NAME=VALUE or -D");
  }
  if (is_short) option.name = "verbose";
  if (!is_short && option.name == "define") {
    in.take_if('=');
    parse_define(in, lexer);
    return true;
  }
  if (in.take_if('=')) {
    const Token run = in.run();
    if (run.kind == TokenKind::end)
      in.fail_at(run.place, "found nothing; expected the value of --" + option.name);
    option.value = unquoted(run.text);
  }
  script.options.push_back(std::move(option));
  return true;
}

Script parse_script(std::string_view path, Lexer& lexer) {
  Reader in(lexer);
  Script script;
  script.path = path;
  while (parse_option(in, lexer, script)) {
  }
  if (in.at(TokenKind::command)) script.init = Command{std::string(in.take().text)};
  do {
    script.events.push_back(parse_event(in));
  } while (!in.at(TokenKind::end) && !in.at(TokenKind::command));
  if (in.at(TokenKind::command)) script.cleanup = Command{std::string(in.take().text)};
  if (!in.at(TokenKind::end)) in.fail("nothing behind the command that cleans up");
  return script;
}

}  // namespace

std::string ParseError::text() const {
  return path + ":" + std::to_string(place.line) + ":" + std::to_string(place.column) + ": " +
         sentence;
}

Result<Script, ParseError> parse(std::string_view path, std::string_view text,
                                 const ParseOptions& options) {
  if (text.size() > kScriptBytesMax) {
    return ParseError{std::string(path),
                      {},
                      "found " + std::to_string(text.size()) + " bytes; expected at most " +
                          std::to_string(kScriptBytesMax)};
  }
  try {
    Lexer lexer(path, text, options);
    return parse_script(path, lexer);
  } catch (ParseError& error) {
    return std::move(error);
  }
}

}  // namespace anteroom::script
