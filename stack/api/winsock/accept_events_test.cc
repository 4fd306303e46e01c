// FD_ACCEPT and its re-enabling: case C, the half of it that is for event objects. Window messages,
// its other half, do not exist here.
#include "stack/testing/winsock_hosts.h"

namespace anteroom::winsock {
namespace {

constexpr std::uint16_t kPort = 80;
constexpr LONG kMask = FD_CONNECT | FD_READ | FD_OOB | FD_ACCEPT;

class TestAcceptEvents : public testing::WinsockHosts {
 protected:
  TestAcceptEvents() {
    EXPECT_EQ(WSAEventSelect(listener, event, kMask), 0);
    bind_any(listener, kPort);
    EXPECT_EQ(listen(listener, 2), 0);
    EXPECT_EQ(heard(), 0);
  }

  // What the listener reports now, and then nothing more without a cause.
  LONG heard() {
    const LONG events = events_of(listener, event);
    EXPECT_EQ(events_of(listener, event), 0);
    EXPECT_FALSE(is_signalled(event));
    return events;
  }
  SOCKET arrive() {
    const SOCKET caller = begin_connect(kPort);
    pair.run_for(10ms);
    return caller;
  }
  void choose(LONG mask) { EXPECT_EQ(WSAEventSelect(listener, event, mask), 0); }

