// WSPStartup and its table, called through the table; what a TCP provider has nothing to offer for.
#include <algorithm>
#include <string>

#include "stack/api/winsock/handles.h"
#include "stack/testing/winsock_hosts.h"

namespace anteroom::winsock {
namespace {

constexpr std::uint16_t kPort = 80;

class Startup : public testing::WinsockHosts {
 protected:
  Startup() {
    provider_use(&server);
    EXPECT_EQ(WSPStartup(MAKEWORD(2, 2), &data, nullptr, {}, &table), 0);
  }
  WSPDATA data{};
  WSPPROC_TABLE table{};
  int error = 0;
};

TEST_F(Startup, FillsThirtyEntries) {
  void* entries[30];
  static_assert(sizeof entries == sizeof table);
  const auto* const bytes = reinterpret_cast<const char*>(&table);
  std::copy_n(bytes, sizeof table, reinterpret_cast<char*>(entries));
  for (int i = 0; i < 30; ++i) {
    EXPECT_NE(entries[i], nullptr) << i;
    for (int j = 0; j < i; ++j) EXPECT_NE(entries[i], entries[j]) << i << ' ' << j;
  }
  EXPECT_EQ(data.wVersion, 0x0202);
  EXPECT_EQ(std::u16string(data.szDescription), u"anteroom TCP/IP");
}

TEST_F(Startup, Versions) {
  EXPECT_EQ(WSPStartup(MAKEWORD(1, 1), &data, nullptr, {}, &table), WSAVERNOTSUPPORTED);
  EXPECT_EQ(WSPStartup(MAKEWORD(2, 0), &data, nullptr, {}, &table), 0);
  EXPECT_EQ(data.wVersion, 0x0002);
  EXPECT_EQ(WSPStartup(MAKEWORD(3, 1), &data, nullptr, {}, &table), 0);
  EXPECT_EQ(data.wVersion, 0x0202);
  EXPECT_EQ(WSPStartup(MAKEWORD(2, 2), nullptr, nullptr, {}, &table), WSAEFAULT);
}

TEST_F(Startup, ErrorsAreReturnedAndNotTheThreads) {
  WSASetLastError(0);
  EXPECT_EQ(table.lpWSPListen(0, 1, &error), SOCKET_ERROR);
  EXPECT_EQ(error, WSAENOTSOCK);
  EXPECT_EQ(WSAGetLastError(), 0);
}

TEST_F(Startup, AConversationThroughTheTable) {
  const SOCKET listener = table.lpWSPSocket(WS_AF_INET, WS_SOCK_STREAM, WS_IPPROTO_TCP, nullptr, 0,
                                            WSA_FLAG_OVERLAPPED, &error);
  const sockaddr_in any = name_of({IpAddress::v4(0), kPort});
  EXPECT_EQ(table.lpWSPBind(listener, plain(any), sizeof any, &error), 0);
  EXPECT_EQ(table.lpWSPListen(listener, 5, &error), 0);
  const SOCKET caller = connect_to(kPort);
  const SOCKET accepted = table.lpWSPAccept(listener, nullptr, nullptr, nullptr, 0, &error);
  ASSERT_NE(accepted, INVALID_SOCKET);
  EXPECT_EQ(send_text(caller, "hi"), 2);
  char text[8];
  WSABUF buffer{sizeof text, text};
  DWORD received = 0;
  DWORD flags = 0;
  EXPECT_EQ(
      table.lpWSPRecv(accepted, &buffer, 1, &received, &flags, nullptr, nullptr, nullptr, &error),
      0);
  EXPECT_EQ(received, 2u);
  EXPECT_EQ(table.lpWSPShutdown(accepted, SD_BOTH, &error), 0);
  EXPECT_EQ(table.lpWSPCloseSocket(accepted, &error), 0);
  EXPECT_EQ(table.lpWSPCleanup(&error), 0);
}

TEST_F(Startup, WhatTcpHasNothingToOfferFor) {
  const SOCKET s = make_socket(server);
  const sockaddr_in name = server_name(kPort);
  WSAPROTOCOL_INFOW info;
  EXPECT_EQ(table.lpWSPAsyncSelect(s, nullptr, 0x400, FD_READ, &error), SOCKET_ERROR);
  EXPECT_EQ(error, WSAEINVAL);
  EXPECT_EQ(table.lpWSPDuplicateSocket(s, 1, &info, &error), SOCKET_ERROR);
  EXPECT_EQ(error, WSAEINVAL);
  EXPECT_EQ(table.lpWSPJoinLeaf(s, plain(name), sizeof name, nullptr, nullptr, nullptr, nullptr, 1,
                                &error),
            INVALID_SOCKET);
  EXPECT_EQ(error, WSAEOPNOTSUPP);
  EXPECT_EQ(table.lpWSPAsyncSelect(0, nullptr, 0x400, FD_READ, &error), SOCKET_ERROR);
  EXPECT_EQ(error, WSAENOTSOCK);
}

TEST_F(Startup, SocketsThatAreNotOffered) {
  EXPECT_EQ(error_of_socket(socket(WS_AF_INET6, WS_SOCK_STREAM, 0)), WSAEAFNOSUPPORT);
  EXPECT_EQ(error_of_socket(socket(WS_AF_INET, WS_SOCK_RAW, 0)), WSAESOCKTNOSUPPORT);
  EXPECT_EQ(error_of_socket(socket(WS_AF_INET, WS_SOCK_STREAM, WS_IPPROTO_UDP)),
            WSAEPROTONOSUPPORT);
  EXPECT_EQ(error_of_socket(socket(0, 0, 0)), WSAEINVAL);
  EXPECT_EQ(error_of_socket(WSASocketW(WS_AF_INET, WS_SOCK_STREAM, 0, nullptr, 1, 0)), WSAEINVAL);
  EXPECT_EQ(error_of_socket(
                WSASocketW(WS_AF_INET, WS_SOCK_STREAM, 0, nullptr, 0, WSA_FLAG_MULTIPOINT_C_ROOT)),
            WSAEINVAL);
}

TEST_F(Startup, TheCatalogueSaysWhatThereIs) {
  WSAPROTOCOL_INFOW info{};
  DWORD bytes = 0;
  EXPECT_EQ(error_of(WSAEnumProtocolsW(nullptr, nullptr, &bytes)), WSAENOBUFS);
  EXPECT_EQ(bytes, sizeof info);
  EXPECT_EQ(WSAEnumProtocolsW(nullptr, &info, &bytes), 1);
  EXPECT_EQ(info.iSocketType, WS_SOCK_STREAM);
  EXPECT_EQ(info.iProtocol, 6);
  EXPECT_NE(info.dwServiceFlags1 & XP1_CONNECT_DATA, 0u);
  EXPECT_NE(info.dwServiceFlags1 & XP1_QOS_SUPPORTED, 0u);
  EXPECT_EQ(info.dwServiceFlags1 & XP1_DISCONNECT_DATA, 0u);
  const SOCKET s = WSASocketW(-1, -1, -1, &info, 0, 0);
  ASSERT_NE(s, INVALID_SOCKET);
  const auto own = option_of<WSAPROTOCOL_INFOW>(s, SO_PROTOCOL_INFOW);
  EXPECT_EQ(own.dwCatalogEntryId, info.dwCatalogEntryId);
  int udp_only[] = {17, 0};
  EXPECT_EQ(WSAEnumProtocolsW(udp_only, &info, &bytes), 0);
}

TEST_F(Startup, Addresses) {
  const sockaddr_in name = name_of({IpAddress::v4(192, 0, 2, 1), 8080});
  sockaddr_in copy = name;
  char16_t text[32];
  DWORD length = 32;
  EXPECT_EQ(WSAAddressToStringW(plain(copy), sizeof copy, nullptr, text, &length), 0);
  EXPECT_EQ(std::u16string(text), u"192.0.2.1:8080");
  EXPECT_EQ(length, 15u);
  length = 5;
  EXPECT_EQ(error_of(WSAAddressToStringW(plain(copy), sizeof copy, nullptr, text, &length)),
            WSAEFAULT);
  EXPECT_EQ(length, 15u);
  sockaddr_in read{};
  int read_length = sizeof read;
  EXPECT_EQ(WSAStringToAddressW(text, WS_AF_INET, nullptr, plain(read), &read_length), 0);
  EXPECT_EQ(read.sin_port, name.sin_port);
  EXPECT_EQ(read.sin_addr.s_addr, name.sin_addr.s_addr);
  char16_t bad[] = u"192.0.2.256";
  EXPECT_EQ(error_of(WSAStringToAddressW(bad, WS_AF_INET, nullptr, plain(read), &read_length)),
            WSAEINVAL);
  EXPECT_EQ(inet_addr("192.0.2.1"), name.sin_addr.s_addr);
  EXPECT_EQ(inet_addr("nobody"), 0xffffffffu);
}

TEST_F(Startup, CleanupResetsWhatIsOpen) {
  (void)listen_at(kPort);
  const SOCKET caller = connect_to(kPort);
  provider_use(&client);
  EXPECT_EQ(WSACleanup(), 0);
  EXPECT_EQ(error_of(send_text(caller, "x")), WSANOTINITIALISED);
  pair.run_for(10ms);
  const auto trace = pair.take_trace();
  EXPECT_TRUE(std::ranges::any_of(
      trace, [](const std::string& line) { return line.starts_with("client > R"); }));
}

// --- Handles ---

TEST(Handles, AreWhatWindowsMakesThem) {
  const HandleParts parts{HandleKind::event, 16, kHandlesMax - 1, 12'345};
  const std::uintptr_t handle = join(parts);
  EXPECT_EQ(handle % 4, 0u);
  EXPECT_EQ(split(handle).provider, 16u);
  EXPECT_EQ(split(handle).index, kHandlesMax - 1);
  EXPECT_EQ(split(handle).generation, 12'345u);
  EXPECT_EQ(split(handle).kind, HandleKind::event);
  EXPECT_NE(join({HandleKind::socket, 1, 0, 0}), 0u);
}

TEST_F(Startup, WithoutRoomForASocketTheRequestWaitsOn) {
  testing::PairDriver small(pair, pair.server);
  EXPECT_TRUE(provider_use(&small, {.sockets_max = 2, .events_max = 1}));
  WSADATA about;
  EXPECT_EQ(WSAStartup(MAKEWORD(2, 2), &about), 0);
  const SOCKET listener = socket(WS_AF_INET, WS_SOCK_STREAM, 0);
  bind_any(listener, 81);
  EXPECT_EQ(listen(listener, 5), 0);
  const SOCKET spare = socket(WS_AF_INET, WS_SOCK_STREAM, 0);
  EXPECT_EQ(error_of_socket(socket(WS_AF_INET, WS_SOCK_STREAM, 0)), WSAEMFILE);
  const SOCKET caller = begin_connect(81);
  EXPECT_TRUE(ready_to_read(listener, 1));
  EXPECT_EQ(accept_error(listener), WSAEMFILE);
  EXPECT_EQ(decide(listener, testing::always<CF_ACCEPT>), WSAEMFILE);
  EXPECT_TRUE(ready_to_read(listener));
  EXPECT_EQ(closesocket(spare), 0);
  EXPECT_EQ(accept_error(listener), 0);
  EXPECT_TRUE(ready_to_write(caller, 1));
  provider_use(&small);
  EXPECT_NE(WSACreateEvent(), WSA_INVALID_EVENT);
  EXPECT_EQ(WSACreateEvent(), WSA_INVALID_EVENT);
  EXPECT_EQ(WSAGetLastError(), WSA_NOT_ENOUGH_MEMORY);
  provider_release(&small);
}

TEST_F(Startup, AClosedHandleIsNeverALaterSocket) {
  const SOCKET first = make_socket(server);
  EXPECT_EQ(closesocket(first), 0);
  const SOCKET second = make_socket(server);
  EXPECT_NE(first, second);
  EXPECT_EQ(error_of(closesocket(first)), WSAENOTSOCK);
  EXPECT_EQ(closesocket(second), 0);
}

TEST_F(Startup, OptionsThatTcpDoesNotHave) {
  const SOCKET s = make_socket(server);
  for (const int option : {SO_MAX_MSG_SIZE, PVD_CONFIG, SO_PAUSE_ACCEPT, 0x7777}) {
    char value[16] = {};
    int length = sizeof value;
    EXPECT_EQ(error_of(getsockopt(s, WS_SOL_SOCKET, option, value, &length)), WSAENOPROTOOPT);
    EXPECT_EQ(set_option<DWORD>(s, option, 1), WSAENOPROTOOPT);
  }
  EXPECT_EQ(option_of<GROUP>(s, SO_GROUP_ID), 0u);
  EXPECT_EQ(option_of<INT>(s, SO_GROUP_PRIORITY), 0);
  EXPECT_EQ(set_option<GROUP>(s, SO_GROUP_ID, 1), WSAENOPROTOOPT);
  EXPECT_EQ(option_of<INT>(s, WS_SO_TYPE), WS_SOCK_STREAM);
  EXPECT_EQ(set_option<BOOL>(s, 99, 1, WS_IPPROTO_TCP), WSAENOPROTOOPT);
}

TEST_F(Startup, Ioctls) {
  (void)listen_at(kPort);
  const SOCKET caller = connect_to(kPort);
  u_long waiting = 9;
  EXPECT_EQ(ioctlsocket(caller, static_cast<LONG>(WS_FIONREAD), &waiting), 0);
  EXPECT_EQ(waiting, 0u);
  DWORD returned = 0;
  GUID id = WSAID_ACCEPTEX;
  LPFN_ACCEPTEX accept_ex = nullptr;
  EXPECT_EQ(WSAIoctl(caller, SIO_GET_EXTENSION_FUNCTION_POINTER, &id, sizeof id, &accept_ex,
                     sizeof accept_ex, &returned, nullptr, nullptr),
            0);
  EXPECT_EQ(accept_ex, &AcceptEx);
  id.Data1 ^= 1;
  EXPECT_EQ(error_of(WSAIoctl(caller, SIO_GET_EXTENSION_FUNCTION_POINTER, &id, sizeof id,
                              &accept_ex, sizeof accept_ex, &returned, nullptr, nullptr)),
            WSAEINVAL);
  tcp_keepalive times{1, 10'000, 1'000};
  EXPECT_EQ(WSAIoctl(caller, SIO_KEEPALIVE_VALS, &times, sizeof times, nullptr, 0, &returned,
                     nullptr, nullptr),
            0);
  EXPECT_EQ(option_of<BOOL>(caller, WS_SO_KEEPALIVE), 1);
  (void)pair.take_trace();
  pair.run_for(11s);
  EXPECT_FALSE(pair.take_trace().empty());  // the probe
  EXPECT_EQ(
      error_of(WSAIoctl(caller, 0x12345678, nullptr, 0, nullptr, 0, &returned, nullptr, nullptr)),
      WSAEOPNOTSUPP);
}

TEST_F(Startup, AddressListQuery) {
  const SOCKET s = make_socket(server);
  alignas(8) char list[128] = {};
  DWORD returned = 0;
  EXPECT_EQ(WSAIoctl(s, SIO_ADDRESS_LIST_QUERY, nullptr, 0, list, sizeof list, &returned, nullptr,
                     nullptr),
            0);
  EXPECT_EQ(returned, 40u);
  EXPECT_EQ(*reinterpret_cast<const int*>(list), 1);
  const auto* const name = *reinterpret_cast<const sockaddr_in* const*>(list + 8);
  EXPECT_EQ((ntohl)(name->sin_addr.s_addr), pair.server_address().v4_bits());
  EXPECT_EQ(error_of(WSAIoctl(s, SIO_ADDRESS_LIST_QUERY, nullptr, 0, list, 4, &returned, nullptr,
                              nullptr)),
            WSAEFAULT);
  EXPECT_EQ(returned, 40u);
}

TEST_F(Startup, EventsAndWaits) {
  const WSAEVENT first = make_event(server);
  const WSAEVENT second = make_event(server);
  const WSAEVENT both[] = {first, second};
  EXPECT_EQ(WSAWaitForMultipleEvents(2, both, 0, 20, 0), WSA_WAIT_TIMEOUT);
  EXPECT_TRUE(WSASetEvent(second));
  EXPECT_EQ(WSAWaitForMultipleEvents(2, both, 0, 20, 0), WSA_WAIT_EVENT_0 + 1);
  EXPECT_EQ(WSAWaitForMultipleEvents(2, both, 1, 20, 0), WSA_WAIT_TIMEOUT);
  EXPECT_TRUE(WSASetEvent(first));
  EXPECT_EQ(WSAWaitForMultipleEvents(2, both, 1, 20, 0), WSA_WAIT_EVENT_0);
  EXPECT_TRUE(WSAResetEvent(first));
  EXPECT_EQ(WSAWaitForMultipleEvents(1, both, 0, 0, 0), WSA_WAIT_TIMEOUT);
  EXPECT_TRUE(WSACloseEvent(first));
  EXPECT_FALSE(WSASetEvent(first));
  EXPECT_EQ(WSAGetLastError(), WSA_INVALID_HANDLE);
  EXPECT_EQ(WSAWaitForMultipleEvents(2, both, 0, 0, 0), WSA_WAIT_FAILED);
  EXPECT_EQ(WSAWaitForMultipleEvents(0, both, 0, 0, 0), WSA_WAIT_FAILED);
  EXPECT_EQ(WSAGetLastError(), WSA_INVALID_PARAMETER);
}

}  // namespace
}  // namespace anteroom::winsock
