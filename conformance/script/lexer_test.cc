// Tokens, comments, conditions and definitions.
#include "conformance/script/lexer.h"

#include <vector>

#include <gtest/gtest.h>

#include "conformance/script/address_literal.h"

namespace anteroom::script {
namespace {

std::vector<Token> tokens(Lexer& lexer) {
  std::vector<Token> all;
  do {
    all.push_back(lexer.next());
  } while (all.back().kind != TokenKind::end);
  all.pop_back();
  return all;
}

// Each token's text, a blank between any two.
std::string split(std::string_view text, const ParseOptions& options = {}) {
  Lexer lexer("l", text, options);
  std::string result;
  for (const Token& token : tokens(lexer)) {
    if (!result.empty()) result += ' ';
    result += token.text;
  }
  return result;
}

Token first(std::string_view text, const ParseOptions& options = {}) {
  Lexer lexer("l", text, options);
  return lexer.next();
}

std::string error_of(std::string_view text) {
  try {
    split(text);
    return "none";
  } catch (const ParseError& error) {
    return error.text();
  }
}

TEST(Lexer, KindsOfTokens) {
  const std::pair<const char*, TokenKind> cases[] = {
      {"", TokenKind::end},
      {"word_1", TokenKind::word},
      {"3021b9d8", TokenKind::word},
      {"exp-FO", TokenKind::word},
      {"gen-77", TokenKind::word},
      {"voice-admit", TokenKind::word},
      {"12", TokenKind::integer},
      {"-12", TokenKind::integer},
      {"0x1F", TokenKind::integer},
      {"99999999999999999999999999", TokenKind::integer},
      {".5", TokenKind::decimal},
      {"-1.25", TokenKind::decimal},
      {"\"a\\\"b\"", TokenKind::string},
      {"`a\nb`", TokenKind::command},
      {"%{ a }%", TokenKind::code},
      {"...", TokenKind::ellipsis},
      {"192.0.2.1", TokenKind::address},
      {"2001:DB8::1", TokenKind::address},
      {"--name", TokenKind::dashes},
      {"-", TokenKind::character},
      {"(", TokenKind::character},
      {"\xff", TokenKind::character},
  };
  for (const auto& [text, kind] : cases) EXPECT_EQ(first(text).kind, kind) << text;
}

TEST(Lexer, TheLongestMatchWins) {
  EXPECT_EQ(split("0...0.2"), "0 ... 0.2");
  EXPECT_EQ(split("0.1...0.2"), "0.1 ... 0.2");
  EXPECT_EQ(split("+.1~+.25"), "+ .1 ~ + .25");
  EXPECT_EQ(split("1:1001(1000)"), "1 : 1001 ( 1000 )");
  EXPECT_EQ(split("0x10zz"), "0x10zz");
  EXPECT_EQ(split("1."), "1 .");
  EXPECT_EQ(split("P5. .5"), "P5 . .5");
  EXPECT_EQ(split("a-1 gen- 5"), "a -1 gen - 5");
  EXPECT_EQ(split("<mss 5>"), "< mss 5 >");
}

TEST(Lexer, PlacesCountBytesFromOne) {
  const std::string text = "a\n  b \"x\ny\" c";
  Lexer lexer("l", text, {});
  std::string places;
  for (const Token& token : tokens(lexer)) {
    places += std::to_string(token.place.line) + ":" + std::to_string(token.place.column) + " ";
  }
  EXPECT_EQ(places, "1:1 2:3 2:5 3:4 ");
}

TEST(Lexer, SkipsCommentsAndBlanks) {
  EXPECT_EQ(split("a // b\r\n\tc"), "a c");
  EXPECT_EQ(split("a /* b\n * c **/ d"), "a d");
  EXPECT_EQ(split("a // without a newline"), "a");
  EXPECT_EQ(split("a //"), "a");
  EXPECT_EQ(split("\xef\xbb\xbf"
                  "a"),
            "a");
}

TEST(Lexer, NoCommentsInStringsCommandsAndCode) {
  EXPECT_EQ(split("\"a//b\" `c//d` %{ e//f }%"), "a//b c//d  e//f ");
}

TEST(Lexer, AddressLiterals) {
  const std::pair<const char*, std::size_t> cases[] = {
      {"1.2.3.4", 7},
      {"1.2.3", 0},
      {"::", 2},
      {"::1", 3},
      {"fe80::1:", 7},
      {"2::2222 > 1", 7},
      {"1:1001", 0},
      {"1:2:3:4:5:6:7:8", 15},
      {"1:2:3:4:5:6:7", 0},
      {"::ffff:1.2.3.4", 14},
      {"1:2:3:4:5:6:7::8", 15},  // no group is left to leave out
      {"dead", 0},
      {"12345::1", 0},
      {"", 0},
      {"1.2.3.4.5", 7},
  };
  for (const auto& [text, size] : cases) EXPECT_EQ(address_literal_size(text), size) << text;
}

TEST(Lexer, DefinitionsReplaceWholeWords) {
  ParseOptions options;
  options.defines = {{"N", "12"}, {"W", "word"}, {"S", "\"a b\""}, {"C", "`true`"}, {"H", "0x1f"}};
  EXPECT_EQ(first("N", options).kind, TokenKind::integer);
  EXPECT_EQ(first("H", options).kind, TokenKind::integer);
  EXPECT_EQ(first("W", options).kind, TokenKind::word);
  EXPECT_EQ(first("S", options).kind, TokenKind::string);
  EXPECT_EQ(first("C", options).kind, TokenKind::command);
  EXPECT_EQ(split("N NN \"N\" `N` %{N}% S", options), "12 NN N N N a b");
}

TEST(Lexer, WhatIsDefinedYieldsANameNotItsMeaning) {
  ParseOptions options;
  options.defines = {{"A", "B"}, {"B", "C"}};
  EXPECT_EQ(split("A B", options), "B C");
}

// 3021b9 is one word to the one tool, and a number to the other.
TEST(Lexer, ADefinitionThatBeginsWithADigit) {
  ParseOptions options;
  options.defines = {{"COOKIE", "3021b9"}};
  EXPECT_EQ(first("COOKIE", options).kind, TokenKind::word);
  options.dialect = Dialect::nplab;
  EXPECT_EQ(first("COOKIE", options).kind, TokenKind::integer);
  EXPECT_EQ(split("COOKIE", options), "3021b9");
}

TEST(Lexer, TheCommandLineWinsOverTheScript) {
  ParseOptions options;
  options.defines = {{"A", "1"}};
  Lexer lexer("l", "A B", options);
  lexer.define("A", "2");
  lexer.define("B", "2");
  lexer.define("B", "3");
  EXPECT_EQ(lexer.next().text, "1");
  EXPECT_EQ(lexer.next().text, "3");
}

TEST(Lexer, ConditionsByPredefinedAndDefinedNames) {
  ParseOptions options;
  options.predefined = {"FreeBSD"};
  options.defines = {{"STANDARD", "1"}};
  EXPECT_EQ(split("a #ifdef FreeBSD\nb\n#endif c", options), "a b c");
  EXPECT_EQ(split("a\n#ifdef STANDARD\nb\n#endif\nc", options), "a b c");
  EXPECT_EQ(split("a\n#ifdef Linux\nb\n#endif\nc", options), "a c");
}

TEST(Lexer, WhatAConditionHidesIsNotLexed) {
  EXPECT_EQ(split("a\n#ifdef Linux\n\" ` %{ /* #ifdef\n#endif\nc"), "a c");
}

TEST(Lexer, RunsEndAtABlank) {
  Lexer lexer("l", " 192.0.2.1/24 a=\"b c\\\" d\"//x\n`e f`", {});
  EXPECT_EQ(lexer.next_run().text, "192.0.2.1/24");
  EXPECT_EQ(lexer.next_run().text, "a=\"b c\\\" d\"");
  EXPECT_EQ(lexer.next_run().text, "`e f`");
  EXPECT_EQ(lexer.next_run().kind, TokenKind::end);
}

TEST(Lexer, ErrorsNameWhereTheThingBegan) {
  const std::pair<const char*, const char*> cases[] = {
      {"a \"b", "l:1:3: found \"; expected \" somewhere behind it"},
      {"a \"b\\", "l:1:3: found \"; expected \" somewhere behind it"},
      {"a\n`b", "l:2:1: found `; expected ` somewhere behind it"},
      {"a %{ b }", "l:1:3: found %{; expected }% somewhere behind it"},
      {"/* b", "l:1:1: found /*; expected */ somewhere behind it"},
      {"a\n #ifdef X\nb", "l:2:2: found #ifdef; expected #endif somewhere behind it"},
      {"#endif", "l:1:1: found #endif; expected #ifdef before it"},
      {"#ifdef ", "l:1:8: found no name; expected that of #ifdef NAME"},
  };
  for (const auto& [text, error] : cases) EXPECT_EQ(error_of(text), error) << text;
}

TEST(Lexer, ConditionsDoNotNest) {
  ParseOptions options;
  options.predefined = {"A", "B"};
  EXPECT_THROW(split("#ifdef A\n#ifdef B\n#endif\n#endif", options), ParseError);
  EXPECT_THROW(split("#ifdef A\nx", options), ParseError);
}

}  // namespace
}  // namespace anteroom::script
