// Whole scripts: options, the commands around, and a bit of everything.
#include "conformance/script/parser.h"

#include <algorithm>

#include "conformance/script/parsing.h"

namespace anteroom::script {
namespace {

std::vector<std::pair<std::string, std::string>> options_of(const std::string& text) {
  std::vector<std::pair<std::string, std::string>> all;
  for (const Option& option : parsed(text + "\n0 `x`").options) {
    all.emplace_back(option.name, option.value.value_or("-"));
  }
  return all;
}

TEST(Script, Options) {
  using Pairs = std::vector<std::pair<std::string, std::string>>;
  EXPECT_EQ(options_of("--ip_version=ipv4\n--dry_run // why\n--tolerance_percent=12.5"),
            (Pairs{{"ip_version", "ipv4"}, {"dry_run", "-"}, {"tolerance_percent", "12.5"}}));
  EXPECT_EQ(options_of("--remote_ip=192.0.2.1/24 --local_ip = fe80::1"),
            (Pairs{{"remote_ip", "192.0.2.1/24"}, {"local_ip", "fe80::1"}}));
  EXPECT_EQ(
      options_of("--ip_version=ipv4-mapped-ipv6 --x=\"a b\\\"c\" --y=\"\" -v"),
      (Pairs{{"ip_version", "ipv4-mapped-ipv6"}, {"x", "a b\"c"}, {"y", ""}, {"verbose", "-"}}));
}

TEST(Script, OptionsHavePlaces) {
  const Script script = parsed("--a=1\n  --b\n0 `x`");
  EXPECT_EQ(script.options[1].place.line, 2u);
  EXPECT_EQ(script.options[1].place.column, 3u);
}

TEST(Script, FormsOfDefine) {
  for (const char* const form :
       {"--define=N=7", "--define N=7", "-D N=7", "-D N = 7", "--define = N=7"}) {
    const Script script = parsed(std::string(form) + "\n0 f(N) = N");
    EXPECT_TRUE(script.options.empty()) << form;
    ASSERT_EQ(script.events.size(), 1u) << form;
    EXPECT_EQ(std::get<Call>(script.events[0].what).arguments[0].integer, 7) << form;
  }
}

TEST(Script, DefinedStringsCommandsAndPackets) {
  const Script script = parsed(
      "--define=TEXT=\"a\\x41\" --define=DO=`echo b` -D ALL=EWA\n"
      "0 f(TEXT) = 0\n+0 DO\n+0 > ALL 1:1(0)");
  ASSERT_EQ(script.events.size(), 3u);
  EXPECT_EQ(std::get<Call>(script.events[0].what).arguments[0].text, "aA");
  EXPECT_EQ(std::get<Command>(script.events[1].what).text, "echo b");
  const Packet& packet = std::get<Packet>(script.events[2].what);
  EXPECT_EQ(std::get<TcpPacket>(packet.body).flags, 0x1c0);
}

TEST(Script, ADefinitionCanBeReplaced) {
  const Script script = parsed("-D N=7 -D N=\"x\" --define N=8\n0 f(N) = 0");
  ASSERT_EQ(script.events.size(), 1u);
  EXPECT_EQ(std::get<Call>(script.events[0].what).arguments[0].integer, 8);
}

TEST(Script, TheCommandLinesDefinitionStays) {
  ParseOptions options;
  options.defines = {{"N", "1"}};
  const Script script = parsed("-D N=8\n0 f(N) = 0", options);
  EXPECT_EQ(std::get<Call>(script.events[0].what).arguments[0].integer, 1);
}

TEST(Script, ADefinitionOfTheScriptMakesAConditionTrue) {
  EXPECT_EQ(parsed("-D STANDARD=1\n0 `a`\n#ifdef STANDARD\n+0 `b`\n#endif").events.size(), 2u);
}

TEST(Script, CommandsAround) {
  const Script script = parsed("`a\n b`\n0 `c`\n`d`");
  EXPECT_EQ(script.init->text, "a\n b");
  EXPECT_EQ(script.events.size(), 1u);
  EXPECT_EQ(script.cleanup->text, "d");
  EXPECT_FALSE(parsed("0 `c`").init);
  EXPECT_FALSE(parsed("0 `c`").cleanup);
}

TEST(Script, HasItsPath) { EXPECT_EQ(parsed("0 `c`").path, "test.pkt"); }

constexpr std::string_view kFragments = R"(
--ip_version=ipv4
--tolerance_usecs=20000
`true`
 0     socket(..., SOCK_STREAM, IPPROTO_TCP) = 5                      // 1 script fd 5
+0     bind(5, ..., ...) = 0
+0     listen(5, 3) = 0                                               // 2 passive
+.2    < S 700:700(0) win 4096 <mss 900,nop,nop,sackOK>               // 3 any remote ISN
+0     > S. 50:50(0) ack 701 <...>                                    // 4 SYN numbers are as written
+.05   < . 1:1(0) ack 1 win 4096                                      // 5 now relative to both ISNs
+0...0.3 accept(5, ..., ...) = 6                                      // 6 blocking, ends at base+0.3
+0     send(6, ..., 300, MSG_MORE) = 300                              // 7 zero bytes
+.1~+.25 > P. 1:301(300) ack 1 win 501                                // 8 range time, raw window
+.01   < [ect0] P. 1:101(100) ack 301 win 4096                        // 9 ECN codepoint
*      > . 301:301(0) ack 101                                         // 10 any time
+0     read(6, ..., 100) = 100
+0     < icmp unreachable frag_needed mtu 600 [301:301(0)]            // 11 ICMP about a local segment
+0     poll([{fd=6, events=POLLIN|POLLOUT, revents=POLLOUT}], 1, 0) = 1   // 12
+.3    %{ assert 1 <= tcpi_rcv_mss <= 900, tcpi_rcv_mss }%             // 13 chained comparison
+0     recv(6, ..., 9, MSG_DONTWAIT) = -1 EAGAIN (nothing there)       // 14 errno with text
+.1    < R. 101:101(0) ack 301 win 0
+0     close(6) = 0                                                   // 15 fd table
`true`
)";

TEST(Script, ABitOfEverything) {
  for (const Dialect dialect : {Dialect::google, Dialect::nplab}) {
    const Script script = parsed_as(dialect, kFragments);
    EXPECT_EQ(script.options.size(), 2u);
    EXPECT_TRUE(script.init && script.cleanup);
    ASSERT_EQ(script.events.size(), 18u);
    EXPECT_EQ(std::get<Call>(script.events[6].what).end, 300'000);
    EXPECT_EQ(script.events[8].time.kind, TimeKind::relative_range);
    EXPECT_EQ(std::get<Packet>(script.events[9].what).ip.ecn, EcnField::ect0);
    EXPECT_EQ(script.events[10].time.kind, TimeKind::any);
    EXPECT_EQ(std::get<Code>(script.events[14].what).text,
              "assert 1 <= tcpi_rcv_mss <= 900, tcpi_rcv_mss");
    EXPECT_EQ(std::get<Call>(script.events[15].what).error, "EAGAIN");
  }
}

// The text of every event is itself an event that means the same.
TEST(Script, TextsOfEventsParseAgain) {
  const Script script = parsed(kFragments);
  for (const Event& event : script.events) {
    const Script again = parsed(event.text);
    ASSERT_EQ(again.events.size(), 1u) << event.text;
    EXPECT_EQ(again.events[0].text, event.text);
    EXPECT_EQ(again.events[0].what.index(), event.what.index());
  }
}

TEST(Script, NewlinesAreBlanks) {
  std::string text(kFragments.substr(0, kFragments.find("//")));
  std::replace(text.begin(), text.end(), ' ', '\n');
  EXPECT_EQ(parsed(text).events.size(), 1u);
}

TEST(Script, ManyEvents) {
  std::string text = "0 `x`\n";
  for (int i = 0; i < 10'000; ++i)
    text += "+.001 < . 1:1(0) ack 1 win 5 <nop,nop,TS val 1 ecr 2>\n";
  EXPECT_EQ(parsed(text).events.size(), 10'001u);
}

}  // namespace
}  // namespace anteroom::script
