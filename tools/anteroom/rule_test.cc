// Globs, rules and escapes as a user writes them.
#include "tools/anteroom/rule.h"

#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "tools/anteroom/byte_text.h"

namespace anteroom::tools {
namespace {

using namespace std::string_view_literals;

TEST(Glob, Matches) {
  const struct {
    std::string_view glob;
    std::string_view data;
    bool matches;
  } cases[] = {
      {"*", "", true},
      {"*", "anything", true},
      {"", "", true},
      {"", "x", false},
      {"abc", "abc", true},
      {"abc", "abcd", false},
      {"a?c", "abc", true},
      {"a?c", "ac", false},
      {"GET *", "GET / HTTP/1.1", true},
      {"*end", "the end", true},
      {"*end", "the end.", false},
      {"a*b*c", "axxbyyc", true},
      {"a*b*c", "axxcyyb", false},
      {"*aab", "aaaab", true},
      {"[a-c]x", "bx", true},
      {"[a-c]x", "dx", false},
      {"[!a-c]x", "dx", true},
      {"[!a-c]x", "ax", false},
      {"[]]", "]", true},
      {"[a-]", "-", true},
      {R"(\*)", "*", true},
      {R"(\*)", "x", false},
      {R"(\x00\xff*)", "\0\xffrest"sv, true},
      {R"([\x00-\x1f])", "\x07", true},
      {R"(a\ b)", "a b", true},
      {"?", "\n", true},
  };
  for (const auto& [text, data, matches] : cases) {
    const auto glob = Glob::parse(text);
    ASSERT_TRUE(glob) << text;
    EXPECT_EQ(glob->matches(bytes_of(data)), matches) << text << " on " << data;
  }
}

TEST(Rule, ReadsVerdictAndResponse) {
  const auto rule = Rule::parse(R"(HELLO* accept 220 ready\r\n)");
  ASSERT_TRUE(rule);
  EXPECT_EQ(rule->verdict, tap::VerdictKind::accept);
  EXPECT_EQ(rule->response, "220 ready\r\n");
  EXPECT_TRUE(rule->deferrals.empty());
}

TEST(Rule, ReadsDeferrals) {
  const auto rule = Rule::parse("* defer:500:defer:20:reject");
  ASSERT_TRUE(rule);
  EXPECT_EQ(rule->deferrals, (std::vector<Duration>{500ms, 20ms}));
  EXPECT_EQ(rule->verdict, tap::VerdictKind::reject);
}

TEST(Rule, SaysWhatIsWrong) {
  const struct {
    const char* text;
    const char* reason;
  } cases[] = {
      {"", "it needs GLOB VERDICT [RESPONSE], such as 'HELLO* accept welcome'"},
      {"*", "it needs GLOB VERDICT [RESPONSE], such as 'HELLO* accept welcome'"},
      {"* allow",
       "'allow' is no verdict; known are accept, reject, ignore, challenge and "
       "defer:MILLISECONDS:VERDICT"},
      {"* defer:accept",
       "a deferral is defer:MILLISECONDS:VERDICT, at most an hour, such as defer:500:accept"},
      {"* defer:5",
       "a deferral is defer:MILLISECONDS:VERDICT, at most an hour, such as defer:500:accept"},
      {"* defer:99999999:accept",
       "a deferral is defer:MILLISECONDS:VERDICT, at most an hour, such as defer:500:accept"},
      {"[a accept", "a '[' without its ']'"},
      {"* reject sorry", "only accept sends a response"},
      {R"(* accept \q)", R"(\q is no escape; known are \r \n \t \0 \xHH and \\)"},
      {R"(* accept \x1)", R"(\x needs two hexadecimal digits)"},
      {R"(\ accept)", "it needs GLOB VERDICT [RESPONSE], such as 'HELLO* accept welcome'"},
  };
  for (const auto& [text, reason] : cases) {
    const auto rule = Rule::parse(text);
    ASSERT_FALSE(rule) << text;
    EXPECT_EQ(rule.error().sentence, "cannot use --rule '" + std::string(text) + "': " + reason);
  }
}

TEST(Judge, TheFirstMatchWins) {
  std::vector<Rule> rules;
  for (const char* text : {"a* reject", "ab accept never", "b* defer:5:accept yes"}) {
    rules.push_back(*Rule::parse(text));
  }
  Request request;
  request.caller_data = bytes_of("ab");
  EXPECT_EQ(judge(rules, request)->kind, tap::VerdictKind::reject);
  request.caller_data = bytes_of("b");
  EXPECT_EQ(judge(rules, request)->kind, tap::VerdictKind::defer);
  EXPECT_EQ(judge(rules, request)->ask_again_after, Duration(5ms));
  request.deferrals = 1;
  EXPECT_EQ(judge(rules, request)->kind, tap::VerdictKind::accept);
  EXPECT_EQ(text_of(judge(rules, request)->response_data), "yes");
  request.caller_data = bytes_of("c");
  EXPECT_FALSE(judge(rules, request));
}

TEST(Judge, AChallengeIsForThoseWhoHaveProvenNothing) {
  const std::vector<Rule> rules = {*Rule::parse("* challenge"), *Rule::parse("* accept yes")};
  Request request;
  EXPECT_EQ(judge(rules, request)->kind, tap::VerdictKind::challenge);
  request.address_validated = true;
  EXPECT_EQ(judge(rules, request)->kind, tap::VerdictKind::accept);
}

TEST(ByteText, KnowsUtf8) {
  for (const auto text : {"", "plain", "gr\xc3\xbc\xc3\x9f", "\xe2\x82\xac", "\xf0\x9f\x98\x80"}) {
    EXPECT_TRUE(is_utf8(bytes_of(text))) << text;
  }
  for (const auto text :
       {"\xff", "\xc3", "\xc0\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80", "a\x80"}) {
    EXPECT_FALSE(is_utf8(bytes_of(text))) << to_hex(bytes_of(text));
  }
}

TEST(ByteText, QuotesOnOneLine) {
  EXPECT_EQ(to_quoted(bytes_of("a\"\\\r\n\t\x01\xff"), 100), R"("a\"\\\r\n\t\x01\xff")");
  EXPECT_EQ(to_quoted(bytes_of("abcdef"), 4), "\"abcd\" and 2 bytes more");
}

}  // namespace
}  // namespace anteroom::tools
