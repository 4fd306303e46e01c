// Two hosts that do anything at any time, on any descriptor: no call may hang, break an invariant
// or leave something behind. Not here: what each call answers.
#include <array>
#include <vector>

#include <gtest/gtest.h>

#include <anteroom/testing/posix_pair.h>

namespace anteroom {
namespace {

using testing::generic;
using testing::PosixPair;

class Walk {
 public:
  explicit Walk(std::uint64_t seed) : state_(seed) {}

  void step() {
    const bool at_server = below(2) == 0;
    act(at_server ? hosts_.server : hosts_.client, at_server);
    if (below(4) == 0) hosts_.passes(std::chrono::milliseconds(below(50)));
  }

  void finish() {
    for (int fd = kBase; fd < kBase + kDescriptors; ++fd) {
      hosts_.server.close(fd);
      hosts_.client.close(fd);
    }
    hosts_.passes(900s);
    for (Stack* const stack : {&hosts_.pair.server, &hosts_.pair.client}) {
      stack->check_invariants();
      EXPECT_EQ(stack->stats().requests_held, 0u);
      EXPECT_EQ(stack->stats().connections, 0u);
      EXPECT_EQ(stack->stats().buffer_bytes, 0u);
    }
  }

  std::uint64_t connections() const { return hosts_.pair.server.stats().connections_opened; }

 private:
  static constexpr int kBase = 100;
  static constexpr int kDescriptors = 24;

  std::uint32_t below(std::uint32_t bound) {
    state_ = state_ * 6364136223846793005 + 1442695040888963407;
    return static_cast<std::uint32_t>(state_ >> 33) % bound;
  }
  int any() { return kBase + static_cast<int>(below(kDescriptors + 1)); }

  static AcceptVerdict judge(const Request&, AcceptAnswer& answer, void* context) {
    Walk& walk = *static_cast<Walk*>(context);
    answer.response_data = bytes_of("response");
    // Whatever it does inside, and to whomever.
    if (walk.below(3) == 0) walk.act(walk.hosts_.server, true);
    if (walk.below(3) == 0) walk.act(walk.hosts_.client, false);
    return static_cast<AcceptVerdict>(walk.below(5));
  }

  void open(PosixSockets& sockets, bool at_server) {
    const int fd = sockets.socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    const int value = static_cast<int>(below(2));
    sockets.setsockopt(fd, SOL_ANTEROOM, ANTEROOM_HOLD_SYN, &value, sizeof value);
    sockets.setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &value, sizeof value);
    const auto port = static_cast<std::uint16_t>(80 + below(3));
    const sockaddr_in own = at_server ? hosts_.server_address(port) : hosts_.client_address(port);
    const sockaddr_in other = at_server ? hosts_.client_address(port) : hosts_.server_address(port);
    if (below(2) == 0) {
      sockets.bind(fd, generic(own), sizeof own);
      sockets.listen(fd, 3);
    } else {
      sockets.connect(fd, generic(other), sizeof other);
    }
  }

  void set(PosixSockets& sockets) {
    constexpr std::array<std::pair<int, int>, 8> kOptions{{{IPPROTO_TCP, TCP_CORK},
                                                           {IPPROTO_TCP, TCP_DEFER_ACCEPT},
                                                           {IPPROTO_TCP, TCP_NOTSENT_LOWAT},
                                                           {SOL_SOCKET, SO_SNDBUF},
                                                           {SOL_SOCKET, SO_OOBINLINE},
                                                           {SOL_SOCKET, SO_RCVLOWAT},
                                                           {IPPROTO_TCP, TCP_FASTOPEN_CONNECT},
                                                           {SOL_ANTEROOM, ANTEROOM_DEFER_ASIDE}}};
    const auto [level, name] = kOptions[below(kOptions.size())];
    const int value = static_cast<int>(below(3));
    sockets.setsockopt(any(), level, name, &value, sizeof value);
    const ::linger linger{static_cast<int>(below(2)), static_cast<int>(below(2))};
    sockets.setsockopt(any(), SOL_SOCKET, SO_LINGER, &linger, sizeof linger);
  }

  void act(PosixSockets& sockets, bool at_server) {
    std::array<char, 3'000> bytes{};
    constexpr std::array<int, 6> kFlags{0, MSG_PEEK, MSG_OOB, MSG_MORE, MSG_WAITALL, MSG_TRUNC};
    const int flags = kFlags[below(kFlags.size())] | MSG_DONTWAIT;
    epoll_event event{};
    event.events = below(2) == 0 ? EPOLLIN | EPOLLOUT : EPOLLIN | EPOLLOUT | EPOLLET | EPOLLONESHOT;
    sockaddr_in nobody{};
    switch (below(16)) {
      case 0:
      case 1: open(sockets, at_server); break;
      case 2:
        // Held ones are judged by the server alone, which has the callback.
        at_server ? sockets.accept_if(any(), judge, this) : sockets.accept(any(), nullptr, nullptr);
        break;
      case 3: sockets.accept4(any(), nullptr, nullptr, SOCK_NONBLOCK); break;
      case 4:
      case 5:
      case 6: sockets.send(any(), bytes.data(), below(bytes.size()), flags); break;
      case 7:
      case 8:
      case 9: sockets.recv(any(), bytes.data(), below(bytes.size()), flags); break;
      case 10: sockets.shutdown(any(), static_cast<int>(below(3))); break;
      case 11: sockets.close(any()); break;
      case 12: set(sockets); break;
      case 13:
        sockets.epoll_create1(0);
        sockets.epoll_ctl(any(), 1 + static_cast<int>(below(3)), any(), &event);
        break;
      case 14:
        sockets.epoll_wait(any(), &event, 1, 0);
        sockets.dup2(any(), any());
        break;
      default: sockets.connect(any(), generic(nobody), below(4) == 0 ? sizeof nobody : 0); break;
    }
    for (int fd = kBase; fd < kBase + kDescriptors; ++fd) sockets.fcntl(fd, F_SETFL, O_NONBLOCK);
  }

  std::uint64_t state_;
  PosixPair hosts_{testing::test_config(1),
                   testing::test_config(2),
                   {.descriptor_base = kBase, .descriptors_max = kDescriptors}};
};

TEST(PosixWalk, LeavesNothingBehind) {
  std::uint64_t connections = 0;
  for (std::uint64_t seed = 1; seed <= 100; ++seed) {
    SCOPED_TRACE(seed);
    Walk walk(seed);
    for (int i = 0; i < 1'500; ++i) walk.step();
    walk.finish();
    connections += walk.connections();
  }
  EXPECT_GT(connections, 500u);  // else the walk went nowhere
}

}  // namespace
}  // namespace anteroom
