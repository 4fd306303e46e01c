// Scripts over IPv6 and over IPv4 by AF_INET6 sockets: addresses, sizes, fields of the header,
// ICMPv6, cookies, and which versions a script is run for.
#include <filesystem>
#include <fstream>

#include <gmock/gmock.h>

#include "conformance/runner/batch.h"
#include "conformance/script/parser.h"

namespace anteroom::runner {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

struct Played {
  Report report{};
  std::string versions{};  // of its packets: "4", "6", both or none
};

Played play(const std::string& text, Profile profile = Profile::linux_kernel,
            std::optional<IpVersion> version = {}) {
  script::ParseOptions parse_options;
  parse_options.dialect = dialect_of(profile);
  const auto script = script::parse("test", text, parse_options);
  if (!script) {
    ADD_FAILURE() << script.error().text();
    return {};
  }
  Played played;
  RunOptions options;
  options.profile = profile;
  options.dialect = dialect_of(profile);
  options.ip_version = version;
  options.tap = [&](Instant, Bytes packet) {
    const std::string one = std::to_string(packet[0] >> 4);
    if (played.versions.find(one) == std::string::npos) played.versions += one;
  };
  played.report = run(*script, options);
  return played;
}

void expect_pass(const std::string& text, const char* versions) {
  const Played played = play(text);
  EXPECT_EQ(played.report.outcome, Outcome::passed) << played.report.reason;
  EXPECT_EQ(played.versions, versions);
}

void expect_failure(const std::string& text, const std::string& reason) {
  const Report report = play(text).report;
  EXPECT_EQ(report.outcome, Outcome::failed);
  EXPECT_THAT(report.reason, HasSubstr(reason));
}

const std::string kListens = R"(
0  socket(..., SOCK_STREAM, IPPROTO_TCP) = 3
+0 bind(3, ..., ...) = 0
+0 listen(3, 1) = 0
)";
const std::string kOpened = kListens + R"(
+0 < S 70:70(0) win 9000 <mss 1000>
+0 > S. 500:500(0) ack 71 <...>
+0 < . 1:1(0) ack 1 win 9000
+0 accept(3, ..., ...) = 4
)";

TEST(RunVersions, EachHasItsPackets) {
  expect_pass("--ip_version=ipv4\n" + kOpened, "4");
  expect_pass("--ip_version=ipv4-mapped-ipv6\n" + kOpened, "4");
  expect_pass("--ip_version=ipv6\n" + kOpened, "6");
  expect_failure("--ip_version=ipv5\n" + kOpened, "was expected");
}

TEST(RunVersions, SocketsAreOfTheFamily) {
  const std::string asks = "+0 getsockopt(3, SOL_SOCKET, SO_DOMAIN, [AF_INET6], [4]) = 0\n";
  expect_pass("--ip_version=ipv6\n" + kListens + asks, "");
  expect_pass("--ip_version=ipv4-mapped-ipv6\n" + kListens + asks, "");
  expect_failure(kListens + asks, "getsockopt() says 2");
}

TEST(RunVersions, AClientConnectsOverEach) {
  const std::string connects = R"(
0  socket(..., SOCK_STREAM|SOCK_NONBLOCK, IPPROTO_TCP) = 3
+0 connect(3, ..., ...) = -1 EINPROGRESS (Operation now in progress)
+0 > S 0:0(0) <...>
+0 < S. 0:0(0) ack 1 win 9000 <mss 1000>
+0 > . 1:1(0) ack 1
)";
  expect_pass("--ip_version=ipv6\n" + connects, "6");
  expect_pass("--ip_version=ipv4-mapped-ipv6\n" + connects, "4");
}

TEST(RunVersions, SegmentsOfIPv6AreTwentyBytesSmaller) {
  const std::string syn = "+0 < S 0:0(0) win 9000 <mss 1460>\n";
  expect_pass("--ip_version=ipv6\n" + kListens + syn + "+0 > S. 0:0(0) ack 1 <mss 1440>\n", "6");
  expect_failure("--ip_version=ipv6\n--mtu=1279\n" + kListens, "1,280");
  // ... unless a script runs over several versions, as the public runners do it.
  const Played played = play(kListens + syn + "+0 > S. 0:0(0) ack 1 <mss 1460>\n",
                             Profile::linux_kernel, IpVersion::v6);
  EXPECT_EQ(played.report.outcome, Outcome::passed) << played.report.reason;
  EXPECT_EQ(played.versions, "6");
}

