// Whole scripts: matching and what a mismatch says, time, calls that block, reasons to skip.
#include "conformance/runner/run.h"

#include <gmock/gmock.h>

#include "conformance/script/parser.h"

namespace anteroom::runner {
namespace {

using testing::HasSubstr;

Report play(const std::string& text, Profile profile = Profile::linux_kernel) {
  script::ParseOptions parse_options;
  parse_options.dialect = dialect_of(profile);
  const auto script = script::parse("test", text, parse_options);
  if (!script) {
    ADD_FAILURE() << script.error().text();
    return {};
  }
  RunOptions options;
  options.profile = profile;
  options.dialect = dialect_of(profile);
  return run(*script, options);
}

constexpr const char* kOpened = R"(
0  socket(..., SOCK_STREAM, IPPROTO_TCP) = 3
+0 bind(3, ..., ...) = 0
+0 listen(3, 1) = 0
+0 < S 70:70(0) win 9000 <mss 1000,sackOK,TS val 7 ecr 0>
+0 > S. 500:500(0) ack 71 <mss 1460,sackOK,TS val 30 ecr 7>
+0 < . 1:1(0) ack 1 win 9000 <nop,nop,TS val 8 ecr 30>
+0 accept(3, ..., ...) = 4
)";

Report play_opened(const std::string& text) { return play(kOpened + text); }

void expect_failure(const Report& report, const std::string& reason) {
  EXPECT_EQ(report.outcome, Outcome::failed);
  EXPECT_THAT(report.reason, HasSubstr(reason));
}

TEST(Run, NumbersCountFromTheScriptsOwn) {
  const Report report = play_opened(R"(
+0 write(4, ..., 100) = 100
+0 > P. 1:101(100) ack 1 <...>
+0 < P. 1:11(10) ack 101 win 9000 <nop,nop,TS val 9 ecr 30>
+0 read(4, ..., 50) = 10
+0 close(3) = 0
)");
  EXPECT_EQ(report.outcome, Outcome::passed) << report.reason;
}

TEST(Run, AMismatchShowsWhatCame) {
  const Report report =
      play_opened("+0 write(4, ..., 100) = 100\n+0 > P. 1:101(100) ack 2 <...>\n");
  expect_failure(report, "it acknowledges 1");
  EXPECT_THAT(report.actual, HasSubstr("> P. 1:101(100) ack 1"));
  EXPECT_THAT(report.actual, HasSubstr("TS val 30 ecr 8"));
  EXPECT_EQ(report.event, "+0 > P. 1:101(100) ack 2 <...>");
  EXPECT_EQ(report.place.line, 10u);
  EXPECT_FALSE(report.history.empty());
  expect_failure(play_opened("+0 write(4, ..., 9) = 9\n+0 > . 1:10(9) ack 1 <...>\n"),
                 "its flags are P.");
  expect_failure(play_opened("+0 write(4, ..., 9) = 9\n+0 > P. 2:11(9) ack 1 <...>\n"),
                 "its sequence number is 1");
  expect_failure(play_opened("+0 write(4, ..., 9) = 9\n+0 > P. 1:9(8) ack 1 <...>\n"),
                 "it has 9 bytes of payload");
  expect_failure(play_opened("+0 write(4, ..., 9) = 9\n+0 > P. 1:10(9) ack 1\n"),
                 "was not expected");
}

TEST(Run, WhatNeverComesCostsVirtualTimeOnly) {
  const Report report = play_opened("+.5 > . 1:1(0) ack 1 <...>\n");
  expect_failure(report, "it did not come");
  EXPECT_LT(report.virtual_time, Duration{3s});
}

TEST(Run, TimeHasATolerance) {
  const std::string wrote = "+0 write(4, ..., 9) = 9\n";
  EXPECT_EQ(play_opened(wrote + "+.004 > P. 1:10(9) ack 1 <...>\n").outcome, Outcome::passed);
  expect_failure(play_opened(wrote + "+.1 > P. 1:10(9) ack 1 <...>\n"), "it came at 0.000000");
  EXPECT_EQ(play_opened(wrote + "* > P. 1:10(9) ack 1 <...>\n").outcome, Outcome::passed);
  expect_failure(play_opened("+20000000 close(4) = 0\n"), "100 days");
}

TEST(Run, PiecesMakeAWholeForOneDialect) {
  const std::string whole = "+0 write(4, ..., 3000) = 3000\n+0 > P. 1:2977(2976) ack 1 <...>\n";
  const Report report = play_opened(whole);
  // The last piece of 988 has no PSH, which an offload would have given the whole.
  EXPECT_EQ(
      play_opened("+0 write(4, ..., 3000) = 3000\n+0 > P. 1:1977(1976) ack 1 <...>\n").outcome,
      Outcome::passed);
  expect_failure(report, "bytes of payload");
  const std::string bsd = std::string("--tolerance_usecs=9000\n") + kOpened +
                          "+0 write(4, ..., 1976) = 1976\n+0 > P. 1:1977(1976) ack 1 <...>\n";
  EXPECT_EQ(play(bsd, Profile::freebsd).outcome, Outcome::failed);
}

// The missing piece is waited for; the report says when the first one came all the same.
TEST(Run, APieceThatCameIsToldWithItsOwnTime) {
  const Report report =
      play_opened("+.5 write(4, ..., 900) = 900\n+0 > P. 1:1977(1976) ack 1 <...>\n");
  expect_failure(report, "it has 900 bytes");
  ASSERT_FALSE(report.history.empty());
  EXPECT_THAT(report.history.back(), HasSubstr("0.500000  > P. 1:901(900)"));
}

TEST(Run, TimeStampsAreEchoedByTheScriptsNames) {
  expect_failure(play_opened("+0 < . 1:1(0) ack 1 win 9 <nop,nop,TS val 9 ecr 31>\n"),
                 "no segment went out with the time-stamp 31");
}

TEST(Run, CallsBlock) {
  const std::string reads = "+.1...0.3 read(4, ..., 10) = 10\n";
  const std::string data = " < P. 1:11(10) ack 1 win 9000 <nop,nop,TS val 9 ecr 30>\n";
  EXPECT_EQ(play_opened(reads + "+.2" + data).outcome, Outcome::passed);
  expect_failure(play_opened(reads + "+.1" + data), "the call returned at");
  // The host goes while the call still blocks.
  expect_failure(play_opened(reads), "the call has not returned");
  expect_failure(play_opened(reads + "+0 close(9) = 0\n"), "no open descriptor 9");
  EXPECT_EQ(play_opened("+0...0.1 setsockopt(4, SOL_TCP, TCP_MD5SIG, [1], 4) = 0\n").outcome,
            Outcome::skipped);
}

TEST(Run, CallsAnswer) {
  expect_failure(play_opened("+0 write(4, ..., 9) = 8\n"), "write() answered 9");
  EXPECT_EQ(play_opened("+0 fcntl(4, F_SETFL, O_RDWR|O_NONBLOCK) = 0\n"
                        "+0 read(4, ..., 9) = -1 EAGAIN (none)\n")
                .outcome,
            Outcome::passed);
  expect_failure(play_opened("+0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 4\n"), "open already");
  expect_failure(play_opened("+0 write(4, ..., 99999999) = 1\n"), "out of bounds");
}

TEST(Run, AVerdictMayBeRefused) {
  const std::string held = R"(
0  socket(..., SOCK_STREAM, IPPROTO_TCP) = 3
+0 bind(3, ..., ...) = 0
+0 setsockopt(3, SOL_ANTEROOM, ANTEROOM_HOLD_SYN, [1], 4) = 0
+0 listen(3, 1) = 0
)";
  const std::string refused = held + "+0 condition(3) = ACCEPT -1 ";
  EXPECT_EQ(play(refused + "EAGAIN (nothing there)\n").outcome, Outcome::passed);
  expect_failure(play(refused + "EMSGSIZE\n"), "answered with -1 EAGAIN");
  expect_failure(play(refused + "ENOTHING\n"), "there is no errno ENOTHING");
  const std::string waits = held + "+0 < S 0:0(0) win 9000 <mss 1000>\n";
  expect_failure(play(waits + "+0 condition(3) = REJECT -1 EAGAIN\n"), "-1 ECONNREFUSED");
}

