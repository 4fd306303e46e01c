// The Python of scripts: precedence, comparisons, what a failed assertion says, what is skipped.
#include "conformance/runner/code.h"

#include <gmock/gmock.h>

#include "conformance/runner/outcome.h"

namespace anteroom::runner {
namespace {

using testing::HasSubstr;

std::optional<std::int64_t> outside(const std::string& name) {
  if (name == "tcpi_cwnd") return 10;
  return std::nullopt;
}

std::int64_t value(const std::string& expression) {
  Variables variables;
  run_code("x = " + expression, variables, outside);
  return variables["x"];
}

std::string problem(const std::string& text) {
  Variables variables;
  try {
    run_code(text, variables, outside);
  } catch (const Failed& failed) {
    return failed.what();
  } catch (const Skipped& skipped) {
    return std::string("skipped: ") + skipped.what();
  }
  return "";
}

TEST(Code, Precedence) {
  EXPECT_EQ(value("2 + 3 * 4"), 14);
  EXPECT_EQ(value("(2 + 3) * 4"), 20);
  EXPECT_EQ(value("1 | 6 & 4"), 5);
  EXPECT_EQ(value("0x10 - 1 - 1"), 14);
  EXPECT_EQ(value("-2 + ~0"), -3);
  EXPECT_EQ(value("7 // 2 % 2"), 1);
  EXPECT_EQ(value("not 1 == 2 and 3"), 3);
}

TEST(Code, ComparisonsChain) {
  EXPECT_EQ(value("1 <= tcpi_cwnd <= 10"), 1);
  EXPECT_EQ(value("1 <= tcpi_cwnd < 10"), 0);
  EXPECT_EQ(value("3 > 2 > 1"), 1);
}

TEST(Code, NumbersWrapAround) {
  EXPECT_EQ(value("9223372036854775807 + 1 - 1"), INT64_MAX);
  EXPECT_EQ(value("-(9223372036854775807 + 1)"), INT64_MIN);
}

TEST(Code, AFailedAssertionTellsTheValues) {
  EXPECT_EQ(problem("assert tcpi_cwnd == 9, tcpi_cwnd"),
            "assert tcpi_cwnd == 9 does not hold: tcpi_cwnd is 10");
  EXPECT_EQ(problem("assert tcpi_cwnd == 10, 'cwnd=%d of %d' % (tcpi_cwnd, 9)"), "");
}

TEST(Code, StatementsGoOnBehindABackslashAndInsideParentheses) {
  EXPECT_EQ(problem("x = 1; assert x == 1;\\\n  assert (x ==\n 1)\n# it's no string\nx += 2\n"
                    "assert x == 3"),
            "");
}

TEST(Code, WhatIsPrintedDoesNotMatter) {
  EXPECT_EQ(problem("print \"{}; {}\".format(unknown,\n 1)\nprint(unknown)\nassert 1"), "");
}

TEST(Code, AnUnknownNameSkips) {
  EXPECT_THAT(problem("assert tcpi_moon == 1"), HasSubstr("skipped: "));
  EXPECT_THAT(problem("while 1"), HasSubstr("= was expected"));
  EXPECT_THAT(problem(std::string("x = ") + std::string(500, '(')), HasSubstr("too deep"));
}

}  // namespace
}  // namespace anteroom::runner
