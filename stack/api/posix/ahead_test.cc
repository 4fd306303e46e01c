// Looking ahead and around: MSG_PEEK, and the urgent byte (MSG_OOB, SO_OOBINLINE, SIOCATMARK).
#include <linux/sockios.h>

#include <array>

#include <gtest/gtest.h>

#include <anteroom/testing/posix_pair.h>

namespace anteroom {
namespace {

using testing::answer_of;
using testing::PosixPair;

struct Hosts : PosixPair {
  Hosts() : ends(connected()) {}
  void client_says(const std::string& text, int flags) {
    EXPECT_EQ(client.send(ends.client, text.data(), text.size(), flags),
              static_cast<ssize_t>(text.size()));
    passes(100ms);
  }
  std::string server_receives(std::size_t bytes_max, int flags) {
    std::string text(bytes_max, '.');
    const ssize_t got = server.recv(ends.server, text.data(), text.size(), flags);
    return got < 0 ? answer_of(got) : text.substr(0, static_cast<std::size_t>(got));
  }
  bool at_mark() {
    const int mark = server.sockatmark(ends.server);
    int number = -1;
    EXPECT_EQ(server.ioctl(ends.server, SIOCATMARK, &number), 0);
    EXPECT_EQ(number, mark);
    return mark == 1;
  }
  bool is_urgent() {
    pollfd entry{ends.server, POLLPRI, 0};
    return server.poll(&entry, 1, 0) == 1;
  }
  Ends ends;
};

// --- MSG_PEEK ---

TEST(Peek, LeavesTheBytes) {
  Hosts hosts;
  hosts.client_says("abcdef", 0);
  EXPECT_EQ(hosts.server_receives(4, MSG_PEEK), "abcd");
  EXPECT_EQ(hosts.server_receives(10, MSG_PEEK), "abcdef");
  EXPECT_EQ(hosts.server_receives(2, 0), "ab");
  EXPECT_EQ(hosts.server_receives(10, MSG_PEEK), "cdef");
  EXPECT_EQ(hosts.server_receives(10, MSG_PEEK | MSG_TRUNC), "....");
  EXPECT_EQ(hosts.server_receives(10, 0), "cdef");
  EXPECT_EQ(hosts.server_receives(10, MSG_PEEK | MSG_DONTWAIT), "EAGAIN");
}

TEST(Peek, ScattersAsReadingDoes) {
  Hosts hosts;
  hosts.client_says("abcdef", 0);
  std::string one(2, '.'), two(3, '.');
  std::array<iovec, 2> parts{{{one.data(), one.size()}, {two.data(), two.size()}}};
  msghdr message{};
  message.msg_iov = parts.data();
  message.msg_iovlen = parts.size();
  EXPECT_EQ(hosts.server.recvmsg(hosts.ends.server, &message, MSG_PEEK), 5);
  EXPECT_EQ(one + two, "abcde");
  EXPECT_EQ(hosts.server_receives(10, 0), "abcdef");
}

TEST(Peek, WaitsAndSeesTheEnd) {
  Hosts hosts;
  hosts.after(10ms, [&] { PosixPair::says(hosts.client, hosts.ends.client, "ab"); });
  hosts.after(80ms, [&] { PosixPair::says(hosts.client, hosts.ends.client, "cd"); });
  EXPECT_EQ(hosts.server_receives(4, MSG_PEEK | MSG_WAITALL), "abcd");
  hosts.client.shutdown(hosts.ends.client, SHUT_WR);
  EXPECT_EQ(hosts.server_receives(5, MSG_PEEK | MSG_WAITALL), "abcd");
  EXPECT_EQ(hosts.server_receives(5, 0), "abcd");
  EXPECT_EQ(hosts.server_receives(5, MSG_PEEK), "");
}

// --- MSG_OOB, as Linux has it ---

TEST(Urgent, TheByteIsReadApartAndMissingInTheStream) {
  Hosts hosts;
  hosts.client_says("ab", 0);
  hosts.client_says("cdX", MSG_OOB);
  hosts.client_says("ef", 0);
  EXPECT_TRUE(hosts.is_urgent());
  EXPECT_FALSE(hosts.at_mark());
  EXPECT_EQ(hosts.server_receives(1, MSG_OOB | MSG_PEEK), "X");
  EXPECT_EQ(hosts.server_receives(1, MSG_OOB), "X");
  EXPECT_EQ(hosts.server_receives(1, MSG_OOB), "EINVAL");  // once
  EXPECT_FALSE(hosts.is_urgent());
  EXPECT_EQ(hosts.server_receives(10, 0), "abcd");  // up to the mark
  EXPECT_TRUE(hosts.at_mark());
  EXPECT_EQ(hosts.server_receives(10, 0), "ef");
  EXPECT_FALSE(hosts.at_mark());
}

TEST(Urgent, UnreadItIsSteppedOver) {
  Hosts hosts;
  hosts.client_says("abX", MSG_OOB);
  hosts.client_says("cd", 0);
  EXPECT_EQ(hosts.server_receives(10, MSG_PEEK), "ab");
  EXPECT_EQ(hosts.server_receives(10, 0), "ab");
  EXPECT_EQ(hosts.server_receives(10, MSG_PEEK), "cd");
  EXPECT_EQ(hosts.server_receives(10, 0), "cd");
  EXPECT_EQ(hosts.server_receives(1, MSG_OOB), "EINVAL");
}

TEST(Urgent, InlineItIsAByteLikeAnyOther) {
  Hosts hosts;
  const int on = 1;
  hosts.server.setsockopt(hosts.ends.server, SOL_SOCKET, SO_OOBINLINE, &on, sizeof on);
  hosts.client_says("abX", MSG_OOB);
  hosts.client_says("cd", 0);
  EXPECT_EQ(hosts.server_receives(1, MSG_OOB), "EINVAL");
  EXPECT_EQ(hosts.server_receives(10, 0), "ab");
  EXPECT_TRUE(hosts.at_mark());
  EXPECT_EQ(hosts.server_receives(10, 0), "Xcd");
}

TEST(Urgent, NothingIsThereAtFirst) {
  Hosts hosts;
  EXPECT_EQ(hosts.server_receives(1, MSG_OOB), "EINVAL");
  EXPECT_FALSE(hosts.at_mark());
  EXPECT_EQ(answer_of(hosts.server.sockatmark(1)), "EBADF");
  char byte = 0;
  const int fresh = hosts.client.socket(AF_INET, SOCK_STREAM, 0);
  EXPECT_EQ(answer_of(hosts.client.recv(fresh, &byte, 1, MSG_OOB)), "ENOTCONN");
}

TEST(Urgent, ASecondOneComesAfterTheFirst) {
  Hosts hosts;
  hosts.client_says("aX", MSG_OOB);
  EXPECT_EQ(hosts.server_receives(1, MSG_OOB), "X");
  EXPECT_EQ(hosts.server_receives(10, 0), "a");
  hosts.client_says("bY", MSG_OOB);
  EXPECT_TRUE(hosts.is_urgent());
  EXPECT_EQ(hosts.server_receives(1, MSG_OOB), "Y");
  EXPECT_EQ(hosts.server_receives(10, 0), "b");
}

TEST(Urgent, RecvmsgSaysThatItWasOutOfBand) {
  Hosts hosts;
  hosts.client_says("X", MSG_OOB);
  char byte = 0;
  iovec part{&byte, 1};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  EXPECT_EQ(hosts.server.recvmsg(hosts.ends.server, &message, MSG_OOB), 1);
  EXPECT_EQ(byte, 'X');
  EXPECT_EQ(message.msg_flags, MSG_OOB);
}

}  // namespace
}  // namespace anteroom
