// MSG_FASTOPEN and TCP_FASTOPEN_CONNECT: data that rides in the SYN, and what a socket answers
// where it may not. Not here: cookies on the wire (stack/accept/fast_open_client_test.cc).
#include <gtest/gtest.h>

#include <anteroom/testing/posix_pair.h>

namespace anteroom {
namespace {

using testing::answer_of;
using testing::generic;
using testing::PosixPair;

TEST(FastOpenSocket, DataRidesInTheSyn) {
  PosixPair hosts;
  const int listener = hosts.listens(80, IPPROTO_TCP, TCP_FASTOPEN, 8);
  const sockaddr_in address = hosts.server_address(80);
  const auto calls = [&](int flags) {
    const int fd = hosts.client.socket(AF_INET, SOCK_STREAM, 0);
    EXPECT_EQ(hosts.client.sendto(fd, "early", 5, flags, generic(address), sizeof address), 5);
    const int accepted = hosts.server.accept(listener, nullptr, nullptr);
    EXPECT_EQ(PosixPair::hears(hosts.server, accepted, 10, 0), "early");
    EXPECT_EQ(answer_of(hosts.client.sendto(fd, "x", 1, flags, generic(address), sizeof address)),
              "EISCONN");
    return accepted;
  };
  calls(MSG_FASTOPEN);  // brings the cookie
  hosts.passes(1s);
  calls(MSG_FASTOPEN);  // uses it
  EXPECT_EQ(hosts.pair.server.stats().fast_open_accepted, 1u);
}

TEST(FastOpenSocket, ArgumentsAreChecked) {
  PosixPair hosts;
  const int fd = hosts.client.socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
  sockaddr_in address = hosts.server_address(80);
  EXPECT_EQ(answer_of(hosts.client.sendto(fd, "x", 1, MSG_FASTOPEN, nullptr, 0)), "EINVAL");
  address.sin_family = AF_UNSPEC;
  EXPECT_EQ(
      answer_of(hosts.client.sendto(fd, "x", 1, MSG_FASTOPEN, generic(address), sizeof address)),
      "EOPNOTSUPP");
  address.sin_family = AF_INET;
  EXPECT_EQ(
      answer_of(hosts.client.sendto(fd, "", 0, MSG_FASTOPEN, generic(address), sizeof address)),
      "EINPROGRESS");
  EXPECT_EQ(
      answer_of(hosts.client.sendto(fd, "x", 1, MSG_FASTOPEN, generic(address), sizeof address)),
      "EALREADY");
}

// TCP_FASTOPEN_CONNECT: connect() does nothing, the first write connects.
TEST(FastOpenSocket, TheFirstWriteConnects) {
  PosixPair hosts;
  const int listener = hosts.listens(80, IPPROTO_TCP, TCP_FASTOPEN, 8);
  const sockaddr_in address = hosts.server_address(80);
  const int fd = hosts.client.socket(AF_INET, SOCK_STREAM, 0);
  const int on = 1;
  hosts.client.setsockopt(fd, IPPROTO_TCP, TCP_FASTOPEN_CONNECT, &on, sizeof on);
  const auto before = hosts.pair.client.stats().frames_out;
  EXPECT_EQ(hosts.client.connect(fd, generic(address), sizeof address), 0);
  hosts.passes(5ms);
  EXPECT_EQ(hosts.pair.client.stats().frames_out, before);
  EXPECT_EQ(PosixPair::says(hosts.client, fd, "early"), 5);
  const int accepted = hosts.server.accept(listener, nullptr, nullptr);
  EXPECT_EQ(PosixPair::hears(hosts.server, accepted, 10, 0), "early");
}

// Where there is no cookie yet nothing rides in the SYN, and a socket that does not block keeps
// nothing for later.
TEST(FastOpenSocket, WithoutBlockingTheFirstWriteTakesWhatRides) {
  PosixPair hosts;
  const int listener = hosts.listens(80, IPPROTO_TCP, TCP_FASTOPEN, 8);
  const sockaddr_in address = hosts.server_address(80);
  const auto opens = [&] {
    const int fd = hosts.client.socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    const int on = 1;
    hosts.client.setsockopt(fd, IPPROTO_TCP, TCP_FASTOPEN_CONNECT, &on, sizeof on);
    EXPECT_EQ(hosts.client.connect(fd, generic(address), sizeof address), 0);
    return fd;
  };
  const int first = opens();
  EXPECT_EQ(answer_of(hosts.client.send(first, "early", 5, 0)), "EAGAIN");
  hosts.passes(1s);
  EXPECT_EQ(hosts.client.send(first, "early", 5, 0), 5);
  const int accepted = hosts.server.accept(listener, nullptr, nullptr);
  EXPECT_EQ(PosixPair::hears(hosts.server, accepted, 10, 0), "early");
  EXPECT_EQ(hosts.client.send(opens(), "early", 5, 0), 5);
  hosts.passes(1s);
  EXPECT_EQ(hosts.pair.server.stats().fast_open_accepted, 1u);
}

TEST(FastOpenSocket, ARefusalIsTheAnswerOfTheWrite) {
  PosixPair hosts;
  const sockaddr_in address = hosts.server_address(80);
  const int fd = hosts.client.socket(AF_INET, SOCK_STREAM, 0);
  EXPECT_EQ(
      answer_of(hosts.client.sendto(fd, "x", 1, MSG_FASTOPEN, generic(address), sizeof address)),
      "ECONNREFUSED");
}

}  // namespace
}  // namespace anteroom
