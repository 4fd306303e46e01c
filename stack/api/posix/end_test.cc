// How sockets end: shutdown(2), close(2) with and without SO_LINGER, and the end of them all. Also
// the free functions, and every error of the stack as an errno.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <anteroom/testing/posix_pair.h>

#include "stack/api/posix/errors.h"

namespace anteroom {
namespace {

using testing::answer_of;
using testing::generic;
using testing::PosixPair;

struct Hosts : PosixPair {
  Hosts() : ends(connected()) {}
  void client_lingers(int on, int seconds) {
    const ::linger value{on, seconds};
    EXPECT_EQ(client.setsockopt(ends.client, SOL_SOCKET, SO_LINGER, &value, sizeof value), 0);
  }
  std::string server_receives() {
    char byte = 0;
    return answer_of(server.recv(ends.server, &byte, 1, 0));
  }
  Ends ends;
};

// --- shutdown(2) ---

TEST(Shutdown, ArgumentsAndStatesAreChecked) {
  Hosts hosts;
  EXPECT_EQ(answer_of(hosts.client.shutdown(hosts.ends.client, 3)), "EINVAL");
  EXPECT_EQ(answer_of(hosts.client.shutdown(1, SHUT_WR)), "EBADF");
  const int fresh = hosts.client.socket(AF_INET, SOCK_STREAM, 0);
  EXPECT_EQ(answer_of(hosts.client.shutdown(fresh, SHUT_WR)), "ENOTCONN");
  EXPECT_EQ(answer_of(hosts.server.shutdown(hosts.listens(81), SHUT_WR)), "0");
}

TEST(Shutdown, WritingEndsTheStreamAndReadingGoesOn) {
  Hosts hosts;
  EXPECT_EQ(hosts.client.shutdown(hosts.ends.client, SHUT_WR), 0);
  EXPECT_EQ(hosts.client.shutdown(hosts.ends.client, SHUT_WR), 0);
  EXPECT_EQ(hosts.server_receives(), "0");
  EXPECT_EQ(answer_of(PosixPair::says(hosts.client, hosts.ends.client, "x")), "EPIPE");
  EXPECT_EQ(PosixPair::says(hosts.server, hosts.ends.server, "answer"), 6);
  EXPECT_EQ(PosixPair::hears(hosts.client, hosts.ends.client, 10, 0), "answer");
}

// Linux: what comes later can still be read, there is only no waiting for it.
TEST(Shutdown, ReadingEndsTheWaitingAlone) {
  Hosts hosts;
  EXPECT_EQ(hosts.server.shutdown(hosts.ends.server, SHUT_RD), 0);
  EXPECT_EQ(hosts.server_receives(), "0");
  PosixPair::says(hosts.client, hosts.ends.client, "x");
  hosts.passes(5ms);
  EXPECT_EQ(hosts.server_receives(), "1");
  EXPECT_EQ(hosts.server_receives(), "0");
}

TEST(Shutdown, OfAnotherThreadWakesTheReader) {
  Hosts hosts;
  hosts.after(10ms, [&] { hosts.server.shutdown(hosts.ends.server, SHUT_RD); });
  EXPECT_EQ(hosts.server_receives(), "0");
}

TEST(Shutdown, BothEndsMakeItNoConnection) {
  Hosts hosts;
  hosts.client.shutdown(hosts.ends.client, SHUT_RDWR);
  hosts.server.shutdown(hosts.ends.server, SHUT_RDWR);
  hosts.passes(10ms);
  sockaddr_in name{};
  socklen_t length = sizeof name;
  EXPECT_EQ(answer_of(hosts.client.getpeername(hosts.ends.client, generic(name), &length)),
            "ENOTCONN");
  EXPECT_EQ(answer_of(hosts.client.shutdown(hosts.ends.client, SHUT_WR)), "ENOTCONN");
  const sockaddr_in address = hosts.server_address(80);
  EXPECT_EQ(answer_of(hosts.client.connect(hosts.ends.client, generic(address), sizeof address)),
            "EISCONN");
}

TEST(Shutdown, GivesAConnectUp) {
  PosixPair hosts;
  hosts.listens(80, SOL_ANTEROOM, ANTEROOM_HOLD_SYN, 1);
  const int fd = hosts.client.socket(AF_INET, SOCK_STREAM, 0);
  const sockaddr_in address = hosts.server_address(80);
  hosts.after(10ms, [&] { EXPECT_EQ(hosts.client.shutdown(fd, SHUT_RDWR), 0); });
  EXPECT_EQ(answer_of(hosts.client.connect(fd, generic(address), sizeof address)), "ECONNRESET");
}

// --- close(2) ---

TEST(Close, SendsWhatIsQueuedThenTheEnd) {
  Hosts hosts;
  PosixPair::says(hosts.client, hosts.ends.client, "last");
  EXPECT_EQ(hosts.client.close(hosts.ends.client), 0);
  EXPECT_EQ(PosixPair::hears(hosts.server, hosts.ends.server, 10, 0), "last");
  EXPECT_EQ(hosts.server_receives(), "0");
}

TEST(Close, WithUnreadDataResets) {
  Hosts hosts;
  PosixPair::says(hosts.client, hosts.ends.client, "unread");
  hosts.passes(5ms);
  EXPECT_EQ(hosts.server.close(hosts.ends.server), 0);
  char byte = 0;
  EXPECT_EQ(answer_of(hosts.client.recv(hosts.ends.client, &byte, 1, 0)), "ECONNRESET");
}

TEST(Close, LingerOfZeroResets) {
  Hosts hosts;
  hosts.client_lingers(1, 0);
  EXPECT_EQ(hosts.client.close(hosts.ends.client), 0);
  EXPECT_EQ(hosts.server_receives(), "ECONNRESET");
}

TEST(Close, LingersUntilThePeerHasEverything) {
  Hosts hosts;
  hosts.client_lingers(1, 10);
  PosixPair::says(hosts.client, hosts.ends.client, "last");
  const Instant before = hosts.pair.now();
  EXPECT_EQ(hosts.client.close(hosts.ends.client), 0);
  EXPECT_GE(hosts.pair.now() - before, 2ms);  // one round trip
  EXPECT_LT(hosts.pair.now() - before, 100ms);
}

TEST(Close, LingersNoLongerThanAsked) {
  Hosts hosts;
  hosts.client_lingers(1, 3);
  hosts.pair.set_wire([](testing::Toward, std::vector<std::uint8_t>&) { return false; });
  PosixPair::says(hosts.client, hosts.ends.client, "lost");
  const Instant before = hosts.pair.now();
  EXPECT_EQ(hosts.client.close(hosts.ends.client), 0);
  EXPECT_EQ(hosts.pair.now() - before, 3s);
}

TEST(Close, NothingIsLeftInTheStack) {
  PosixPair hosts;
  for (int i = 0; i < 50; ++i) {
    const PosixPair::Ends ends = hosts.connected();
    ASSERT_GE(ends.server, 0);
    hosts.client.close(ends.client);
    hosts.server.close(ends.server);
  }
  hosts.passes(200s);  // TIME-WAIT and all
  hosts.pair.server.check_invariants();
  EXPECT_EQ(hosts.pair.server.stats().connections, 0u);
  EXPECT_EQ(hosts.pair.client.stats().connections, 0u);
  EXPECT_EQ(hosts.pair.client.stats().buffer_bytes, 0u);
}

TEST(Close, TheEndOfTheSocketsIsTheEndOfTheConnections) {
  testing::Pair pair;
  testing::PairDriver server_driver(pair, pair.server), client_driver(pair, pair.client);
  PosixSockets server(server_driver, {});
  const int listener = server.socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(80);
  ASSERT_EQ(server.bind(listener, generic(address), sizeof address), 0);
  ASSERT_EQ(server.listen(listener, 1), 0);
  address.sin_addr.s_addr = htonl(pair.server_address().v4_bits());
  {
    PosixSockets client(client_driver, {});
    const int fd = client.socket(AF_INET, SOCK_STREAM, 0);
    ASSERT_EQ(client.connect(fd, generic(address), sizeof address), 0);
    ASSERT_EQ(PosixPair::says(client, fd, "last"), 4);
  }
  const int fd = server.accept(listener, nullptr, nullptr);
  EXPECT_EQ(PosixPair::hears(server, fd, 10, 0), "last");
  EXPECT_EQ(PosixPair::hears(server, fd, 10, 0), "");
}

// --- The free functions ---

TEST(FreeFunctions, ActOnTheSocketsOfTheThread) {
  PosixPair hosts;
  anteroom_use(nullptr);
  EXPECT_EQ(answer_of(anteroom_socket(AF_INET, SOCK_STREAM, 0)), "ENETDOWN");
  anteroom_use(&hosts.server);
  const int listener = anteroom_socket(AF_INET, SOCK_STREAM, 0);
  const sockaddr_in address = hosts.server_address(80);
  EXPECT_EQ(anteroom_bind(listener, generic(address), sizeof address), 0);
  EXPECT_EQ(anteroom_listen(listener, 1), 0);
  anteroom_use(&hosts.client);
  const int client = anteroom_socket(AF_INET, SOCK_STREAM, 0);
  EXPECT_EQ(anteroom_connect(client, generic(address), sizeof address), 0);
  EXPECT_EQ(anteroom_write(client, "hello", 5), 5);
  anteroom_use(&hosts.server);
  const int fd = anteroom_accept(listener, nullptr, nullptr);
  std::string text(5, '.');
  EXPECT_EQ(anteroom_read(fd, text.data(), text.size()), 5);
  EXPECT_EQ(text, "hello");
  EXPECT_EQ(anteroom_close(fd), 0);
  anteroom_use(nullptr);
  EXPECT_EQ(answer_of(anteroom_close(listener)), "ENETDOWN");
}

// --- Errors ---

TEST(Errors, EachHasTheErrnoOfLinux) {
  using posix::errno_of;
  EXPECT_EQ(errno_of(Error::stale_id), EBADF);
  EXPECT_EQ(errno_of(Error::withdrawn_reset), ECONNABORTED);
  EXPECT_EQ(errno_of(Error::withdrawn_replaced), ECONNABORTED);
  EXPECT_EQ(errno_of(Error::withdrawn_expired), ECONNABORTED);
  EXPECT_EQ(errno_of(Error::withdrawn_listener_closed), ECONNABORTED);
  EXPECT_EQ(errno_of(Error::too_large), EMSGSIZE);
  EXPECT_EQ(errno_of(Error::would_block), EAGAIN);
  EXPECT_EQ(errno_of(Error::limit_reached), ENOBUFS);
  EXPECT_EQ(errno_of(Error::no_buffer), ENOBUFS);
  EXPECT_EQ(errno_of(Error::address_in_use), EADDRINUSE);
  EXPECT_EQ(errno_of(Error::address_not_ours), EADDRNOTAVAIL);
  EXPECT_EQ(errno_of(Error::no_route), ENETUNREACH);
  EXPECT_EQ(errno_of(Error::no_port), EADDRNOTAVAIL);
  EXPECT_EQ(errno_of(Error::direction_closed), EPIPE);
  EXPECT_EQ(errno_of(Error::reset_by_peer), ECONNRESET);
  EXPECT_EQ(errno_of(Error::refused), ECONNREFUSED);
  EXPECT_EQ(errno_of(Error::timed_out), ETIMEDOUT);
  EXPECT_EQ(errno_of(Error::unreachable), EHOSTUNREACH);
  EXPECT_EQ(errno_of(Error::aborted), ECONNABORTED);
  EXPECT_EQ(errno_of(Error::invalid_argument), EINVAL);
}

}  // namespace
}  // namespace anteroom
