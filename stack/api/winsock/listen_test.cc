// WSPListen, WSPBind and options of listeners: case F, and the cases of group 7.2.
#include "stack/testing/winsock_hosts.h"

namespace anteroom::winsock {
namespace {

constexpr std::uint16_t kPort = 80;

class TestListen : public testing::WinsockHosts {};

TEST_F(TestListen, F_InvalidHandles) {
  EXPECT_EQ(error_of(listen(0, 0)), WSAENOTSOCK);
  EXPECT_EQ(error_of(listen(0xdeadbeef, 0)), WSAENOTSOCK);
}

TEST_F(TestListen, F_UnboundWhateverTheBacklog) {
  const SOCKET s = make_socket(server);
  EXPECT_EQ(error_of(listen(s, -2)), WSAEINVAL);
  EXPECT_EQ(error_of(listen(s, 1)), WSAEINVAL);
  EXPECT_EQ(error_of(listen(s, WS_SOMAXCONN)), WSAEINVAL);
}

TEST_F(TestListen, F_AcceptConnSaysWhetherItListens) {
  const SOCKET s = make_socket(server);
  bind_any(s, kPort);
  EXPECT_EQ(option_of<BOOL>(s, WS_SO_ACCEPTCONN), 0);
  EXPECT_EQ(set_option<BOOL>(s, WS_SO_ACCEPTCONN, 1), WSAENOPROTOOPT);
  EXPECT_EQ(listen(s, 0), 0);
  EXPECT_EQ(option_of<BOOL>(s, WS_SO_ACCEPTCONN), 1);
  EXPECT_EQ(set_option<BOOL>(s, WS_SO_ACCEPTCONN, 0), WSAENOPROTOOPT);
}

TEST_F(TestListen, F_TwiceIsWellAndTheFirstBacklogStays) {
  const SOCKET s = make_socket(server);
  bind_any(s, kPort);
  EXPECT_EQ(listen(s, 0), 0);
  EXPECT_EQ(listen(s, WS_SOMAXCONN), 0);
  (void)begin_connect(kPort);
  pair.run_for(10ms);
  const SOCKET second = make_socket(client);
  EXPECT_EQ(connect_error(second, kPort), WSAECONNREFUSED);  // a backlog of 0 is one of 1
}

TEST_F(TestListen, F_SecondBindToThePort) {
  const SOCKET s = listen_at(kPort);
  const SOCKET other = make_socket(server);
  const sockaddr_in name = name_of({IpAddress::v4(0), kPort});
  EXPECT_EQ(error_of(bind(other, plain(name), sizeof name)), WSAEADDRINUSE);
  EXPECT_EQ(closesocket(s), 0);
  EXPECT_EQ(error_of(bind(other, plain(name), sizeof name)), 0);
}

TEST_F(TestListen, ConnectedSocketsDoNotListen) {
  (void)listen_at(kPort);
  EXPECT_EQ(error_of(listen(connect_to(kPort), 1)), WSAEISCONN);
}

TEST_F(TestListen, BindErrors) {
  const SOCKET s = make_socket(server);
  sockaddr_in name = name_of({IpAddress::v4(192, 0, 2, 77), kPort});
  EXPECT_EQ(error_of(bind(s, plain(name), sizeof name)), WSAEADDRNOTAVAIL);
  EXPECT_EQ(error_of(bind(s, plain(name), 4)), WSAEFAULT);
  EXPECT_EQ(error_of(bind(s, nullptr, sizeof name)), WSAEFAULT);
  name.sin_family = WS_AF_INET6;
  EXPECT_EQ(error_of(bind(s, plain(name), sizeof name)), WSAEAFNOSUPPORT);
  bind_any(s, kPort);
  name = name_of({IpAddress::v4(0), 81});
  EXPECT_EQ(error_of(bind(s, plain(name), sizeof name)), WSAEINVAL);
}

TEST_F(TestListen, PortsShareByWindowsRules) {
  const sockaddr_in name = name_of({IpAddress::v4(0), kPort});
  const SOCKET first = make_socket(server);
  EXPECT_EQ(set_option<BOOL>(first, SO_EXCLUSIVEADDRUSE, 1), 0);
  bind_any(first, kPort);
  const SOCKET second = make_socket(server);
  EXPECT_EQ(set_option<BOOL>(second, WS_SO_REUSEADDR, 1), 0);
  EXPECT_EQ(error_of(bind(second, plain(name), sizeof name)), WSAEADDRINUSE);
  EXPECT_EQ(closesocket(first), 0);
  bind_any(make_socket(server), kPort);
  EXPECT_EQ(error_of(bind(second, plain(name), sizeof name)), 0);
}

TEST_F(TestListen, PortZeroIsChosen) {
  const SOCKET s = make_socket(server);
  const SOCKET other = make_socket(server);
  bind_any(s, 0);
  bind_any(other, 0);
  sockaddr_in name{};
  sockaddr_in other_name{};
  int length = sizeof name;
  EXPECT_EQ(getsockname(s, plain(name), &length), 0);
  EXPECT_EQ(getsockname(other, plain(other_name), &length), 0);
  EXPECT_GE((ntohs)(name.sin_port), 49'152);
  EXPECT_NE(name.sin_port, other_name.sin_port);
  EXPECT_EQ(listen(s, 1), 0);
  const SOCKET caller = make_socket(client);
  EXPECT_EQ(connect_error(caller, (ntohs)(name.sin_port)), 0);
}

// 7.2 listen.c with its thread left out: a socket belongs to no thread, only to its provider.
class ReactosCases : public testing::WinsockHosts {
 protected:
  void exchange_a_byte(SOCKET listener) {
    const SOCKET caller = connect_to(kPort);
    const SOCKET accepted = accept(listener, nullptr, nullptr);
    EXPECT_EQ(send_text(caller, "x"), 1);
    EXPECT_EQ(receive_text(accepted), "x");
    EXPECT_EQ(closesocket(accepted), 0);
    EXPECT_EQ(closesocket(caller), 0);
  }
};

TEST_F(ReactosCases, ListenerOfAnotherContextGoesOnWorking) {
  SOCKET listener = INVALID_SOCKET;
  after(10ms, client, [&] { listener = listen_at(kPort); });
  EXPECT_FALSE(ready_to_read(make_socket(client), 1));  // passes the time in which it is made
  exchange_a_byte(listener);
  exchange_a_byte(listener);
}

TEST_F(ReactosCases, NonBlockingConnectAndAccept) {
  const SOCKET listener = listen_at(kPort);
  set_non_blocking(listener);
  EXPECT_EQ(accept_error(listener), WSAEWOULDBLOCK);
  const SOCKET caller = begin_connect(kPort);
  EXPECT_TRUE(ready_to_read(listener, 1));
  const SOCKET accepted = accept(listener, nullptr, nullptr);
  EXPECT_NE(accepted, INVALID_SOCKET);
  EXPECT_FALSE(ready_to_read(listener));
  EXPECT_TRUE(ready_to_write(caller, 1));
  EXPECT_TRUE(ready_to_write(accepted, 1));
}

TEST_F(ReactosCases, AcceptAndConnectAreReportedWithoutError) {
  const SOCKET listener = listen_at(kPort);
  const WSAEVENT heard_here = make_event(server);
  EXPECT_EQ(WSAEventSelect(listener, heard_here, FD_ACCEPT), 0);
  const SOCKET caller = make_socket(client);
  const WSAEVENT heard_there = make_event(client);
  EXPECT_EQ(WSAEventSelect(caller, heard_there, FD_CONNECT), 0);
  EXPECT_EQ(connect_error(caller, kPort), WSAEWOULDBLOCK);
  EXPECT_EQ(WSAWaitForMultipleEvents(1, &heard_there, 0, 1000, 0), WSA_WAIT_EVENT_0);
  EXPECT_EQ(WSAWaitForMultipleEvents(1, &heard_here, 0, 1000, 0), WSA_WAIT_EVENT_0);
  WSANETWORKEVENTS events{};
  EXPECT_EQ(WSAEnumNetworkEvents(listener, heard_here, &events), 0);
  EXPECT_EQ(events.lNetworkEvents, FD_ACCEPT);
  EXPECT_EQ(events.iErrorCode[FD_ACCEPT_BIT], 0);
  EXPECT_EQ(WSAEnumNetworkEvents(caller, heard_there, &events), 0);
  EXPECT_EQ(events.lNetworkEvents, FD_CONNECT);
  EXPECT_EQ(events.iErrorCode[FD_CONNECT_BIT], 0);
}

TEST_F(ReactosCases, UnboundSocketsHaveNoName) {
  sockaddr_in name{};
  int length = sizeof name;
  EXPECT_EQ(error_of(getsockname(make_socket(client), plain(name), &length)), WSAEINVAL);
}

TEST_F(ReactosCases, NoStartup) {
  testing::PairDriver fresh(pair, pair.server);
  provider_use(&fresh);
  fd_set set;
  (FD_ZERO)(&set);
  EXPECT_EQ(error_of_socket(socket(WS_AF_INET, WS_SOCK_STREAM, 0)), WSANOTINITIALISED);
  EXPECT_EQ(error_of(select(0, &set, nullptr, nullptr, nullptr)), WSANOTINITIALISED);
  EXPECT_EQ(WSACreateEvent(), WSA_INVALID_EVENT);
  EXPECT_EQ(WSAGetLastError(), WSANOTINITIALISED);
  WSASetLastError(42);
  EXPECT_EQ(WSAGetLastError(), 42);  // the thread's error works without
  provider_release(&fresh);
}

}  // namespace
}  // namespace anteroom::winsock
