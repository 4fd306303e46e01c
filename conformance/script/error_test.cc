// What a script must not be, and where and how the parser says so.
#include "conformance/script/parsing.h"

namespace anteroom::script {
namespace {

struct Row {
  const char* text;
  const char* error;
};

void check(std::initializer_list<Row> rows) {
  for (const Row& row : rows) EXPECT_EQ(error_of(row.text), row.error) << row.text;
}

TEST(Errors, OfTheOrderOfAScript) {
  constexpr std::string_view kTime = "a time: SECONDS, +SECONDS, *, FROM~TO or +FROM~+TO";
  const auto no_time = [&](std::string_view found) {
    return std::string(found) + "; expected " + std::string(kTime);
  };
  EXPECT_EQ(error_of(""), no_time("1:1: found the end of the script"));
  EXPECT_EQ(error_of("`a`"), no_time("1:4: found the end of the script"));
  EXPECT_EQ(error_of("`a` `b`"), no_time("1:5: found a command in backquotes"));
  EXPECT_EQ(error_of("0 `a`\nfoo"), no_time("2:1: found 'foo'"));
  EXPECT_EQ(error_of("0 `a`\n--late=1"), no_time("2:1: found '--'"));
  check({{"0 `a`\n`b`\n+0 `c`",
          "3:1: found '+'; expected nothing behind the command that cleans up"}});
}

TEST(Errors, OfOptions) {
  check({
      {"--ip_version=", "1:14: found nothing; expected the value of --ip_version"},
      {"--define=5", "1:10: found '5'; expected NAME=VALUE"},
      {"-D N", "1:5: found the end of the script; expected '=' and the value of the name"},
      {"-D N=", "1:6: found nothing; expected the value of the name"},
      {"-q", "1:1: found '-q'; expected --NAME, --NAME=VALUE or -D"},
      {"--a=\"b", "1:5: found \"; expected \" somewhere behind it"},
  });
}

TEST(Errors, OfTimes) {
  check({
      {"-1 `a`", "1:1: found '-1'; expected a time that is not negative"},
      {"+ `a`", "1:3: found a command in backquotes; expected seconds behind '+'"},
      {"1000000001 `a`", "1:1: found '1000000001'; expected a time of at most 1000000000 seconds"},
      {"0x7fffffffffffffff `a`",
       "1:1: found '0x7fffffffffffffff'; expected a time of at most 1000000000 seconds"},
      {"99999999999999999999.5 `a`",
       "1:1: found '99999999999999999999.5'; expected a time of at most 1000000000 seconds"},
      {"2~1 > . 1:1(0)", "1:3: found a range that ends before it begins; expected a later end"},
      {"+1~2 > . 1:1(0)", "1:4: found '2'; expected '+' here too"},
      {"1~+2 > . 1:1(0)", "1:3: found '+'; expected seconds without '+', as before the '~'"},
      {"* < . 1:1(0) win 1",
       "1:1: found a range of time; expected one instant for a packet that is sent to the stack"},
      {"* `a`",
       "1:3: found a command in backquotes; expected '>' and a packet: only that can come at a "
       "range of time"},
      {"0",
       "1:2: found the end of the script; expected an event: '<' or '>' and a packet, a call, a "
       "`command` or %{ code }%"},
  });
}

TEST(Errors, OfCalls) {
  check({
      {"0 f", "1:4: found the end of the script; expected '(' behind the name of a call"},
      {"0 f(1", "1:6: found the end of the script; expected ',' or ')'"},
      {"0 f(1 2) = 0", "1:7: found '2'; expected ',' or ')'"},
      {"0 f(1,) = 0",
       "1:7: found ')'; expected an argument: a number, a name, \"...\", [...], {...} or ..."},
      {"0 f(1|) = 0",
       "1:7: found ')'; expected an argument: a number, a name, \"...\", [...], {...} or ..."},
      {"0 f({a=}) = 0",
       "1:8: found '}'; expected an argument: a number, a name, \"...\", [...], {...} or ..."},
      {"0 f({a 1}) = 0", "1:8: found '1'; expected ',' or '}' in a structure"},
      {"0 f({a(1,2)=3}) = 0", "1:6: found two arguments of a member; expected one"},
      {"0 f(1)", "1:7: found the end of the script; expected '=' and the result of the call"},
      {"0 f(1) =", "1:9: found the end of the script; expected the result of the call"},
      {"0 f(1) = -1 EIO (text", "1:22: found the end of the script; expected ')' behind the note"},
      {"1...0.5 f() = 0", "1:5: found an end before the call begins; expected a later one"},
      {"1...2 `a`", "1:7: found a command in backquotes; expected the call that blocks until then"},
      {"0 f([(label 5, 3)]) = 0", "1:16: found '3'; expected label, tc, [S] or ttl"},
  });
}

TEST(Errors, OfConditions) {
  check({
      {"0 condition(x) = DEFER", "1:13: found 'x'; expected a descriptor"},
      {"0 condition(3, x) = DEFER", "1:16: found 'x'; expected a string"},
      {"0 condition(-3) = DEFER", "1:13: found '-3'; expected a descriptor from 0 to 2147483647"},
      {"0 condition(3) = 0",
       "1:18: found '0'; expected ACCEPT, REJECT, IGNORE, DEFER or CHALLENGE"},
      {"0 condition(3) = ACCEPT(5)", "1:25: found '5'; expected a string"},
  });
}

TEST(Errors, OfPackets) {
  check({
      {"0 > 1:1(0)",
       "1:5: found '1'; expected flags: letters of FSRPUEWA, a digit of 0-7, '.' for ACK, or '-' "
       "for none"},
      {"0 > SX 1:1(0)",
       "1:5: found 'SX'; expected flags: letters of FSRPUEWA, a digit of 0-7, '.' for ACK, or '-' "
       "for none"},
      {"0 > E5. 1:1(0)",
       "1:5: found a digit and E, W or A in the flags; expected only one of them"},
      {"0 > P55 1:1(0)", "1:5: found a second digit in the flags; expected one"},
      {"0 > . 1:2(2)", "1:9: found the end 2; expected 3, which is start and length"},
      {"0 > . 4294967295:1(1)", "1:18: found the end 1; expected 0, which is start and length"},
      {"0 > . 1:1", "1:10: found the end of the script; expected '(' and the length"},
      {"0 > . 4294967296:1(1)",
       "1:7: found '4294967296'; expected a sequence number: START:END(LENGTH) from 0 to "
       "4294967295"},
      {"0 > . -1:1(0)",
       "1:7: found '-1'; expected a sequence number: START:END(LENGTH) from 0 to 4294967295"},
      {"0 > . 0:65536(65536)", "1:15: found '65536'; expected a length from 0 to 65535"},
      {"0 < . 1:1(0) ack 1",
       "1:19: found the end of the script; expected win and a window: what is sent to the stack "
       "has one"},
      {"0 > . 1:1(0) win 65536", "1:18: found '65536'; expected a window from 0 to 65535"},
      {"0 > . 1:1(0) win 1 ack 1",
       "1:20: found 'ack'; expected a time: SECONDS, +SECONDS, *, FROM~TO or +FROM~+TO"},
      {"0 < . 1:1(0) win 1 <...>",
       "1:20: found <...>; expected options that can be sent to the stack"},
      {"0 > . 1:4(3) \"ab\"",
       "1:14: found a payload of 2 bytes; expected 3, the length of the packet"},
      {"0 > sctp: INIT[flgs=0]", "1:5: SCTP packets are not supported"},
      {"0 < icmp unreachable [sctp(5)]", "1:23: SCTP packets are not supported"},
      {"0 > [ect7] . 1:1(0)",
       "1:6: found 'ect7'; expected noecn, ect0, ect1, ect01, ce, ecn, tos, class, dscp, ttl, hlim "
       "or flowlabel"},
      {"0 > [tos 0x100] . 1:1(0)", "1:10: found '0x100'; expected a byte from 0 to 255"},
      {"0 > [dscp af99] . 1:1(0)",
       "1:11: found 'af99'; expected a code point: cs0 to cs7, af11 to af43, ef, voice-admit or "
       "le"},
      {"0 > (ce] . 1:1(0)", "1:8: found ']'; expected ',' or ')'"},
      {"0 > ipv4 1.2.3.4 > 1.2.3.5\n+0 `a`",
       "2:4: found a command in backquotes; expected ':' behind the header ipv4"},
      {"0 > gre: gre: gre: gre: gre: gre: gre: . 1:1(0)",
       "1:35: found 'gre'; expected at most six headers outside"},
      {"0 > udp", "1:8: found the end of the script; expected '(' and the length"},
      {"0 > . 1:1(0) /tcp(1 > 2)", "1:15: found 'tcp'; expected udp"},
      {"0 > R 1:1(0) [code 1]", "1:21: found ']'; expected ',' and pen"},
  });
}

TEST(Errors, OfTcpOptions) {
  check({
      {"0 > S 0:0(0) <mss>", "1:18: found '>'; expected an MSS"},
      {"0 > S 0:0(0) <mss 70000>", "1:19: found '70000'; expected an MSS from 0 to 65535"},
      {"0 > S 0:0(0) <foo>", "1:15: found 'foo'; expected a TCP option"},
      {"0 > S 0:0(0) <mss 5",
       "1:20: found the end of the script; expected ',' or '>' in the TCP options"},
      {"0 > S 0:0(0) <mss 5,>", "1:21: found '>'; expected a TCP option"},
      {"0 > S 0:0(0) <mp_capable v1>", "1:15: MPTCP options are not supported"},
      {"0 > S 0:0(0) <FO abc>", "1:18: found 'abc'; expected an even number of hexadecimal digits"},
      {"0 > S 0:0(0) <FO 0x12>", "1:18: found '0x12'; expected bytes in hexadecimal digits"},
      {"0 > S 0:0(0) <md5 xy>", "1:19: found 'xy'; expected bytes in hexadecimal digits"},
      {"0 > S 0:0(0) <sack 1:2 3:4 5:6 7:8 9:10>", "1:36: found '9'; expected at most four blocks"},
      {"0 > S 0:0(0) <sack 1>", "1:21: found '>'; expected ':' and the right edge of the block"},
      {"0 > S 0:0(0) <TS val 1>", "1:23: found '>'; expected ecr"},
      {"0 > S 0:0(0) <TS val 1 ecr 4294967296>",
       "1:28: found '4294967296'; expected a timestamp from 0 to 4294967295"},
      {"0 > S 0:0(0) <ECN ceb 1>", "1:19: found 'ceb'; expected e0b or e1b"},
      {"0 > S 0:0(0) <ECN e0b 16777216>",
       "1:23: found '16777216'; expected a counter of 24 bits from 0 to 16777215"},
      {"0 > S 0:0(0) <gen-256>", "1:15: found 'gen-256'; expected gen-KIND or exp-EXID"},
      {"0 > S 0:0(0) <exp-wxyz>", "1:15: found 'exp-wxyz'; expected gen-KIND or exp-EXID"},
  });
}

TEST(Errors, NameTheFile) {
  const Result<Script, ParseError> result = parse("a/b.pkt", "0 \x01", {});
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().text().substr(0, 44), "a/b.pkt:1:3: found a byte of value 1; expect");
}

TEST(Errors, NamesDefinedAsNothing) {
  ParseOptions options;
  options.defines = {{"N", ""}};
  const Result<Script, ParseError> result = parse("e", "0 > . 1:1(0) <N>", options);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().sentence,
            "found a name that is defined as nothing; expected a TCP option");
}

TEST(Errors, LongTokensAreCutShort) {
  EXPECT_EQ(error_of("0 > " + std::string(100, 'Q') + " 1:1(0)").substr(0, 56),
            "1:5: found '" + std::string(40, 'Q') + "...'");
}

TEST(Errors, ScriptsHaveALimit) {
  EXPECT_EQ(error_of(std::string((1 << 20) + 1, ' ')),
            "1:1: found 1048577 bytes; expected at most 1048576");
}

TEST(Errors, EveryCutOfAScriptIsAnswered) {
  const std::string text =
      "--a=b `c` 0 f({a(1)=[2|X]}) = -1 EIO (x)\n+0~+1 > [ce] S. 1:1(0) ack 5 <mss 4,sack "
      "1:2,nop,nop>"
      "\n+0 < icmp unreachable net_unreachable [udp(4)] +0 %{ x }% `y`";
  for (std::size_t size = 0; size < text.size(); ++size) (void)error_of(text.substr(0, size));
}

}  // namespace
}  // namespace anteroom::script
