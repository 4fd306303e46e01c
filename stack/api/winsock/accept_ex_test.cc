// AcceptEx: cases D and E of the suites.
#include "stack/testing/winsock_hosts.h"

namespace anteroom::winsock {
namespace {

constexpr std::uint16_t kPort = 80;
constexpr DWORD kAreaBytes = sizeof(sockaddr_in) + 16;

class TestAcceptEx : public testing::WinsockHosts {
 protected:
  // 0 on immediate success, else the error.
  int accept_ex(SOCKET from, SOCKET into, DWORD receive_bytes = 0) {
    return accept_ex(from, into, receive_bytes, kAreaBytes, kAreaBytes, overlapped);
  }
  int accept_ex(SOCKET from, SOCKET into, DWORD receive_bytes, DWORD local_bytes,
                DWORD remote_bytes, WSAOVERLAPPED& with) {
    const BOOL done =
        AcceptEx(from, into, buffer, receive_bytes, local_bytes, remote_bytes, &received, &with);
    return done != 0 ? 0 : WSAGetLastError();
  }
  // The error of the call that is complete, or 0 with its bytes in `received`.
  int result(WSAOVERLAPPED& of) {
    DWORD flags = 0;
    return WSAGetOverlappedResult(listener, &of, &received, 0, &flags) != 0 ? 0 : WSAGetLastError();
  }
  int result() { return result(overlapped); }

