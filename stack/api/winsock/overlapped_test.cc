// Overlapped calls: events, completion routines, order, cancellation.
#include "stack/testing/winsock_connected.h"

namespace anteroom::winsock {
namespace {

class Overlapped : public testing::WinsockConnected {};

TEST_F(Overlapped, OverlappedReceivesCompleteInOrder) {
  char first[2] = {};
  char second[4] = {};
  WSABUF one{2, first};
  WSABUF two{4, second};
  WSAOVERLAPPED a{};
  WSAOVERLAPPED b{};
  a.hEvent = make_event(server);
  b.hEvent = make_event(server);
  EXPECT_EQ(receive(callee, &one, 1, a), WSA_IO_PENDING);
  EXPECT_EQ(receive(callee, &two, 1, b), WSA_IO_PENDING);
  EXPECT_EQ(result(callee, a, 0), WSA_IO_INCOMPLETE);
  EXPECT_EQ(send_text(caller, "12345"), 5);
  const WSAEVENT both[] = {a.hEvent, b.hEvent};
  EXPECT_EQ(WSAWaitForMultipleEvents(2, both, 1, 1000, 0), WSA_WAIT_EVENT_0);
  EXPECT_EQ(result(callee, a, 0), 0);
  EXPECT_EQ(bytes, 2u);
  EXPECT_EQ(result(callee, b, 0), 0);
  EXPECT_EQ(bytes, 3u);
  EXPECT_EQ(std::string(first, 2) + std::string(second, 3), "12345");
}

TEST_F(Overlapped, OverlappedReceiveOfWhatIsThereIsCompleteAtOnce) {
  EXPECT_EQ(send_text(caller, "now"), 3);
  EXPECT_TRUE(ready_to_read(callee, 1));
  char text[8] = {};
  WSABUF one{8, text};
  WSAOVERLAPPED a{};
  a.hEvent = make_event(server);
  EXPECT_EQ(receive(callee, &one, 1, a), 0);
  EXPECT_TRUE(is_signalled(a.hEvent));
  EXPECT_EQ(result(callee, a, 0), 0);
  EXPECT_EQ(bytes, 3u);
}

TEST_F(Overlapped, OverlappedSendCompletesWhenAllIsTaken) {
  std::string much(4 << 20, 'z');
  WSABUF one{4 << 20, much.data()};
  WSAOVERLAPPED a{};
  EXPECT_EQ(error_of(WSASend(caller, &one, 1, nullptr, 0, &a, nullptr)), WSA_IO_PENDING);
  set_non_blocking(callee);
  int read = 0;
  while (result(caller, a, 0) == WSA_IO_INCOMPLETE && pair.now() < Instant(60s)) {
    pair.run_for(5ms);
    read += drain(callee, 1 << 20);
  }
  EXPECT_EQ(result(caller, a, 0), 0);
  EXPECT_EQ(bytes, 4u << 20);
  pair.run_for(1s);
  read += drain(callee, 4 << 20);
  EXPECT_EQ(read, 4 << 20);
}

TEST_F(Overlapped, LaterSendsAndTheEndGoBehindOverlappedOnes) {
  std::string much(3 << 20, 'z');
  WSABUF one{3 << 20, much.data()};
  WSAOVERLAPPED a{};
  EXPECT_EQ(error_of(WSASend(caller, &one, 1, nullptr, 0, &a, nullptr)), WSA_IO_PENDING);
  set_non_blocking(caller);
  EXPECT_EQ(error_of(send_text(caller, "!")), WSAEWOULDBLOCK);
  EXPECT_EQ(shutdown(caller, SD_SEND), 0);
  EXPECT_EQ(error_of(send_text(caller, "!")), WSAESHUTDOWN);
  set_non_blocking(callee);
  int read = 0;
  for (int i = 0; i < 400 && read < 3 << 20; ++i) {
    (void)result(caller, a, 0);
    pair.run_for(5ms);
    read += drain(callee, 1 << 20);
  }
  EXPECT_EQ(read, 3 << 20);
  EXPECT_EQ(result(caller, a, 0), 0);
  pair.run_for(50ms);
  EXPECT_EQ(receive_text(callee), "");  // in order, and then the end
}

TEST_F(Overlapped, OverlappedReceiveWithoutRoomTellsThatThereIsSomething) {
  WSABUF none{0, nullptr};
  WSAOVERLAPPED a{};
  EXPECT_EQ(receive(callee, &none, 1, a), WSA_IO_PENDING);
  EXPECT_EQ(send_text(caller, "abc"), 3);
  EXPECT_EQ(result(callee, a, 1), 0);
  EXPECT_EQ(bytes, 0u);
  EXPECT_EQ(receive_text(callee), "abc");
}

TEST_F(Overlapped, OverlappedReceiveEndsWithTheConnection) {
  char text[8] = {};
  WSABUF one{8, text};
  WSAOVERLAPPED a{};
  WSAOVERLAPPED b{};
  EXPECT_EQ(receive(callee, &one, 1, a), WSA_IO_PENDING);
  EXPECT_EQ(receive(caller, &one, 1, b), WSA_IO_PENDING);
  EXPECT_EQ(shutdown(caller, SD_SEND), 0);
  EXPECT_EQ(result(callee, a, 1), 0);
  EXPECT_EQ(bytes, 0u);
  EXPECT_EQ(set_option(callee, WS_SO_LINGER, linger{1, 0}), 0);
  EXPECT_EQ(closesocket(callee), 0);
  EXPECT_EQ(result(caller, b, 1), WSAECONNRESET);
}

TEST_F(Overlapped, CancelledReceives) {
  char text[8] = {};
  WSABUF one{8, text};
  WSAOVERLAPPED a{};
  WSAOVERLAPPED b{};
  EXPECT_EQ(receive(callee, &one, 1, a), WSA_IO_PENDING);
  EXPECT_EQ(receive(callee, &one, 1, b), WSA_IO_PENDING);
  EXPECT_TRUE(CancelIoEx(callee, &b));
  EXPECT_EQ(result(callee, b, 0), WSA_OPERATION_ABORTED);
  EXPECT_EQ(result(callee, a, 0), WSA_IO_INCOMPLETE);
  EXPECT_TRUE(CancelIo(callee));
  EXPECT_EQ(result(callee, a, 0), WSA_OPERATION_ABORTED);
  EXPECT_FALSE(CancelIoEx(callee, nullptr));
  EXPECT_EQ(WSAGetLastError(), ERROR_NOT_FOUND);
}

// What the last completion routine was told.
struct Told {
  int runs = 0;
  DWORD error = 0;
  DWORD bytes = 0;
};
Told g_told;

void tell(DWORD error, DWORD bytes, WSAOVERLAPPED*, DWORD) {
  g_told = {g_told.runs + 1, error, bytes};
}

TEST_F(Overlapped, CompletionRoutinesRunInAlertableWaitsAlone) {
  g_told = {};
  char text[8] = {};
  WSABUF one{8, text};
  WSAOVERLAPPED a{};
  a.hEvent = make_event(server);  // the application's own affair
  DWORD flags = 0;
  EXPECT_EQ(error_of(WSARecv(callee, &one, 1, nullptr, &flags, &a, tell)), WSA_IO_PENDING);
  EXPECT_EQ(send_text(caller, "abc"), 3);
  EXPECT_EQ(WSAWaitForMultipleEvents(1, &a.hEvent, 0, 100, 0), WSA_WAIT_TIMEOUT);
  EXPECT_EQ(g_told.runs, 0);
  EXPECT_EQ(WSAWaitForMultipleEvents(1, &a.hEvent, 0, 100, 1), WSA_WAIT_IO_COMPLETION);
  EXPECT_EQ(g_told.runs, 1);
  EXPECT_EQ(g_told.error, 0u);
  EXPECT_EQ(g_told.bytes, 3u);
  EXPECT_EQ(WSAWaitForMultipleEvents(1, &a.hEvent, 0, 100, 1), WSA_WAIT_TIMEOUT);
  EXPECT_EQ(g_told.runs, 1);
}

TEST_F(Overlapped, CompletionRoutineOfWhatWasDoneAtOnce) {
  g_told = {};
  char text[] = "now";
  WSABUF one{3, text};
  WSAOVERLAPPED a{};
  EXPECT_EQ(WSASend(caller, &one, 1, &bytes, 0, &a, tell), 0);
  EXPECT_EQ(g_told.runs, 0);
  provider_use(&client);
  EXPECT_EQ(SleepEx(10, 0), 0u);
  EXPECT_EQ(g_told.runs, 0);
  EXPECT_EQ(SleepEx(10, 1), WSA_WAIT_IO_COMPLETION);
  EXPECT_EQ(g_told.bytes, 3u);
  EXPECT_EQ(SleepEx(10, 1), 0u);
  EXPECT_EQ(g_told.runs, 1);
}

TEST_F(Overlapped, CompletionRoutineOfWhatWasCancelled) {
  g_told = {};
  char text[8] = {};
  WSABUF one{8, text};
  WSAOVERLAPPED a{};
  DWORD flags = 0;
  EXPECT_EQ(error_of(WSARecv(callee, &one, 1, nullptr, &flags, &a, tell)), WSA_IO_PENDING);
  EXPECT_EQ(closesocket(callee), 0);
  provider_use(&server);
  EXPECT_EQ(SleepEx(0, 1), WSA_WAIT_IO_COMPLETION);
  EXPECT_EQ(g_told.error, DWORD{WSA_OPERATION_ABORTED});
}

TEST_F(Overlapped, ClosingTheSocketAbortsWhatIsPending) {
  char text[8] = {};
  WSABUF one{8, text};
  WSAOVERLAPPED a{};
  a.hEvent = make_event(server);
  EXPECT_EQ(receive(callee, &one, 1, a), WSA_IO_PENDING);
  EXPECT_EQ(closesocket(callee), 0);
  EXPECT_TRUE(is_signalled(a.hEvent));
  EXPECT_EQ(a.Internal, ULONG_PTR{WSA_OPERATION_ABORTED});
}

}  // namespace
}  // namespace anteroom::winsock
