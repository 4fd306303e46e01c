// WSAAccept and accept: case A of the suites, and what they say of unfit sockets.
#include <algorithm>

#include "stack/testing/winsock_hosts.h"

namespace anteroom::winsock {
namespace {

constexpr std::uint16_t kPort = 80;

// The cases of group A; in the default mode the handshake comes before the verdict.
class TestAccept : public testing::WinsockHosts {};

// What A.1 does with an APC: here it is the completion routine of a receive.
TEST_F(TestAccept, A1_RunsWhatIsDueOnItsThreadOnceInsideTheWait) {
  const SOCKET listener = listen_at(kPort);
  const SOCKET caller = connect_to(kPort);
  const SOCKET accepted = accept(listener, nullptr, nullptr);
  static int runs;
  runs = 0;
  const auto routine = [](DWORD error, DWORD bytes, WSAOVERLAPPED*, DWORD) {
    EXPECT_EQ(error, 0u);
    EXPECT_EQ(bytes, 3u);
    ++runs;
  };
  char text[8];
  WSABUF buffer{sizeof text, text};
  WSAOVERLAPPED overlapped{};
  DWORD flags = 0;
  EXPECT_EQ(error_of(WSARecv(accepted, &buffer, 1, nullptr, &flags, &overlapped, routine)),
            WSA_IO_PENDING);
  after(50ms, server, [&] { EXPECT_EQ(send_text(caller, "apc"), 3); });
  after(100ms, server, [&] {
    EXPECT_EQ(runs, 1);
    (void)begin_connect(kPort);
  });
  EXPECT_EQ(accept_error(listener), 0);
  EXPECT_EQ(runs, 1);
}

TEST_F(TestAccept, A1_BlocksUntilAClientComes) {
  const SOCKET listener = listen_at(kPort);
  int runs = 0;
  after(100ms, server, [&] {
    ++runs;
    (void)begin_connect(kPort);
  });
  EXPECT_NE(accept(listener, nullptr, nullptr), INVALID_SOCKET) << WSAGetLastError();
  EXPECT_EQ(runs, 1);
}

TEST_F(TestAccept, A2_PlainAcceptTakesTheDeferredOne) {
  const SOCKET listener = listen_at(kPort);
  const SOCKET caller = connect_to(kPort);
  EXPECT_EQ(decide(listener, testing::always<CF_DEFER>), WSATRY_AGAIN);
  const SOCKET accepted = accept(listener, nullptr, nullptr);
  ASSERT_NE(accepted, INVALID_SOCKET);
  EXPECT_EQ(send_text(caller, "it is I"), 7);
  EXPECT_EQ(receive_text(accepted), "it is I");
}

TEST_F(TestAccept, A3_WakesWhenAnotherThreadClosesTheListener) {
  const SOCKET listener = listen_at(kPort);
  const Instant start = pair.now();
  after(200ms, server, [&] { EXPECT_EQ(closesocket(listener), 0); });
  EXPECT_EQ(accept_error(listener), WSAEINTR);
  EXPECT_EQ(pair.now() - start, 200ms);
}

TEST_F(TestAccept, A4_TooSmallAnAddressIsAFaultAndLosesNothing) {
  const SOCKET listener = listen_at(kPort);
  (void)connect_to(kPort);
  sockaddr_in name{};
  int length = 0;
  EXPECT_EQ(error_of_socket(WSAAccept(listener, plain(name), &length, nullptr, 0)), WSAEFAULT);
  EXPECT_EQ(length, 0);
  EXPECT_EQ(error_of_socket(accept(listener, plain(name), &length)), WSAEFAULT);
  EXPECT_EQ(length, 0);
  EXPECT_EQ(accept_error(listener), 0);
}

TEST_F(TestAccept, A5_TellsTheAddressAndItsLength) {
  const SOCKET listener = listen_at(kPort);
  (void)connect_to(kPort);
  EXPECT_EQ(decide(listener, nullptr), 0);
  const SOCKET caller = connect_to(kPort);
  sockaddr_storage name{};
  int length = sizeof name;
  EXPECT_EQ(
      error_of_socket(WSAAccept(listener, reinterpret_cast<sockaddr*>(&name), &length, nullptr, 0)),
      0);
  EXPECT_EQ(length, 16);
  EXPECT_EQ(name.ss_family, 2);
  sockaddr_in own{};
  int own_length = sizeof own;
  EXPECT_EQ(getsockname(caller, plain(own), &own_length), 0);
  EXPECT_EQ(reinterpret_cast<sockaddr_in&>(name).sin_port, own.sin_port);
  EXPECT_EQ(reinterpret_cast<sockaddr_in&>(name).sin_addr.s_addr, own.sin_addr.s_addr);
}

TEST_F(TestAccept, A6_WithoutALengthTheAddressIsUntouched) {
  const SOCKET listener = listen_at(kPort);
  (void)connect_to(kPort);
  sockaddr_storage name;
  std::fill_n(reinterpret_cast<char*>(&name), sizeof name, 'x');
  EXPECT_EQ(error_of_socket(accept(listener, reinterpret_cast<sockaddr*>(&name), nullptr)), 0);
  const auto* const bytes = reinterpret_cast<const char*>(&name);
  EXPECT_EQ(std::count(bytes, bytes + sizeof name, 'x'), 128);
}

// Group 7.3: sockets that cannot accept.
class AcceptNegative : public testing::WinsockHosts {};

TEST_F(AcceptNegative, DatagramSocketsAreNotOffered) {
  provider_use(&server);
  EXPECT_EQ(error_of_socket(socket(WS_AF_INET, WS_SOCK_DGRAM, 0)), WSAESOCKTNOSUPPORT);
}

TEST_F(AcceptNegative, BeforeStartupAndAfterCleanup) {
  testing::PairDriver fresh(pair, pair.server);
  provider_use(&fresh);
  EXPECT_EQ(error_of_socket(socket(WS_AF_INET, WS_SOCK_STREAM, 0)), WSANOTINITIALISED);
  WSADATA data;
  EXPECT_EQ(WSAStartup(MAKEWORD(2, 2), &data), 0);
  const SOCKET s = socket(WS_AF_INET, WS_SOCK_STREAM, 0);
  EXPECT_EQ(accept_error(s), WSAEINVAL);
  EXPECT_EQ(WSACleanup(), 0);
  EXPECT_EQ(accept_error(s), WSANOTINITIALISED);
  EXPECT_EQ(error_of(WSACleanup()), WSANOTINITIALISED);
  provider_release(&fresh);
}

TEST_F(AcceptNegative, InvalidSockets) {
  EXPECT_EQ(accept_error(0), WSAENOTSOCK);
  EXPECT_EQ(accept_error(INVALID_SOCKET), WSAENOTSOCK);
  const SOCKET s = make_socket(server);
  EXPECT_EQ(accept_error(s + 4), WSAENOTSOCK);
  EXPECT_EQ(closesocket(s), 0);
  EXPECT_EQ(accept_error(s), WSAENOTSOCK);
}

TEST_F(AcceptNegative, WithoutListen) {
  const SOCKET s = make_socket(server);
  EXPECT_EQ(accept_error(s), WSAEINVAL);
  bind_any(s, kPort);
  EXPECT_EQ(accept_error(s), WSAEINVAL);
}

TEST_F(AcceptNegative, EventSelectForcesNonBlocking) {
  const SOCKET listener = listen_at(kPort);
  const WSAEVENT event = make_event(server);
  EXPECT_EQ(WSAEventSelect(listener, event, FD_ACCEPT), 0);
  EXPECT_EQ(accept_error(listener), WSAEWOULDBLOCK);
  u_long off = 0;
  EXPECT_EQ(error_of(ioctlsocket(listener, static_cast<LONG>(WS_FIONBIO), &off)), WSAEINVAL);
  EXPECT_EQ(WSAEventSelect(listener, nullptr, 0), 0);
  EXPECT_EQ(ioctlsocket(listener, static_cast<LONG>(WS_FIONBIO), &off), 0);
}

TEST_F(AcceptNegative, NobodyWillEverComeEndsInAnError) {
  const SOCKET listener = listen_at(kPort);
  EXPECT_EQ(accept_error(listener), WSAENETDOWN);
}

TEST_F(AcceptNegative, CancelledBlockingCall) {
  const SOCKET listener = listen_at(kPort);
  EXPECT_EQ(error_of(WSACancelBlockingCall()), WSAEINVAL);
  after(50ms, server, [] {
    EXPECT_TRUE(WSAIsBlocking());
    EXPECT_EQ(WSACancelBlockingCall(), 0);
  });
  EXPECT_EQ(accept_error(listener), WSAEINTR);
  EXPECT_FALSE(WSAIsBlocking());
}

// Group B.
class TestAcceptInheritance : public testing::WinsockHosts {};

TEST_F(TestAcceptInheritance, B_OptionsOfTheListener) {
  const SOCKET listener = make_socket(server);
  EXPECT_EQ(set_option<BOOL>(listener, WS_SO_REUSEADDR, 1), 0);
  EXPECT_EQ(set_option<BOOL>(listener, WS_SO_KEEPALIVE, 1), 0);
  EXPECT_EQ(set_option<BOOL>(listener, WS_SO_OOBINLINE, 1), 0);
  for (const int option : {WS_SO_SNDBUF, WS_SO_RCVBUF, WS_SO_SNDTIMEO, WS_SO_RCVTIMEO}) {
    EXPECT_EQ(set_option<INT>(listener, option, 0x123), 0);
  }
  EXPECT_EQ(set_option<BOOL>(listener, WS_TCP_NODELAY, 1, WS_IPPROTO_TCP), 0);
  EXPECT_EQ(set_option(listener, WS_SO_LINGER, linger{1, 555}), 0);
  bind_any(listener, kPort);
  EXPECT_EQ(listen(listener, 5), 0);
  (void)connect_to(kPort);
  const SOCKET accepted = accept(listener, nullptr, nullptr);
  ASSERT_NE(accepted, INVALID_SOCKET);
  EXPECT_EQ(option_of<BOOL>(accepted, WS_SO_REUSEADDR), 1);
  EXPECT_EQ(option_of<BOOL>(accepted, WS_SO_KEEPALIVE), 1);
  EXPECT_EQ(option_of<BOOL>(accepted, WS_SO_OOBINLINE), 1);
  for (const int option : {WS_SO_SNDBUF, WS_SO_RCVBUF, WS_SO_SNDTIMEO, WS_SO_RCVTIMEO}) {
    EXPECT_EQ(option_of<INT>(accepted, option), 0x123);
  }
  EXPECT_EQ(option_of<BOOL>(accepted, WS_TCP_NODELAY, WS_IPPROTO_TCP), 1);
  EXPECT_EQ(option_of<linger>(accepted, WS_SO_LINGER).l_onoff, 1);
  EXPECT_EQ(option_of<linger>(accepted, WS_SO_LINGER).l_linger, 555);
  EXPECT_EQ(option_of<BOOL>(accepted, WS_SO_ACCEPTCONN), 0);
  EXPECT_EQ(accept_error(accepted), WSAEINVAL);
}

TEST_F(TestAcceptInheritance, NonBlockingMode) {
  const SOCKET listener = listen_at(kPort);
  set_non_blocking(listener);
  (void)connect_to(kPort);
  EXPECT_TRUE(ready_to_read(listener, 1));
  const SOCKET accepted = accept(listener, nullptr, nullptr);
  EXPECT_EQ(receive_text(accepted), "error 10035");
}

}  // namespace
}  // namespace anteroom::winsock
