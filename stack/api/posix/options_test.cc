// getsockopt(2), setsockopt(2), fcntl(2), ioctl(2): every option, its bounds and its effect.
#include <linux/sockios.h>
#include <sys/ioctl.h>

#include <array>
#include <vector>

#include <gtest/gtest.h>

#include <anteroom/testing/posix_pair.h>

#include "stack/api/posix/linux_tcp_info.h"

namespace anteroom {
namespace {

using testing::answer_of;
using testing::generic;
using testing::PosixPair;

struct Hosts : PosixPair {
  explicit Hosts(const Config& client_config = testing::test_config(2))
      : PosixPair(testing::test_config(1), client_config),
        fresh(client.socket(AF_INET, SOCK_STREAM, 0)) {}

  std::string set(int fd, int level, int name, int value) {
    return answer_of(client.setsockopt(fd, level, name, &value, sizeof value));
  }
  // The value, or the errno.
  std::string get(int fd, int level, int name) {
    int value = -1;
    socklen_t length = sizeof value;
    const int result = client.getsockopt(fd, level, name, &value, &length);
    return result == 0 ? std::to_string(value) : answer_of(result);
  }
  // What one sets, one gets.
  void keeps(int level, int name, int value) {
    EXPECT_EQ(set(fresh, level, name, value), "0") << level << ' ' << name;
    EXPECT_EQ(get(fresh, level, name), std::to_string(value)) << level << ' ' << name;
  }
  int fresh;
};

// --- Arguments ---

TEST(Options, ArgumentsAreChecked) {
  Hosts hosts;
  int value = 1;
  socklen_t length = sizeof value;
  PosixSockets& sockets = hosts.client;
  EXPECT_EQ(answer_of(sockets.setsockopt(1, SOL_SOCKET, SO_KEEPALIVE, &value, 4)), "EBADF");
  EXPECT_EQ(answer_of(sockets.setsockopt(hosts.fresh, SOL_SOCKET, SO_KEEPALIVE, &value, 3)),
            "EINVAL");
  EXPECT_EQ(answer_of(sockets.setsockopt(hosts.fresh, SOL_SOCKET, SO_KEEPALIVE, nullptr, 4)),
            "EFAULT");
  EXPECT_EQ(answer_of(sockets.setsockopt(hosts.fresh, SOL_SOCKET, SO_KEEPALIVE, &value,
                                         static_cast<socklen_t>(-1))),
            "EINVAL");
  EXPECT_EQ(answer_of(sockets.setsockopt(hosts.fresh, IPPROTO_TCP, TCP_NODELAY, &value, 1)),
            "EINVAL");
  EXPECT_EQ(answer_of(sockets.getsockopt(1, SOL_SOCKET, SO_KEEPALIVE, &value, &length)), "EBADF");
  EXPECT_EQ(answer_of(sockets.getsockopt(hosts.fresh, SOL_SOCKET, SO_KEEPALIVE, &value, nullptr)),
            "EFAULT");
  EXPECT_EQ(answer_of(sockets.getsockopt(hosts.fresh, SOL_SOCKET, SO_KEEPALIVE, nullptr, &length)),
            "EFAULT");
  length = static_cast<socklen_t>(-1);
  EXPECT_EQ(answer_of(sockets.getsockopt(hosts.fresh, SOL_SOCKET, SO_KEEPALIVE, &value, &length)),
            "EINVAL");
  const int set = sockets.epoll_create1(0);
  EXPECT_EQ(hosts.set(set, SOL_SOCKET, SO_KEEPALIVE, 1), "ENOTSOCK");
}

TEST(Options, UnknownOnesAreRefused) {
  Hosts hosts;
  for (const int level : {SOL_SOCKET, int{IPPROTO_TCP}, int{IPPROTO_IP}, int{SOL_ANTEROOM}}) {
    EXPECT_EQ(hosts.set(hosts.fresh, level, 9'999, 1), "ENOPROTOOPT") << level;
    EXPECT_EQ(hosts.get(hosts.fresh, level, 9'999), "ENOPROTOOPT") << level;
  }
  EXPECT_EQ(hosts.set(hosts.fresh, 9'999, 1, 1), "ENOPROTOOPT");
  EXPECT_EQ(hosts.get(hosts.fresh, 9'999, 1), "EOPNOTSUPP");
  for (const int name : {SO_TYPE, SO_ERROR, SO_ACCEPTCONN, SO_PROTOCOL, SO_DOMAIN, SO_SNDLOWAT}) {
    EXPECT_EQ(hosts.set(hosts.fresh, SOL_SOCKET, name, 1), "ENOPROTOOPT") << name;
  }
}

TEST(Options, ValuesAreCutToTheRoom) {
  Hosts hosts;
  hosts.keeps(IPPROTO_TCP, TCP_KEEPIDLE, 0x1234);
  std::array<unsigned char, 4> bytes{0xee, 0xee, 0xee, 0xee};
  socklen_t length = 2;
  EXPECT_EQ(hosts.client.getsockopt(hosts.fresh, IPPROTO_TCP, TCP_KEEPIDLE, bytes.data(), &length),
            0);
  EXPECT_EQ(length, 2u);
  EXPECT_EQ(bytes, (std::array<unsigned char, 4>{0x34, 0x12, 0xee, 0xee}));
}

// --- SOL_SOCKET ---

TEST(Options, OfEverySocket) {
  Hosts hosts;
  for (const int name :
       {SO_REUSEADDR, SO_REUSEPORT, SO_KEEPALIVE, SO_BROADCAST, SO_DONTROUTE, SO_OOBINLINE}) {
    EXPECT_EQ(hosts.get(hosts.fresh, SOL_SOCKET, name), "0") << name;
    hosts.keeps(SOL_SOCKET, name, 1);
    EXPECT_EQ(hosts.set(hosts.fresh, SOL_SOCKET, name, -5), "0");
    EXPECT_EQ(hosts.get(hosts.fresh, SOL_SOCKET, name), "1") << name;
  }
  EXPECT_EQ(hosts.get(hosts.fresh, SOL_SOCKET, SO_TYPE), std::to_string(SOCK_STREAM));
  EXPECT_EQ(hosts.get(hosts.fresh, SOL_SOCKET, SO_PROTOCOL), std::to_string(IPPROTO_TCP));
  EXPECT_EQ(hosts.get(hosts.fresh, SOL_SOCKET, SO_DOMAIN), std::to_string(AF_INET));
  EXPECT_EQ(hosts.get(hosts.fresh, SOL_SOCKET, SO_ERROR), "0");
  EXPECT_EQ(hosts.get(hosts.fresh, SOL_SOCKET, SO_SNDLOWAT), "1");
  EXPECT_EQ(hosts.get(hosts.fresh, SOL_SOCKET, SO_ACCEPTCONN), "0");
  EXPECT_EQ(hosts.client.listen(hosts.fresh, 1), 0);
  EXPECT_EQ(hosts.get(hosts.fresh, SOL_SOCKET, SO_ACCEPTCONN), "1");
}

TEST(Options, PriorityHasBounds) {
  Hosts hosts;
  hosts.keeps(SOL_SOCKET, SO_PRIORITY, 6);
  EXPECT_EQ(hosts.set(hosts.fresh, SOL_SOCKET, SO_PRIORITY, 7), "EPERM");
  EXPECT_EQ(hosts.set(hosts.fresh, SOL_SOCKET, SO_PRIORITY, -1), "EPERM");
}

TEST(Options, BuffersAreReportedDoubled) {
  Hosts hosts;
  EXPECT_EQ(hosts.get(hosts.fresh, SOL_SOCKET, SO_SNDBUF), std::to_string(1 << 20));
  EXPECT_EQ(hosts.set(hosts.fresh, SOL_SOCKET, SO_SNDBUF, 10'000), "0");
  EXPECT_EQ(hosts.get(hosts.fresh, SOL_SOCKET, SO_SNDBUF), "20000");
  EXPECT_EQ(hosts.set(hosts.fresh, SOL_SOCKET, SO_SNDBUF, 1), "0");
  EXPECT_EQ(hosts.get(hosts.fresh, SOL_SOCKET, SO_SNDBUF), "4608");
  EXPECT_EQ(hosts.set(hosts.fresh, SOL_SOCKET, SO_SNDBUF, 1 << 30), "0");
  EXPECT_EQ(hosts.get(hosts.fresh, SOL_SOCKET, SO_SNDBUF), std::to_string(1 << 20));
  EXPECT_EQ(hosts.set(hosts.fresh, SOL_SOCKET, SO_RCVBUF, 1), "0");
  EXPECT_EQ(hosts.get(hosts.fresh, SOL_SOCKET, SO_RCVBUF), "2304");
  EXPECT_EQ(hosts.set(hosts.fresh, SOL_SOCKET, SO_RCVLOWAT, 0), "0");
  EXPECT_EQ(hosts.get(hosts.fresh, SOL_SOCKET, SO_RCVLOWAT), "1");
  EXPECT_EQ(hosts.set(hosts.fresh, SOL_SOCKET, SO_RCVLOWAT, -1), "0");
  EXPECT_EQ(hosts.get(hosts.fresh, SOL_SOCKET, SO_RCVLOWAT), std::to_string(INT32_MAX));
}

TEST(Options, TimesHaveBoundsAndForms) {
  Hosts hosts;
  for (const int name : {SO_RCVTIMEO, SO_SNDTIMEO}) {
    const timeval good{3, 250'000}, odd{0, 1'000'000}, negative{-1, 0};
    timeval got{9, 9};
    socklen_t length = sizeof got;
    EXPECT_EQ(hosts.client.setsockopt(hosts.fresh, SOL_SOCKET, name, &good, sizeof good), 0);
    EXPECT_EQ(hosts.client.getsockopt(hosts.fresh, SOL_SOCKET, name, &got, &length), 0);
    EXPECT_EQ(got.tv_sec, 3);
    EXPECT_EQ(got.tv_usec, 250'000);
    EXPECT_EQ(answer_of(hosts.client.setsockopt(hosts.fresh, SOL_SOCKET, name, &odd, sizeof odd)),
              "EDOM");
    EXPECT_EQ(answer_of(hosts.client.setsockopt(hosts.fresh, SOL_SOCKET, name, &odd, 8)), "EINVAL");
    EXPECT_EQ(hosts.client.setsockopt(hosts.fresh, SOL_SOCKET, name, &negative, sizeof negative),
              0);
    EXPECT_EQ(hosts.client.getsockopt(hosts.fresh, SOL_SOCKET, name, &got, &length), 0);
    EXPECT_EQ(got.tv_sec, 0);
    EXPECT_EQ(got.tv_usec, 0);
  }
}

TEST(Options, LingerHasTwoNumbers) {
  Hosts hosts;
  const ::linger given{7, 12};
  ::linger got{-1, -1};
  socklen_t length = sizeof got;
  EXPECT_EQ(answer_of(hosts.client.setsockopt(hosts.fresh, SOL_SOCKET, SO_LINGER, &given, 4)),
            "EINVAL");
  EXPECT_EQ(hosts.client.setsockopt(hosts.fresh, SOL_SOCKET, SO_LINGER, &given, sizeof given), 0);
  EXPECT_EQ(hosts.client.getsockopt(hosts.fresh, SOL_SOCKET, SO_LINGER, &got, &length), 0);
  EXPECT_EQ(got.l_onoff, 1);
  EXPECT_EQ(got.l_linger, 12);
}

// --- IPPROTO_TCP ---

TEST(TcpOptions, NumbersHaveBounds) {
  Hosts hosts;
  struct Row {
    int name;
    int good;
    int below;
    int above;
  };
  for (const Row& row :
       {Row{TCP_KEEPIDLE, 32'767, 0, 32'768}, Row{TCP_KEEPINTVL, 1, 0, 32'768},
        Row{TCP_KEEPCNT, 127, 0, 128}, Row{TCP_INQ, 1, -1, 2}, Row{TCP_SAVE_SYN, 1, -1, 2},
        Row{TCP_FASTOPEN_CONNECT, 1, -1, 2}, Row{TCP_FASTOPEN_NO_COOKIE, 1, -1, 2},
        Row{TCP_FASTOPEN, 77, -1, -2}, Row{TCP_USER_TIMEOUT, 30'000, -1, -2}}) {
    hosts.keeps(IPPROTO_TCP, row.name, row.good);
    EXPECT_EQ(hosts.set(hosts.fresh, IPPROTO_TCP, row.name, row.below), "EINVAL") << row.name;
    EXPECT_EQ(hosts.set(hosts.fresh, IPPROTO_TCP, row.name, row.above), "EINVAL") << row.name;
  }
  for (const int name : {TCP_NODELAY, TCP_CORK, TCP_QUICKACK}) {
    hosts.keeps(IPPROTO_TCP, name, 1);
    hosts.keeps(IPPROTO_TCP, name, 0);
  }
  hosts.keeps(IPPROTO_TCP, TCP_DEFER_ACCEPT, 5);
  hosts.keeps(IPPROTO_TCP, TCP_NOTSENT_LOWAT, 16'384);
  EXPECT_EQ(hosts.set(hosts.fresh, IPPROTO_TCP, TCP_LINGER2, 500), "0");
  EXPECT_EQ(hosts.get(hosts.fresh, IPPROTO_TCP, TCP_LINGER2), "120");
  EXPECT_EQ(hosts.set(hosts.fresh, IPPROTO_TCP, TCP_LINGER2, -9), "0");
  EXPECT_EQ(hosts.get(hosts.fresh, IPPROTO_TCP, TCP_LINGER2), "-1");
}

TEST(TcpOptions, WhatTheStackCannotDoIsRefused) {
  Hosts hosts;
  for (const int name : {TCP_MAXSEG, TCP_SYNCNT, TCP_WINDOW_CLAMP, TCP_MD5SIG, TCP_REPAIR, TCP_ULP,
                         TCP_FASTOPEN_KEY, TCP_TX_DELAY}) {
    EXPECT_EQ(hosts.set(hosts.fresh, IPPROTO_TCP, name, 100), "ENOPROTOOPT") << name;
  }
  EXPECT_EQ(hosts.get(hosts.fresh, IPPROTO_TCP, TCP_SYNCNT), "7");
  EXPECT_EQ(hosts.get(hosts.fresh, IPPROTO_TCP, TCP_MAXSEG), "536");
}

TEST(TcpOptions, FastOpenBelongsBeforeTheConnection) {
  Hosts hosts;
  const PosixPair::Ends ends = hosts.connected();
  for (const int name : {TCP_FASTOPEN, TCP_FASTOPEN_CONNECT, TCP_FASTOPEN_NO_COOKIE}) {
    EXPECT_EQ(hosts.set(ends.client, IPPROTO_TCP, name, 1), "EINVAL") << name;
  }
}

TEST(TcpOptions, CongestionByName) {
  Hosts hosts;
  const auto choose = [&](int fd, const std::string& name) {
    return answer_of(hosts.client.setsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, name.data(),
                                             static_cast<socklen_t>(name.size())));
  };
  const auto chosen = [&](int fd) {
    std::array<char, 32> name{};
    socklen_t length = name.size();
    EXPECT_EQ(hosts.client.getsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, name.data(), &length), 0);
    EXPECT_EQ(length, 16u);
    return std::string(name.data());
  };
  EXPECT_EQ(chosen(hosts.fresh), "cubic");
  EXPECT_EQ(choose(hosts.fresh, "bbr"), "ENOENT");
  EXPECT_EQ(choose(hosts.fresh, ""), "EINVAL");
  EXPECT_EQ(choose(hosts.fresh, "reno"), "0");
  hosts.listens(80);
  const sockaddr_in address = hosts.server_address(80);
  EXPECT_EQ(hosts.client.connect(hosts.fresh, generic(address), sizeof address), 0);
  EXPECT_EQ(chosen(hosts.fresh), "reno");
  EXPECT_EQ(choose(hosts.fresh, "reno"), "0");
  EXPECT_EQ(choose(hosts.fresh, "cubic"), "EBUSY");
}

// What a stack of its own is configured with is where its sockets begin.
TEST(TcpOptions, BeginAsTheStackIsConfigured) {
  Config config = testing::test_config(2);
  config.tcp.no_delay = true;
  config.tcp.user_timeout = 7s;
  config.tcp.keepalive = KeepaliveConfig{.idle = 11s, .interval = 12s, .probes_max = 13};
  Hosts hosts(config);
  EXPECT_EQ(hosts.get(hosts.fresh, IPPROTO_TCP, TCP_NODELAY), "1");
  EXPECT_EQ(hosts.get(hosts.fresh, IPPROTO_TCP, TCP_USER_TIMEOUT), "7000");
  EXPECT_EQ(hosts.get(hosts.fresh, SOL_SOCKET, SO_KEEPALIVE), "1");
  EXPECT_EQ(hosts.get(hosts.fresh, IPPROTO_TCP, TCP_KEEPIDLE), "11");
  EXPECT_EQ(hosts.get(hosts.fresh, IPPROTO_TCP, TCP_KEEPINTVL), "12");
  EXPECT_EQ(hosts.get(hosts.fresh, IPPROTO_TCP, TCP_KEEPCNT), "13");
}

TEST(TcpOptions, KeepaliveProbesAnIdleConnection) {
  Hosts hosts;
  const PosixPair::Ends ends = hosts.connected();
  hosts.set(ends.client, IPPROTO_TCP, TCP_KEEPIDLE, 10);
  hosts.set(ends.client, IPPROTO_TCP, TCP_KEEPINTVL, 5);
  hosts.set(ends.client, IPPROTO_TCP, TCP_KEEPCNT, 3);
  hosts.set(ends.client, SOL_SOCKET, SO_KEEPALIVE, 1);
  hosts.pair.set_wire([](testing::Toward, std::vector<std::uint8_t>&) { return false; });
  const Instant before = hosts.pair.now();
  char byte = 0;
  EXPECT_EQ(answer_of(hosts.client.recv(ends.client, &byte, 1, 0)), "ETIMEDOUT");
  EXPECT_GE(hosts.pair.now() - before, 20s);
  EXPECT_LE(hosts.pair.now() - before, 30s);
}

// Segments with data from client to server, as the trace has them.
std::size_t data_segments(PosixPair& hosts) {
  std::size_t count = 0;
  for (const std::string& line : hosts.pair.take_trace()) {
    const bool from_client = line.starts_with("client > ");
    if (from_client && line.find("(0)") == std::string::npos) ++count;
  }
  return count;
}

TEST(TcpOptions, ACorkHoldsPartialSegments) {
  Hosts hosts;
  const PosixPair::Ends ends = hosts.connected();
  hosts.set(ends.client, IPPROTO_TCP, TCP_NODELAY, 1);
  hosts.set(ends.client, IPPROTO_TCP, TCP_CORK, 1);
  (void)data_segments(hosts);
  PosixPair::says(hosts.client, ends.client, "one ");
  PosixPair::says(hosts.client, ends.client, "two ");
  EXPECT_EQ(data_segments(hosts), 0u);
  hosts.set(ends.client, IPPROTO_TCP, TCP_CORK, 0);
  EXPECT_EQ(data_segments(hosts), 1u);
  EXPECT_EQ(PosixPair::hears(hosts.server, ends.server, 20, 0), "one two ");
}

TEST(TcpOptions, MsgMoreHoldsUntilTheNextSend) {
  Hosts hosts;
  const PosixPair::Ends ends = hosts.connected();
  hosts.set(ends.client, IPPROTO_TCP, TCP_NODELAY, 1);
  (void)data_segments(hosts);
  EXPECT_EQ(hosts.client.send(ends.client, "one ", 4, MSG_MORE), 4);
  EXPECT_EQ(data_segments(hosts), 0u);
  EXPECT_EQ(hosts.client.send(ends.client, "two ", 4, 0), 4);
  EXPECT_EQ(data_segments(hosts), 1u);
  EXPECT_EQ(PosixPair::hears(hosts.server, ends.server, 20, 0), "one two ");
}

TEST(TcpOptions, NoDelaySendsWhatNagleHolds) {
  Hosts hosts;
  const PosixPair::Ends ends = hosts.connected();
  (void)data_segments(hosts);
  PosixPair::says(hosts.client, ends.client, "one");
  PosixPair::says(hosts.client, ends.client, "two");
  EXPECT_EQ(data_segments(hosts), 1u);
  hosts.set(ends.client, IPPROTO_TCP, TCP_NODELAY, 1);
  EXPECT_EQ(data_segments(hosts), 1u);
}

// --- TCP_INFO ---

TEST(TcpInfo, HasTheLayoutAndTheUnitsOfLinux) {
  Hosts hosts;
  const PosixPair::Ends ends = hosts.connected();
  PosixPair::says(hosts.client, ends.client, std::string(5'000, 'x'));
  hosts.passes(100ms);
  posix::LinuxTcpInfo info{};
  socklen_t length = sizeof info;
  ASSERT_EQ(hosts.client.getsockopt(ends.client, IPPROTO_TCP, TCP_INFO, &info, &length), 0);
  ASSERT_EQ(length, sizeof info);
  EXPECT_EQ(info.state, 1);        // TCP_ESTABLISHED
  EXPECT_EQ(info.options & 7, 7);  // timestamps, SACK, window scale
  EXPECT_GE(info.rtt, 2'000u);
  EXPECT_LE(info.rtt, 50'000u);
  EXPECT_GE(info.min_rtt, 2'000u);
  EXPECT_GE(info.rto, 200'000u);
  EXPECT_GE(info.snd_mss, 1'400u);
  EXPECT_GE(info.snd_cwnd, 10u);
  EXPECT_LT(info.snd_cwnd, 100u);
  EXPECT_EQ(info.bytes_acked, 5'000u);
  EXPECT_EQ(info.unacked, 0u);
  EXPECT_EQ(info.notsent_bytes, 0u);
  EXPECT_GE(info.delivered, 4u);
  ASSERT_EQ(hosts.server.getsockopt(ends.server, IPPROTO_TCP, TCP_INFO, &info, &length), 0);
  EXPECT_EQ(info.bytes_received, 5'000u);
}

TEST(TcpInfo, IsCutToTheRoomAndKnowsEveryPhase) {
  Hosts hosts;
  tcp_info info{};
  socklen_t length = sizeof info;
  EXPECT_EQ(hosts.client.getsockopt(hosts.fresh, IPPROTO_TCP, TCP_INFO, &info, &length), 0);
  EXPECT_EQ(length, sizeof info);
  EXPECT_EQ(info.tcpi_state, TCP_CLOSE);
  EXPECT_EQ(hosts.client.listen(hosts.fresh, 5), 0);
  length = 1;
  EXPECT_EQ(hosts.client.getsockopt(hosts.fresh, IPPROTO_TCP, TCP_INFO, &info, &length), 0);
  EXPECT_EQ(length, 1u);
  EXPECT_EQ(info.tcpi_state, TCP_LISTEN);
}

// --- IPPROTO_IP ---

TEST(IpOptions, TypeOfServiceIsOnThePackets) {
  Hosts hosts;
  EXPECT_EQ(hosts.get(hosts.fresh, IPPROTO_IP, IP_TTL), "64");
  EXPECT_EQ(hosts.set(hosts.fresh, IPPROTO_IP, IP_TTL, 3), "ENOPROTOOPT");
  EXPECT_EQ(hosts.set(hosts.fresh, IPPROTO_IP, IP_TOS, 0xff), "0");
  EXPECT_EQ(hosts.get(hosts.fresh, IPPROTO_IP, IP_TOS), "252");
  const unsigned char byte = 0xb8;
  EXPECT_EQ(hosts.client.setsockopt(hosts.fresh, IPPROTO_IP, IP_TOS, &byte, 1), 0);
  const int listener = hosts.listens(80, SOL_ANTEROOM, ANTEROOM_HOLD_SYN, 1);
  const sockaddr_in address = hosts.server_address(80);
  hosts.client.fcntl(hosts.fresh, F_SETFL, O_NONBLOCK);
  hosts.client.connect(hosts.fresh, generic(address), sizeof address);
  int dscp = -1;
  hosts.server.accept_if(
      listener,
      [](const Request& request, AcceptAnswer&, void* context) {
        *static_cast<int*>(context) = request.dscp;
        return AcceptVerdict::accept;
      },
      &dscp);
  EXPECT_EQ(dscp, 46);
}

// --- ioctl(2) ---

TEST(Ioctl, CountsBytesInBothDirections) {
  Hosts hosts;
  const PosixPair::Ends ends = hosts.connected();
  int number = -1;
  PosixPair::says(hosts.client, ends.client, "12345");
  EXPECT_EQ(hosts.client.ioctl(ends.client, SIOCOUTQ, &number), 0);
  EXPECT_EQ(number, 5);
  EXPECT_EQ(hosts.client.ioctl(ends.client, SIOCOUTQNSD, &number), 0);
  EXPECT_EQ(number, 0);
  hosts.passes(100ms);
  EXPECT_EQ(hosts.client.ioctl(ends.client, SIOCOUTQ, &number), 0);
  EXPECT_EQ(number, 0);
  EXPECT_EQ(hosts.server.ioctl(ends.server, FIONREAD, &number), 0);
  EXPECT_EQ(number, 5);
  static_assert(SIOCINQ == FIONREAD);
}

TEST(Ioctl, ArgumentsAreChecked) {
  Hosts hosts;
  int number = 1;
  EXPECT_EQ(answer_of(hosts.client.ioctl(1, FIONREAD, &number)), "EBADF");
  EXPECT_EQ(answer_of(hosts.client.ioctl(hosts.fresh, FIONREAD, nullptr)), "EFAULT");
  EXPECT_EQ(answer_of(hosts.client.ioctl(hosts.fresh, FIONBIO, nullptr)), "EFAULT");
  EXPECT_EQ(answer_of(hosts.client.ioctl(hosts.fresh, 0x54ff, &number)), "ENOTTY");
  EXPECT_EQ(answer_of(hosts.client.ioctl(hosts.client.epoll_create1(0), FIONREAD, &number)),
            "ENOTTY");
  EXPECT_EQ(hosts.client.ioctl(hosts.fresh, FIONREAD, &number), 0);
  EXPECT_EQ(number, 0);
  number = 1;
  EXPECT_EQ(hosts.client.ioctl(hosts.fresh, FIONBIO, &number), 0);
  EXPECT_EQ(hosts.client.fcntl(hosts.fresh, F_GETFL), O_RDWR | O_NONBLOCK);
  const int listener = hosts.listens(80);
  EXPECT_EQ(answer_of(hosts.server.ioctl(listener, FIONREAD, &number)), "EINVAL");
  EXPECT_EQ(answer_of(hosts.server.ioctl(listener, SIOCOUTQ, &number)), "EINVAL");
}

}  // namespace
}  // namespace anteroom