TEST(RunVersions, AddressesAreOfTheVersion) {
  expect_pass("--ip_version=ipv6\n--local_ip=2001:db8::5\n--remote_ip=2001:db8::6/32\n" + kOpened,
              "6");
  expect_failure("--ip_version=ipv6\n--local_ip=192.168.0.1\n" + kOpened, "no IPv6 address");
  expect_failure("--ip_version=ipv4-mapped-ipv6\n--remote_ip=2001:db8::6\n" + kOpened,
                 "no IPv4 address");
  expect_pass("--ip_version=ipv6\n--local_linklocal_ip=fe80::1\n" + kOpened, "6");
}

TEST(RunVersions, AddressesCanBeSpelledOut) {
  expect_pass(R"(--ip_version=ipv6
0  socket(AF_INET6, SOCK_STREAM, IPPROTO_TCP) = 3
+0 bind(3, {sa_family=AF_INET6, sin6_port=htons(8080),
            inet_pton(AF_INET6, "fd3d:0a0b:17d6::1", &sin6_addr)}, ...) = 0
+0 listen(3, 1) = 0
+0 < S 0:0(0) win 9000 <mss 1000>
+0 > S. 0:0(0) ack 1 <...>
)",
              "6");
  expect_pass(R"(
0  socket(..., SOCK_STREAM|SOCK_NONBLOCK, IPPROTO_TCP) = 3
+0 connect(3, {sa_family=AF_INET, sin_port=htons(8080), sin_addr=inet_addr("192.0.2.1")}, ...)
     = -1 EINPROGRESS (Operation now in progress)
+0 > S 0:0(0) <...>
)",
              "4");
  expect_failure(kListens + "+0 connect(3, {sa_family=AF_INET}, ...) = 0\n", "sin_port");
}

TEST(RunVersions, FieldsOfTheHeader) {
  const std::string start = "--ip_version=ipv6\n" + kOpened +
                            "+0 setsockopt(4, SOL_IPV6, IPV6_TCLASS, [184], 4) = 0\n"
                            "+0 write(4, ..., 9) = 9\n";
  const std::string data = " P. 1:10(9) ack 1\n";
  EXPECT_EQ(play(start + "+0 > [tos 0xb8]" + data).report.outcome, Outcome::passed);
  expect_failure(start + "+0 > [tos 0xbc]" + data, "its traffic class is 0xb8");
  EXPECT_EQ(play(start + "+0 > [ttl 64]" + data).report.outcome, Outcome::passed);
  expect_failure(start + "+0 > [ttl 63]" + data, "its hop limit is 64");
}

TEST(RunVersions, AFlowLabelIsAName) {
  const std::string start = kOpened + "+0 write(4, ..., 9) = 9\n";
  const std::string more = "+0 < . 1:1(0) ack 10 win 9000\n+0 write(4, ..., 9) = 9\n";
  const std::string first = "+0 > [flowlabel 0x1] P. 1:10(9) ack 1\n";
  const std::string v6 = "--ip_version=ipv6\n" + start;
  EXPECT_EQ(play(v6 + first + more + "+0 > [flowlabel 0x1] P. 10:19(9) ack 1\n").report.outcome,
            Outcome::passed);
  expect_failure(v6 + first + more + "+0 > [flowlabel 0x2] P. 10:19(9) ack 1\n", "flow label");
  expect_failure(start + first, "no flow label");
}

TEST(RunVersions, MessagesOfICMPv6) {
  const std::string syn = R"(
0  socket(..., SOCK_STREAM, IPPROTO_TCP) = 3
+0 fcntl(3, F_SETFL, O_RDWR|O_NONBLOCK) = 0
+0 connect(3, ..., ...) = -1 EINPROGRESS (Operation now in progress)
+0 > S 0:0(0) <...>
)";
  const std::string told = "+0 getsockopt(3, SOL_SOCKET, SO_ERROR, [ECONNREFUSED], [4]) = 0\n";
  const std::string v6 = "--ip_version=ipv6\n" + syn;
  expect_pass(v6 + "+0 < icmp unreachable port_unreachable [0:0(0)]\n" + told, "6");
  expect_pass(v6 + "+0 < icmp type_1 code_4 [0:0(0)]\n" + told, "6");
  expect_failure(v6 + "+0 < icmp unreachable host_unreachable [0:0(0)]\n", "has no code");
  expect_failure(v6 + "+0 < icmp source_quench [0:0(0)]\n", "there is no ICMPv6 source_quench");
  expect_failure(syn + "+0 < icmp packet_too_big mtu 1300 [0:0(0)]\n",
                 "there is no ICMP packet_too_big");
}