TEST(Run, CodeAsksTheSocket) {
  EXPECT_EQ(play_opened("+0 %{ assert tcpi_state == TCP_ESTABLISHED }%\n").outcome,
            Outcome::passed);
  expect_failure(play_opened("+0 %{ assert tcpi_state == 7 }%\n"), "tcpi_state is 1");
}

TEST(Run, ReasonsToSkip) {
  const auto reason = [](const std::string& text) {
    const Report report = play(text);
    EXPECT_EQ(report.outcome, Outcome::skipped);
    return report.reason;
  };
  EXPECT_THAT(reason("0 socket(..., SOCK_DGRAM, IPPROTO_UDP) = 3\n"), HasSubstr("UDP"));
  EXPECT_THAT(reason("0 `tc qdisc add dev tun0 root pfifo limit 0`\n"), HasSubstr("`tc`"));
}

TEST(Run, NoStackIsMadeOfNonsense) {
  const std::string opens = "+0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3\n";
  expect_failure(play("0 `sysctl net.ipv4.tcp_rto_max_ms=1`\n" + opens), "configured so");
  expect_failure(play("0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3\n"
                      "+0 `sysctl net.ipv4.tcp_rto_max_ms=1`\n"),
                 "configured so");
}

// A client that nobody answers, a hundred times: more timers than the run may have.
TEST(Run, AHostThatNeverRestsIsStopped) {
  const auto script = script::parse("test", R"(
`sysctl net.ipv4.tcp_rto_max_ms=1000 net.ipv4.tcp_syn_retries=100`
0 socket(..., SOCK_STREAM|SOCK_NONBLOCK, IPPROTO_TCP) = 3
+0 connect(3, ..., ...) = -1 EINPROGRESS (not yet)
+90 close(3) = 0
)",
                                    {});
  ASSERT_TRUE(script);
  RunOptions options;
  EXPECT_EQ(run(*script, options).outcome, Outcome::passed);
  options.steps_max = 50;
  const Report report = run(*script, options);
  expect_failure(report, "does not come to rest");
  EXPECT_EQ(report.event, "+90 close(3) = 0");
}

TEST(Run, OptionsHaveBounds) {
  expect_failure(play("--tolerance_percent=101\n0 `true`\n"), "from 0 to 100");
  expect_failure(play("--mtu=9\n0 `true`\n"), "from 576 to 65535");
  EXPECT_EQ(play("--mtu=576\n0 `true`\n").outcome, Outcome::passed);
}

// A stack keeps the buffers that it was made with: a script that wants others later is not judged.
TEST(Run, BuffersChosenAfterTheFirstSocketAreAReasonToSkip) {
  const std::string later = "+0 `sysctl -w net.inet.tcp.recvspace=8192`\n";
  EXPECT_EQ(play_opened(later).outcome, Outcome::passed);
  const Report report = play_opened(later + "+0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 5\n");
  EXPECT_EQ(report.outcome, Outcome::skipped);
  EXPECT_THAT(report.reason, HasSubstr("before the first socket"));
}

}  // namespace
}  // namespace anteroom::runner
