// select and WSAPoll: case J.
#include "stack/testing/winsock_hosts.h"

namespace anteroom::winsock {
namespace {

constexpr std::uint16_t kPort = 80;
constexpr std::uint16_t kDeadPort = 99;

class TestSelect : public testing::WinsockHosts {
 protected:
  // WSAPoll on one socket at once: its events, or -1.
  static int poll_of(SOCKET s, int events) {
    WSAPOLLFD one{s, static_cast<std::int16_t>(events), 0};
    const int count = WSAPoll(&one, 1, 0);
    EXPECT_EQ(count, one.revents != 0 ? 1 : 0);
    return one.revents;
  }
};

TEST_F(TestSelect, J_IdleListenerIsNotReady) {
  const SOCKET listener = listen_at(kPort);
  EXPECT_FALSE(ready_to_read(listener));
  EXPECT_FALSE(ready_to_write(listener));
  EXPECT_FALSE(has_failed(listener));
  EXPECT_EQ(poll_of(listener, WS_POLLRDNORM | WS_POLLWRNORM), 0);
}

TEST_F(TestSelect, J_PendingRequestIsReadableUntilAccepted) {
  const SOCKET listener = listen_at(kPort);
  (void)begin_connect(kPort);
  for (int i = 0; i < 2; ++i) {
    EXPECT_TRUE(ready_to_read(listener, 1));
    EXPECT_FALSE(ready_to_write(listener));
    EXPECT_FALSE(has_failed(listener));
    EXPECT_EQ(poll_of(listener, WS_POLLRDNORM | WS_POLLWRNORM), 0x100);
  }
  EXPECT_EQ(accept_error(listener), 0);
  EXPECT_FALSE(ready_to_read(listener));
}

TEST_F(TestSelect, J_ConnectedPairIsWritable) {
  const SOCKET listener = listen_at(kPort);
  const SOCKET caller = connect_to(kPort);
  const SOCKET accepted = accept(listener, nullptr, nullptr);
  for (const SOCKET s : {caller, accepted}) {
    EXPECT_TRUE(ready_to_write(s));
    EXPECT_FALSE(ready_to_read(s));
    EXPECT_EQ(poll_of(s, WS_POLLRDNORM | WS_POLLWRNORM), 0x10);
  }
  EXPECT_EQ(send_text(caller, "x"), 1);
  EXPECT_TRUE(ready_to_read(accepted, 1));
  EXPECT_EQ(closesocket(caller), 0);
  EXPECT_EQ(receive_text(accepted), "x");
  EXPECT_TRUE(ready_to_read(accepted, 1));
  EXPECT_EQ(receive_text(accepted), "");
  EXPECT_NE(poll_of(accepted, WS_POLLRDNORM) & WS_POLLHUP, 0);
}

TEST_F(TestSelect, J_RefusedIsAnExceptionAndKeepsItsErrorUntilAConnectSucceeds) {
  (void)listen_at(kPort);
  const SOCKET s = begin_connect(kDeadPort);
  EXPECT_TRUE(has_failed(s, 1));
  EXPECT_FALSE(ready_to_write(s));
  EXPECT_EQ(option_of<INT>(s, WS_SO_ERROR), WSAECONNREFUSED);
  EXPECT_EQ(option_of<INT>(s, WS_SO_ERROR), WSAECONNREFUSED);
  EXPECT_EQ(poll_of(s, 0), WS_POLLERR | WS_POLLHUP);
  EXPECT_EQ(connect_error(s, kPort), WSAEWOULDBLOCK);
  EXPECT_EQ(option_of<INT>(s, WS_SO_ERROR), WSAECONNREFUSED);
  EXPECT_TRUE(ready_to_write(s, 1));
  EXPECT_EQ(option_of<INT>(s, WS_SO_ERROR), 0);
}

TEST_F(TestSelect, J_AFailedBlockingConnectLeavesNoError) {
  const SOCKET s = make_socket(client);
  EXPECT_EQ(connect_error(s, kDeadPort), WSAECONNREFUSED);
  EXPECT_EQ(option_of<INT>(s, WS_SO_ERROR), 0);
}

TEST_F(TestSelect, J_ListenAfterAFailedConnect) {
  const SOCKET s = begin_connect(kDeadPort);
  EXPECT_TRUE(has_failed(s, 1));
  EXPECT_EQ(listen(s, 1), 0);
  EXPECT_EQ(option_of<BOOL>(s, WS_SO_ACCEPTCONN), 1);
}

TEST_F(TestSelect, J_TimeoutIsNotModified) {
  const SOCKET listener = listen_at(kPort);
  fd_set set;
  (FD_ZERO)(&set);
  (FD_SET)(listener, &set);
  const timeval timeout{0, 250'000};
  const Instant start = pair.now();
  EXPECT_EQ(select(0, &set, nullptr, nullptr, &timeout), 0);
  EXPECT_EQ(pair.now() - start, 250ms);
  EXPECT_EQ(timeout.tv_sec, 0);
  EXPECT_EQ(timeout.tv_usec, 250'000);
  EXPECT_EQ(set.fd_count, 0u);
}

TEST_F(TestSelect, J_EmptySetsAreInvalid) {
  provider_use(&server);
  fd_set empty;
  (FD_ZERO)(&empty);
  const timeval timeout{0, 0};
  EXPECT_EQ(error_of(select(0, nullptr, nullptr, nullptr, &timeout)), WSAEINVAL);
  EXPECT_EQ(error_of(select(0, &empty, &empty, &empty, &timeout)), WSAEINVAL);
}

TEST_F(TestSelect, J_ClosedHandle) {
  const SOCKET s = make_socket(server);
  EXPECT_EQ(closesocket(s), 0);
  fd_set set;
  (FD_ZERO)(&set);
  (FD_SET)(s, &set);
  const timeval timeout{0, 0};
  EXPECT_EQ(error_of(select(0, &set, nullptr, nullptr, &timeout)), WSAENOTSOCK);
  EXPECT_EQ(poll_of(s, WS_POLLRDNORM), WS_POLLNVAL);
}

TEST_F(TestSelect, OnlyWhatIsReadyStaysInTheSet) {
  const SOCKET quiet = listen_at(kPort);
  const SOCKET called = listen_at(81);
  (void)begin_connect(81);
  fd_set set;
  (FD_ZERO)(&set);
  (FD_SET)(quiet, &set);
  (FD_SET)(called, &set);
  EXPECT_EQ(select(0, &set, nullptr, nullptr, nullptr), 1);
  EXPECT_FALSE((FD_ISSET)(quiet, &set));
  EXPECT_TRUE((FD_ISSET)(called, &set));
  (FD_CLR)(called, &set);
  EXPECT_EQ(set.fd_count, 0u);
}

TEST_F(TestSelect, NothingWillEverHappenEndsInAnError) {
  const SOCKET listener = listen_at(kPort);
  fd_set set;
  (FD_ZERO)(&set);
  (FD_SET)(listener, &set);
  EXPECT_EQ(error_of(select(0, &set, nullptr, nullptr, nullptr)), WSAENETDOWN);
  WSAPOLLFD one{listener, WS_POLLRDNORM, 0};
  EXPECT_EQ(error_of(WSAPoll(&one, 1, -1)), WSAENETDOWN);
  const WSAEVENT event = make_event(server);
  EXPECT_EQ(WSAWaitForMultipleEvents(1, &event, 0, WSA_INFINITE, 0), WSA_WAIT_FAILED);
  EXPECT_EQ(WSAGetLastError(), WSAENETDOWN);
}

}  // namespace
}  // namespace anteroom::winsock