// What a server has to make of the addresses here under the keys that the public suites set.
TEST(RunVersions, CookiesAreThoseOfLinux) {
  const auto gives = [](const char* version, const char* key, const std::string& cookie) {
    return play(std::string("--ip_version=") + version +
                "\n`sysctl net.ipv4.tcp_fastopen_key=" + key + "`\n" + R"(
0  socket(..., SOCK_STREAM, IPPROTO_TCP) = 3
+0 bind(3, ..., ...) = 0
+0 setsockopt(3, SOL_TCP, TCP_FASTOPEN, [5], 4) = 0
+0 listen(3, 1) = 0
+0 < S 0:0(0) win 9000 <mss 1000,FO,nop,nop>
+0 > S. 0:0(0) ack 1 <mss )" +
                (std::string(version) == "ipv6" ? "1440" : "1460") + ",FO " + cookie +
                ",nop,nop>\n")
        .report;
  };
  const char* kKey = "a1a1a1a1-b2b2b2b2-c3c3c3c3-d4d4d4d4";
  const char* kZeros = "00000000-00000000-00000000-00000000";
  EXPECT_EQ(gives("ipv4", kKey, "3021b9d889017eeb").reason, "");
  EXPECT_EQ(gives("ipv6", kKey, "c1d1e9742a47a9bc").reason, "");
  EXPECT_EQ(gives("ipv4", kZeros, "b7c12350a90dc8f5").reason, "");
  EXPECT_EQ(gives("ipv6", kZeros, "82af1a8f9a205c34").reason, "");
  EXPECT_THAT(gives("ipv6", kZeros, "c1d1e9742a47a9bc").reason, HasSubstr("82af1a8f9a205c34"));
}

// --- Which versions a script is run for ---

std::vector<std::string> versions_run(const std::string& name, const std::string& text,
                                      std::vector<IpVersion> versions_wanted = {
                                          IpVersion::v4, IpVersion::mapped, IpVersion::v6}) {
  const std::string path = testing::TempDir() + name;
  std::ofstream(path) << text;
  BatchOptions options;
  options.ip_versions = std::move(versions_wanted);
  std::vector<std::string> versions;
  for (const Result& result : run_file(path, options)) {
    EXPECT_EQ(result.report.outcome, Outcome::passed) << result.report.reason;
    versions.emplace_back(result.ip_version ? word_of(*result.ip_version) : "none");
  }
  std::filesystem::remove(path);
  return versions;
}

TEST(RunVersions, AScriptIsRunForEachUnlessItSaysOtherwise) {
  EXPECT_THAT(versions_run("any.pkt", kOpened), ElementsAre("ipv4", "ipv4-mapped-ipv6", "ipv6"));
  EXPECT_THAT(versions_run("of-v4.pkt", kOpened), ElementsAre("ipv4", "ipv4-mapped-ipv6"));
  EXPECT_THAT(versions_run("of-v6.pkt", kOpened), ElementsAre("ipv6"));
  EXPECT_THAT(versions_run("says.pkt", "--ip_version=ipv6\n" + kOpened), ElementsAre("ipv6"));
  EXPECT_THAT(versions_run("names.pkt", "--local_ip=192.168.0.7\n" + kOpened),
              ElementsAre("ipv4", "ipv4-mapped-ipv6"));
}

TEST(RunVersions, EachDefinesItsCookie) {
  const std::string text = R"(`sysctl net.ipv4.tcp_fastopen_key=a1a1a1a1-b2b2b2b2-c3c3c3c3-d4d4d4d4`
0  socket(..., SOCK_STREAM, IPPROTO_TCP) = 3
+0 bind(3, ..., ...) = 0
+0 setsockopt(3, SOL_TCP, TCP_FASTOPEN, [5], 4) = 0
+0 listen(3, 1) = 0
+0 < S 0:0(0) win 9000 <mss 1000,FO,nop,nop>
+0 > S. 0:0(0) ack 1 <mss 1460,FO TFO_COOKIE,nop,nop>
)";
  EXPECT_EQ(versions_run("cookie.pkt", text).size(), 3u);
  EXPECT_EQ(versions_run("cookie.pkt", text, {}).size(), 1u);
  EXPECT_EQ(versions_run("cookie.pkt", "--ip_version=ipv6\n--mtu=1520\n" + text, {}).size(), 1u);
}

}  // namespace
}  // namespace anteroom::runner
