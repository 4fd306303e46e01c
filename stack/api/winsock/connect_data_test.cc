// Connect data between two ends of this library, which mark it, and towards those that do not.
#include <algorithm>

#include "stack/testing/winsock_hosts.h"

namespace anteroom::winsock {
namespace {

constexpr std::uint16_t kPort = 80;

// Accepts with "and who are you?" if there is room for it; the caller's words go to the context.
int answering(WSABUF*, WSABUF* caller_data, QOS*, QOS*, WSABUF*, WSABUF* callee_data, GROUP*,
              DWORD_PTR context) {
  auto& heard = *reinterpret_cast<std::string*>(context);
  heard = caller_data == nullptr ? "none" : std::string(caller_data->buf, caller_data->len);
  constexpr std::string_view kAnswer = "and who are you?";
  if (callee_data->len < kAnswer.size()) {
    callee_data->len = 0;
    return CF_ACCEPT;
  }
  std::ranges::copy(kAnswer, callee_data->buf);
  callee_data->len = kAnswer.size();
  return CF_ACCEPT;
}

class ConnectData : public testing::WinsockHosts {
 protected:
  // WSAConnect with both buffers; 0 or the error.
  int connect_with(SOCKET s, std::string_view caller_data) {
    words.assign(caller_data.begin(), caller_data.end());
    WSABUF out{static_cast<ULONG>(words.size()), words.data()};
    const sockaddr_in name = server_name(kPort);
    return error_of(WSAConnect(s, plain(name), sizeof name, &out, &callee_data, nullptr, nullptr));
  }
  // The server decides so long from now, while the client's call blocks.
  void decide_later(SOCKET listener) {
    after(50ms, client, [this, listener] {
      accepted =
          WSAAccept(listener, nullptr, nullptr, answering, reinterpret_cast<DWORD_PTR>(&heard));
      EXPECT_NE(accepted, INVALID_SOCKET) << WSAGetLastError();
    });
  }
  std::string answer() const { return {callee_data.buf, callee_data.len}; }

