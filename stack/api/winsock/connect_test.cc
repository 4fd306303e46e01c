// Connecting: cases G, H and I of the suites.
#include "stack/testing/winsock_hosts.h"

namespace anteroom::winsock {
namespace {

constexpr std::uint16_t kPort = 80;
constexpr std::uint16_t kDeadPort = 99;

class TestConnect : public testing::WinsockHosts {
 protected:
  // ConnectEx; 0 on immediate success, else the error.
  int connect_ex(SOCKET s, std::uint16_t port, WSAOVERLAPPED* overlapped, void* data = nullptr,
                 DWORD size = 0) {
    const sockaddr_in name = server_name(port);
    DWORD sent = 0;
    const BOOL done = ConnectEx(s, plain(name), sizeof name, data, size, &sent, overlapped);
    return done != 0 ? 0 : WSAGetLastError();
  }
  SOCKET bound() {
    const SOCKET s = make_socket(client);
    bind_any(s, 0);
    return s;
  }
};

TEST_F(TestConnect, G_OnAListener) {
  const SOCKET s = bound();
  EXPECT_EQ(listen(s, 1), 0);
  EXPECT_EQ(connect_error(s, kPort), WSAEINVAL);
  WSAOVERLAPPED overlapped{};
  EXPECT_EQ(connect_ex(s, kPort, &overlapped), WSAEINVAL);
}

TEST_F(TestConnect, G_ConnectExWantsABoundSocketAndAnOverlapped) {
  WSAOVERLAPPED overlapped{};
  EXPECT_EQ(connect_ex(make_socket(client), kPort, &overlapped), WSAEINVAL);
  EXPECT_EQ(connect_ex(bound(), kPort, nullptr), 87);
  EXPECT_EQ(connect_ex(0, kPort, &overlapped), WSAENOTSOCK);
}

TEST_F(TestConnect, G_ConnectExPendsAndCompletes) {
  const SOCKET listener = listen_at(kPort);
  const SOCKET s = bound();
  WSAOVERLAPPED overlapped{};
  overlapped.hEvent = make_event(client);
  EXPECT_EQ(connect_ex(s, kPort, &overlapped), ERROR_IO_PENDING);
  EXPECT_FALSE(is_signalled(overlapped.hEvent));
  DWORD bytes = 99;
  DWORD flags = 0;
  EXPECT_FALSE(WSAGetOverlappedResult(s, &overlapped, &bytes, 0, &flags));
  EXPECT_EQ(WSAGetLastError(), WSA_IO_INCOMPLETE);
  EXPECT_TRUE(WSAGetOverlappedResult(s, &overlapped, &bytes, 1, &flags));
  EXPECT_EQ(bytes, 0u);
  EXPECT_EQ(accept_error(listener), 0);
}

TEST_F(TestConnect, G_ConnectExSendsWhatItWasGivenThen) {
  const SOCKET listener = listen_at(kPort);
  const SOCKET s = bound();
  WSAOVERLAPPED overlapped{};
  char data[] = {'1', '2', '3'};
  EXPECT_EQ(connect_ex(s, kPort, &overlapped, data, 3), ERROR_IO_PENDING);
  data[0] = data[1] = data[2] = 'x';
  DWORD bytes = 0;
  DWORD flags = 0;
  EXPECT_TRUE(WSAGetOverlappedResult(s, &overlapped, &bytes, 1, &flags));
  EXPECT_EQ(bytes, 3u);
  const SOCKET accepted = accept(listener, nullptr, nullptr);
  EXPECT_EQ(receive_text(accepted), "123");
}

TEST_F(TestConnect, G_AgainBeforeAndAfterTheContextIsUpdated) {
  (void)listen_at(kPort);
  const SOCKET s = bound();
  WSAOVERLAPPED overlapped{};
  EXPECT_EQ(connect_ex(s, kPort, &overlapped), ERROR_IO_PENDING);
  DWORD bytes = 0;
  DWORD flags = 0;
  EXPECT_TRUE(WSAGetOverlappedResult(s, &overlapped, &bytes, 1, &flags));
  EXPECT_EQ(connect_error(s, kPort), WSAEINVAL);
  sockaddr_in name{};
  int length = sizeof name;
  EXPECT_EQ(error_of(getpeername(s, plain(name), &length)), WSAENOTCONN);
  EXPECT_EQ(setsockopt(s, WS_SOL_SOCKET, SO_UPDATE_CONNECT_CONTEXT, nullptr, 0), 0);
  EXPECT_EQ(connect_error(s, kPort), WSAEISCONN);
  EXPECT_EQ(getpeername(s, plain(name), &length), 0);
}

TEST_F(TestConnect, G_ConnectExRefused) {
  const SOCKET s = bound();
  WSAOVERLAPPED overlapped{};
  EXPECT_EQ(connect_ex(s, kDeadPort, &overlapped), ERROR_IO_PENDING);
  DWORD bytes = 0;
  DWORD flags = 0;
  EXPECT_FALSE(GetOverlappedResult(s, &overlapped, &bytes, 1));
  EXPECT_EQ(WSAGetLastError(), ERROR_CONNECTION_REFUSED);
  EXPECT_FALSE(WSAGetOverlappedResult(s, &overlapped, &bytes, 0, &flags));
  EXPECT_EQ(WSAGetLastError(), WSAECONNREFUSED);
}

TEST_F(TestConnect, G_TheSameSocketAfterARefusal) {
  const SOCKET listener = listen_at(kPort);
  const SOCKET s = make_socket(client);
  EXPECT_EQ(connect_error(s, kDeadPort), WSAECONNREFUSED);
  set_non_blocking(s);
  EXPECT_EQ(connect_error(s, kPort), WSAEWOULDBLOCK);
  EXPECT_EQ(accept_error(listener), 0);
  EXPECT_TRUE(ready_to_write(s, 1));
}

TEST_F(TestConnect, Errors) {
  const SOCKET s = make_socket(client);
  sockaddr_in name = server_name(kPort);
  EXPECT_EQ(error_of(connect(s, nullptr, sizeof name)), WSAEFAULT);
  EXPECT_EQ(error_of(connect(s, plain(name), 8)), WSAEFAULT);
  name.sin_family = WS_AF_INET6;
  EXPECT_EQ(error_of(connect(s, plain(name), sizeof name)), WSAEAFNOSUPPORT);
  name = server_name(0);
  EXPECT_EQ(error_of(connect(s, plain(name), sizeof name)), WSAEADDRNOTAVAIL);
  name = name_of({IpAddress::v4(0), kPort});
  EXPECT_EQ(error_of(connect(s, plain(name), sizeof name)), WSAEADDRNOTAVAIL);
  name = name_of({IpAddress::v4(198, 51, 100, 1), kPort});
  EXPECT_EQ(error_of(connect(s, plain(name), sizeof name)), WSAENETUNREACH);
}

TEST_F(TestConnect, NobodyAnswersTimesOut) {
  pair.set_wire([](testing::Toward, std::vector<std::uint8_t>&) { return false; });
  const SOCKET s = make_socket(client);
  const int error = connect_error(s, kPort);
  EXPECT_TRUE(error == WSAETIMEDOUT || error == WSAEHOSTUNREACH) << error;
}

TEST_F(TestConnect, ClosedByAnotherThreadMeanwhile) {
  (void)listen_at(kPort, true);
  const SOCKET s = make_socket(client);
  after(100ms, client, [&] { EXPECT_EQ(closesocket(s), 0); });
  EXPECT_EQ(connect_error(s, kPort), WSAEINTR);
}

TEST_F(TestConnect, ConnectTime) {
  (void)listen_at(kPort);
  const SOCKET s = make_socket(client);
  EXPECT_EQ(option_of<DWORD>(s, SO_CONNECT_TIME), 0xffffffffu);
  EXPECT_EQ(connect_error(s, kPort), 0);
  EXPECT_EQ(option_of<DWORD>(s, SO_CONNECT_TIME), 0u);
  pair.run_for(3s);
  EXPECT_EQ(option_of<DWORD>(s, SO_CONNECT_TIME), 3u);
}

// Group H: a SYN that nobody answers, which here is one that a listener holds.
class TestConnectingSocket : public TestConnect {
 protected:
  SOCKET connecting() {
    (void)listen_at(kPort, true);
    return begin_connect(kPort);
  }
};

TEST_F(TestConnectingSocket, H_AgainIsAlready) {
  const SOCKET s = connecting();
  EXPECT_EQ(connect_error(s, kPort), WSAEALREADY);
  WSAOVERLAPPED overlapped{};
  EXPECT_EQ(connect_ex(s, kPort, &overlapped), WSAEINVAL);
}

TEST_F(TestConnectingSocket, H_HasNames) {
  const SOCKET s = connecting();
  sockaddr_in name{};
  int length = sizeof name;
  EXPECT_EQ(getsockname(s, plain(name), &length), 0);
  EXPECT_NE(name.sin_port, 0);
  EXPECT_EQ(getpeername(s, plain(name), &length), 0);
  EXPECT_EQ((ntohs)(name.sin_port), kPort);
}

TEST_F(TestConnectingSocket, H_MovesNoData) {
  const SOCKET s = connecting();
  EXPECT_EQ(error_of(send_text(s, "x")), WSAENOTCONN);
  EXPECT_EQ(receive_text(s), "error 10057");
}

TEST_F(TestConnectingSocket, H_WithConnectExPending) {
  (void)listen_at(kPort, true);
  const SOCKET s = bound();
  WSAOVERLAPPED overlapped{};
  WSAOVERLAPPED second{};
  EXPECT_EQ(connect_ex(s, kPort, &overlapped), ERROR_IO_PENDING);
  EXPECT_EQ(connect_error(s, kPort), WSAEINVAL);
  EXPECT_EQ(connect_ex(s, kPort, &second), WSAEINVAL);
  sockaddr_in name{};
  int length = sizeof name;
  EXPECT_EQ(error_of(getpeername(s, plain(name), &length)), WSAENOTCONN);
  EXPECT_EQ(closesocket(s), 0);
  EXPECT_EQ(overlapped.Internal, ULONG_PTR{WSA_OPERATION_ABORTED});
}

// Group I.
class TestConnectEvents : public testing::WinsockHosts {
 protected:
  SOCKET connected_unwatched() {
    (void)listen_at(kPort);
    const SOCKET s = begin_connect(kPort);
    pair.run_for(10ms);
    return s;
  }
};

TEST_F(TestConnectEvents, I_ConnectAndWriteOnce) {
  (void)listen_at(kPort);
  const SOCKET s = make_socket(client);
  const WSAEVENT event = make_event(client);
  EXPECT_EQ(WSAEventSelect(s, event, FD_CONNECT | FD_WRITE), 0);
  EXPECT_EQ(connect_error(s, kPort), WSAEWOULDBLOCK);
  EXPECT_EQ(events_of(s, event), 0);
  pair.run_for(10ms);
  EXPECT_EQ(events_of(s, event), FD_CONNECT | FD_WRITE);
  EXPECT_EQ(events_of(s, event), 0);
}

TEST_F(TestConnectEvents, I_SelectedAfterBeingConnected) {
  const SOCKET s = connected_unwatched();
  const WSAEVENT event = make_event(client);
  EXPECT_EQ(WSAEventSelect(s, event, FD_CONNECT | FD_WRITE), 0);
  EXPECT_TRUE(is_signalled(event));
  EXPECT_EQ(events_of(s, event), FD_CONNECT | FD_WRITE);
}

TEST_F(TestConnectEvents, I_SelectedWithoutAndThenWithConnect) {
  const SOCKET s = connected_unwatched();
  const WSAEVENT event = make_event(client);
  EXPECT_EQ(WSAEventSelect(s, event, FD_WRITE), 0);
  EXPECT_EQ(events_of(s, event), FD_WRITE);
  EXPECT_EQ(WSAEventSelect(s, event, FD_WRITE | FD_CONNECT), 0);
  EXPECT_EQ(events_of(s, event), FD_CONNECT);
}

TEST_F(TestConnectEvents, FailureIsReportedWithItsCode) {
  const SOCKET s = make_socket(client);
  const WSAEVENT event = make_event(client);
  EXPECT_EQ(WSAEventSelect(s, event, FD_CONNECT | FD_WRITE), 0);
  EXPECT_EQ(connect_error(s, kDeadPort), WSAEWOULDBLOCK);
  EXPECT_EQ(WSAWaitForMultipleEvents(1, &event, 0, WSA_INFINITE, 0), WSA_WAIT_EVENT_0);
  WSANETWORKEVENTS events{};
  EXPECT_EQ(WSAEnumNetworkEvents(s, event, &events), 0);
  EXPECT_EQ(events.lNetworkEvents, FD_CONNECT);
  EXPECT_EQ(events.iErrorCode[FD_CONNECT_BIT], WSAECONNREFUSED);
}

}  // namespace
}  // namespace anteroom::winsock