  SOCKET listener = make_socket(server);
  WSAEVENT event = make_event(server);
};

TEST_F(TestAcceptEvents, C1_OnceForAClient) {
  (void)arrive();
  EXPECT_TRUE(is_signalled(event));
  EXPECT_EQ(heard(), FD_ACCEPT);
}

TEST_F(TestAcceptEvents, C2_SelectingAnewReportsNothingAnew) {
  (void)arrive();
  EXPECT_EQ(heard(), FD_ACCEPT);
  choose(kMask);
  EXPECT_EQ(heard(), 0);
  choose(0);
  choose(kMask);
  EXPECT_EQ(heard(), 0);
}

TEST_F(TestAcceptEvents, C3_ASecondClientIsReportedWithoutAnAccept) {
  (void)arrive();
  EXPECT_EQ(heard(), FD_ACCEPT);
  (void)arrive();
  EXPECT_EQ(heard(), FD_ACCEPT);
}

TEST_F(TestAcceptEvents, C4_AcceptReportsTheNextOneAndThenNone) {
  (void)arrive();
  (void)arrive();
  EXPECT_EQ(heard(), FD_ACCEPT);
  EXPECT_EQ(accept_error(listener), 0);
  EXPECT_EQ(heard(), FD_ACCEPT);
  EXPECT_EQ(accept_error(listener), 0);
  EXPECT_EQ(heard(), 0);
}

TEST_F(TestAcceptEvents, C5_ClosingBothEndsReportsNothingFurther) {
  const SOCKET caller = arrive();
  EXPECT_EQ(heard(), FD_ACCEPT);
  const SOCKET accepted = accept(listener, nullptr, nullptr);
  EXPECT_EQ(closesocket(accepted), 0);
  EXPECT_EQ(closesocket(caller), 0);
  pair.run_for(200ms);
  EXPECT_EQ(heard(), 0);
}

TEST_F(TestAcceptEvents, C6_SelectedAfterTheClientCame) {
  choose(0);
  (void)arrive();
  choose(kMask);
  EXPECT_TRUE(is_signalled(event));
  EXPECT_EQ(heard(), FD_ACCEPT);
}

TEST_F(TestAcceptEvents, C7_SignalledAndNotEnumerated) {
  (void)arrive();
  choose(kMask & ~FD_ACCEPT);
  EXPECT_TRUE(is_signalled(event));
  EXPECT_TRUE(WSAResetEvent(event));
  choose(kMask & ~FD_ACCEPT);
  EXPECT_FALSE(is_signalled(event));
  choose(kMask);
  EXPECT_TRUE(is_signalled(event));
  EXPECT_EQ(heard(), FD_ACCEPT);
}

TEST_F(TestAcceptEvents, C8_SelectedLateReportsWhatStillWaits) {
  choose(kMask & ~FD_ACCEPT);
  (void)arrive();
  EXPECT_EQ(heard(), 0);
  choose(kMask);
  EXPECT_EQ(heard(), FD_ACCEPT);
  EXPECT_EQ(accept_error(listener), 0);
  choose(kMask & ~FD_ACCEPT);
  (void)arrive();
  EXPECT_EQ(accept_error(listener), 0);
  choose(kMask);
  EXPECT_EQ(heard(), 0);
}

TEST_F(TestAcceptEvents, C9_TheAcceptedSocketReportsOnTheSameEvent) {
  choose(kMask | FD_WRITE);
  (void)arrive();
  EXPECT_EQ(heard(), FD_ACCEPT);
  const SOCKET accepted = accept(listener, nullptr, nullptr);
  EXPECT_TRUE(is_signalled(event));
  EXPECT_EQ(events_of(accepted, event), FD_WRITE);
  EXPECT_EQ(heard(), 0);
}

TEST_F(TestAcceptEvents, C10_AcceptExTakesTheClientSilently) {
  const SOCKET acceptor = make_socket(server);
  char buffer[64];
  WSAOVERLAPPED overlapped{};
  overlapped.hEvent = make_event(server);
  EXPECT_FALSE(AcceptEx(listener, acceptor, buffer, 0, 32, 32, nullptr, &overlapped));
  EXPECT_EQ(WSAGetLastError(), ERROR_IO_PENDING);
  (void)arrive();
  EXPECT_EQ(heard(), 0);
  EXPECT_TRUE(is_signalled(overlapped.hEvent));
  DWORD bytes = 99;
  DWORD flags = 0;
  EXPECT_TRUE(WSAGetOverlappedResult(listener, &overlapped, &bytes, 0, &flags));
  EXPECT_EQ(bytes, 0u);
  (void)arrive();
  EXPECT_EQ(heard(), FD_ACCEPT);
  EXPECT_EQ(accept_error(listener), 0);
}

// A failing accept re-enables too, unless the condition function deferred.
TEST_F(TestAcceptEvents, AFailingAcceptReenables) {
  (void)arrive();
  EXPECT_EQ(heard(), FD_ACCEPT);
  sockaddr_in name{};
  int length = 1;
  EXPECT_EQ(error_of_socket(accept(listener, plain(name), &length)), WSAEFAULT);
  EXPECT_EQ(heard(), FD_ACCEPT);
}

// Group K.
class TestEnumNetworkEvents : public testing::WinsockHosts {};

TEST_F(TestEnumNetworkEvents, K_LeavesTheSlotsOfOtherEventsAlone) {
  (void)listen_at(kPort);
  const SOCKET caller = connect_to(kPort);
  const WSAEVENT event = make_event(client);
  EXPECT_EQ(WSAEventSelect(caller, event, FD_WRITE | FD_CLOSE | FD_READ), 0);
  WSANETWORKEVENTS events;
  events.lNetworkEvents = -1;
  for (int& code : events.iErrorCode) code = 4711;
  EXPECT_EQ(WSAEnumNetworkEvents(caller, event, &events), 0);
  EXPECT_EQ(events.lNetworkEvents, FD_WRITE);
  for (int bit = 0; bit < FD_MAX_EVENTS; ++bit) {
    EXPECT_EQ(events.iErrorCode[bit], bit == FD_WRITE_BIT ? 0 : 4711) << bit;
  }
  EXPECT_FALSE(is_signalled(event));
  EXPECT_EQ(WSAEnumNetworkEvents(caller, event, &events), 0);
  EXPECT_EQ(events.lNetworkEvents, 0);
}

TEST_F(TestEnumNetworkEvents, NullAndForeignArguments) {
  const SOCKET s = make_socket(client);
  EXPECT_EQ(error_of(WSAEnumNetworkEvents(s, nullptr, nullptr)), WSAEFAULT);
  WSANETWORKEVENTS events;
  const WSAEVENT closed = make_event(client);
  EXPECT_TRUE(WSACloseEvent(closed));
  EXPECT_EQ(error_of(WSAEnumNetworkEvents(s, closed, &events)), WSAEINVAL);
  EXPECT_EQ(error_of(WSAEventSelect(s, closed, FD_READ)), WSAEINVAL);
  EXPECT_EQ(error_of(WSAEnumNetworkEvents(0, nullptr, &events)), WSAENOTSOCK);
}

}  // namespace
}  // namespace anteroom::winsock
