// The condition function and its verdicts: the cases that no suite covers (7.5), most of them with
// SO_CONDITIONAL_ACCEPT, where the SYN waits unanswered.
#include <algorithm>
#include <array>

#include "stack/testing/winsock_hosts.h"

namespace anteroom::winsock {
namespace {

constexpr std::uint16_t kPort = 80;

// What a condition function saw, and what it is to say; reached through dwCallbackData.
struct Script {
  std::vector<int> verdicts;  // one for each run, the last one for all after it
  GROUP group = 0;
  std::string callee_data{};
  int callee_length_extra = 0;

  std::vector<std::string> caller_data{};  // "none" for a null pointer
  std::vector<Endpoint> callers{};
  Endpoint callee{};
  ULONG callee_room = 0;
  bool group_qos = false;
  const char* thread = nullptr;
  std::function<void()> meanwhile{};
};

thread_local char t_mark = 0;

Endpoint endpoint_in(const WSABUF& id) {
  EXPECT_EQ(id.len, sizeof(sockaddr_in));
  const auto& name = *reinterpret_cast<const sockaddr_in*>(id.buf);
  return {IpAddress::v4((ntohl)(name.sin_addr.s_addr)), (ntohs)(name.sin_port)};
}

int scripted(WSABUF* caller_id, WSABUF* caller_data, QOS*, QOS* group_qos, WSABUF* callee_id,
             WSABUF* callee_data, GROUP* group, DWORD_PTR context) {
  auto& script = *reinterpret_cast<Script*>(context);
  const std::size_t run = script.caller_data.size();
  script.caller_data.push_back(
      caller_data == nullptr ? "none" : std::string(caller_data->buf, caller_data->len));
  script.callers.push_back(endpoint_in(*caller_id));
  script.callee = endpoint_in(*callee_id);
  script.callee_room = callee_data->len;
  script.group_qos = group_qos != nullptr;
  script.thread = &t_mark;
  EXPECT_EQ(*group, 0u);
  *group = script.group;
  if (script.meanwhile) script.meanwhile();
  const std::size_t size = std::min<std::size_t>(callee_data->len, script.callee_data.size());
  std::copy_n(script.callee_data.begin(), size, callee_data->buf);
  callee_data->len = static_cast<ULONG>(static_cast<int>(size) + script.callee_length_extra);
  return script.verdicts[std::min(run, script.verdicts.size() - 1)];
}

class Verdict : public testing::WinsockHosts {
 protected:
  int decide_by(SOCKET listener, Script& script) {
    return decide(listener, scripted, reinterpret_cast<DWORD_PTR>(&script));
  }
  SOCKET accept_by(SOCKET listener, Script& script) {
    return WSAAccept(listener, nullptr, nullptr, scripted, reinterpret_cast<DWORD_PTR>(&script));
  }
  // A SYN from the bare client stack, with data in it.
  ConnectionId knock(std::string_view caller_data) {
    const auto connection = pair.client.connect(
        pair.now(),
        {.remote = {pair.server_address(), kPort}, .caller_data = bytes_of(caller_data)});
    EXPECT_TRUE(connection);
    pair.run_for(5ms);
    return *connection;
  }
  // Nothing was answered to the SYNs so far.
  bool is_silent() {
    return std::ranges::none_of(
        pair.take_trace(), [](const std::string& line) { return line.starts_with("server > "); });
  }
};

TEST_F(Verdict, Reject_HeldSynIsRefused) {
  const SOCKET listener = listen_at(kPort, true);
  const SOCKET caller = begin_connect(kPort);
  pair.run_for(10ms);
  EXPECT_TRUE(is_silent());
  EXPECT_EQ(decide(listener, testing::always<CF_REJECT>), WSAECONNREFUSED);
  EXPECT_TRUE(has_failed(caller, 1));
  EXPECT_EQ(option_of<INT>(caller, WS_SO_ERROR), WSAECONNREFUSED);
}

TEST_F(Verdict, Reject_AfterTheHandshakeIsAReset) {
  const SOCKET listener = listen_at(kPort, false);
  const SOCKET caller = connect_to(kPort);  // has seen success
  EXPECT_EQ(decide(listener, testing::always<CF_REJECT>), WSAECONNREFUSED);
  EXPECT_EQ(receive_text(caller), "error 10054");
}

TEST_F(Verdict, InvalidVerdict_LeavesTheRequestAcceptable) {
  const SOCKET listener = listen_at(kPort, true);
  (void)begin_connect(kPort);
  Script script{.verdicts = {3, -1, CF_ACCEPT}};
  EXPECT_EQ(decide_by(listener, script), WSAEINVAL);
  EXPECT_EQ(decide_by(listener, script), WSAEINVAL);
  EXPECT_EQ(decide_by(listener, script), 0);
}

TEST_F(Verdict, DeferDeferAccept_SeesTheSameCallerDataEachTime) {
  const SOCKET listener = listen_at(kPort, true);
  const ConnectionId caller = knock("knock, knock");
  Script script{.verdicts = {CF_DEFER, CF_DEFER, CF_ACCEPT}};
  EXPECT_EQ(decide_by(listener, script), WSATRY_AGAIN);
  pair.run_for(1500ms);  // the client repeats its SYN, which changes nothing
  EXPECT_EQ(decide_by(listener, script), WSATRY_AGAIN);
  EXPECT_TRUE(is_silent());
  const SOCKET accepted = accept_by(listener, script);
  ASSERT_NE(accepted, INVALID_SOCKET);
  EXPECT_EQ(script.caller_data, std::vector<std::string>(3, "knock, knock"));
  EXPECT_EQ(script.callers[0], script.callers[2]);
  EXPECT_EQ(receive_text(accepted), "knock, knock");  // of an unmarked client also the stream
  pair.run_for(10ms);
  EXPECT_EQ(pair.client.connection_info(caller)->state, State::established);
}

TEST_F(Verdict, DeferThenSecondClient_NoFdAcceptUntilResolvedThenExactlyOne) {
  const SOCKET listener = listen_at(kPort, true);
  const WSAEVENT event = make_event(server);
  EXPECT_EQ(WSAEventSelect(listener, event, FD_ACCEPT), 0);
  (void)begin_connect(kPort);
  pair.run_for(10ms);
  EXPECT_EQ(events_of(listener, event), FD_ACCEPT);
  EXPECT_EQ(decide(listener, testing::always<CF_DEFER>), WSATRY_AGAIN);
  (void)begin_connect(kPort);
  pair.run_for(10ms);
  EXPECT_EQ(events_of(listener, event), 0);
  EXPECT_TRUE(ready_to_read(listener));  // as a state, it has one to accept
  EXPECT_EQ(decide(listener, testing::always<CF_DEFER>), WSATRY_AGAIN);
  EXPECT_EQ(events_of(listener, event), 0);
  EXPECT_EQ(decide(listener, testing::always<CF_ACCEPT>), 0);
  EXPECT_TRUE(is_signalled(event));
  EXPECT_EQ(events_of(listener, event), FD_ACCEPT);
  EXPECT_EQ(events_of(listener, event), 0);
}

TEST_F(Verdict, DeferThenReset_NextCallSaysSoAndTheThirdReachesTheSecondClient) {
  const SOCKET listener = listen_at(kPort, true);
  const ConnectionId first = knock("first");
  (void)knock("second");
  Script script{.verdicts = {CF_DEFER, CF_ACCEPT}};
  EXPECT_EQ(decide_by(listener, script), WSATRY_AGAIN);
  // A client's own end in SYN-SENT is silent; this one resets.
  const Flow flow = pair.client.connection_info(first)->flow;
  reset_request(flow);
  EXPECT_EQ(decide_by(listener, script), WSAECONNRESET);
  EXPECT_EQ(script.caller_data.size(), 1u);  // nobody was asked about the dead one
  EXPECT_EQ(decide_by(listener, script), 0);
  EXPECT_EQ(script.caller_data.back(), "second");
}

TEST_F(Verdict, DeferThenReset_AfterTheHandshake) {
  const SOCKET listener = listen_at(kPort, false);
  const SOCKET caller = connect_to(kPort);
  EXPECT_EQ(decide(listener, testing::always<CF_DEFER>), WSATRY_AGAIN);
  EXPECT_EQ(set_option(caller, WS_SO_LINGER, linger{1, 0}), 0);
  EXPECT_EQ(closesocket(caller), 0);
  pair.run_for(10ms);
  EXPECT_EQ(accept_error(listener), WSAECONNRESET);
  EXPECT_FALSE(ready_to_read(listener));
}

// Data and an orderly end are no reason to lose anybody.
TEST_F(Verdict, DeferThenFin_AcceptsAndReads) {
  const SOCKET listener = listen_at(kPort, false);
  const SOCKET caller = connect_to(kPort);
  EXPECT_EQ(send_text(caller, "bye"), 3);
  EXPECT_EQ(closesocket(caller), 0);
  EXPECT_EQ(decide(listener, testing::always<CF_DEFER>), WSATRY_AGAIN);
  pair.run_for(100ms);
  const SOCKET accepted = accept(listener, nullptr, nullptr);
  ASSERT_NE(accepted, INVALID_SOCKET);
  EXPECT_EQ(receive_text(accepted), "bye");
  EXPECT_EQ(receive_text(accepted), "");
}

TEST_F(Verdict, DeferThenExpiry_IsAccessDenied) {
  const SOCKET listener = listen_at(kPort, true);
  const ConnectionId caller = knock("knock");
  EXPECT_EQ(decide(listener, testing::always<CF_DEFER>), WSATRY_AGAIN);
  (void)pair.client.abort(pair.now(), caller);
  pair.set_wire([](testing::Toward, std::vector<std::uint8_t>&) { return false; });
  pair.run_for(80s);
  EXPECT_TRUE(ready_to_read(listener));  // there is something to be told
  EXPECT_EQ(accept_error(listener), WSAEACCES);
  EXPECT_FALSE(ready_to_read(listener));
}

TEST_F(Verdict, ConditionalAccept_SetWhileListeningIsInvalid) {
  const SOCKET s = make_socket(server);
  EXPECT_EQ(option_of<DWORD>(s, SO_CONDITIONAL_ACCEPT), 0u);
  EXPECT_EQ(set_option<DWORD>(s, SO_CONDITIONAL_ACCEPT, 1), 0);
  EXPECT_EQ(option_of<DWORD>(s, SO_CONDITIONAL_ACCEPT), 1u);
  EXPECT_EQ(set_option<std::uint16_t>(s, SO_CONDITIONAL_ACCEPT, 1), WSAEFAULT);
  EXPECT_EQ(error_of(setsockopt(s, WS_SOL_SOCKET, SO_CONDITIONAL_ACCEPT, nullptr, 4)), WSAEFAULT);
  bind_any(s, kPort);
  EXPECT_EQ(listen(s, 1), 0);
  EXPECT_EQ(set_option<DWORD>(s, SO_CONDITIONAL_ACCEPT, 0), WSAEINVAL);
}

TEST_F(Verdict, CalleeData_LengthZeroSendsNone) {
  const SOCKET listener = listen_at(kPort, true);
  const ConnectionId caller = knock("knock");
  Script script{.verdicts = {CF_ACCEPT}};
  EXPECT_EQ(decide_by(listener, script), 0);
  pair.run_for(10ms);
  EXPECT_EQ(pair.client.connection_info(caller)->response_data_bytes, 0u);
}

TEST_F(Verdict, CalleeData_MaximumTravelsInTheSynAck) {
  const SOCKET listener = listen_at(kPort, true);
  const ConnectionId caller = knock("knock");
  Script script{.verdicts = {CF_ACCEPT}, .callee_data = std::string(2000, 'x')};
  EXPECT_EQ(decide_by(listener, script), 0);
  EXPECT_GT(script.callee_room, 0u);
  pair.run_for(10ms);
  EXPECT_EQ(pair.client.connection_info(caller)->response_data_bytes, script.callee_room);
}

TEST_F(Verdict, CalleeData_OverLongIsInvalidAndTheRequestStays) {
  const SOCKET listener = listen_at(kPort, true);
  (void)knock("knock");
  Script script{
      .verdicts = {CF_ACCEPT}, .callee_data = std::string(2000, 'x'), .callee_length_extra = 1};
  EXPECT_EQ(decide_by(listener, script), WSAEINVAL);
  script.callee_length_extra = 0;
  EXPECT_EQ(decide_by(listener, script), 0);
}

TEST_F(Verdict, GroupFive_IsInvalidAndTheRequestStays) {
  const SOCKET listener = listen_at(kPort, true);
  (void)begin_connect(kPort);
  Script script{.verdicts = {CF_ACCEPT}, .group = 5};
  EXPECT_EQ(decide_by(listener, script), WSAEINVAL);
  script.group = 0;
  EXPECT_EQ(decide_by(listener, script), 0);
}

TEST_F(Verdict, CallbackRunsOnTheCallersThread) {
  const SOCKET listener = listen_at(kPort, true);
  (void)begin_connect(kPort);
  Script script{.verdicts = {CF_ACCEPT}};
  EXPECT_EQ(decide_by(listener, script), 0);
  EXPECT_EQ(script.thread, &t_mark);
}

// Windows' clients try again after a refusal: each try is a request of its own.
TEST_F(Verdict, RejectWithAClientThatTriesAgain) {
  const SOCKET listener = listen_at(kPort, true);
  Script script{.verdicts = {CF_REJECT, CF_REJECT, CF_ACCEPT}};
  const SOCKET caller = make_socket(client);
  set_non_blocking(caller);
  for (const int verdict : {WSAECONNREFUSED, WSAECONNREFUSED}) {
    EXPECT_EQ(connect_error(caller, kPort), WSAEWOULDBLOCK);
    EXPECT_EQ(decide_by(listener, script), verdict);
    EXPECT_TRUE(has_failed(caller, 1));
  }
  EXPECT_EQ(connect_error(caller, kPort), WSAEWOULDBLOCK);
  EXPECT_EQ(decide_by(listener, script), 0);
  EXPECT_TRUE(ready_to_write(caller, 1));
  EXPECT_EQ(script.callers.size(), 3u);
}

// --- What the documents leave to the provider, as decided ---

TEST_F(Verdict, ConditionSeesBothEndsAndNoGroup) {
  const SOCKET listener = listen_at(kPort, true);
  (void)begin_connect(kPort);
  Script script{.verdicts = {CF_ACCEPT}};
  EXPECT_EQ(decide_by(listener, script), 0);
  EXPECT_EQ(script.callers[0].address, pair.client_address());
  EXPECT_EQ(script.callee, (Endpoint{pair.server_address(), kPort}));  // not the wildcard
  EXPECT_FALSE(script.group_qos);
  EXPECT_EQ(script.caller_data[0], "none");
}

TEST_F(Verdict, AddressIsFilledWhateverTheVerdict) {
  const SOCKET listener = listen_at(kPort, true);
  (void)begin_connect(kPort);
  for (const LPCONDITIONPROC condition : {testing::always<CF_DEFER>, testing::always<CF_REJECT>}) {
    sockaddr_in name{};
    int length = sizeof name;
    EXPECT_EQ(WSAAccept(listener, plain(name), &length, condition, 0), INVALID_SOCKET);
    EXPECT_EQ((ntohl)(name.sin_addr.s_addr), pair.client_address().v4_bits());
  }
}

TEST_F(Verdict, DeferredHeadNeverBlocksAndIsNeverWouldBlock) {
  const SOCKET listener = listen_at(kPort, true);
  (void)begin_connect(kPort);
  EXPECT_EQ(decide(listener, testing::always<CF_DEFER>), WSATRY_AGAIN);
  const Instant before = pair.now();
  EXPECT_EQ(decide(listener, testing::always<CF_DEFER>), WSATRY_AGAIN);
  EXPECT_EQ(pair.now(), before);
  set_non_blocking(listener);
  EXPECT_EQ(decide(listener, testing::always<CF_DEFER>), WSATRY_AGAIN);
}

TEST_F(Verdict, NestedAcceptOnTheSameListenerIsInProgress) {
  const SOCKET listener = listen_at(kPort, true);
  const SOCKET other = listen_at(81, true);
  set_non_blocking(other);
  (void)begin_connect(kPort);
  Script script{.verdicts = {CF_ACCEPT}};
  int same = 0;
  int another = 0;
  script.meanwhile = [&] {
    same = accept_error(listener);
    another = accept_error(other);
  };
  EXPECT_EQ(decide_by(listener, script), 0);
  EXPECT_EQ(same, WSAEINPROGRESS);
  EXPECT_EQ(another, WSAEWOULDBLOCK);  // nesting as such is legal
}

TEST_F(Verdict, ListenerClosedInsideTheCallback) {
  const SOCKET listener = listen_at(kPort, true);
  const SOCKET caller = begin_connect(kPort);
  Script script{.verdicts = {CF_ACCEPT}};
  script.meanwhile = [&] { EXPECT_EQ(closesocket(listener), 0); };
  EXPECT_EQ(decide_by(listener, script), WSAENOTSOCK);
  EXPECT_TRUE(has_failed(caller, 1));
  EXPECT_EQ(option_of<INT>(caller, WS_SO_ERROR), WSAECONNREFUSED);
}

TEST_F(Verdict, ClosingTheListenerRefusesEveryRequest) {
  const SOCKET listener = listen_at(kPort, true);
  const std::array<SOCKET, 3> callers{begin_connect(kPort), begin_connect(kPort),
                                      begin_connect(kPort)};
  pair.run_for(10ms);
  EXPECT_EQ(decide(listener, testing::always<CF_DEFER>), WSATRY_AGAIN);
  EXPECT_EQ(closesocket(listener), 0);
  for (const SOCKET caller : callers) EXPECT_TRUE(has_failed(caller, 1));
}

TEST_F(Verdict, RequestGoneWhileTheCallbackRan) {
  const SOCKET listener = listen_at(kPort, true);
  const ConnectionId caller = knock("knock");
  const Flow flow = pair.client.connection_info(caller)->flow;
  Script script{.verdicts = {CF_ACCEPT}};
  script.meanwhile = [&] { reset_request(flow); };
  EXPECT_EQ(decide_by(listener, script), WSAECONNRESET);
  EXPECT_FALSE(ready_to_read(listener));
}

TEST_F(Verdict, FullBacklogRefuses) {
  (void)listen_at(kPort, true, 2);
  (void)begin_connect(kPort);
  (void)begin_connect(kPort);
  pair.run_for(10ms);
  const SOCKET third = make_socket(client);
  EXPECT_EQ(connect_error(third, kPort), WSAECONNREFUSED);
}

TEST_F(Verdict, HeldSynBlocksTheClientUntilAccepted) {
  const SOCKET listener = listen_at(kPort, true);
  after(500ms, client, [&] { EXPECT_EQ(decide(listener, testing::always<CF_ACCEPT>), 0); });
  const Instant start = pair.now();
  (void)connect_to(kPort);
  EXPECT_GE(pair.now() - start, 500ms);
}

}  // namespace
}  // namespace anteroom::winsock
