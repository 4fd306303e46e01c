// accept(2) on ordinary listeners. Not here: held SYNs and the condition function
// (condition_test.cc).
#include <gtest/gtest.h>

#include <anteroom/testing/posix_pair.h>

namespace anteroom {
namespace {

using testing::answer_of;
using testing::generic;
using testing::PosixPair;

// --- Ordinary listeners ---

TEST(Accept, ArgumentsAreCheckedBeforeAnythingIsTaken) {
  PosixPair hosts;
  const int listener = hosts.listens(80);
  PosixSockets& server = hosts.server;
  sockaddr_in name{};
  socklen_t length = sizeof name;
  EXPECT_EQ(answer_of(server.accept4(listener, nullptr, nullptr, 1)), "EINVAL");
  EXPECT_EQ(answer_of(server.accept(listener, generic(name), nullptr)), "EFAULT");
  length = static_cast<socklen_t>(-1);
  EXPECT_EQ(answer_of(server.accept(listener, generic(name), &length)), "EINVAL");
  EXPECT_EQ(answer_of(server.accept(1, nullptr, nullptr)), "EBADF");
  EXPECT_EQ(answer_of(server.accept(server.socket(AF_INET, SOCK_STREAM, 0), nullptr, nullptr)),
            "EINVAL");
  EXPECT_EQ(answer_of(server.accept(server.epoll_create1(0), nullptr, nullptr)), "ENOTSOCK");
}

TEST(Accept, NamesThePeerAndTakesFlags) {
  PosixPair hosts;
  const int listener = hosts.listens(80);
  const int client = hosts.client.socket(AF_INET, SOCK_STREAM, 0);
  const sockaddr_in address = hosts.server_address(80);
  ASSERT_EQ(hosts.client.connect(client, generic(address), sizeof address), 0);
  sockaddr_in theirs{}, ours{};
  socklen_t length = sizeof theirs;
  const int fd =
      hosts.server.accept4(listener, generic(theirs), &length, SOCK_NONBLOCK | SOCK_CLOEXEC);
  ASSERT_GE(fd, 0);
  EXPECT_EQ(length, sizeof theirs);
  length = sizeof ours;
  EXPECT_EQ(hosts.client.getsockname(client, generic(ours), &length), 0);
  EXPECT_EQ(theirs.sin_port, ours.sin_port);
  EXPECT_EQ(hosts.server.fcntl(fd, F_GETFL), O_RDWR | O_NONBLOCK);
  EXPECT_EQ(hosts.server.fcntl(fd, F_GETFD), FD_CLOEXEC);
}

TEST(Accept, WithoutWaitingAndWithATimeLimit) {
  PosixPair hosts;
  const int listener = hosts.listens(80);
  const timeval limit{0, 30'000};
  EXPECT_EQ(hosts.server.setsockopt(listener, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit), 0);
  const Instant before = hosts.pair.now();
  EXPECT_EQ(answer_of(hosts.server.accept(listener, nullptr, nullptr)), "EAGAIN");
  EXPECT_EQ(hosts.pair.now() - before, 30ms);
  EXPECT_EQ(hosts.server.fcntl(listener, F_SETFL, O_NONBLOCK), 0);
  EXPECT_EQ(answer_of(hosts.server.accept(listener, nullptr, nullptr)), "EAGAIN");
  EXPECT_EQ(hosts.pair.now() - before, 30ms);
}

// Nobody will ever come, and the virtual clock knows it.
TEST(Accept, WaitingForWhatCannotHappenIsADeadlock) {
  PosixPair hosts;
  EXPECT_EQ(answer_of(hosts.server.accept(hosts.listens(80), nullptr, nullptr)), "EDEADLK");
}

TEST(Accept, ClosingTheListenerEndsAWaitingAccept) {
  PosixPair hosts;
  const int listener = hosts.listens(80);
  hosts.after(20ms, [&] { EXPECT_EQ(hosts.server.close(listener), 0); });
  EXPECT_EQ(answer_of(hosts.server.accept(listener, nullptr, nullptr)), "EBADF");
  const int other = hosts.listens(80);
  hosts.after(20ms, [&] { EXPECT_EQ(hosts.server.shutdown(other, SHUT_RD), 0); });
  EXPECT_EQ(answer_of(hosts.server.accept(other, nullptr, nullptr)), "EINVAL");
}

TEST(Accept, ClosingAListenerResetsWhoWaitsInIt) {
  PosixPair hosts;
  const int listener = hosts.listens(80);
  const int client = hosts.client.socket(AF_INET, SOCK_STREAM, 0);
  const sockaddr_in address = hosts.server_address(80);
  ASSERT_EQ(hosts.client.connect(client, generic(address), sizeof address), 0);
  EXPECT_EQ(hosts.server.close(listener), 0);
  char byte = 0;
  EXPECT_EQ(answer_of(hosts.client.recv(client, &byte, 1, 0)), "ECONNRESET");
}

TEST(Accept, AFullTableRefusesBeforeItTakes) {
  PosixPair hosts(testing::test_config(1), testing::test_config(2), {.descriptors_max = 2});
  const int listener = hosts.listens(80);
  const int client = hosts.client.socket(AF_INET, SOCK_STREAM, 0);
  const sockaddr_in address = hosts.server_address(80);
  ASSERT_EQ(hosts.client.connect(client, generic(address), sizeof address), 0);
  const int spare = hosts.server.socket(AF_INET, SOCK_STREAM, 0);
  EXPECT_EQ(answer_of(hosts.server.accept(listener, nullptr, nullptr)), "EMFILE");
  EXPECT_EQ(hosts.server.close(spare), 0);
  EXPECT_EQ(hosts.server.accept(listener, nullptr, nullptr), spare);
}

TEST(Accept, OptionsOfTheListenerAreInherited) {
  PosixPair hosts;
  const int listener = hosts.listens(80, IPPROTO_TCP, TCP_NODELAY, 1);
  const PosixPair::Ends ends = hosts.connects(listener, 80);
  int value = 0;
  socklen_t length = sizeof value;
  EXPECT_EQ(hosts.server.getsockopt(ends.server, IPPROTO_TCP, TCP_NODELAY, &value, &length), 0);
  EXPECT_EQ(value, 1);
}

// --- TCP_DEFER_ACCEPT ---

TEST(DeferAccept, WhoSpeaksGoesFirstAndSilenceIsHeardInTheEnd) {
  PosixPair hosts;
  const int listener = hosts.listens(80, IPPROTO_TCP, TCP_DEFER_ACCEPT, 3);
  ASSERT_GE(listener, 0);
  hosts.server.fcntl(listener, F_SETFL, O_NONBLOCK);
  const sockaddr_in address = hosts.server_address(80);
  const int silent = hosts.client.socket(AF_INET, SOCK_STREAM, 0);
  const int talker = hosts.client.socket(AF_INET, SOCK_STREAM, 0);
  ASSERT_EQ(hosts.client.connect(silent, generic(address), sizeof address), 0);
  ASSERT_EQ(hosts.client.connect(talker, generic(address), sizeof address), 0);
  EXPECT_EQ(answer_of(hosts.server.accept(listener, nullptr, nullptr)), "EAGAIN");
  EXPECT_EQ(PosixPair::says(hosts.client, talker, "me"), 2);
  hosts.passes(5ms);
  const int first = hosts.server.accept(listener, nullptr, nullptr);
  ASSERT_GE(first, 0);
  EXPECT_EQ(PosixPair::hears(hosts.server, first, 10, 0), "me");
  EXPECT_EQ(answer_of(hosts.server.accept(listener, nullptr, nullptr)), "EAGAIN");
  hosts.server.fcntl(listener, F_SETFL, 0);
  const Instant before = hosts.pair.now();
  EXPECT_GE(hosts.server.accept(listener, nullptr, nullptr), 0);
  EXPECT_GT(hosts.pair.now() - before, 2s);
  EXPECT_LE(hosts.pair.now() - before, 3s);
}

// An ordinary listener: poll() and accept() are as they were, and the SYN is kept.
TEST(Accept, SavesTheSynWhereItIsWanted) {
  PosixPair hosts;
  PosixSockets& server = hosts.server;
  const int on = 1;
  const int listener = server.socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
  ASSERT_EQ(server.setsockopt(listener, IPPROTO_TCP, TCP_SAVE_SYN, &on, sizeof on), 0);
  sockaddr_in any{};
  any.sin_family = AF_INET;
  any.sin_port = htons(80);
  ASSERT_EQ(server.bind(listener, generic(any), sizeof any), 0);
  ASSERT_EQ(server.listen(listener, 5), 0);
  EXPECT_EQ(answer_of(server.accept(listener, nullptr, nullptr)), "EAGAIN");
  const int client = hosts.client.socket(AF_INET, SOCK_STREAM, 0);
  const sockaddr_in address = hosts.server_address(80);
  ASSERT_EQ(hosts.client.connect(client, generic(address), sizeof address), 0);
  EXPECT_EQ(hosts.client.send(client, "hello", 5, 0), 5);
  pollfd ready{listener, POLLIN, 0};
  EXPECT_EQ(server.poll(&ready, 1, -1), 1);
  const int fd = server.accept(listener, nullptr, nullptr);
  ASSERT_GE(fd, 0);
  std::uint8_t syn[200];
  socklen_t length = sizeof syn;
  EXPECT_EQ(server.getsockopt(fd, IPPROTO_TCP, TCP_SAVED_SYN, syn, &length), 0);
  ASSERT_GE(length, 40u);
  EXPECT_EQ(syn[33] & 0x3f, TH_SYN);
  char text[16];
  EXPECT_EQ(server.recv(fd, text, sizeof text, 0), 5);
}

}  // namespace
}  // namespace anteroom
