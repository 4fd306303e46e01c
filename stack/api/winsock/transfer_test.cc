// Data: blocking and non-blocking; urgent data; ends of connections.
#include "stack/testing/winsock_connected.h"

namespace anteroom::winsock {
namespace {

class Transfer : public testing::WinsockConnected {};

TEST_F(Transfer, BlockingReceiveWaits) {
  after(300ms, client, [&] { EXPECT_EQ(send_text(caller, "late"), 4); });
  const Instant start = pair.now();
  EXPECT_FALSE(ready_to_read(caller, 1));  // the client's clock is the one that acts
  EXPECT_EQ(receive_text(callee), "late");
  EXPECT_GE(pair.now() - start, 300ms);
}

TEST_F(Transfer, BlockingSendTakesAllWhileThePeerReads) {
  const std::string much(4 << 20, 'y');
  int read = 0;
  set_non_blocking(callee);
  for (int i = 1; i < 400; ++i) {
    after(i * 5ms, client, [&] { read += drain(callee, 1 << 20); });
  }
  EXPECT_EQ(send_text(caller, much), 4 << 20);
  for (int i = 0; i < 10; ++i) {
    pair.run_for(100ms);
    read += drain(callee, 4 << 20);
  }
  EXPECT_EQ(read, 4 << 20);
}

TEST_F(Transfer, ReceiveTimeout) {
  EXPECT_EQ(set_option<DWORD>(callee, WS_SO_RCVTIMEO, 250), 0);
  const Instant start = pair.now();
  EXPECT_EQ(receive_text(callee), "error 10060");
  EXPECT_EQ(pair.now() - start, 250ms);
}

TEST_F(Transfer, SendTimeoutTellsWhatWasTaken) {
  EXPECT_EQ(set_option<DWORD>(caller, WS_SO_SNDTIMEO, 500), 0);
  const std::string much(8 << 20, 'y');
  const int sent = send_text(caller, much);
  EXPECT_GT(sent, 0);
  EXPECT_LT(sent, 8 << 20);
  pair.run_for(5s);
  // What becomes free meanwhile: probes of the closed window take a byte each.
  for (int i = 0; i < 20 && send_text(caller, much) > 0; ++i) {
  }
  const Instant start = pair.now();
  EXPECT_EQ(error_of(send_text(caller, much)), WSAETIMEDOUT);
  EXPECT_EQ(pair.now() - start, 500ms);
}

TEST_F(Transfer, WouldBlockAndFdWriteWhenThereIsRoomAgain) {
  const WSAEVENT event = make_event(client);
  EXPECT_EQ(WSAEventSelect(caller, event, FD_WRITE), 0);
  EXPECT_EQ(events_of(caller, event), FD_WRITE);
  const int sent = fill(caller);
  pair.run_for(100ms);
  EXPECT_FALSE(ready_to_write(caller));
  EXPECT_EQ(events_of(caller, event), 0);
  EXPECT_GE(drain(callee, sent / 2), sent / 2);
  pair.run_for(1s);
  EXPECT_EQ(events_of(caller, event), FD_WRITE);
  EXPECT_TRUE(ready_to_write(caller));
}

TEST_F(Transfer, FdReadIsReportedAgainWhileDataIsLeft) {
  const WSAEVENT event = make_event(server);
  EXPECT_EQ(WSAEventSelect(callee, event, FD_READ | FD_CLOSE), 0);
  EXPECT_EQ(send_text(caller, "abc"), 3);
  EXPECT_EQ(closesocket(caller), 0);
  pair.run_for(10ms);
  EXPECT_EQ(events_of(callee, event), FD_READ);
  EXPECT_EQ(events_of(callee, event), 0);  // until a receive
  char one = 0;
  EXPECT_EQ(recv(callee, &one, 1, 0), 1);
  EXPECT_EQ(events_of(callee, event), FD_READ);
  EXPECT_EQ(receive_text(callee), "bc");
  EXPECT_EQ(events_of(callee, event), FD_CLOSE);  // after everything was read
  EXPECT_EQ(receive_text(callee), "");
}

TEST_F(Transfer, ResetIsFdCloseWithItsCode) {
  const WSAEVENT event = make_event(server);
  EXPECT_EQ(WSAEventSelect(callee, event, FD_CLOSE), 0);
  EXPECT_EQ(set_option(caller, WS_SO_LINGER, linger{1, 0}), 0);
  EXPECT_EQ(closesocket(caller), 0);
  pair.run_for(10ms);
  WSANETWORKEVENTS events{};
  EXPECT_EQ(WSAEnumNetworkEvents(callee, event, &events), 0);
  EXPECT_EQ(events.lNetworkEvents, FD_CLOSE);
  EXPECT_EQ(events.iErrorCode[FD_CLOSE_BIT], WSAECONNRESET);
  EXPECT_EQ(receive_text(callee), "error 10054");
  EXPECT_EQ(error_of(send_text(callee, "x")), WSAECONNRESET);
}

TEST_F(Transfer, PeekLeavesTheData) {
  EXPECT_EQ(send_text(caller, "hello"), 5);
  char text[8] = {};
  EXPECT_EQ(recv(callee, text, sizeof text, WS_MSG_PEEK), 5);
  EXPECT_EQ(std::string(text, 5), "hello");
  EXPECT_EQ(recv(callee, text, 2, WS_MSG_PEEK), 2);
  EXPECT_EQ(receive_text(callee), "hello");
  set_non_blocking(callee);
  EXPECT_EQ(error_of(recv(callee, text, 2, WS_MSG_PEEK)), WSAEWOULDBLOCK);
}

TEST_F(Transfer, WaitAllWaitsForAll) {
  EXPECT_EQ(send_text(caller, "12"), 2);
  after(100ms, server, [&] { EXPECT_EQ(send_text(caller, "345"), 3); });
  char text[5] = {};
  EXPECT_EQ(recv(callee, text, 5, WS_MSG_WAITALL), 5);
  EXPECT_EQ(std::string(text, 5), "12345");
}

TEST_F(Transfer, ScatteredAndGathered) {
  char first[] = "abc";
  char second[] = "defg";
  WSABUF out[] = {{3, first}, {4, second}};
  EXPECT_EQ(WSASend(caller, out, 2, &bytes, 0, nullptr, nullptr), 0);
  EXPECT_EQ(bytes, 7u);
  char left[2] = {};
  char right[8] = {};
  WSABUF in[] = {{2, left}, {8, right}};
  DWORD flags = 0;
  EXPECT_EQ(WSARecv(callee, in, 2, &bytes, &flags, nullptr, nullptr), 0);
  EXPECT_EQ(bytes, 7u);
  EXPECT_EQ(std::string(left, 2) + std::string(right, 5), "abcdefg");
}

TEST_F(Transfer, ToAndFromAreTheConnection) {
  sockaddr_in elsewhere = name_of({IpAddress::v4(1, 2, 3, 4), 5});
  EXPECT_EQ(sendto(caller, "x", 1, 0, plain(elsewhere), sizeof elsewhere), 1);
  char one = 0;
  int length = 0;
  EXPECT_EQ(recvfrom(callee, &one, 1, 0, nullptr, &length), 1);
  EXPECT_EQ(one, 'x');
}

TEST_F(Transfer, UrgentDataOutOfLine) {
  const WSAEVENT event = make_event(server);
  EXPECT_EQ(WSAEventSelect(callee, event, FD_OOB | FD_READ), 0);
  EXPECT_EQ(send(caller, "ab!", 3, WS_MSG_OOB), 3);
  EXPECT_EQ(send_text(caller, "cd"), 2);
  pair.run_for(100ms);
  EXPECT_EQ(events_of(callee, event), FD_OOB | FD_READ);
  EXPECT_TRUE(has_failed(callee));
  BOOL at_mark = 9;
  DWORD returned = 0;
  EXPECT_EQ(WSAIoctl(callee, WS_SIOCATMARK, nullptr, 0, &at_mark, sizeof at_mark, &returned,
                     nullptr, nullptr),
            0);
  EXPECT_EQ(at_mark, 0);
  char urgent = 0;
  EXPECT_EQ(recv(callee, &urgent, 1, WS_MSG_OOB), 1);
  EXPECT_EQ(urgent, '!');
  EXPECT_FALSE(has_failed(callee));
  EXPECT_EQ(error_of(recv(callee, &urgent, 1, WS_MSG_OOB)), WSAEINVAL);
  EXPECT_EQ(receive_text(callee), "ab");
  EXPECT_EQ(receive_text(callee), "cd");
}

TEST_F(Transfer, UrgentDataReadLate) {
  EXPECT_EQ(send(caller, "ab!", 3, WS_MSG_OOB), 3);
  EXPECT_EQ(send_text(caller, "cd"), 2);
  pair.run_for(10ms);
  EXPECT_EQ(receive_text(callee), "ab");
  EXPECT_EQ(receive_text(callee), "cd");
  char urgent = 0;
  EXPECT_EQ(recv(callee, &urgent, 1, WS_MSG_OOB), 1);
  EXPECT_EQ(urgent, '!');
}

TEST_F(Transfer, UrgentDataInLine) {
  EXPECT_EQ(set_option<BOOL>(callee, WS_SO_OOBINLINE, 1), 0);
  EXPECT_EQ(send(caller, "ab!", 3, WS_MSG_OOB), 3);
  pair.run_for(10ms);
  char urgent = 0;
  EXPECT_EQ(error_of(recv(callee, &urgent, 1, WS_MSG_OOB)), WSAEINVAL);
  EXPECT_EQ(receive_text(callee), "ab!");
}

TEST_F(Transfer, ShutDownByHalves) {
  EXPECT_EQ(error_of(shutdown(caller, 3)), WSAEINVAL);
  EXPECT_EQ(shutdown(caller, SD_SEND), 0);
  EXPECT_EQ(error_of(send_text(caller, "x")), WSAESHUTDOWN);
  EXPECT_EQ(receive_text(callee), "");
  EXPECT_EQ(send_text(callee, "still"), 5);
  EXPECT_EQ(receive_text(caller), "still");
  EXPECT_EQ(shutdown(caller, SD_RECEIVE), 0);
  EXPECT_EQ(receive_text(caller), "error 10058");
  EXPECT_EQ(error_of(shutdown(make_socket(client), SD_SEND)), WSAENOTCONN);
}

TEST_F(Transfer, DisconnectHasNoData) {
  char text[] = "bye";
  WSABUF data{3, text};
  EXPECT_EQ(error_of(WSASendDisconnect(caller, &data)), WSAENOPROTOOPT);
  EXPECT_EQ(error_of(WSARecvDisconnect(callee, &data)), WSAENOPROTOOPT);
  EXPECT_EQ(WSASendDisconnect(caller, nullptr), 0);
  EXPECT_EQ(receive_text(callee), "");
  EXPECT_EQ(WSARecvDisconnect(callee, nullptr), 0);
  EXPECT_EQ(receive_text(callee), "error 10058");
  EXPECT_EQ(error_of(WSASendDisconnect(make_socket(client), nullptr)), WSAENOTCONN);
}

TEST_F(Transfer, CloseLingersUntilAllIsAcknowledged) {
  EXPECT_EQ(set_option(caller, WS_SO_LINGER, linger{1, 30}), 0);
  EXPECT_EQ(send_text(caller, "last words"), 10);
  after(400ms, client, [&] { EXPECT_EQ(closesocket(callee), 0); });
  const Instant start = pair.now();
  EXPECT_EQ(receive_text(callee), "last words");
  EXPECT_EQ(closesocket(caller), 0);
  EXPECT_LT(pair.now() - start, 400ms);  // the peer has it, that is enough
}

TEST_F(Transfer, CloseGivesUpLingeringAfterItsTime) {
  EXPECT_EQ(set_option(caller, WS_SO_LINGER, linger{1, 2}), 0);
  pair.set_wire([](testing::Toward, std::vector<std::uint8_t>&) { return false; });
  EXPECT_EQ(send_text(caller, "lost"), 4);
  const Instant start = pair.now();
  EXPECT_EQ(closesocket(caller), 0);
  EXPECT_EQ(pair.now() - start, 2s);
}

TEST_F(Transfer, ArgumentsThatCannotBe) {
  DWORD flags = 0;
  WSABUF one{8, nullptr};
  EXPECT_EQ(error_of(WSARecv(callee, &one, 1, &bytes, &flags, nullptr, nullptr)), WSAEFAULT);
  EXPECT_EQ(error_of(WSARecv(callee, nullptr, 1, &bytes, &flags, nullptr, nullptr)), WSAEFAULT);
  char text[8] = {};
  one.buf = text;
  EXPECT_EQ(error_of(WSARecv(callee, &one, 1, &bytes, nullptr, nullptr, nullptr)), WSAEFAULT);
  EXPECT_EQ(error_of(WSASend(callee, &one, 1, &bytes, MSG_PARTIAL, nullptr, nullptr)),
            WSAEOPNOTSUPP);
  EXPECT_EQ(error_of(WSASend(make_socket(client), &one, 1, &bytes, 0, nullptr, nullptr)),
            WSAENOTCONN);
}

}  // namespace
}  // namespace anteroom::winsock
