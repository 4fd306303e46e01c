// How sockets begin, get their names, connect, accept and end, and what misuse answers.
#include <gtest/gtest.h>

#include <anteroom/testing/posix_pair.h>

namespace anteroom {
namespace {

using testing::answer_of;
using testing::generic;
using testing::PosixPair;

int stream(PosixSockets& sockets) { return sockets.socket(AF_INET, SOCK_STREAM, 0); }

// --- socket(2), dup(2) ---

TEST(Socket, OnlyStreamsExist) {
  PosixPair hosts;
  EXPECT_EQ(answer_of(hosts.client.socket(AF_UNIX, SOCK_STREAM, 0)), "EAFNOSUPPORT");
  EXPECT_EQ(answer_of(hosts.client.socket(AF_INET6, SOCK_DGRAM, 0)), "EPROTONOSUPPORT");
  EXPECT_EQ(answer_of(hosts.client.socket(AF_INET, SOCK_DGRAM, 0)), "EPROTONOSUPPORT");
  EXPECT_EQ(answer_of(hosts.client.socket(AF_INET, SOCK_RAW, 0)), "EPROTONOSUPPORT");
  EXPECT_EQ(answer_of(hosts.client.socket(AF_INET, SOCK_SEQPACKET, 0)), "ESOCKTNOSUPPORT");
  EXPECT_EQ(answer_of(hosts.client.socket(AF_INET, SOCK_STREAM, IPPROTO_UDP)), "EPROTONOSUPPORT");
  EXPECT_EQ(answer_of(hosts.client.socket(AF_INET, 0, 0)), "EINVAL");
  EXPECT_EQ(answer_of(hosts.client.socket(AF_INET, SOCK_STREAM | 0x100, 0)), "EINVAL");
  EXPECT_GE(hosts.client.socket(AF_INET, SOCK_STREAM, IPPROTO_TCP), 0);
}

TEST(Descriptors, TheLowestFreeOneIsNext) {
  PosixPair hosts(testing::test_config(1), testing::test_config(2),
                  {.descriptor_base = 100, .descriptors_max = 3});
  PosixSockets& sockets = hosts.client;
  EXPECT_EQ(stream(sockets), 100);
  EXPECT_EQ(stream(sockets), 101);
  EXPECT_EQ(stream(sockets), 102);
  EXPECT_EQ(answer_of(stream(sockets)), "EMFILE");
  EXPECT_EQ(sockets.close(101), 0);
  EXPECT_EQ(answer_of(sockets.close(101)), "EBADF");
  EXPECT_EQ(stream(sockets), 101);
  for (const int fd : {-1, 0, 99, 103}) EXPECT_EQ(answer_of(sockets.close(fd)), "EBADF");
}

TEST(Descriptors, ADuplicateKeepsTheConnection) {
  PosixPair hosts;
  const PosixPair::Ends ends = hosts.connected();
  const int twin = hosts.client.dup(ends.client);
  ASSERT_GE(twin, 0);
  EXPECT_EQ(hosts.client.close(ends.client), 0);
  EXPECT_EQ(PosixPair::says(hosts.client, twin, "still"), 5);
  EXPECT_EQ(PosixPair::hears(hosts.server, ends.server, 10, 0), "still");
  // Status flags belong to what is shared, FD_CLOEXEC to the descriptor.
  const int other = hosts.client.fcntl(twin, F_DUPFD_CLOEXEC, 600);
  EXPECT_EQ(other, 600);
  EXPECT_EQ(hosts.client.fcntl(other, F_GETFD), FD_CLOEXEC);
  EXPECT_EQ(hosts.client.fcntl(twin, F_GETFD), 0);
  EXPECT_EQ(hosts.client.fcntl(twin, F_SETFL, O_NONBLOCK), 0);
  EXPECT_EQ(hosts.client.fcntl(other, F_GETFL), O_RDWR | O_NONBLOCK);
  EXPECT_EQ(answer_of(hosts.client.fcntl(twin, F_DUPFD, -1)), "EINVAL");
  EXPECT_EQ(answer_of(hosts.client.fcntl(twin, 12'345)), "EINVAL");
  EXPECT_EQ(answer_of(hosts.client.fcntl(1, F_GETFL)), "EBADF");
}

TEST(Descriptors, Dup2ClosesWhatWasThere) {
  PosixPair hosts;
  const PosixPair::Ends ends = hosts.connected();
  const int other = stream(hosts.client);
  EXPECT_EQ(hosts.client.dup2(other, ends.client), ends.client);
  EXPECT_EQ(hosts.client.dup2(other, other), other);
  EXPECT_EQ(PosixPair::hears(hosts.server, ends.server, 1, 0), "");  // the end of the stream
  EXPECT_EQ(answer_of(hosts.client.dup2(other, 7)), "EBADF");
  EXPECT_EQ(answer_of(hosts.client.dup2(7, other)), "EBADF");
}

// --- bind(2), getsockname(2) ---

TEST(Bind, NamesAreChecked) {
  PosixPair hosts;
  PosixSockets& sockets = hosts.client;
  const int fd = stream(sockets);
  const sockaddr_in good = hosts.client_address(7);
  sockaddr_in bad = good;
  EXPECT_EQ(answer_of(sockets.bind(fd, nullptr, sizeof good)), "EFAULT");
  EXPECT_EQ(answer_of(sockets.bind(fd, nullptr, 0)), "EINVAL");
  EXPECT_EQ(answer_of(sockets.bind(fd, generic(good), 8)), "EINVAL");
  EXPECT_EQ(answer_of(sockets.bind(fd, generic(good), 200)), "EINVAL");
  EXPECT_EQ(answer_of(sockets.bind(fd, generic(good), static_cast<socklen_t>(-1))), "EINVAL");
  bad.sin_family = AF_INET6;
  EXPECT_EQ(answer_of(sockets.bind(fd, generic(bad), sizeof bad)), "EAFNOSUPPORT");
  bad = hosts.server_address(7);
  EXPECT_EQ(answer_of(sockets.bind(fd, generic(bad), sizeof bad)), "EADDRNOTAVAIL");
  EXPECT_EQ(answer_of(sockets.bind(1, generic(good), sizeof good)), "EBADF");
  EXPECT_EQ(sockets.bind(fd, generic(good), sizeof good), 0);
  EXPECT_EQ(answer_of(sockets.bind(fd, generic(good), sizeof good)), "EINVAL");  // once is enough
}

TEST(Bind, APortHasOneOwnerUnlessBothShare) {
  PosixPair hosts;
  PosixSockets& sockets = hosts.client;
  const sockaddr_in name = hosts.client_address(7);
  const int first = stream(sockets), second = stream(sockets);
  EXPECT_EQ(sockets.bind(first, generic(name), sizeof name), 0);
  EXPECT_EQ(answer_of(sockets.bind(second, generic(name), sizeof name)), "EADDRINUSE");
  const int on = 1;
  sockets.setsockopt(first, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  sockets.setsockopt(second, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  EXPECT_EQ(sockets.bind(second, generic(name), sizeof name), 0);
  EXPECT_EQ(sockets.listen(first, 1), 0);
  EXPECT_EQ(answer_of(sockets.listen(second, 1)), "EADDRINUSE");
  EXPECT_EQ(sockets.close(first), 0);
  EXPECT_EQ(sockets.listen(second, 1), 0);
}

TEST(Bind, PortZeroIsAFreeEphemeralOne) {
  PosixPair hosts;
  const int fd = stream(hosts.client);
  sockaddr_in name = hosts.client_address(0);
  EXPECT_EQ(hosts.client.bind(fd, generic(name), sizeof name), 0);
  socklen_t length = sizeof name;
  EXPECT_EQ(hosts.client.getsockname(fd, generic(name), &length), 0);
  EXPECT_EQ(length, sizeof name);
  EXPECT_GE(ntohs(name.sin_port), 49'152);
  EXPECT_EQ(name.sin_addr.s_addr, hosts.client_address(0).sin_addr.s_addr);
}

TEST(Names, OfSocketsWithoutOne) {
  PosixPair hosts;
  const int fd = stream(hosts.client);
  sockaddr_in name{};
  socklen_t length = sizeof name;
  EXPECT_EQ(hosts.client.getsockname(fd, generic(name), &length), 0);
  EXPECT_EQ(name.sin_family, AF_INET);
  EXPECT_EQ(name.sin_port, 0);
  EXPECT_EQ(answer_of(hosts.client.getpeername(fd, generic(name), &length)), "ENOTCONN");
  EXPECT_EQ(answer_of(hosts.client.getsockname(fd, nullptr, nullptr)), "EFAULT");
  length = static_cast<socklen_t>(-1);
  EXPECT_EQ(answer_of(hosts.client.getsockname(fd, generic(name), &length)), "EINVAL");
}

TEST(Names, OfBothEndsAndCutToTheRoom) {
  PosixPair hosts;
  const PosixPair::Ends ends = hosts.connected();
  sockaddr_in ours{}, theirs{};
  socklen_t length = sizeof ours;
  EXPECT_EQ(hosts.client.getsockname(ends.client, generic(ours), &length), 0);
  length = sizeof theirs;
  EXPECT_EQ(hosts.server.getpeername(ends.server, generic(theirs), &length), 0);
  EXPECT_EQ(ours.sin_port, theirs.sin_port);
  EXPECT_EQ(ours.sin_addr.s_addr, theirs.sin_addr.s_addr);
  sockaddr_in cut{};
  length = 4;
  EXPECT_EQ(hosts.server.getpeername(ends.server, generic(cut), &length), 0);
  EXPECT_EQ(length, sizeof cut);
  EXPECT_EQ(cut.sin_port, ours.sin_port);
  EXPECT_EQ(cut.sin_addr.s_addr, 0u);
}

// --- connect(2) ---

TEST(Connect, BlockingUntilTheHandshakeIsComplete) {
  PosixPair hosts;
  const int listener = hosts.listens(80);
  const PosixPair::Ends ends = hosts.connects(listener, 80);
  ASSERT_GE(ends.server, 0);
  const sockaddr_in address = hosts.server_address(80);
  EXPECT_EQ(answer_of(hosts.client.connect(ends.client, generic(address), sizeof address)),
            "EISCONN");
  EXPECT_EQ(answer_of(hosts.server.connect(listener, generic(address), sizeof address)), "EISCONN");
  EXPECT_EQ(answer_of(hosts.client.bind(ends.client, generic(address), sizeof address)),
            "EADDRNOTAVAIL");
  EXPECT_EQ(answer_of(hosts.client.listen(ends.client, 1)), "EINVAL");
}

TEST(Connect, NonBlockingTellsTheOutcomeOnce) {
  PosixPair hosts;
  hosts.listens(80);
  const int fd = hosts.client.socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
  const sockaddr_in address = hosts.server_address(80);
  EXPECT_EQ(answer_of(hosts.client.connect(fd, generic(address), sizeof address)), "EINPROGRESS");
  EXPECT_EQ(answer_of(hosts.client.connect(fd, generic(address), sizeof address)), "EALREADY");
  sockaddr_in name{};
  socklen_t length = sizeof name;
  EXPECT_EQ(answer_of(hosts.client.getpeername(fd, generic(name), &length)), "ENOTCONN");
  hosts.passes(10ms);
  EXPECT_EQ(hosts.client.connect(fd, generic(address), sizeof address), 0);
  EXPECT_EQ(answer_of(hosts.client.connect(fd, generic(address), sizeof address)), "EISCONN");
}

TEST(Connect, RefusedThenTriedAgain) {
  PosixPair hosts;
  const int fd = stream(hosts.client);
  const sockaddr_in address = hosts.server_address(81);
  EXPECT_EQ(answer_of(hosts.client.connect(fd, generic(address), sizeof address)), "ECONNREFUSED");
  const int listener = hosts.listens(81);
  EXPECT_EQ(hosts.client.connect(fd, generic(address), sizeof address), 0);
  EXPECT_GE(hosts.server.accept(listener, nullptr, nullptr), 0);
}

// A non-blocking attempt that failed: the error once, by connect() or by SO_ERROR, then afresh.
TEST(Connect, NonBlockingRefusalIsToldOnce) {
  PosixPair hosts;
  const int fd = hosts.client.socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
  const sockaddr_in address = hosts.server_address(81);
  EXPECT_EQ(answer_of(hosts.client.connect(fd, generic(address), sizeof address)), "EINPROGRESS");
  hosts.passes(10ms);
  EXPECT_EQ(answer_of(hosts.client.connect(fd, generic(address), sizeof address)), "ECONNREFUSED");
  EXPECT_EQ(answer_of(hosts.client.connect(fd, generic(address), sizeof address)), "EINPROGRESS");
  hosts.passes(10ms);
  int error = 0;
  socklen_t length = sizeof error;
  EXPECT_EQ(hosts.client.getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length), 0);
  EXPECT_EQ(error, ECONNREFUSED);
  EXPECT_EQ(answer_of(hosts.client.connect(fd, generic(address), sizeof address)), "ECONNABORTED");
}

TEST(Connect, WhereNobodyCanBe) {
  PosixPair hosts;
  const auto attempt = [&](sockaddr_in address) {
    return hosts.client.connect(stream(hosts.client), generic(address), sizeof address);
  };
  sockaddr_in address = hosts.server_address(0);
  EXPECT_EQ(answer_of(attempt(address)), "ECONNREFUSED");
  address = hosts.client_address(80);
  EXPECT_EQ(answer_of(attempt(address)), "ENETUNREACH");
  address = hosts.server_address(80);
  address.sin_addr.s_addr = htonl(0xe0000001);  // 224.0.0.1
  EXPECT_EQ(answer_of(attempt(address)), "ENETUNREACH");
  address.sin_addr.s_addr = htonl(0xc6336401);  // 198.51.100.1: no route
  EXPECT_EQ(answer_of(attempt(address)), "ENETUNREACH");
  address.sin_family = AF_INET6;
  EXPECT_EQ(answer_of(attempt(address)), "EAFNOSUPPORT");
}

TEST(Connect, TimesOutUnderSndtimeoAndGoesOn) {
  PosixPair hosts;
  hosts.listens(80, SOL_ANTEROOM, ANTEROOM_HOLD_SYN, 1);
  const int fd = stream(hosts.client);
  const timeval limit{0, 200'000};
  EXPECT_EQ(hosts.client.setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit), 0);
  const sockaddr_in address = hosts.server_address(80);
  const Instant before = hosts.pair.now();
  EXPECT_EQ(answer_of(hosts.client.connect(fd, generic(address), sizeof address)), "EINPROGRESS");
  EXPECT_EQ(hosts.pair.now() - before, 200ms);
}

TEST(Connect, NobodyAnswersAtAll) {
  PosixPair hosts;
  hosts.pair.set_wire([](testing::Toward, std::vector<std::uint8_t>&) { return false; });
  const int fd = stream(hosts.client);
  const sockaddr_in address = hosts.server_address(80);
  EXPECT_EQ(answer_of(hosts.client.connect(fd, generic(address), sizeof address)), "EHOSTUNREACH");
}

// AF_UNSPEC takes the connection back; the socket can be used again.
TEST(Connect, DisconnectsByAnUnspecifiedFamily) {
  PosixPair hosts;
  const int listener = hosts.listens(80);
  const PosixPair::Ends ends = hosts.connects(listener, 80);
  sockaddr_in nobody{};
  nobody.sin_family = AF_UNSPEC;
  EXPECT_EQ(hosts.client.connect(ends.client, generic(nobody), sizeof nobody), 0);
  char byte = 0;
  EXPECT_EQ(answer_of(hosts.server.recv(ends.server, &byte, 1, 0)), "ECONNRESET");
  EXPECT_EQ(answer_of(hosts.client.recv(ends.client, &byte, 1, 0)), "ECONNRESET");
  EXPECT_EQ(answer_of(hosts.client.recv(ends.client, &byte, 1, 0)), "ENOTCONN");
  const sockaddr_in address = hosts.server_address(80);
  EXPECT_EQ(hosts.client.connect(ends.client, generic(address), sizeof address), 0);
}

}  // namespace
}  // namespace anteroom