  std::vector<char> words;
  char room[64] = {};
  WSABUF callee_data{sizeof room, room};
  std::string heard;
  SOCKET accepted = INVALID_SOCKET;
};

// --- 7.5: lpCalleeData is valid when the connect is over, for blocking calls when they return ---

TEST_F(ConnectData, TravelsBothWaysOutsideTheStream) {
  for (const bool conditional : {true, false}) {
    const SOCKET listener = listen_at(kPort, conditional);
    callee_data.len = sizeof room;
    decide_later(listener);
    const SOCKET caller = make_socket(client);
    EXPECT_EQ(connect_with(caller, "knock, knock"), 0);
    EXPECT_EQ(heard, "knock, knock");
    EXPECT_EQ(answer(), "and who are you?");
    EXPECT_EQ(send_text(caller, "stream"), 6);
    EXPECT_EQ(receive_text(accepted), "stream");
    EXPECT_EQ(send_text(accepted, "back"), 4);
    EXPECT_EQ(receive_text(caller), "back");
    EXPECT_EQ(closesocket(listener), 0);
    EXPECT_EQ(closesocket(accepted), 0);
    EXPECT_EQ(closesocket(caller), 0);
    pair.run_for(100ms);
  }
}

TEST_F(ConnectData, CalleeDataValidAfterFdConnect) {
  const SOCKET listener = listen_at(kPort, true);
  const SOCKET caller = make_socket(client);
  const WSAEVENT event = make_event(client);
  EXPECT_EQ(WSAEventSelect(caller, event, FD_CONNECT), 0);
  EXPECT_EQ(connect_with(caller, "knock"), WSAEWOULDBLOCK);
  EXPECT_EQ(callee_data.len, sizeof room);  // the provider's until then
  EXPECT_EQ(error_of_socket(WSAAccept(listener, nullptr, nullptr, answering,
                                      reinterpret_cast<DWORD_PTR>(&heard))),
            0);
  EXPECT_EQ(WSAWaitForMultipleEvents(1, &event, 0, 1000, 0), WSA_WAIT_EVENT_0);
  EXPECT_EQ(events_of(caller, event), FD_CONNECT);
  EXPECT_EQ(answer(), "and who are you?");
}

TEST_F(ConnectData, CallerDataTooLargeIsAFault) {
  (void)listen_at(kPort, true);
  EXPECT_EQ(connect_with(make_socket(client), std::string(2000, 'x')), WSAEFAULT);
}

TEST_F(ConnectData, CalleeBufferTooSmallIsAFaultAndTheConnectionStands) {
  decide_later(listen_at(kPort, true));
  const SOCKET caller = make_socket(client);
  callee_data.len = 3;
  EXPECT_EQ(connect_with(caller, "knock"), WSAEFAULT);
  EXPECT_EQ(answer(), "and");
  char whole[64];
  int length = sizeof whole;
  EXPECT_EQ(getsockopt(caller, WS_SOL_SOCKET, SO_CONNDATA, whole, &length), 0);
  EXPECT_EQ(std::string(whole, static_cast<std::size_t>(length)), "and who are you?");
  EXPECT_EQ(send_text(caller, "x"), 1);
}

TEST_F(ConnectData, ByOptions) {
  const SOCKET listener = make_socket(server);
  EXPECT_EQ(set_option<DWORD>(listener, SO_CONDITIONAL_ACCEPT, 1), 0);
  EXPECT_EQ(setsockopt(listener, WS_SOL_SOCKET, SO_CONNDATA, "welcome", 7), 0);
  bind_any(listener, kPort);
  EXPECT_EQ(listen(listener, 5), 0);
  after(50ms, client, [&] { accepted = accept(listener, nullptr, nullptr); });
  const SOCKET caller = make_socket(client);
  EXPECT_EQ(setsockopt(caller, WS_SOL_SOCKET, SO_CONNDATA, "knock", 5), 0);
  EXPECT_EQ(connect_error(caller, kPort), 0);
  char text[64];
  int length = sizeof text;
  EXPECT_EQ(getsockopt(caller, WS_SOL_SOCKET, SO_CONNDATA, text, &length), 0);
  EXPECT_EQ(std::string(text, static_cast<std::size_t>(length)), "welcome");
  length = sizeof text;
  EXPECT_EQ(getsockopt(accepted, WS_SOL_SOCKET, SO_CONNDATA, text, &length), 0);
  EXPECT_EQ(std::string(text, static_cast<std::size_t>(length)), "knock");
  length = 2;
  EXPECT_EQ(error_of(getsockopt(caller, WS_SOL_SOCKET, SO_CONNDATA, text, &length)), WSAEFAULT);
  EXPECT_EQ(error_of(setsockopt(caller, WS_SOL_SOCKET, SO_CONNDATA, "late", 4)), WSAEISCONN);
}

TEST_F(ConnectData, ReservedRoomBoundsWhatIsKept) {
  decide_later(listen_at(kPort, true));
  const SOCKET caller = make_socket(client);
  EXPECT_EQ(set_option<DWORD>(caller, SO_CONNDATALEN, 3), 0);
  EXPECT_EQ(connect_with(caller, "knock"), 0);
  EXPECT_EQ(answer(), "and");
}

TEST_F(ConnectData, OptionsThatTcpDoesNotHave) {
  const SOCKET s = make_socket(client);
  char text[8] = {};
  for (const int option : {SO_CONNOPT, SO_DISCDATA, SO_DISCOPT}) {
    int length = sizeof text;
    EXPECT_EQ(error_of(getsockopt(s, WS_SOL_SOCKET, option, text, &length)), WSAENOPROTOOPT);
    EXPECT_EQ(error_of(setsockopt(s, WS_SOL_SOCKET, option, text, 1)), WSAENOPROTOOPT);
  }
  for (const int option : {SO_CONNOPTLEN, SO_DISCDATALEN, SO_DISCOPTLEN}) {
    EXPECT_EQ(set_option<DWORD>(s, option, 8), WSAENOPROTOOPT);
  }
}

// A peer that does not mark would take the data for stream bytes.
TEST_F(ConnectData, PeerThatDoesNotMarkIsNoPeerUnlessAllowed) {
  ASSERT_TRUE(pair.server.listen({.local = {{}, kPort}}));
  EXPECT_EQ(connect_with(make_socket(client), "knock"), WSAEPROTONOSUPPORT);
  const SOCKET caller = make_socket(client);
  EXPECT_EQ(set_option<BOOL>(caller, SO_CONNDATA_UNMARKED, 1), 0);
  EXPECT_EQ(connect_with(caller, "knock"), 0);
  EXPECT_EQ(callee_data.len, 0u);
}

TEST_F(ConnectData, RejectedCallersHearNothing) {
  const SOCKET listener = listen_at(kPort, true);
  after(50ms, client,
        [&] { EXPECT_EQ(decide(listener, testing::always<CF_REJECT>), WSAECONNREFUSED); });
  EXPECT_EQ(connect_with(make_socket(client), "knock"), WSAECONNREFUSED);
}

// ConnectEx's data is no connect data; with TCP_FASTOPEN it rides on the SYN of a second visit.
TEST_F(ConnectData, ConnectExWithFastOpen) {
  const SOCKET listener = make_socket(server);
  EXPECT_EQ(set_option<BOOL>(listener, WS_TCP_FASTOPEN, 1, WS_IPPROTO_TCP), 0);
  bind_any(listener, kPort);
  EXPECT_EQ(listen(listener, 5), 0);
  const sockaddr_in name = server_name(kPort);
  for (int visit = 0; visit < 2; ++visit) {
    const SOCKET caller = make_socket(client);
    EXPECT_EQ(set_option<BOOL>(caller, WS_TCP_FASTOPEN, 1, WS_IPPROTO_TCP), 0);
    bind_any(caller, 0);
    char data[] = "early";
    WSAOVERLAPPED overlapped{};
    EXPECT_FALSE(ConnectEx(caller, plain(name), sizeof name, data, 5, nullptr, &overlapped));
    EXPECT_EQ(WSAGetLastError(), ERROR_IO_PENDING);
    DWORD bytes = 0;
    DWORD flags = 0;
    EXPECT_TRUE(WSAGetOverlappedResult(caller, &overlapped, &bytes, 1, &flags));
    EXPECT_EQ(bytes, 5u);
    EXPECT_EQ(receive_text(accept(listener, nullptr, nullptr)), "early");
    const auto trace = pair.take_trace();
    const bool on_syn = std::ranges::any_of(
        trace, [](const std::string& line) { return line.starts_with("client > S 0:5(5)"); });
    EXPECT_EQ(on_syn, visit == 1);
  }
}

}  // namespace
}  // namespace anteroom::winsock
