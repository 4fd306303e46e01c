// AF_INET6 sockets: names, both versions on one socket, options. Expected errno values are those of
// a live Linux kernel.
#include <arpa/inet.h>

#include <gtest/gtest.h>

#include <anteroom/testing/posix_pair.h>

namespace anteroom {
namespace {

using testing::answer_of;
using testing::dual_config;
using testing::generic;
using testing::name_v6;
using testing::PosixPair;

struct Hosts : PosixPair {
  Hosts() : PosixPair(dual_config(1), dual_config(2)) {}

  static int stream(PosixSockets& sockets, int flags = 0) {
    return sockets.socket(AF_INET6, SOCK_STREAM | flags, 0);
  }
  static std::string binds(PosixSockets& sockets, int fd, const sockaddr_in6& name,
                           socklen_t length = sizeof(sockaddr_in6)) {
    return answer_of(sockets.bind(fd, generic(name), length));
  }
  static std::string set(PosixSockets& sockets, int fd, int name, int value) {
    return answer_of(sockets.setsockopt(fd, IPPROTO_IPV6, name, &value, sizeof value));
  }
  static std::string get(PosixSockets& sockets, int fd, int level, int name) {
    int value = -1;
    socklen_t length = sizeof value;
    const int answer = sockets.getsockopt(fd, level, name, &value, &length);
    return answer == 0 ? std::to_string(value) : answer_of(answer);
  }
  // Listens on `name`.
  int listens_at(const sockaddr_in6& name, bool v6_only = false) {
    const int fd = stream(server);
    if (v6_only && set(server, fd, IPV6_V6ONLY, 1) != "0") return -1;
    const bool works = binds(server, fd, name) == "0" && server.listen(fd, 16) == 0;
    return works ? fd : -1;
  }
  std::string connects_to(int fd, const sockaddr_in6& name,
                          socklen_t length = sizeof(sockaddr_in6)) {
    return answer_of(client.connect(fd, generic(name), length));
  }
  std::string connects_to(const sockaddr_in6& name) { return connects_to(stream(client), name); }
};

// "address port", and the scope where there is one.
std::string shown(const sockaddr_in6& name) {
  char text[INET6_ADDRSTRLEN] = "?";
  if (name.sin6_family == AF_INET6) inet_ntop(AF_INET6, &name.sin6_addr, text, sizeof text);
  std::string all = std::string(text) + " " + std::to_string(ntohs(name.sin6_port));
  if (name.sin6_scope_id != 0) all += " %" + std::to_string(name.sin6_scope_id);
  return all;
}

std::string own_name(PosixSockets& sockets, int fd) {
  sockaddr_in6 name{};
  socklen_t length = sizeof name;
  sockets.getsockname(fd, generic(name), &length);
  return length == sizeof name ? shown(name) : "of another length";
}

// --- bind(2) ---

TEST(Ipv6Bind, NamesAreChecked) {
  Hosts hosts;
  const auto attempt = [&](const sockaddr_in6& name, socklen_t length = sizeof(sockaddr_in6)) {
    return Hosts::binds(hosts.client, Hosts::stream(hosts.client), name, length);
  };
  EXPECT_EQ(attempt(name_v6("2001:db8::2", 7)), "0");
  EXPECT_EQ(attempt(name_v6("2001:db8::2", 8), 24), "0");  // without the scope
  EXPECT_EQ(attempt(name_v6("2001:db8::2", 9), 23), "EINVAL");
  EXPECT_EQ(attempt(name_v6("2001:db8::77", 9)), "EADDRNOTAVAIL");
  EXPECT_EQ(attempt(name_v6("::ffff:192.0.2.77", 9)), "EADDRNOTAVAIL");
  EXPECT_EQ(attempt(name_v6("::ffff:192.0.2.2", 9)), "0");
  EXPECT_EQ(attempt(name_v6("ff02::1", 9)), "EINVAL");
  EXPECT_EQ(attempt(name_v6("fe80::1", 9)), "EINVAL");
  EXPECT_EQ(attempt(name_v6("fe80::1", 9, 1)), "EADDRNOTAVAIL");
  sockaddr_in6 other = name_v6("2001:db8::2", 9);
  other.sin6_family = AF_INET;
  EXPECT_EQ(attempt(other), "EAFNOSUPPORT");
  other.sin6_family = AF_UNSPEC;
  EXPECT_EQ(attempt(other), "EAFNOSUPPORT");
  const sockaddr_in v4 = hosts.client_address(9);
  EXPECT_EQ(answer_of(hosts.client.bind(Hosts::stream(hosts.client), generic(v4), sizeof v4)),
            "EINVAL");
  const int of_v4 = hosts.client.socket(AF_INET, SOCK_STREAM, 0);
  EXPECT_EQ(Hosts::binds(hosts.client, of_v4, name_v6("2001:db8::2", 9)), "EAFNOSUPPORT");
}

TEST(Ipv6Bind, ANameIsToldAsItWasGiven) {
  Hosts hosts;
  const int fd = Hosts::stream(hosts.client);
  EXPECT_EQ(own_name(hosts.client, fd), ":: 0");
  EXPECT_EQ(Hosts::binds(hosts.client, fd, name_v6("2001:db8::2", 7)), "0");
  EXPECT_EQ(own_name(hosts.client, fd), "2001:db8::2 7");
  const int mapped = Hosts::stream(hosts.client);
  EXPECT_EQ(Hosts::binds(hosts.client, mapped, name_v6("::ffff:192.0.2.2", 7)), "0");
  EXPECT_EQ(own_name(hosts.client, mapped), "::ffff:192.0.2.2 7");
  EXPECT_EQ(Hosts::get(hosts.client, fd, SOL_SOCKET, SO_DOMAIN), std::to_string(AF_INET6));
}

// Who stands in whose way on one port: `second` comes after `first`.
struct Meeting {
  const char* first;
  bool first_v6_only;
  const char* second;
  bool second_v6_only;
  const char* answer;
};

class Ipv6Meetings : public ::testing::TestWithParam<Meeting> {};

TEST_P(Ipv6Meetings, AsOnLinux) {
  Hosts hosts;
  const Meeting& meeting = GetParam();
  const auto binds = [&](const std::string& address, bool v6_only) {
    if (address.find(':') == address.npos) {
      sockaddr_in name = hosts.client_address(7);
      inet_pton(AF_INET, address.c_str(), &name.sin_addr);
      const int fd = hosts.client.socket(AF_INET, SOCK_STREAM, 0);
      return answer_of(hosts.client.bind(fd, generic(name), sizeof name));
    }
    const int fd = Hosts::stream(hosts.client);
    if (v6_only) {
      EXPECT_EQ(Hosts::set(hosts.client, fd, IPV6_V6ONLY, 1), "0");
    }
    return Hosts::binds(hosts.client, fd, name_v6(address, 7));
  };
  EXPECT_EQ(binds(meeting.first, meeting.first_v6_only), "0");
  EXPECT_EQ(binds(meeting.second, meeting.second_v6_only), meeting.answer);
}

INSTANTIATE_TEST_SUITE_P(All, Ipv6Meetings,
                         ::testing::Values(Meeting{"::", false, "0.0.0.0", false, "EADDRINUSE"},
                                           Meeting{"::", true, "0.0.0.0", false, "0"},
                                           Meeting{"0.0.0.0", false, "::", true, "0"},
                                           Meeting{"0.0.0.0", false, "::", false, "EADDRINUSE"},
                                           Meeting{"::", true, "::", false, "EADDRINUSE"},
                                           Meeting{"::", false, "192.0.2.2", false, "EADDRINUSE"},
                                           Meeting{"2001:db8::2", false, "0.0.0.0", false, "0"},
                                           Meeting{"2001:db8::2", false, "::", false, "EADDRINUSE"},
                                           Meeting{"::ffff:0.0.0.0", false, "::", true, "0"},
                                           Meeting{"::ffff:0.0.0.0", false, "2001:db8::2", false,
                                                   "0"}));

// --- connect(2), accept(2) ---

TEST(Ipv6Connect, CarriesAStreamAndNamesBothEnds) {
  Hosts hosts;
  const int listener = hosts.listens_at(name_v6("::", 80));
  const int client = Hosts::stream(hosts.client);
  ASSERT_EQ(hosts.connects_to(client, Hosts::server_address_v6(80)), "0");
  sockaddr_in6 peer{};
  socklen_t length = sizeof peer;
  const int server = hosts.server.accept(listener, generic(peer), &length);
  ASSERT_GE(server, 0);
  EXPECT_EQ(length, sizeof peer);
  EXPECT_EQ(shown(peer), own_name(hosts.client, client));
  EXPECT_EQ(own_name(hosts.server, server), "2001:db8::1 80");
  EXPECT_EQ(hosts.client.getpeername(client, generic(peer), &length), 0);
  EXPECT_EQ(shown(peer), "2001:db8::1 80");
  EXPECT_EQ(PosixPair::says(hosts.client, client, "hello"), 5);
  EXPECT_EQ(PosixPair::hears(hosts.server, server, 10, 0), "hello");
}

TEST(Ipv6Connect, AMappedAddressIsIPv4OnTheWire) {
  Hosts hosts;
  const int listener = hosts.listens(80);  // of AF_INET
  const int client = Hosts::stream(hosts.client);
  ASSERT_EQ(hosts.connects_to(client, name_v6("::ffff:192.0.2.1", 80)), "0");
  sockaddr_in peer{};
  socklen_t length = sizeof peer;
  ASSERT_GE(hosts.server.accept(listener, generic(peer), &length), 0);
  EXPECT_EQ(length, sizeof peer);
  EXPECT_EQ(peer.sin_addr.s_addr, hosts.client_address(0).sin_addr.s_addr);
  EXPECT_EQ(own_name(hosts.client, client),
            "::ffff:192.0.2.2 " + std::to_string(ntohs(peer.sin_port)));
}

TEST(Ipv6Accept, ADualListenerTakesBothAndShowsIPv4Mapped) {
  Hosts hosts;
  const int listener = hosts.listens_at(name_v6("::", 80));
  const int old = hosts.client.socket(AF_INET, SOCK_STREAM, 0);
  const sockaddr_in address = hosts.server_address(80);
  ASSERT_EQ(hosts.client.connect(old, generic(address), sizeof address), 0);
  ASSERT_EQ(hosts.connects_to(Hosts::server_address_v6(80)), "0");
  sockaddr_in6 peer{};
  socklen_t length = sizeof peer;
  const int first = hosts.server.accept(listener, generic(peer), &length);
  ASSERT_GE(first, 0);
  EXPECT_EQ(shown(peer).substr(0, 17), "::ffff:192.0.2.2 ");
  EXPECT_EQ(own_name(hosts.server, first), "::ffff:192.0.2.1 80");
  EXPECT_EQ(Hosts::get(hosts.server, first, SOL_SOCKET, SO_DOMAIN), std::to_string(AF_INET6));
  ASSERT_GE(hosts.server.accept(listener, generic(peer), &length), 0);
  EXPECT_EQ(shown(peer).substr(0, 12), "2001:db8::2 ");
}

TEST(Ipv6Accept, AListenerOfIPv6AloneRefusesIPv4) {
  Hosts hosts;
  hosts.listens_at(name_v6("::", 80), true);
  EXPECT_EQ(hosts.connects_to(name_v6("::ffff:192.0.2.1", 80)), "ECONNREFUSED");
  EXPECT_EQ(hosts.connects_to(Hosts::server_address_v6(80)), "0");
}

TEST(Ipv6Accept, AnIPv4ListenerRefusesIPv6) {
  Hosts hosts;
  const int listener = hosts.server.socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in any = hosts.server_address(80);
  any.sin_addr.s_addr = INADDR_ANY;
  ASSERT_EQ(hosts.server.bind(listener, generic(any), sizeof any), 0);
  ASSERT_EQ(hosts.server.listen(listener, 1), 0);
  EXPECT_EQ(hosts.connects_to(Hosts::server_address_v6(80)), "ECONNREFUSED");
  EXPECT_EQ(hosts.connects_to(name_v6("::ffff:192.0.2.1", 80)), "0");
}

TEST(Ipv6Accept, AHeldRequestIsJudgedWithItsData) {
  Hosts hosts;
  const int listener = Hosts::stream(hosts.server);
  const int on = 1;
  hosts.server.setsockopt(listener, SOL_ANTEROOM, ANTEROOM_HOLD_SYN, &on, sizeof on);
  ASSERT_EQ(Hosts::binds(hosts.server, listener, name_v6("::", 80)), "0");
  ASSERT_EQ(hosts.server.listen(listener, 5), 0);
  const int client = Hosts::stream(hosts.client, SOCK_NONBLOCK);
  hosts.client.setsockopt(client, SOL_ANTEROOM, ANTEROOM_CALLER_DATA, "who", 3);
  EXPECT_EQ(hosts.connects_to(client, Hosts::server_address_v6(80)), "EINPROGRESS");
  std::string caller;
  const int server = hosts.server.accept_if(
      listener,
      [](const Request& request, AcceptAnswer&, void* context) {
        *static_cast<std::string*>(context) =
            to_string(request.flow.remote.address) + " " +
            std::string(request.caller_data.begin(), request.caller_data.end());
        return AcceptVerdict::accept;
      },
      &caller);
  EXPECT_EQ(caller, "2001:db8::2 who");
  EXPECT_EQ(own_name(hosts.server, server), "2001:db8::1 80");
}

TEST(Ipv6Connect, WhereNobodyCanBe) {
  Hosts hosts;
  EXPECT_EQ(hosts.connects_to(name_v6("2001:db8::1", 81)), "ECONNREFUSED");
  EXPECT_EQ(hosts.connects_to(name_v6("2001:db8:9::1", 80)), "ENETUNREACH");
  EXPECT_EQ(hosts.connects_to(name_v6("ff02::1", 80)), "ENETUNREACH");
  EXPECT_EQ(hosts.connects_to(name_v6("fe80::9", 80)), "EINVAL");
  const int of_v4 = hosts.client.socket(AF_INET, SOCK_STREAM, 0);
  EXPECT_EQ(hosts.connects_to(of_v4, name_v6("2001:db8::1", 80)), "EAFNOSUPPORT");
  const int fd = Hosts::stream(hosts.client);
  EXPECT_EQ(hosts.connects_to(fd, name_v6("2001:db8::1", 80), 23), "EINVAL");
  const sockaddr_in v4 = hosts.server_address(80);
  EXPECT_EQ(answer_of(hosts.client.connect(fd, generic(v4), sizeof v4)), "EINVAL");
}

TEST(Ipv6Connect, ASocketBoundToTheOtherVersion) {
  Hosts hosts;
  const auto attempt = [&](const char* own, const char* remote) {
    const int fd = Hosts::stream(hosts.client);
    EXPECT_EQ(Hosts::binds(hosts.client, fd, name_v6(own, 0)), "0");
    return hosts.connects_to(fd, name_v6(remote, 80));
  };
  EXPECT_EQ(attempt("2001:db8::2", "::ffff:192.0.2.1"), "ENETUNREACH");
  EXPECT_EQ(attempt("::ffff:192.0.2.2", "2001:db8::1"), "EAFNOSUPPORT");
  EXPECT_EQ(attempt("::ffff:0.0.0.0", "2001:db8::1"), "EAFNOSUPPORT");
  EXPECT_EQ(attempt("::", "2001:db8::1"), "ECONNREFUSED");
  EXPECT_EQ(attempt("::", "::ffff:192.0.2.1"), "ECONNREFUSED");
}

// A connection names its socket; what bind() said holds again when it is gone.
TEST(Ipv6Connect, TheNameOfBindComesBack) {
  Hosts hosts;
  const int fd = Hosts::stream(hosts.client);
  EXPECT_EQ(Hosts::binds(hosts.client, fd, name_v6("::", 7)), "0");
  EXPECT_EQ(hosts.connects_to(fd, name_v6("::ffff:192.0.2.1", 80)), "ECONNREFUSED");
  EXPECT_EQ(own_name(hosts.client, fd), ":: 7");
  EXPECT_EQ(hosts.connects_to(fd, name_v6("2001:db8::1", 80)), "ECONNREFUSED");
  hosts.listens_at(name_v6("::", 80));
  EXPECT_EQ(hosts.connects_to(fd, name_v6("2001:db8::1", 80)), "0");
  EXPECT_EQ(own_name(hosts.client, fd), "2001:db8::2 7");
  sockaddr_in6 nobody{};
  EXPECT_EQ(hosts.client.connect(fd, generic(nobody), sizeof nobody), 0);  // AF_UNSPEC
  EXPECT_EQ(own_name(hosts.client, fd), ":: 7");
}

TEST(Ipv6Connect, ALinkLocalPeerHasAScope) {
  Config server_config = dual_config(1), client_config = dual_config(2);
  std::array<std::uint8_t, 16> octets{0xfe, 0x80};
  octets[15] = 1;
  server_config.interface.addresses.push_back({IpAddress::v6(octets), 64});
  octets[15] = 2;
  client_config.interface.addresses.push_back({IpAddress::v6(octets), 64});
  PosixPair hosts(server_config, client_config);
  const int listener = Hosts::stream(hosts.server);
  ASSERT_EQ(Hosts::binds(hosts.server, listener, name_v6("fe80::1", 80, 3)), "0");
  ASSERT_EQ(hosts.server.listen(listener, 5), 0);
  const int client = Hosts::stream(hosts.client);
  const sockaddr_in6 address = name_v6("fe80::1", 80, 2);
  ASSERT_EQ(hosts.client.connect(client, generic(address), sizeof address), 0);
  sockaddr_in6 peer{};
  socklen_t length = sizeof peer;
  EXPECT_EQ(hosts.client.getpeername(client, generic(peer), &length), 0);
  EXPECT_EQ(shown(peer), "fe80::1 80 %1");
}

// --- Options ---

TEST(Ipv6Options, V6OnlyIsSetBeforeBind) {
  Hosts hosts;
  PosixSockets& sockets = hosts.client;
  const int fd = Hosts::stream(sockets);
  EXPECT_EQ(Hosts::get(sockets, fd, IPPROTO_IPV6, IPV6_V6ONLY), "0");
  EXPECT_EQ(Hosts::set(sockets, fd, IPV6_V6ONLY, 2), "0");
  EXPECT_EQ(Hosts::get(sockets, fd, IPPROTO_IPV6, IPV6_V6ONLY), "1");
  EXPECT_EQ(Hosts::binds(sockets, fd, name_v6("::ffff:192.0.2.2", 7)), "EINVAL");
  EXPECT_EQ(hosts.connects_to(fd, name_v6("::ffff:192.0.2.1", 80)), "ENETUNREACH");
  EXPECT_EQ(Hosts::binds(sockets, fd, name_v6("::", 7)), "0");
  EXPECT_EQ(Hosts::set(sockets, fd, IPV6_V6ONLY, 0), "EINVAL");
}

TEST(Ipv6Options, AreOfAFInet6Alone) {
  Hosts hosts;
  const int v4 = hosts.client.socket(AF_INET, SOCK_STREAM, 0);
  for (const int name : {IPV6_V6ONLY, IPV6_TCLASS, IPV6_UNICAST_HOPS}) {
    EXPECT_EQ(Hosts::set(hosts.client, v4, name, 1), "ENOPROTOOPT");
    EXPECT_EQ(Hosts::get(hosts.client, v4, IPPROTO_IPV6, name), "EOPNOTSUPP");
  }
}

TEST(Ipv6Options, HopsAreToReadAndClassesAreChecked) {
  Hosts hosts;
  PosixSockets& sockets = hosts.client;
  const int fd = Hosts::stream(sockets);
  EXPECT_EQ(Hosts::get(sockets, fd, IPPROTO_IPV6, IPV6_UNICAST_HOPS), "64");
  EXPECT_EQ(Hosts::set(sockets, fd, IPV6_UNICAST_HOPS, 3), "ENOPROTOOPT");
  EXPECT_EQ(Hosts::set(sockets, fd, IPV6_TCLASS, 0x2f), "0");
  EXPECT_EQ(Hosts::get(sockets, fd, IPPROTO_IPV6, IPV6_TCLASS), "44");
  EXPECT_EQ(Hosts::set(sockets, fd, IPV6_TCLASS, -1), "0");
  EXPECT_EQ(Hosts::get(sockets, fd, IPPROTO_IPV6, IPV6_TCLASS), "0");
  EXPECT_EQ(Hosts::set(sockets, fd, IPV6_TCLASS, 256), "EINVAL");
  EXPECT_EQ(Hosts::set(sockets, fd, IPV6_TCLASS, -2), "EINVAL");
}

// Of each version its own: IPV6_TCLASS does not mark IPv4 packets, nor IP_TOS those of IPv6.
TEST(Ipv6Options, EachVersionHasItsOwnClass) {
  Hosts hosts;
  const int listener = Hosts::stream(hosts.server);
  const int on = 1;
  hosts.server.setsockopt(listener, SOL_ANTEROOM, ANTEROOM_HOLD_SYN, &on, sizeof on);
  ASSERT_EQ(Hosts::binds(hosts.server, listener, name_v6("::", 80)), "0");
  ASSERT_EQ(hosts.server.listen(listener, 5), 0);
  for (const auto& [address, wanted] : {std::pair("2001:db8::1", 46), {"::ffff:192.0.2.1", 10}}) {
    const int fd = Hosts::stream(hosts.client, SOCK_NONBLOCK);
    const int service = 40;
    EXPECT_EQ(Hosts::set(hosts.client, fd, IPV6_TCLASS, 46 << 2), "0");
    EXPECT_EQ(hosts.client.setsockopt(fd, IPPROTO_IP, IP_TOS, &service, sizeof service), 0);
    hosts.connects_to(fd, name_v6(address, 80));
    int dscp = -1;
    hosts.server.accept_if(
        listener,
        [](const Request& request, AcceptAnswer&, void* context) {
          *static_cast<int*>(context) = request.dscp;
          return AcceptVerdict::accept;
        },
        &dscp);
    EXPECT_EQ(dscp, wanted);
  }
}

}  // namespace
}  // namespace anteroom
