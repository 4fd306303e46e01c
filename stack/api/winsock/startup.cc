// WSPStartup, WSPCleanup, and what the catalogue says about the provider.
#include <algorithm>
#include <string_view>

#include <anteroom/winsock/errors.h>

#include "stack/api/winsock/address.h"
#include "stack/api/winsock/entry_points.h"
#include "stack/api/winsock/provider.h"

namespace anteroom::winsock {
namespace {

constexpr WORD kVersion = MAKEWORD(2, 2);
constexpr std::u16string_view kDescription = u"anteroom TCP/IP";
constexpr GUID kProviderId{
    0x6e0b7a41, 0x52d3, 0x4c1e, {0x9f, 0x37, 0xa4, 0x5d, 0x0c, 0x8e, 0x21, 0xb6}};

template <std::size_t N>
void write(WCHAR (&to)[N], std::u16string_view text) {
  static_assert(N > kDescription.size());
  *std::copy(text.begin(), text.end(), to) = 0;
}

constexpr WSPPROC_TABLE kTable{.lpWSPAccept = WSPAccept,
                               .lpWSPAddressToString = WSPAddressToString,
                               .lpWSPAsyncSelect = WSPAsyncSelect,
                               .lpWSPBind = WSPBind,
                               .lpWSPCancelBlockingCall = WSPCancelBlockingCall,
                               .lpWSPCleanup = WSPCleanup,
                               .lpWSPCloseSocket = WSPCloseSocket,
                               .lpWSPConnect = WSPConnect,
                               .lpWSPDuplicateSocket = WSPDuplicateSocket,
                               .lpWSPEnumNetworkEvents = WSPEnumNetworkEvents,
                               .lpWSPEventSelect = WSPEventSelect,
                               .lpWSPGetOverlappedResult = WSPGetOverlappedResult,
                               .lpWSPGetPeerName = WSPGetPeerName,
                               .lpWSPGetSockName = WSPGetSockName,
                               .lpWSPGetSockOpt = WSPGetSockOpt,
                               .lpWSPGetQOSByName = WSPGetQOSByName,
                               .lpWSPIoctl = WSPIoctl,
                               .lpWSPJoinLeaf = WSPJoinLeaf,
                               .lpWSPListen = WSPListen,
                               .lpWSPRecv = WSPRecv,
                               .lpWSPRecvDisconnect = WSPRecvDisconnect,
                               .lpWSPRecvFrom = WSPRecvFrom,
                               .lpWSPSelect = WSPSelect,
                               .lpWSPSend = WSPSend,
                               .lpWSPSendDisconnect = WSPSendDisconnect,
                               .lpWSPSendTo = WSPSendTo,
                               .lpWSPSetSockOpt = WSPSetSockOpt,
                               .lpWSPShutdown = WSPShutdown,
                               .lpWSPSocket = WSPSocket,
                               .lpWSPStringToAddress = WSPStringToAddress};

}  // namespace

WSAPROTOCOL_INFOW protocol_info(std::uint32_t provider_number) {
  WSAPROTOCOL_INFOW info{};
  info.dwServiceFlags1 = XP1_GUARANTEED_DELIVERY | XP1_GUARANTEED_ORDER | XP1_GRACEFUL_CLOSE |
                         XP1_EXPEDITED_DATA | XP1_CONNECT_DATA | XP1_QOS_SUPPORTED;
  info.dwProviderFlags = PFL_MATCHES_PROTOCOL_ZERO;
  info.ProviderId = kProviderId;
  info.dwCatalogEntryId = provider_number;
  info.ProtocolChain.ChainLen = 1;  // a base protocol
  info.iVersion = 2;
  info.iAddressFamily = WS_AF_INET;
  info.iMaxSockAddr = info.iMinSockAddr = kAddressBytes;
  info.iSocketType = WS_SOCK_STREAM;
  info.iProtocol = WS_IPPROTO_TCP;
  info.iNetworkByteOrder = BIGENDIAN;
  info.iSecurityScheme = SECURITY_PROTOCOL_NONE;
  write(info.szProtocol, kDescription);
  return info;
}

int WSPStartup(WORD version, WSPDATA* data, WSAPROTOCOL_INFOW* protocol, WSPUPCALLTABLE upcalls,
               WSPPROC_TABLE* table) {
  (void)upcalls;
  if (data == nullptr || table == nullptr) return WSAEFAULT;
  const bool chosen = protocol != nullptr && protocol->dwCatalogEntryId != 0;
  Provider* const provider = chosen ? provider_at(protocol->dwCatalogEntryId) : current_provider();
  if (provider == nullptr) return WSASYSNOTREADY;
  // The rules of 1.x (no nesting, other errors while connecting) are not kept here.
  if (LOBYTE(version) < 2) return WSAVERNOTSUPPORTED;
  const bool newer = LOBYTE(version) > 2 || HIBYTE(version) > 2;
  data->wVersion = newer ? kVersion : version;
  data->wHighVersion = kVersion;
  write(data->szDescription, kDescription);
  *table = kTable;
  provider->driver.lock();
  ++provider->startups;
  provider->driver.unlock();
  return 0;
}

// The last one resets what is still open.
int WSPCleanup(int* error) {
  Call call(current_provider());
  if (call.error() != 0) return ended(call.error(), error);
  Provider& provider = call.provider();
  if (--provider.startups > 0) return 0;
  provider.sockets.for_each([&](Socket& socket) { provider.destroy(socket, true); });
  return 0;
}

int WSPCancelBlockingCall(int* error) {
  return ended(cancel_blocking_call() ? 0 : WSAEINVAL, error);
}

}  // namespace anteroom::winsock
