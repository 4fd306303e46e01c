// Bytes through sockets: the send and recv families, their flags, and what ends them. Not here:
// MSG_PEEK and MSG_OOB (ahead_test.cc), MSG_FASTOPEN (fast_open_test.cc).
#include <linux/sockios.h>

#include <array>
#include <numeric>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <anteroom/testing/posix_pair.h>

namespace anteroom {
namespace {

using testing::answer_of;
using testing::generic;
using testing::PosixPair;

struct Hosts : PosixPair {
  Hosts() : ends(connected()) {}
  explicit Hosts(const Config& server_config) : PosixPair(server_config), ends(connected()) {}

  std::string server_hears(std::size_t bytes_max) {
    return hears(server, ends.server, bytes_max, 0);
  }
  ssize_t client_says(const std::string& text) { return says(client, ends.client, text); }
  std::string server_receives(std::size_t bytes_max, int flags) {
    std::string text(bytes_max, '.');
    const ssize_t got = server.recv(ends.server, text.data(), text.size(), flags);
    return got < 0 ? answer_of(got) : text.substr(0, static_cast<std::size_t>(got));
  }
  // A reset from the client.
  void client_resets() {
    const ::linger hard{1, 0};
    client.setsockopt(ends.client, SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
    client.close(ends.client);
    passes(5ms);
  }

  Ends ends;
};

iovec part_of(std::string& text) { return {text.data(), text.size()}; }

// --- Arguments ---

TEST(Transfer, ArgumentsAreChecked) {
  Hosts hosts;
  const int fd = hosts.ends.client;
  char byte = 0;
  EXPECT_EQ(answer_of(hosts.client.send(1, &byte, 1, 0)), "EBADF");
  EXPECT_EQ(answer_of(hosts.client.recv(1, &byte, 1, 0)), "EBADF");
  EXPECT_EQ(answer_of(hosts.client.send(fd, nullptr, 1, 0)), "EFAULT");
  EXPECT_EQ(answer_of(hosts.client.recv(fd, nullptr, 1, 0)), "EFAULT");
  EXPECT_EQ(answer_of(hosts.client.send(fd, nullptr, 0, 0)), "0");
  EXPECT_EQ(answer_of(hosts.client.read(fd, nullptr, 0)), "0");
  EXPECT_EQ(answer_of(hosts.client.sendmsg(fd, nullptr, 0)), "EFAULT");
  EXPECT_EQ(answer_of(hosts.client.recvmsg(fd, nullptr, 0)), "EFAULT");
  const iovec part{&byte, 1};
  EXPECT_EQ(answer_of(hosts.client.writev(fd, &part, -1)), "EINVAL");
  EXPECT_EQ(answer_of(hosts.client.readv(fd, &part, 1'025)), "EINVAL");
  EXPECT_EQ(answer_of(hosts.client.writev(fd, nullptr, 1)), "EFAULT");
  const iovec endless{&byte, SIZE_MAX};
  EXPECT_EQ(answer_of(hosts.client.writev(fd, &endless, 1)), "EINVAL");
  std::vector<iovec> many(1'025, part);
  msghdr message{};
  message.msg_iov = many.data();
  message.msg_iovlen = many.size();
  EXPECT_EQ(answer_of(hosts.client.sendmsg(fd, &message, 0)), "EMSGSIZE");
  EXPECT_EQ(answer_of(hosts.client.recvmsg(fd, &message, 0)), "EMSGSIZE");
  const int set = hosts.client.epoll_create1(0);
  EXPECT_EQ(answer_of(hosts.client.send(set, &byte, 1, 0)), "ENOTSOCK");
}

TEST(Transfer, WithoutAConnection) {
  PosixPair hosts;
  const int fresh = hosts.client.socket(AF_INET, SOCK_STREAM, 0);
  const int listener = hosts.listens(80);
  char byte = 0;
  const sockaddr_in address = hosts.server_address(80);
  EXPECT_EQ(answer_of(hosts.client.send(fresh, &byte, 1, 0)), "EPIPE");
  EXPECT_EQ(answer_of(hosts.client.sendto(fresh, &byte, 1, 0, generic(address), sizeof address)),
            "EPIPE");
  EXPECT_EQ(answer_of(hosts.client.recv(fresh, &byte, 1, 0)), "ENOTCONN");
  EXPECT_EQ(answer_of(hosts.server.send(listener, &byte, 1, 0)), "EPIPE");
  EXPECT_EQ(answer_of(hosts.server.recv(listener, &byte, 1, 0)), "ENOTCONN");
  const int connecting = hosts.client.socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
  hosts.client.connect(connecting, generic(address), sizeof address);
  EXPECT_EQ(answer_of(hosts.client.send(connecting, &byte, 1, 0)), "EAGAIN");
  EXPECT_EQ(answer_of(hosts.client.recv(connecting, &byte, 1, 0)), "EAGAIN");
}

// --- Pieces ---

TEST(Transfer, ScatteredAndGathered) {
  Hosts hosts;
  std::string one = "abc", none, two = "defgh";
  const std::array<iovec, 3> out{part_of(one), part_of(none), part_of(two)};
  EXPECT_EQ(hosts.client.writev(hosts.ends.client, out.data(), 3), 8);
  std::string first(5, '.'), second(9, '.');
  const std::array<iovec, 2> in{part_of(first), part_of(second)};
  EXPECT_EQ(hosts.server.readv(hosts.ends.server, in.data(), 2), 8);
  EXPECT_EQ(first + second, "abcdefgh......");
}

TEST(Transfer, AMessageHasNeitherNameNorControl) {
  Hosts hosts;
  std::string text = "message";
  iovec part = part_of(text);
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  EXPECT_EQ(hosts.client.sendmsg(hosts.ends.client, &message, MSG_NOSIGNAL), 7);
  sockaddr_in name{};
  std::array<char, 64> control{};
  message.msg_name = &name;
  message.msg_namelen = sizeof name;
  message.msg_control = control.data();
  message.msg_controllen = control.size();
  message.msg_flags = -1;
  EXPECT_EQ(hosts.server.recvmsg(hosts.ends.server, &message, 0), 7);
  EXPECT_EQ(message.msg_namelen, 0u);
  EXPECT_EQ(message.msg_controllen, 0u);
  EXPECT_EQ(message.msg_flags, 0);
}

TEST(Transfer, ControlMessagesThatMakeNoSenseAreRefused) {
  Hosts hosts;
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> control{};
  msghdr message{};
  message.msg_control = control.data();
  message.msg_controllen = control.size();
  cmsghdr* const header = CMSG_FIRSTHDR(&message);
  header->cmsg_len = CMSG_LEN(sizeof(int));
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = 0x7777;
  EXPECT_EQ(answer_of(hosts.client.sendmsg(hosts.ends.client, &message, 0)), "EINVAL");
  header->cmsg_type = SCM_RIGHTS;
  EXPECT_EQ(answer_of(hosts.client.sendmsg(hosts.ends.client, &message, 0)), "0");
  header->cmsg_len = 3;
  EXPECT_EQ(answer_of(hosts.client.sendmsg(hosts.ends.client, &message, 0)), "EINVAL");
  message.msg_control = nullptr;
  EXPECT_EQ(answer_of(hosts.client.sendmsg(hosts.ends.client, &message, 0)), "EFAULT");
}

TEST(Transfer, TcpInqTellsHowMuchIsLeft) {
  Hosts hosts;
  const int on = 1;
  ASSERT_EQ(hosts.server.setsockopt(hosts.ends.server, IPPROTO_TCP, TCP_INQ, &on, sizeof on), 0);
  hosts.client_says("0123456789");
  std::string text(4, '.');
  iovec part = part_of(text);
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> control{};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control.data();
  message.msg_controllen = control.size();
  ASSERT_EQ(hosts.server.recvmsg(hosts.ends.server, &message, 0), 4);
  const cmsghdr* const header = CMSG_FIRSTHDR(&message);
  ASSERT_NE(header, nullptr);
  EXPECT_EQ(header->cmsg_type, TCP_CM_INQ);
  int left = 0;
  std::copy_n(CMSG_DATA(header), sizeof left, reinterpret_cast<unsigned char*>(&left));
  EXPECT_EQ(left, 6);
  message.msg_controllen = 2;
  ASSERT_EQ(hosts.server.recvmsg(hosts.ends.server, &message, 0), 4);
  EXPECT_EQ(message.msg_flags, MSG_CTRUNC);
}

TEST(Transfer, RecvfromOfAStreamNamesNobody) {
  Hosts hosts;
  hosts.client_says("x");
  sockaddr_in name{};
  socklen_t length = sizeof name;
  char byte = 0;
  EXPECT_EQ(hosts.server.recvfrom(hosts.ends.server, &byte, 1, 0, generic(name), &length), 1);
  EXPECT_EQ(length, 0u);
}

// --- Waiting ---

TEST(Transfer, ReceivingWaitsForTheFirstByte) {
  Hosts hosts;
  hosts.after(50ms, [&] { hosts.client_says("late"); });
  EXPECT_EQ(hosts.server_hears(10), "late");
  EXPECT_EQ(hosts.server_receives(10, MSG_DONTWAIT), "EAGAIN");
  EXPECT_EQ(hosts.server_receives(10, MSG_ERRQUEUE), "EAGAIN");
}

TEST(Transfer, WaitAllWaitsForAllOfThem) {
  Hosts hosts;
  hosts.after(10ms, [&] { hosts.client_says("abc"); });
  hosts.after(60ms, [&] { hosts.client_says("def"); });
  EXPECT_EQ(hosts.server_receives(6, MSG_WAITALL), "abcdef");
  // The end of the stream ends the waiting.
  hosts.after(10ms, [&] { hosts.client_says("gh"); });
  hosts.after(60ms, [&] { hosts.client.shutdown(hosts.ends.client, SHUT_WR); });
  EXPECT_EQ(hosts.server_receives(6, MSG_WAITALL), "gh");
  EXPECT_EQ(hosts.server_receives(6, MSG_WAITALL), "");
}

TEST(Transfer, WaitAllThatTimesOutKeepsWhatCame) {
  Hosts hosts;
  const timeval limit{0, 100'000};
  hosts.server.setsockopt(hosts.ends.server, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  hosts.after(10ms, [&] { hosts.client_says("abc"); });
  EXPECT_EQ(hosts.server_receives(6, MSG_WAITALL), "abc");
  const Instant before = hosts.pair.now();
  EXPECT_EQ(hosts.server_receives(6, 0), "EAGAIN");
  EXPECT_EQ(hosts.pair.now() - before, 100ms);
}

TEST(Transfer, RcvlowatIsTheLeastThatEndsTheWaiting) {
  Hosts hosts;
  const int low = 5;
  hosts.server.setsockopt(hosts.ends.server, SOL_SOCKET, SO_RCVLOWAT, &low, sizeof low);
  hosts.after(10ms, [&] { hosts.client_says("abc"); });
  hosts.after(60ms, [&] { hosts.client_says("defgh"); });
  EXPECT_EQ(hosts.server_receives(20, 0), "abcdefgh");
}

TEST(Transfer, TruncThrowsAway) {
  Hosts hosts;
  hosts.client_says("abcdef");
  hosts.passes(5ms);
  EXPECT_EQ(hosts.server_receives(4, MSG_TRUNC), "....");
  EXPECT_EQ(hosts.server_hears(4), "ef");
}

TEST(Transfer, ClosingTheDescriptorEndsAWaitingReceive) {
  Hosts hosts;
  hosts.after(10ms, [&] { hosts.server.close(hosts.ends.server); });
  EXPECT_EQ(hosts.server_receives(1, 0), "EBADF");
}

// More than both buffers hold: the sender waits for the receiver, and nothing is lost or changed.
TEST(Transfer, SendingWaitsForRoom) {
  Hosts hosts;
  std::string sent(5u << 20, '\0');
  std::iota(sent.begin(), sent.end(), '\0');
  std::string heard;
  std::function<void()> reads = [&] {
    std::string piece(1u << 18, '\0');
    const ssize_t got =
        hosts.server.recv(hosts.ends.server, piece.data(), piece.size(), MSG_DONTWAIT);
    if (got > 0) heard.append(piece, 0, static_cast<std::size_t>(got));
    if (heard.size() < sent.size()) hosts.after(1ms, reads);
  };
  hosts.after(1ms, reads);
  EXPECT_EQ(hosts.client_says(sent), static_cast<ssize_t>(sent.size()));
  while (heard.size() < sent.size()) ASSERT_TRUE(hosts.server_driver.wait(Instant::max()));
  EXPECT_TRUE(heard == sent);
}

// What the first half of a send causes at once is seen before anybody sleeps: on a link without
// delay a small buffer costs no time.
TEST(Transfer, RoomThatComesAtOnceIsUsedAtOnce) {
  Hosts hosts;
  hosts.pair.set_latency(0ms);
  const int bytes = 10'000;
  hosts.client.setsockopt(hosts.ends.client, SOL_SOCKET, SO_SNDBUF, &bytes, sizeof bytes);
  const std::string much(100'000, 'm');
  const Instant before = hosts.pair.now();
  EXPECT_EQ(hosts.client_says(much), 100'000);
  EXPECT_EQ(hosts.pair.now() - before, 0ms);
}

TEST(Transfer, WithoutWaitingAsMuchAsThereIsRoomFor) {
  Hosts hosts;
  const int bytes = 10'000;
  hosts.client.setsockopt(hosts.ends.client, SOL_SOCKET, SO_SNDBUF, &bytes, sizeof bytes);
  const std::string much(100'000, 'm');
  EXPECT_EQ(hosts.client.send(hosts.ends.client, much.data(), much.size(), MSG_DONTWAIT), 20'000);
  EXPECT_EQ(answer_of(hosts.client.send(hosts.ends.client, much.data(), 1, MSG_DONTWAIT)),
            "EAGAIN");
  hosts.passes(200ms);
  EXPECT_EQ(hosts.client.send(hosts.ends.client, much.data(), much.size(), MSG_DONTWAIT), 20'000);
}

TEST(Transfer, SendingGivesUpAfterSndtimeo) {
  Hosts hosts;
  const timeval limit{0, 300'000};
  hosts.client.setsockopt(hosts.ends.client, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
  const std::string much(2u << 20, 'm');
  hosts.pair.set_wire([](testing::Toward, std::vector<std::uint8_t>&) { return false; });
  const Instant before = hosts.pair.now();
  EXPECT_EQ(hosts.client_says(much), 1 << 20);
  EXPECT_EQ(hosts.pair.now() - before, 300ms);
  EXPECT_EQ(answer_of(hosts.client_says(much)), "EAGAIN");
  EXPECT_EQ(hosts.pair.now() - before, 600ms);
}

TEST(Transfer, NotsentLowatHoldsTheSenderBack) {
  Hosts hosts;
  const int low = 3'000;
  hosts.client.setsockopt(hosts.ends.client, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &low, sizeof low);
  hosts.pair.set_wire([](testing::Toward, std::vector<std::uint8_t>&) { return false; });
  const std::string much(100'000, 'm');
  ssize_t sent = 0, all = 0;
  while ((sent = hosts.client.send(hosts.ends.client, much.data(), much.size(), MSG_DONTWAIT)) >
         0) {
    all += sent;
  }
  int unsent = 0;
  EXPECT_EQ(hosts.client.ioctl(hosts.ends.client, SIOCOUTQNSD, &unsent), 0);
  EXPECT_EQ(unsent, 3'000);
  EXPECT_LT(all, 20'000);  // a window and the low-water mark, far less than the buffer
  pollfd entry{hosts.ends.client, POLLOUT, 0};
  EXPECT_EQ(hosts.client.poll(&entry, 1, 0), 0);
}

// --- Ends ---

TEST(Transfer, AfterTheResetAnErrorOnceThenTheEnd) {
  Hosts hosts;
  hosts.client_says("last");
  hosts.passes(5ms);
  hosts.client_resets();
  EXPECT_EQ(hosts.server_receives(10, 0), "last");
  EXPECT_EQ(hosts.server_receives(10, 0), "ECONNRESET");
  EXPECT_EQ(hosts.server_receives(10, 0), "");
  EXPECT_EQ(answer_of(PosixPair::says(hosts.server, hosts.ends.server, "x")), "EPIPE");
}

TEST(Transfer, SendingIntoAReset) {
  Hosts hosts;
  hosts.client_resets();
  EXPECT_EQ(answer_of(PosixPair::says(hosts.server, hosts.ends.server, "x")), "ECONNRESET");
  EXPECT_EQ(answer_of(PosixPair::says(hosts.server, hosts.ends.server, "x")), "EPIPE");
  EXPECT_EQ(hosts.server_receives(1, 0), "");
}

// Linux: the peer closed, then reset what came after: EPIPE, and recv() still sees the end.
TEST(Transfer, AResetAfterTheFinBreaksThePipe) {
  Hosts hosts;
  PosixPair::says(hosts.server, hosts.ends.server, "unread");
  hosts.passes(5ms);
  hosts.client.shutdown(hosts.ends.client, SHUT_WR);
  hosts.passes(5ms);
  hosts.client_resets();
  EXPECT_EQ(hosts.server_receives(1, 0), "");
  int error = 0;
  socklen_t length = sizeof error;
  hosts.server.getsockopt(hosts.ends.server, SOL_SOCKET, SO_ERROR, &error, &length);
  EXPECT_EQ(error, EPIPE);
}

TEST(Transfer, AnUnansweredConnectionTimesOut) {
  Hosts hosts;
  const int milliseconds = 5'000;
  hosts.client.setsockopt(hosts.ends.client, IPPROTO_TCP, TCP_USER_TIMEOUT, &milliseconds,
                          sizeof milliseconds);
  hosts.pair.set_wire([](testing::Toward, std::vector<std::uint8_t>&) { return false; });
  hosts.client_says("anybody?");
  char byte = 0;
  EXPECT_EQ(answer_of(hosts.client.recv(hosts.ends.client, &byte, 1, 0)), "ETIMEDOUT");
  EXPECT_EQ(answer_of(hosts.client.recv(hosts.ends.client, &byte, 1, 0)), "0");
}

}  // namespace
}  // namespace anteroom
