// Calls with their results, and conditions.
#include "conformance/script/parsing.h"

namespace anteroom::script {
namespace {

TEST(Call, NameArgumentsAndResult) {
  const Call call = only<Call>("0 socket(..., SOCK_STREAM|SOCK_NONBLOCK, IPPROTO_TCP) = 3");
  EXPECT_EQ(call.name, "socket");
  ASSERT_EQ(call.arguments.size(), 3u);
  EXPECT_EQ(shown(call.arguments[1]), "SOCK_STREAM|SOCK_NONBLOCK");
  EXPECT_EQ(call.result.integer, 3);
  EXPECT_EQ(call.error, "");
  EXPECT_FALSE(call.end);
}

TEST(Call, Results) {
  const std::pair<const char*, const char*> cases[] = {
      {"0", "0"},     {"-1", "-1"},         {"0x2", "2"},     {"?", "..."},
      {"...", "..."}, {"\"ab\"", "\"ab\""}, {"WORD", "WORD"}, {"[5]", "[5]"},
  };
  for (const auto& [text, expected] : cases) {
    EXPECT_EQ(shown(only<Call>("0 f() = " + std::string(text)).result), expected) << text;
  }
}

TEST(Call, ErrorNames) {
  const Call call = only<Call>("0 f() = -1 EAGAIN (Resource temporarily unavailable)");
  EXPECT_EQ(call.result.integer, -1);
  EXPECT_EQ(call.error, "EAGAIN");
  EXPECT_EQ(only<Call>("0 f() = -1 EPIPE").error, "EPIPE");
}

// Nothing between the parentheses is a token: an apostrophe, a quote, a backquote.
TEST(Call, NotesMayHoldAnything) {
  const Script script = parsed(
      "0 f() = 0x2 (flags O_RDWR)\n+0 f() = -1 EIO (it's \"` broken) (x)\n+0 g() = -1 (Invalid)");
  ASSERT_EQ(script.events.size(), 3u);
  EXPECT_EQ(std::get<Call>(script.events[0].what).error, "");
  EXPECT_EQ(std::get<Call>(script.events[1].what).error, "EIO");
  EXPECT_EQ(script.events[1].text, "+0 f() = -1 EIO (it's \"` broken) (x)");
  EXPECT_EQ(std::get<Call>(script.events[2].what).error, "");
}

TEST(Call, EndsOfCallsThatBlock) {
  EXPECT_EQ(only<Call>("+.1...0.3 accept(5, ..., ...) = 6").end, 300'000);
  EXPECT_EQ(only<Call>("0...0 f() = 6").end, 0);
  EXPECT_EQ(only<Call>("0.5 ... 2 f() = 6").end, 2'000'000);
  EXPECT_EQ(only<Call>("+0...+1 f() = 6").end, 1'000'000);
}

TEST(Call, OverManyLines) {
  const Call call =
      only<Call>("0 poll([{fd=3,\n\t events=POLLIN, // this\n revents=0}],\n 1, 100)\n = 1");
  EXPECT_EQ(shown(call.arguments[0]), "[{fd=3,events=POLLIN,revents=0}]");
}

TEST(Call, WordsOfPacketsAreNamesToo) { EXPECT_EQ(only<Call>("0 ack(win, S) = 0").name, "ack"); }

TEST(Condition, Verdicts) {
  const std::pair<const char*, Verdict> cases[] = {{"ACCEPT", Verdict::accept},
                                                   {"REJECT", Verdict::reject},
                                                   {"IGNORE", Verdict::ignore},
                                                   {"DEFER", Verdict::defer},
                                                   {"CHALLENGE", Verdict::challenge}};
  for (const auto& [text, verdict] : cases) {
    const Condition condition = only<Condition>("+0 condition(3) = " + std::string(text));
    EXPECT_EQ(condition.verdict, verdict) << text;
    EXPECT_EQ(condition.fd, 3);
    EXPECT_FALSE(condition.caller_data);
  }
}

TEST(Condition, DataBothWays) {
  const Condition late = only<Condition>("+0 condition(3) = DEFER -1 EAGAIN (nothing there)");
  EXPECT_EQ(late.verdict, Verdict::defer);
  EXPECT_EQ(late.error, "EAGAIN");
  const Condition condition = only<Condition>(R"(+0 condition(4, "he\x00") = ACCEPT("wo" "rld"))");
  EXPECT_EQ(condition.fd, 4);
  EXPECT_EQ(condition.caller_data, std::string("he\0", 3));
  EXPECT_EQ(condition.response_data, "world");
}

TEST(Condition, EmptyCallerDataIsAskedFor) {
  EXPECT_EQ(only<Condition>("+0 condition(4, \"\") = DEFER").caller_data, "");
}

}  // namespace
}  // namespace anteroom::script
