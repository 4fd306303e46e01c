// POSIX sockets shared by many threads over a real link: each blocks for itself, and all get on.
// Not here: what the calls do (stack/api/posix).
#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include <anteroom/posix.h>

#include "tap/joined_hosts.h"

namespace anteroom::tap {
namespace {

constexpr std::uint16_t kPort = 80;

sockaddr_in server_name() {
  sockaddr_in name{};
  name.sin_family = AF_INET;
  name.sin_port = htons(kPort);
  name.sin_addr.s_addr = htonl(IpAddress::v4(192, 0, 2, 1).v4_bits());
  return name;
}

// Two hosts, their stacks moved on by a thread each.
struct ThreadedHosts : JoinedHosts {
  ThreadedHosts() {
    const sockaddr_in name = server_name();
    listener = server_sockets.socket(AF_INET, SOCK_STREAM, 0);
    server_sockets.bind(listener, reinterpret_cast<const sockaddr*>(&name), sizeof name);
    EXPECT_EQ(server_sockets.listen(listener, 64), 0);
  }
  ~ThreadedHosts() {
    server_driver->request_stop();
    client_driver->request_stop();
    server_network.join();
    client_network.join();
  }

  int connects() {
    const sockaddr_in name = server_name();
    const int fd = client_sockets.socket(AF_INET, SOCK_STREAM, 0);
    EXPECT_EQ(client_sockets.connect(fd, reinterpret_cast<const sockaddr*>(&name), sizeof name), 0);
    return fd;
  }

  PosixSockets server_sockets{*server_driver, {}};
  PosixSockets client_sockets{*client_driver, {}};
  int listener = -1;
  std::thread server_network{[this] { server_driver->run(); }};
  std::thread client_network{[this] { client_driver->run(); }};
};

void echo(PosixSockets& sockets, int fd) {
  std::string text(4'096, '\0');
  ssize_t got = 0;
  while ((got = sockets.read(fd, text.data(), text.size())) > 0) {
    EXPECT_EQ(sockets.write(fd, text.data(), static_cast<std::size_t>(got)), got);
  }
  EXPECT_EQ(got, 0);
  EXPECT_EQ(sockets.close(fd), 0);
}

// One round: says `text` whole and reads it back.
bool asks(PosixSockets& sockets, int fd, const std::string& text) {
  if (sockets.send(fd, text.data(), text.size(), 0) != static_cast<ssize_t>(text.size()))
    return false;
  std::string back(text.size(), '\0');
  const ssize_t got = sockets.recv(fd, back.data(), back.size(), MSG_WAITALL);
  return got == static_cast<ssize_t>(back.size()) && back == text;
}

TEST(PosixThreads, EachBlocksForItself) {
  constexpr int kClients = 6;
  constexpr int kRounds = 20;
  ThreadedHosts hosts;
  std::atomic<int> answered{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < kClients; ++i) {
    threads.emplace_back([&hosts] {
      echo(hosts.server_sockets, hosts.server_sockets.accept(hosts.listener, nullptr, nullptr));
    });
    threads.emplace_back([&hosts, &answered, i] {
      const int fd = hosts.connects();
      for (int round = 0; round < kRounds; ++round) {
        const std::string text(static_cast<std::size_t>(100 + i * 1'000),
                               static_cast<char>('a' + i));
        if (asks(hosts.client_sockets, fd, text)) ++answered;
      }
      EXPECT_EQ(hosts.client_sockets.close(fd), 0);
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(answered.load(), kClients * kRounds);
}

// close() and shutdown() in one thread end the waiting of another.
TEST(PosixThreads, WhoWaitsIsWoken) {
  ThreadedHosts hosts;
  const int client = hosts.connects();
  const int server = hosts.server_sockets.accept(hosts.listener, nullptr, nullptr);
  std::atomic<int> waiting{0};
  int error = 0;
  ssize_t got = -1;
  std::thread accepts([&] {
    ++waiting;
    EXPECT_EQ(hosts.server_sockets.accept(hosts.listener, nullptr, nullptr), -1);
    error = errno;
  });
  std::thread reads([&] {
    ++waiting;
    char byte = 0;
    got = hosts.server_sockets.read(server, &byte, 1);
  });
  while (waiting.load() < 2) std::this_thread::yield();
  EXPECT_EQ(hosts.server_sockets.close(hosts.listener), 0);
  EXPECT_EQ(hosts.server_sockets.shutdown(server, SHUT_RD), 0);
  accepts.join();
  reads.join();
  EXPECT_EQ(error, EBADF);
  EXPECT_EQ(got, 0);
  EXPECT_EQ(hosts.client_sockets.close(client), 0);
}

}  // namespace
}  // namespace anteroom::tap