  SOCKET listener = listen_at(kPort);
  SOCKET acceptor = make_socket(server);
  WSAOVERLAPPED overlapped{
      .Internal = 0, .InternalHigh = 0, .Offset = 0, .OffsetHigh = 0, .hEvent = make_event(server)};
  DWORD received = 99;
  alignas(8) char buffer[128] = {};
};

// The deferred head goes to AcceptEx, accept gets the next request.
TEST_F(TestAcceptEx, D_DeferredHeadGoesToAcceptEx) {
  set_non_blocking(listener);
  const SOCKET first = begin_connect(kPort);
  EXPECT_TRUE(ready_to_read(listener, 1));
  EXPECT_EQ(decide(listener, testing::always<CF_DEFER>), WSATRY_AGAIN);
  EXPECT_EQ(accept_ex(listener, acceptor), ERROR_IO_PENDING);
  EXPECT_TRUE(ready_to_write(first, 1));
  EXPECT_EQ(send_text(first, "1"), 1);
  const SOCKET second = begin_connect(kPort);
  EXPECT_TRUE(ready_to_read(listener, 1));
  const SOCKET accepted = accept(listener, nullptr, nullptr);
  EXPECT_NE(accepted, INVALID_SOCKET);
  EXPECT_EQ(closesocket(accepted), 0);
  EXPECT_TRUE(ready_to_write(second, 1));
  EXPECT_EQ(send_text(second, "2"), 1);
  EXPECT_TRUE(is_signalled(overlapped.hEvent));
  EXPECT_EQ(result(), 0);
  EXPECT_EQ(received, 0u);
  EXPECT_EQ(receive_text(acceptor), "1");
}

TEST_F(TestAcceptEx, E_InvalidHandles) {
  EXPECT_EQ(accept_ex(INVALID_SOCKET, acceptor), WSAENOTSOCK);
  EXPECT_EQ(accept_ex(listener, INVALID_SOCKET), WSAENOTSOCK);
}

TEST_F(TestAcceptEx, E_NotListening) {
  const SOCKET s = make_socket(server);
  EXPECT_EQ(accept_ex(s, acceptor), WSAEINVAL);
}

TEST_F(TestAcceptEx, E_NullBufferAndNoRemoteArea) {
  EXPECT_FALSE(
      AcceptEx(listener, acceptor, nullptr, 0, kAreaBytes, kAreaBytes, nullptr, &overlapped));
  EXPECT_EQ(WSAGetLastError(), WSAEFAULT);
  EXPECT_EQ(accept_ex(listener, acceptor, 0, kAreaBytes, 0, overlapped), WSAEFAULT);
}

TEST_F(TestAcceptEx, E_LocalAreaTooSmallLeavesTheRequest) {
  EXPECT_EQ(accept_ex(listener, acceptor, 0, 3, kAreaBytes, overlapped), ERROR_IO_PENDING);
  const SOCKET caller = begin_connect(kPort);
  pair.run_for(10ms);
  EXPECT_TRUE(ready_to_read(listener, 1));
  EXPECT_TRUE(is_signalled(overlapped.hEvent));
  EXPECT_EQ(result(), ERROR_INSUFFICIENT_BUFFER);
  EXPECT_EQ(accept_error(listener), 0);
  EXPECT_TRUE(ready_to_write(caller, 1));
}

TEST_F(TestAcceptEx, E_TheSameAcceptorTwiceOrConnecting) {
  EXPECT_EQ(accept_ex(listener, acceptor), ERROR_IO_PENDING);
  WSAOVERLAPPED second{};
  EXPECT_EQ(accept_ex(listener, acceptor, 0, kAreaBytes, kAreaBytes, second), WSAEINVAL);
  EXPECT_EQ(connect_error(acceptor, kPort), WSAEINVAL);
}

TEST_F(TestAcceptEx, E_WaitsForTheFirstData) {
  EXPECT_EQ(accept_ex(listener, acceptor, 2), ERROR_IO_PENDING);
  const SOCKET caller = connect_to(kPort);
  pair.run_for(10ms);
  EXPECT_EQ(result(), WSA_IO_INCOMPLETE);
  EXPECT_FALSE(is_signalled(overlapped.hEvent));
  EXPECT_EQ(send_text(caller, "x"), 1);
  EXPECT_EQ(WSAWaitForMultipleEvents(1, &overlapped.hEvent, 0, 1000, 0), WSA_WAIT_EVENT_0);
  EXPECT_EQ(result(), 0);
  EXPECT_EQ(received, 1u);
  EXPECT_EQ(buffer[0], 'x');
}

TEST_F(TestAcceptEx, E_ClosedWithoutDataIsASuccessOfNone) {
  EXPECT_EQ(accept_ex(listener, acceptor, 2), ERROR_IO_PENDING);
  EXPECT_EQ(closesocket(connect_to(kPort)), 0);
  EXPECT_EQ(WSAWaitForMultipleEvents(1, &overlapped.hEvent, 0, 1000, 0), WSA_WAIT_EVENT_0);
  EXPECT_EQ(result(), 0);
  EXPECT_EQ(received, 0u);
}

TEST_F(TestAcceptEx, E_ClosingTheAcceptorCompletesTheCall) {
  EXPECT_EQ(accept_ex(listener, acceptor), ERROR_IO_PENDING);
  EXPECT_EQ(closesocket(acceptor), 0);
  EXPECT_TRUE(is_signalled(overlapped.hEvent));
  EXPECT_EQ(result(), WSA_OPERATION_ABORTED);
  (void)begin_connect(kPort);
  EXPECT_EQ(accept_error(listener), 0);  // nobody else waits for it
}

TEST_F(TestAcceptEx, E_BoundOrConnectedAcceptor) {
  const SOCKET bound = make_socket(server);
  bind_any(bound, 0);
  EXPECT_EQ(accept_ex(listener, bound), WSAEINVAL);
  (void)connect_to(kPort);
  EXPECT_EQ(accept_ex(listener, accept(listener, nullptr, nullptr)), WSAEINVAL);
}

TEST_F(TestAcceptEx, ClosingTheListenerCompletesTheCall) {
  EXPECT_EQ(accept_ex(listener, acceptor), ERROR_IO_PENDING);
  EXPECT_EQ(closesocket(listener), 0);
  EXPECT_TRUE(is_signalled(overlapped.hEvent));
  EXPECT_EQ(overlapped.Internal, ULONG_PTR{WSA_OPERATION_ABORTED});
}

TEST_F(TestAcceptEx, CancelledByItsStructure) {
  EXPECT_EQ(accept_ex(listener, acceptor), ERROR_IO_PENDING);
  WSAOVERLAPPED other{};
  EXPECT_FALSE(CancelIoEx(listener, &other));
  EXPECT_EQ(WSAGetLastError(), ERROR_NOT_FOUND);
  EXPECT_TRUE(CancelIoEx(listener, &overlapped));
  EXPECT_EQ(result(), WSA_OPERATION_ABORTED);
  EXPECT_EQ(accept_ex(listener, acceptor), ERROR_IO_PENDING);  // the acceptor is fresh again
}

TEST_F(TestAcceptEx, WritesBothAddresses) {
  EXPECT_EQ(accept_ex(listener, acceptor), ERROR_IO_PENDING);
  const SOCKET caller = connect_to(kPort);
  EXPECT_EQ(WSAWaitForMultipleEvents(1, &overlapped.hEvent, 0, 1000, 0), WSA_WAIT_EVENT_0);
  sockaddr* local = nullptr;
  sockaddr* remote = nullptr;
  int local_length = 0;
  int remote_length = 0;
  GetAcceptExSockaddrs(buffer, 0, kAreaBytes, kAreaBytes, &local, &local_length, &remote,
                       &remote_length);
  EXPECT_EQ(local_length, 16);
  EXPECT_EQ(remote_length, 16);
  EXPECT_EQ((ntohs)(reinterpret_cast<sockaddr_in*>(local)->sin_port), kPort);
  sockaddr_in own{};
  int length = sizeof own;
  EXPECT_EQ(getsockname(caller, plain(own), &length), 0);
  EXPECT_EQ(reinterpret_cast<sockaddr_in*>(remote)->sin_port, own.sin_port);
  EXPECT_EQ(reinterpret_cast<sockaddr_in*>(remote)->sin_addr.s_addr, own.sin_addr.s_addr);
}

TEST_F(TestAcceptEx, InheritsNothingUntilTheContextIsUpdated) {
  EXPECT_EQ(set_option<INT>(listener, WS_SO_RCVTIMEO, 77), 0);
  EXPECT_EQ(accept_ex(listener, acceptor), ERROR_IO_PENDING);
  EXPECT_EQ(set_option(acceptor, SO_UPDATE_ACCEPT_CONTEXT, listener), WSAEINVAL);  // not yet
  (void)connect_to(kPort);
  EXPECT_EQ(WSAWaitForMultipleEvents(1, &overlapped.hEvent, 0, 1000, 0), WSA_WAIT_EVENT_0);
  EXPECT_EQ(option_of<INT>(acceptor, WS_SO_RCVTIMEO), 0);
  sockaddr_in name{};
  int length = sizeof name;
  EXPECT_EQ(error_of(getpeername(acceptor, plain(name), &length)), WSAENOTCONN);
  EXPECT_EQ(set_option(acceptor, SO_UPDATE_ACCEPT_CONTEXT, SOCKET{0}), WSAENOTSOCK);
  EXPECT_EQ(set_option(acceptor, SO_UPDATE_ACCEPT_CONTEXT, listener), 0);
  EXPECT_EQ(option_of<INT>(acceptor, WS_SO_RCVTIMEO), 77);
  EXPECT_EQ(getpeername(acceptor, plain(name), &length), 0);
}

TEST_F(TestAcceptEx, HeldSynIsAcceptedAtOnce) {
  const SOCKET holding = listen_at(81, true);
  EXPECT_EQ(accept_ex(holding, acceptor), ERROR_IO_PENDING);
  const SOCKET caller = begin_connect(81);
  EXPECT_EQ(WSAWaitForMultipleEvents(1, &overlapped.hEvent, 0, 1000, 0), WSA_WAIT_EVENT_0);
  EXPECT_TRUE(ready_to_write(caller, 1));
}

}  // namespace
}  // namespace anteroom::winsock
