// poll(2), select(2), epoll(7): what is reported, when, how often, and what misuse answers.
#include <array>
#include <functional>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <anteroom/testing/posix_pair.h>

namespace anteroom {
namespace {

using testing::answer_of;
using testing::generic;
using testing::PosixPair;

constexpr int kAny = POLLIN | POLLOUT | POLLPRI | POLLRDHUP | POLLRDNORM | POLLWRNORM;
constexpr int kIn = POLLIN | POLLRDNORM;
constexpr int kOut = POLLOUT | POLLWRNORM;
constexpr int kHalf = POLLRDHUP | kIn;  // the peer has closed

// What poll() says now.
int mask_of(PosixSockets& sockets, int fd) {
  pollfd entry{fd, static_cast<short>(kAny), 0};
  return sockets.poll(&entry, 1, 0) == 0 ? 0 : entry.revents;
}

struct Hosts : PosixPair {
  Hosts() : ends(connected()) {}
  ssize_t client_says(const std::string& text) { return says(client, ends.client, text); }
  std::string server_hears(std::size_t bytes_max) {
    return hears(server, ends.server, bytes_max, 0);
  }
  // Adds the server's end to a new epoll set.
  int watches(std::uint32_t events) {
    const int set = server.epoll_create1(0);
    epoll_event event{};
    event.events = events;
    event.data.u64 = 4711;
    EXPECT_EQ(server.epoll_ctl(set, EPOLL_CTL_ADD, ends.server, &event), 0);
    return set;
  }
  // What the set reports without waiting; 0 for nothing.
  std::uint32_t reported(int set) {
    epoll_event event{};
    const int count = server.epoll_wait(set, &event, 1, 0);
    EXPECT_GE(count, 0);
    EXPECT_EQ(event.data.u64, count == 1 ? 4711u : 0u);
    return count == 1 ? event.events : 0;
  }
  Ends ends;
};

// --- Masks, as Linux makes them ---

TEST(Mask, OfSocketsWithoutAConnection) {
  PosixPair hosts;
  EXPECT_EQ(mask_of(hosts.client, hosts.client.socket(AF_INET, SOCK_STREAM, 0)), kOut | POLLHUP);
  const int listener = hosts.listens(80);
  EXPECT_EQ(mask_of(hosts.server, listener), 0);
  const int connecting = hosts.client.socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
  const sockaddr_in address = hosts.server_address(80);
  hosts.client.connect(connecting, generic(address), sizeof address);
  EXPECT_EQ(mask_of(hosts.client, connecting), 0);
  hosts.passes(5ms);
  EXPECT_EQ(mask_of(hosts.client, connecting), kOut);
  EXPECT_EQ(mask_of(hosts.server, listener), kIn);
  hosts.server.accept(listener, nullptr, nullptr);
  EXPECT_EQ(mask_of(hosts.server, listener), 0);
}

TEST(Mask, ThroughTheLifeOfAConnection) {
  Hosts hosts;
  EXPECT_EQ(mask_of(hosts.server, hosts.ends.server), kOut);
  hosts.client_says("data");
  hosts.passes(5ms);
  EXPECT_EQ(mask_of(hosts.server, hosts.ends.server), kOut | kIn);
  hosts.client.shutdown(hosts.ends.client, SHUT_WR);
  hosts.passes(5ms);
  EXPECT_EQ(mask_of(hosts.server, hosts.ends.server), kOut | kHalf);
  hosts.server.shutdown(hosts.ends.server, SHUT_WR);
  hosts.passes(5ms);
  EXPECT_EQ(mask_of(hosts.server, hosts.ends.server), kOut | kHalf | POLLHUP);
  EXPECT_EQ(mask_of(hosts.client, hosts.ends.client), kOut | kHalf | POLLHUP);
}

TEST(Mask, OfAConnectionThatWasReset) {
  Hosts hosts;
  const ::linger hard{1, 0};
  hosts.client.setsockopt(hosts.ends.client, SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
  hosts.client.close(hosts.ends.client);
  hosts.passes(5ms);
  EXPECT_EQ(mask_of(hosts.server, hosts.ends.server), kOut | kHalf | POLLHUP | POLLERR);
  char byte = 0;
  hosts.server.recv(hosts.ends.server, &byte, 1, 0);  // takes the error
  EXPECT_EQ(mask_of(hosts.server, hosts.ends.server), kOut | kHalf | POLLHUP);
}

TEST(Mask, OfARefusedConnect) {
  PosixPair hosts;
  const int fd = hosts.client.socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
  const sockaddr_in address = hosts.server_address(80);
  hosts.client.connect(fd, generic(address), sizeof address);
  hosts.passes(5ms);
  EXPECT_EQ(mask_of(hosts.client, fd), kOut | kHalf | POLLHUP | POLLERR);
}

TEST(Mask, ReadingShutDown) {
  Hosts hosts;
  hosts.server.shutdown(hosts.ends.server, SHUT_RD);
  EXPECT_EQ(mask_of(hosts.server, hosts.ends.server), kOut | kHalf);
}

TEST(Mask, ReadableFromTheLowWaterMarkOn) {
  Hosts hosts;
  const int low = 5;
  hosts.server.setsockopt(hosts.ends.server, SOL_SOCKET, SO_RCVLOWAT, &low, sizeof low);
  hosts.client_says("abcd");
  hosts.passes(5ms);
  EXPECT_EQ(mask_of(hosts.server, hosts.ends.server), kOut);
  hosts.client_says("e");
  hosts.passes(100ms);
  EXPECT_EQ(mask_of(hosts.server, hosts.ends.server), kOut | kIn);
}

TEST(Mask, WritableOnceAThirdIsFree) {
  Hosts hosts;
  const std::string much(4u << 20, 'm');
  while (hosts.client.send(hosts.ends.client, much.data(), much.size(), MSG_DONTWAIT) > 0) {
    hosts.passes(5ms);
  }
  EXPECT_EQ(mask_of(hosts.client, hosts.ends.client), 0);
  std::function<void()> reads = [&] {
    hosts.server_hears(1u << 20);
    hosts.after(10ms, reads);
  };
  hosts.after(10ms, reads);
  pollfd entry{hosts.ends.client, POLLOUT, 0};
  EXPECT_EQ(hosts.client.poll(&entry, 1, -1), 1);
  EXPECT_GT(hosts.client.send(hosts.ends.client, much.data(), much.size(), MSG_DONTWAIT), 300'000);
}

// --- poll(2) ---

TEST(Poll, CountsEntriesAndPassesNegativeOnesOver) {
  Hosts hosts;
  std::array<pollfd, 4> entries{{{hosts.ends.server, POLLIN | POLLOUT, 0},
                                 {-7, POLLIN, -1},
                                 {1, POLLIN, 0},
                                 {hosts.ends.server, POLLIN, 0}}};
  EXPECT_EQ(hosts.server.poll(entries.data(), entries.size(), -1), 2);
  EXPECT_EQ(entries[0].revents, POLLOUT);
  EXPECT_EQ(entries[1].revents, 0);
  EXPECT_EQ(entries[2].revents, POLLNVAL);
  EXPECT_EQ(entries[3].revents, 0);
  EXPECT_EQ(answer_of(hosts.server.poll(nullptr, 1, 0)), "EFAULT");
  EXPECT_EQ(answer_of(hosts.server.poll(entries.data(), 1'000'000, 0)), "EINVAL");
}

TEST(Poll, WaitsForSomethingOrForTheTime) {
  Hosts hosts;
  pollfd entry{hosts.ends.server, POLLIN, 0};
  const Instant before = hosts.pair.now();
  EXPECT_EQ(hosts.server.poll(&entry, 1, 70), 0);
  EXPECT_EQ(hosts.pair.now() - before, 70ms);
  EXPECT_EQ(hosts.server.poll(nullptr, 0, 30), 0);
  EXPECT_EQ(hosts.pair.now() - before, 100ms);
  hosts.after(20ms, [&] { hosts.client_says("now"); });
  EXPECT_EQ(hosts.server.poll(&entry, 1, -1), 1);
  EXPECT_EQ(hosts.pair.now() - before, 121ms);
}

// --- select(2) ---

TEST(Select, ThreeSetsAndTheTimeLeft) {
  Hosts hosts;
  const int fd = hosts.ends.server;
  fd_set readable, writable;
  FD_ZERO(&readable);
  FD_ZERO(&writable);
  FD_SET(fd, &readable);
  FD_SET(fd, &writable);
  timeval limit{1, 0};
  EXPECT_EQ(hosts.server.select(fd + 1, &readable, &writable, nullptr, &limit), 1);
  EXPECT_FALSE(FD_ISSET(fd, &readable));
  EXPECT_TRUE(FD_ISSET(fd, &writable));
  EXPECT_EQ(limit.tv_sec, 1);
  FD_SET(fd, &readable);
  hosts.after(200ms, [&] { hosts.client_says("x"); });
  EXPECT_EQ(hosts.server.select(fd + 1, &readable, nullptr, nullptr, &limit), 1);
  EXPECT_EQ(limit.tv_usec, 799'000);
  EXPECT_EQ(hosts.server_hears(1), "x");
  limit = {0, 50'000};
  EXPECT_EQ(hosts.server.select(fd + 1, &readable, nullptr, nullptr, &limit), 0);
  EXPECT_FALSE(FD_ISSET(fd, &readable));
  EXPECT_EQ(limit.tv_usec, 0);
}

TEST(Select, ArgumentsAreChecked) {
  Hosts hosts;
  fd_set set;
  FD_ZERO(&set);
  timeval limit{0, 0};
  EXPECT_EQ(answer_of(hosts.server.select(-1, &set, nullptr, nullptr, &limit)), "EINVAL");
  EXPECT_EQ(answer_of(hosts.server.select(FD_SETSIZE + 1, &set, nullptr, nullptr, &limit)),
            "EINVAL");
  limit.tv_sec = -1;
  EXPECT_EQ(answer_of(hosts.server.select(1, &set, nullptr, nullptr, &limit)), "EINVAL");
  FD_SET(1, &set);
  limit.tv_sec = 0;
  EXPECT_EQ(answer_of(hosts.server.select(2, &set, nullptr, nullptr, &limit)), "EBADF");
}

// --- epoll(7) ---

TEST(Epoll, LevelTriggeredAsLongAsItHolds) {
  Hosts hosts;
  const int set = hosts.watches(EPOLLIN);
  EXPECT_EQ(hosts.reported(set), 0u);
  hosts.client_says("ab");
  hosts.passes(5ms);
  EXPECT_EQ(hosts.reported(set), EPOLLIN);
  EXPECT_EQ(hosts.server_hears(1), "a");
  EXPECT_EQ(hosts.reported(set), EPOLLIN);
  EXPECT_EQ(hosts.server_hears(1), "b");
  EXPECT_EQ(hosts.reported(set), 0u);
  hosts.client_says("c");
  hosts.passes(100ms);  // behind a delayed acknowledgment
  EXPECT_EQ(hosts.reported(set), EPOLLIN);
}

TEST(Epoll, EdgeTriggeredOncePerArrival) {
  Hosts hosts;
  const int set = hosts.watches(EPOLLIN | EPOLLOUT | EPOLLET);
  EXPECT_EQ(hosts.reported(set), EPOLLOUT);  // how it began
  EXPECT_EQ(hosts.reported(set), 0u);
  hosts.client_says("ab");
  hosts.passes(5ms);
  EXPECT_EQ(hosts.reported(set), EPOLLIN | EPOLLOUT);
  EXPECT_EQ(hosts.reported(set), 0u);  // unread, and no news
  hosts.client_says("cd");
  hosts.passes(100ms);
  EXPECT_EQ(hosts.reported(set), EPOLLIN | EPOLLOUT);
  EXPECT_EQ(hosts.server_hears(10), "abcd");
  hosts.client.shutdown(hosts.ends.client, SHUT_WR);
  hosts.passes(5ms);
  EXPECT_EQ(hosts.reported(set), EPOLLIN | EPOLLOUT);
}

TEST(Epoll, EdgeTriggeredForRoomAfterASendFoundNone) {
  Hosts hosts;
  const int set = hosts.watches(EPOLLOUT | EPOLLET);
  EXPECT_EQ(hosts.reported(set), EPOLLOUT);
  const int bytes = 10'000;
  hosts.server.setsockopt(hosts.ends.server, SOL_SOCKET, SO_SNDBUF, &bytes, sizeof bytes);
  const std::string much(100'000, 'm');
  EXPECT_EQ(hosts.server.send(hosts.ends.server, much.data(), much.size(), MSG_DONTWAIT), 20'000);
  (void)hosts.reported(set);  // of setsockopt()
  EXPECT_EQ(hosts.reported(set), 0u);
  hosts.passes(100ms);
  EXPECT_EQ(hosts.reported(set), EPOLLOUT);
  EXPECT_EQ(hosts.reported(set), 0u);
}

TEST(Epoll, OneShotOnceUntilArmedAgain) {
  Hosts hosts;
  const int set = hosts.watches(EPOLLIN | EPOLLONESHOT);
  hosts.client_says("a");
  hosts.passes(5ms);
  EXPECT_EQ(hosts.reported(set), EPOLLIN);
  EXPECT_EQ(hosts.reported(set), 0u);
  hosts.client_says("b");
  hosts.passes(100ms);
  EXPECT_EQ(hosts.reported(set), 0u);
  epoll_event event{};
  event.events = EPOLLIN | EPOLLONESHOT;
  event.data.u64 = 4711;
  EXPECT_EQ(hosts.server.epoll_ctl(set, EPOLL_CTL_MOD, hosts.ends.server, &event), 0);
  EXPECT_EQ(hosts.reported(set), EPOLLIN);
}

TEST(Epoll, TroubleIsReportedUnasked) {
  Hosts hosts;
  const int set = hosts.watches(EPOLLIN | EPOLLRDHUP);
  const ::linger hard{1, 0};
  hosts.client.setsockopt(hosts.ends.client, SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
  hosts.client.close(hosts.ends.client);
  hosts.passes(5ms);
  EXPECT_EQ(hosts.reported(set), EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR);
}

TEST(Epoll, WaitsForSomethingOrForTheTime) {
  Hosts hosts;
  const int set = hosts.watches(EPOLLIN);
  std::array<epoll_event, 4> events{};
  const Instant before = hosts.pair.now();
  EXPECT_EQ(hosts.server.epoll_wait(set, events.data(), 4, 40), 0);
  EXPECT_EQ(hosts.pair.now() - before, 40ms);
  hosts.after(10ms, [&] { hosts.client_says("x"); });
  EXPECT_EQ(hosts.server.epoll_wait(set, events.data(), 4, -1), 1);
  hosts.server_hears(1);
  hosts.after(10ms, [&] { hosts.server.close(set); });
  EXPECT_EQ(answer_of(hosts.server.epoll_wait(set, events.data(), 4, -1)), "EBADF");
}

// Many are ready, few are asked for: each gets its turn.
TEST(Epoll, TurnsAreFair) {
  PosixPair hosts;
  const int listener = hosts.listens(80);
  const int set = hosts.server.epoll_create(1);
  std::vector<int> all;
  for (int i = 0; i < 6; ++i) {
    const PosixPair::Ends ends = hosts.connects(listener, 80);
    epoll_event event{};
    event.events = EPOLLOUT;
    event.data.fd = ends.server;
    ASSERT_EQ(hosts.server.epoll_ctl(set, EPOLL_CTL_ADD, ends.server, &event), 0);
    all.push_back(ends.server);
  }
  std::vector<int> seen;
  for (int i = 0; i < 3; ++i) {
    std::array<epoll_event, 2> events{};
    ASSERT_EQ(hosts.server.epoll_wait(set, events.data(), 2, 0), 2);
    for (const epoll_event& event : events) seen.push_back(event.data.fd);
  }
  EXPECT_THAT(seen, ::testing::UnorderedElementsAreArray(all));
}

TEST(Epoll, ClosingLeavesEverySet) {
  Hosts hosts;
  const int set = hosts.watches(EPOLLOUT);
  const int twin = hosts.server.dup(hosts.ends.server);
  hosts.server.close(hosts.ends.server);
  EXPECT_EQ(hosts.reported(set), EPOLLOUT);  // the connection is still open
  hosts.server.close(twin);
  EXPECT_EQ(hosts.reported(set), 0u);
}

TEST(Epoll, ASetIsReadableWhileItHasSomething) {
  Hosts hosts;
  const int set = hosts.watches(EPOLLIN);
  EXPECT_EQ(mask_of(hosts.server, set), 0);
  hosts.client_says("x");
  hosts.passes(5ms);
  EXPECT_EQ(mask_of(hosts.server, set), kIn);
}

TEST(Epoll, AHeldRequestIsReportedAtTheListener) {
  PosixPair hosts;
  const int listener = hosts.listens(80, SOL_ANTEROOM, ANTEROOM_HOLD_SYN, 1);
  const int set = hosts.server.epoll_create1(EPOLL_CLOEXEC);
  epoll_event event{};
  event.events = EPOLLIN | EPOLLET;
  ASSERT_EQ(hosts.server.epoll_ctl(set, EPOLL_CTL_ADD, listener, &event), 0);
  const int client = hosts.client.socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
  const sockaddr_in address = hosts.server_address(80);
  hosts.client.connect(client, generic(address), sizeof address);
  EXPECT_EQ(hosts.server.epoll_wait(set, &event, 1, -1), 1);
  EXPECT_EQ(event.events, static_cast<std::uint32_t>(EPOLLIN));
  EXPECT_EQ(hosts.server.epoll_wait(set, &event, 1, 0), 0);
}

TEST(Epoll, ArgumentsAreChecked) {
  Hosts hosts;
  PosixSockets& sockets = hosts.server;
  const int fd = hosts.ends.server;
  const int set = sockets.epoll_create1(0), other = sockets.epoll_create1(0);
  epoll_event event{};
  event.events = EPOLLIN;
  EXPECT_EQ(answer_of(sockets.epoll_create(0)), "EINVAL");
  EXPECT_EQ(answer_of(sockets.epoll_create1(1)), "EINVAL");
  EXPECT_EQ(answer_of(sockets.epoll_ctl(set, EPOLL_CTL_ADD, fd, nullptr)), "EFAULT");
  EXPECT_EQ(answer_of(sockets.epoll_ctl(1, EPOLL_CTL_ADD, fd, &event)), "EBADF");
  EXPECT_EQ(answer_of(sockets.epoll_ctl(set, EPOLL_CTL_ADD, 1, &event)), "EBADF");
  EXPECT_EQ(answer_of(sockets.epoll_ctl(set, EPOLL_CTL_ADD, set, &event)), "EINVAL");
  EXPECT_EQ(answer_of(sockets.epoll_ctl(set, EPOLL_CTL_ADD, other, &event)), "EINVAL");
  EXPECT_EQ(answer_of(sockets.epoll_ctl(fd, EPOLL_CTL_ADD, fd, &event)), "EINVAL");
  EXPECT_EQ(answer_of(sockets.epoll_ctl(set, 77, fd, &event)), "EINVAL");
  EXPECT_EQ(answer_of(sockets.epoll_ctl(set, EPOLL_CTL_MOD, fd, &event)), "ENOENT");
  EXPECT_EQ(answer_of(sockets.epoll_ctl(set, EPOLL_CTL_DEL, fd, nullptr)), "ENOENT");
  EXPECT_EQ(answer_of(sockets.epoll_ctl(set, EPOLL_CTL_ADD, fd, &event)), "0");
  EXPECT_EQ(answer_of(sockets.epoll_ctl(set, EPOLL_CTL_ADD, fd, &event)), "EEXIST");
  event.events = EPOLLIN | EPOLLEXCLUSIVE;
  EXPECT_EQ(answer_of(sockets.epoll_ctl(set, EPOLL_CTL_MOD, fd, &event)), "EINVAL");
  EXPECT_EQ(answer_of(sockets.epoll_ctl(set, EPOLL_CTL_DEL, fd, nullptr)), "0");
  event.events = EPOLLIN | EPOLLEXCLUSIVE | EPOLLONESHOT;
  EXPECT_EQ(answer_of(sockets.epoll_ctl(set, EPOLL_CTL_ADD, fd, &event)), "EINVAL");
  EXPECT_EQ(answer_of(sockets.epoll_wait(set, &event, 0, 0)), "EINVAL");
  EXPECT_EQ(answer_of(sockets.epoll_wait(set, nullptr, 1, 0)), "EFAULT");
  EXPECT_EQ(answer_of(sockets.epoll_wait(1, &event, 1, 0)), "EBADF");
  EXPECT_EQ(answer_of(sockets.epoll_wait(fd, &event, 1, 0)), "EINVAL");
}

}  // namespace
}  // namespace anteroom
