// The service provider interface: WSPStartup and its table of thirty entry points. Each is a plain
// function that says its error through its last argument and leaves the thread's error alone.
#pragma once

#include <anteroom/winsock/constants.h>

namespace anteroom {
class Driver;
}  // namespace anteroom

namespace anteroom::winsock {

// What a provider holds at most; 262,144 of each is the most there can be.
struct ProviderLimits {
  std::uint32_t sockets_max = 65'536;  // beyond: WSAEMFILE
  std::uint32_t events_max = 65'536;
};

// What startup and new sockets and events of this thread go through; of every thread that never
// said, where it is the first. A socket stays with the driver it was made on, whichever thread uses
// it. At most 16 drivers. False: no room.
bool provider_use(Driver* driver);
// The limits count where the driver was not in use before.
bool provider_use(Driver* driver, const ProviderLimits& limits);
// Resets what is open and forgets the driver, which outlives this call. Nobody may be inside one.
void provider_release(Driver* driver);

// The names are Windows'. NOLINTBEGIN(readability-identifier-naming,readability-function-size)

struct WSAPROTOCOLCHAIN {
  int ChainLen;
  DWORD ChainEntries[7];
};

struct WSAPROTOCOL_INFOW {
  DWORD dwServiceFlags1, dwServiceFlags2, dwServiceFlags3, dwServiceFlags4;
  DWORD dwProviderFlags;
  GUID ProviderId;
  DWORD dwCatalogEntryId;
  WSAPROTOCOLCHAIN ProtocolChain;
  int iVersion;
  int iAddressFamily;
  int iMaxSockAddr;
  int iMinSockAddr;
  int iSocketType;
  int iProtocol;
  int iProtocolMaxOffset;
  int iNetworkByteOrder;
  int iSecurityScheme;
  DWORD dwMessageSize;
  DWORD dwProviderReserved;
  WCHAR szProtocol[256];
};
using LPWSAPROTOCOL_INFOW = WSAPROTOCOL_INFOW*;
static_assert(sizeof(WSAPROTOCOL_INFOW) == 628);

struct WSPDATA {
  WORD wVersion;
  WORD wHighVersion;
  WCHAR szDescription[256];
};

struct WSATHREADID {
  HANDLE ThreadHandle;
  DWORD_PTR Reserved;
};

// What WS2_32 lends to a provider. Handles, events and the catalogue are this provider's own, so it
// calls none of them; the shape is there for callers that pass one.
struct WSPUPCALLTABLE {
  void (*upcalls[15])();
};

struct WSPPROC_TABLE {
  SOCKET (*lpWSPAccept)(SOCKET, sockaddr*, int*, LPCONDITIONPROC, DWORD_PTR, int*);
  int (*lpWSPAddressToString)(sockaddr*, DWORD, WSAPROTOCOL_INFOW*, WCHAR*, DWORD*, int*);
  int (*lpWSPAsyncSelect)(SOCKET, HWND, UINT, LONG, int*);
  int (*lpWSPBind)(SOCKET, const sockaddr*, int, int*);
  int (*lpWSPCancelBlockingCall)(int*);
  int (*lpWSPCleanup)(int*);
  int (*lpWSPCloseSocket)(SOCKET, int*);
  int (*lpWSPConnect)(SOCKET, const sockaddr*, int, WSABUF*, WSABUF*, QOS*, QOS*, int*);
  int (*lpWSPDuplicateSocket)(SOCKET, DWORD, WSAPROTOCOL_INFOW*, int*);
  int (*lpWSPEnumNetworkEvents)(SOCKET, WSAEVENT, WSANETWORKEVENTS*, int*);
  int (*lpWSPEventSelect)(SOCKET, WSAEVENT, LONG, int*);
  BOOL (*lpWSPGetOverlappedResult)(SOCKET, WSAOVERLAPPED*, DWORD*, BOOL, DWORD*, int*);
  int (*lpWSPGetPeerName)(SOCKET, sockaddr*, int*, int*);
  int (*lpWSPGetSockName)(SOCKET, sockaddr*, int*, int*);
  int (*lpWSPGetSockOpt)(SOCKET, int, int, char*, int*, int*);
  BOOL (*lpWSPGetQOSByName)(SOCKET, WSABUF*, QOS*, int*);
  int (*lpWSPIoctl)(SOCKET, DWORD, void*, DWORD, void*, DWORD, DWORD*, WSAOVERLAPPED*,
                    LPWSAOVERLAPPED_COMPLETION_ROUTINE, WSATHREADID*, int*);
  SOCKET (*lpWSPJoinLeaf)(SOCKET, const sockaddr*, int, WSABUF*, WSABUF*, QOS*, QOS*, DWORD, int*);
  int (*lpWSPListen)(SOCKET, int, int*);
  int (*lpWSPRecv)(SOCKET, WSABUF*, DWORD, DWORD*, DWORD*, WSAOVERLAPPED*,
                   LPWSAOVERLAPPED_COMPLETION_ROUTINE, WSATHREADID*, int*);
  int (*lpWSPRecvDisconnect)(SOCKET, WSABUF*, int*);
  int (*lpWSPRecvFrom)(SOCKET, WSABUF*, DWORD, DWORD*, DWORD*, sockaddr*, int*, WSAOVERLAPPED*,
                       LPWSAOVERLAPPED_COMPLETION_ROUTINE, WSATHREADID*, int*);
  int (*lpWSPSelect)(int, fd_set*, fd_set*, fd_set*, const timeval*, int*);
  int (*lpWSPSend)(SOCKET, WSABUF*, DWORD, DWORD*, DWORD, WSAOVERLAPPED*,
                   LPWSAOVERLAPPED_COMPLETION_ROUTINE, WSATHREADID*, int*);
  int (*lpWSPSendDisconnect)(SOCKET, WSABUF*, int*);
  int (*lpWSPSendTo)(SOCKET, WSABUF*, DWORD, DWORD*, DWORD, const sockaddr*, int, WSAOVERLAPPED*,
                     LPWSAOVERLAPPED_COMPLETION_ROUTINE, WSATHREADID*, int*);
  int (*lpWSPSetSockOpt)(SOCKET, int, int, const char*, int, int*);
  int (*lpWSPShutdown)(SOCKET, int, int*);
  SOCKET (*lpWSPSocket)(int, int, int, WSAPROTOCOL_INFOW*, GROUP, DWORD, int*);
  int (*lpWSPStringToAddress)(WCHAR*, int, WSAPROTOCOL_INFOW*, sockaddr*, int*, int*);
};
static_assert(sizeof(WSPPROC_TABLE) == 30 * sizeof(void*));

// Fills the table and returns 0, or returns the error: WSAVERNOTSUPPORTED (below 2.0),
// WSASYSNOTREADY (no driver), WSAEFAULT. Each call wants one WSPCleanup.
int WSPStartup(WORD version, WSPDATA* data, WSAPROTOCOL_INFOW* protocol, WSPUPCALLTABLE upcalls,
               WSPPROC_TABLE* table);

// NOLINTEND(readability-identifier-naming,readability-function-size)

}  // namespace anteroom::winsock
