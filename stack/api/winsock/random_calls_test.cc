// Thousands of random calls at both ends, on good and bad handles, over a link that loses frames:
// nothing breaks, every invariant of both stacks holds, and what is pending is complete at the end.
#include <array>
#include <memory>

#include "stack/testing/winsock_hosts.h"

namespace anteroom::winsock {
namespace {

// A small generator of its own, so that a failure repeats itself everywhere. Marsaglia's xorshift.
struct Dice {
  std::uint64_t state;

  std::uint32_t below(std::uint32_t bound) {
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return static_cast<std::uint32_t>(state >> 32) % bound;
  }
};

struct Pending {
  WSAOVERLAPPED overlapped{};
  std::array<char, 256> buffer{};
};

int by_dice(WSABUF*, WSABUF*, QOS*, QOS*, WSABUF*, WSABUF* callee_data, GROUP*, DWORD_PTR context) {
  auto& dice = *reinterpret_cast<Dice*>(context);
  callee_data->len = dice.below(callee_data->len + 1);
  for (ULONG i = 0; i < callee_data->len; ++i) callee_data->buf[i] = 'c';
  return static_cast<int>(dice.below(4));
}

int g_completions = 0;

void count_one(DWORD, DWORD, WSAOVERLAPPED*, DWORD) { ++g_completions; }

class RandomCalls : public testing::WinsockHosts, public ::testing::WithParamInterface<int> {
 protected:
  ~RandomCalls() override { pair.set_wire({}); }
  RandomCalls() {
    pair.set_wire(
        [this](testing::Toward, std::vector<std::uint8_t>&) { return dice.below(50) != 0; });
  }
  RandomCalls(const RandomCalls&) = delete;
  RandomCalls& operator=(const RandomCalls&) = delete;

  SOCKET any() { return sockets.empty() ? 0 : sockets[dice.below(count())]; }
  std::uint32_t count() const { return static_cast<std::uint32_t>(sockets.size()); }
  Pending& fresh() {
    pending.push_back(std::make_unique<Pending>());
    return *pending.back();
  }
  void keep(SOCKET s) {
    if (s != INVALID_SOCKET) sockets.push_back(s);
  }
  std::uint16_t port() { return static_cast<std::uint16_t>(80 + dice.below(3)); }

  void make() {
    const SOCKET s = make_socket(dice.below(2) == 0 ? server : client);
    set_non_blocking(s);
    keep(s);
    if (dice.below(2) == 0) set_option<DWORD>(s, SO_CONDITIONAL_ACCEPT, 1);
    if (dice.below(4) == 0) set_option(s, WS_SO_LINGER, linger{1, 0});
    const sockaddr_in name =
        name_of({IpAddress::v4(0), static_cast<std::uint16_t>(dice.below(2) * port())});
    if (dice.below(3) != 0) (void)bind(s, plain(name), sizeof name);
    if (dice.below(2) == 0) (void)listen(s, static_cast<int>(dice.below(6)));
  }
  void open() {
    const sockaddr_in name =
        name_of({dice.below(2) == 0 ? pair.server_address() : pair.client_address(), port()});
    char said[] = "caller";
    WSABUF data{dice.below(7), said};
    switch (dice.below(4)) {
      case 0: (void)connect(any(), plain(name), sizeof name); break;
      case 1:
        (void)WSAConnect(any(), plain(name), sizeof name, &data, nullptr, nullptr, nullptr);
        break;
      case 2: {
        Pending& one = fresh();
        (void)ConnectEx(any(), plain(name), sizeof name, one.buffer.data(), dice.below(200),
                        nullptr, &one.overlapped);
        break;
      }
      default: {
        Pending& one = fresh();
        (void)AcceptEx(any(), any(), one.buffer.data(), dice.below(100), 32, 32, nullptr,
                       &one.overlapped);
      }
    }
  }
  void take() {
    keep(dice.below(2) == 0
             ? accept(any(), nullptr, nullptr)
             : WSAAccept(any(), nullptr, nullptr, by_dice, reinterpret_cast<DWORD_PTR>(&dice)));
  }
  void move() {
    Pending& one = fresh();
    WSABUF buffer{dice.below(256), one.buffer.data()};
    DWORD flags = dice.below(6) == 0 ? DWORD{WS_MSG_OOB} : 0;
    switch (dice.below(4)) {
      case 0: (void)send(any(), one.buffer.data(), 200, static_cast<int>(flags)); break;
      case 1: (void)recv(any(), one.buffer.data(), 200, static_cast<int>(flags)); break;
      case 2: (void)WSASend(any(), &buffer, 1, nullptr, flags, &one.overlapped, nullptr); break;
      default:
        (void)WSARecv(any(), &buffer, 1, nullptr, &flags, &one.overlapped,
                      dice.below(3) == 0 ? count_one : nullptr);
    }
  }
  void end() {
    switch (dice.below(5)) {
      case 0: (void)shutdown(any(), static_cast<int>(dice.below(3))); break;
      case 1: (void)CancelIo(any()); break;
      default: {
        if (sockets.empty()) return;
        const std::size_t i = dice.below(count());
        (void)closesocket(sockets[i]);
        if (dice.below(8) != 0) sockets.erase(sockets.begin() + static_cast<std::ptrdiff_t>(i));
      }
    }
  }

  Dice dice{0x9e3779b97f4a7c15u + static_cast<std::uint64_t>(GetParam())};
  std::vector<SOCKET> sockets;
  std::vector<std::unique_ptr<Pending>> pending;
};

TEST_P(RandomCalls, BreakNothing) {
  for (int step = 0; step < 20'000; ++step) {
    switch (dice.below(8)) {
      case 0: make(); break;
      case 1: open(); break;
      case 2: take(); break;
      case 3:
      case 4:
      case 5: move(); break;
      case 6: end(); break;
      default: pair.run_for(std::chrono::milliseconds(dice.below(50))); (void)SleepEx(0, 1);
    }
    if (count() > 40) end();
    if (step % 50 == 0) {
      pair.server.check_invariants();
      pair.client.check_invariants();
    }
  }
  for (const SOCKET s : sockets) (void)closesocket(s);
  for (const auto& one : pending) EXPECT_NE(one->overlapped.Internal, ULONG_PTR{0x103});
  pair.set_wire({});
  pair.run_for(std::chrono::minutes(30));
  EXPECT_GT(g_completions, 0);
  (void)make_socket(server);  // takes what there was to hear
  (void)make_socket(client);
  for (Stack* const stack : {&pair.server, &pair.client}) {
    EXPECT_GT(stack->stats().requests_accepted, 0u);
    EXPECT_GT(stack->stats().requests_rejected, 0u);
    EXPECT_GT(stack->stats().requests_deferred, 0u);
    EXPECT_FALSE(stack->next_deadline());  // no connection and no request is left
    stack->check_invariants();
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, RandomCalls, ::testing::Range(1, 9));

}  // namespace
}  // namespace anteroom::winsock
