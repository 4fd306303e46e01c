// Times, commands, code, and the text of events.
#include "conformance/script/parsing.h"

namespace anteroom::script {
namespace {

EventTime time_of(const std::string& time) {
  const Script script = parsed(time + " > . 1:1(0)");
  return script.events.empty() ? EventTime{} : script.events[0].time;
}

TEST(Time, Forms) {
  const std::tuple<const char*, TimeKind, std::int64_t, std::int64_t> cases[] = {
      {"0", TimeKind::absolute, 0, 0},
      {"12", TimeKind::absolute, 12'000'000, 12'000'000},
      {"1.5", TimeKind::absolute, 1'500'000, 1'500'000},
      {"+0", TimeKind::relative, 0, 0},
      {"+.01", TimeKind::relative, 10'000, 10'000},
      {"+ 2.25", TimeKind::relative, 2'250'000, 2'250'000},
      {"*", TimeKind::any, 0, 0},
      {".1~.2", TimeKind::absolute_range, 100'000, 200'000},
      {"+0.1 ~ +1", TimeKind::relative_range, 100'000, 1'000'000},
      {"+1~+1", TimeKind::relative_range, 1'000'000, 1'000'000},
  };
  for (const auto& [text, kind, first, last] : cases) {
    const EventTime time = time_of(text);
    EXPECT_EQ(time.kind, kind) << text;
    EXPECT_EQ(time.first, first) << text;
    EXPECT_EQ(time.last, last) << text;
  }
}

// 1.001 s is 1000999 us to a tool that multiplies a float; not here. Below a microsecond is cut.
TEST(Time, IsExact) {
  EXPECT_EQ(time_of("1.001").first, 1'001'000);
  EXPECT_EQ(time_of("0.0000019").first, 1);
  EXPECT_EQ(time_of("1000000000.999999").first, 1'000'000'000'999'999);
}

TEST(Event, CommandsKeepTheirText) {
  EXPECT_EQ(only<Command>("+0 `sysctl -w \\\n  a=\"b\" // c`").text,
            "sysctl -w \\\n  a=\"b\" // c");
}

TEST(Event, CodeLosesTheBlanksAround) {
  EXPECT_EQ(only<Code>("+0 %{\n assert a == 1, a;\\\n b = 2\n}%").text,
            "assert a == 1, a;\\\n b = 2");
  EXPECT_EQ(only<Code>("+0 %{ }%").text, "");
}

TEST(Event, TextIsOneLine) {
  const Script script = parsed(
      "0   `a  b\n c`\n"
      "+0\t<  .  1:1(0)   ack 1 // why\n   win\n 5\n"
      "+0 f( \"a  b\" ,\n N )=0 (x\n  y) // z\n"
      "+0 %{ a\n\n b }%\n");
  ASSERT_EQ(script.events.size(), 4u);
  EXPECT_EQ(script.events[0].text, "0 `a b c`");
  EXPECT_EQ(script.events[1].text, "+0 < . 1:1(0) ack 1 win 5");
  EXPECT_EQ(script.events[2].text, "+0 f( \"a  b\" , N )=0 (x y)");
  EXPECT_EQ(script.events[3].text, "+0 %{ a b }%");
}

TEST(Event, TextShowsNamesAsWritten) {
  ParseOptions options;
  options.defines = {{"N", "7"}};
  EXPECT_EQ(parsed("0 f(N) = N", options).events[0].text, "0 f(N) = N");
}

TEST(Event, PlaceIsThatOfItsTime) {
  const Script script = parsed("0 `a`\n\n   +0.5 `b`");
  EXPECT_EQ(script.events[1].place.line, 3u);
  EXPECT_EQ(script.events[1].place.column, 4u);
}

}  // namespace
}  // namespace anteroom::script
