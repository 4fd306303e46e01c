// What applications call: Winsock's functions over the provider, with the error of the thread.
#pragma once

#include <anteroom/winsock/provider.h>

namespace anteroom::winsock {

// The names are Windows'. NOLINTBEGIN(readability-identifier-naming,readability-function-size)

// --- Start, end, errors ---
int WSAStartup(WORD version, WSADATA* data);
int WSACleanup();
int WSAGetLastError();
void WSASetLastError(int error);
BOOL WSAIsBlocking();
int WSACancelBlockingCall();
// Both protocols' list has one entry: TCP over IPv4.
int WSAEnumProtocolsW(int* protocols, WSAPROTOCOL_INFOW* buffer, DWORD* buffer_bytes);

// --- Sockets ---
SOCKET socket(int family, int type, int protocol);
SOCKET WSASocketW(int family, int type, int protocol, WSAPROTOCOL_INFOW* info, GROUP group,
                  DWORD flags);
int bind(SOCKET s, const sockaddr* name, int name_length);
int listen(SOCKET s, int backlog);
SOCKET accept(SOCKET s, sockaddr* address, int* address_length);
SOCKET WSAAccept(SOCKET s, sockaddr* address, int* address_length, LPCONDITIONPROC condition,
                 DWORD_PTR context);
int connect(SOCKET s, const sockaddr* name, int name_length);
int WSAConnect(SOCKET s, const sockaddr* name, int name_length, WSABUF* caller_data,
               WSABUF* callee_data, QOS* qos, QOS* group_qos);
int shutdown(SOCKET s, int how);
int closesocket(SOCKET s);
int WSASendDisconnect(SOCKET s, WSABUF* data);
int WSARecvDisconnect(SOCKET s, WSABUF* data);
int getsockname(SOCKET s, sockaddr* name, int* name_length);
int getpeername(SOCKET s, sockaddr* name, int* name_length);
int getsockopt(SOCKET s, int level, int option, char* value, int* value_length);
int setsockopt(SOCKET s, int level, int option, const char* value, int value_length);
int ioctlsocket(SOCKET s, LONG command, u_long* argument);
int WSAIoctl(SOCKET s, DWORD code, void* in, DWORD in_bytes, void* out, DWORD out_bytes,
             DWORD* returned, WSAOVERLAPPED* overlapped,
             LPWSAOVERLAPPED_COMPLETION_ROUTINE completion);
BOOL WSAGetQOSByName(SOCKET s, WSABUF* name, QOS* qos);
SOCKET WSAJoinLeaf(SOCKET s, const sockaddr* name, int name_length, WSABUF* caller_data,
                   WSABUF* callee_data, QOS* qos, QOS* group_qos, DWORD flags);
int WSADuplicateSocketW(SOCKET s, DWORD process, WSAPROTOCOL_INFOW* info);

// --- Data ---
int send(SOCKET s, const char* data, int length, int flags);
int recv(SOCKET s, char* data, int length, int flags);
int sendto(SOCKET s, const char* data, int length, int flags, const sockaddr* to, int to_length);
int recvfrom(SOCKET s, char* data, int length, int flags, sockaddr* from, int* from_length);
int WSASend(SOCKET s, WSABUF* buffers, DWORD count, DWORD* sent, DWORD flags,
            WSAOVERLAPPED* overlapped, LPWSAOVERLAPPED_COMPLETION_ROUTINE completion);
int WSARecv(SOCKET s, WSABUF* buffers, DWORD count, DWORD* received, DWORD* flags,
            WSAOVERLAPPED* overlapped, LPWSAOVERLAPPED_COMPLETION_ROUTINE completion);
int WSASendTo(SOCKET s, WSABUF* buffers, DWORD count, DWORD* sent, DWORD flags, const sockaddr* to,
              int to_length, WSAOVERLAPPED* overlapped,
              LPWSAOVERLAPPED_COMPLETION_ROUTINE completion);
int WSARecvFrom(SOCKET s, WSABUF* buffers, DWORD count, DWORD* received, DWORD* flags,
                sockaddr* from, int* from_length, WSAOVERLAPPED* overlapped,
                LPWSAOVERLAPPED_COMPLETION_ROUTINE completion);
BOOL WSAGetOverlappedResult(SOCKET s, WSAOVERLAPPED* overlapped, DWORD* bytes, BOOL wait,
                            DWORD* flags);

// --- Readiness ---
int select(int ignored, fd_set* readable, fd_set* writable, fd_set* failed, const timeval* timeout);
// `timeout` in milliseconds; negative: without bound.
int WSAPoll(WSAPOLLFD* sockets, ULONG count, INT timeout);
int WSAEventSelect(SOCKET s, WSAEVENT event, LONG events);
int WSAEnumNetworkEvents(SOCKET s, WSAEVENT event, WSANETWORKEVENTS* events);
int WSAAsyncSelect(SOCKET s, HWND window, UINT message, LONG events);

// --- Event objects: manual reset, of the driver they were made on ---
WSAEVENT WSACreateEvent();
BOOL WSASetEvent(WSAEVENT event);
BOOL WSAResetEvent(WSAEVENT event);
BOOL WSACloseEvent(WSAEVENT event);
// `alertable`: completion routines of this thread run in the wait and end it
// (WSA_WAIT_IO_COMPLETION). Calls that block run them too, and go on.
DWORD WSAWaitForMultipleEvents(DWORD count, const WSAEVENT* events, BOOL all, DWORD milliseconds,
                               BOOL alertable);

// --- Addresses and byte order ---
int WSAAddressToStringW(sockaddr* address, DWORD address_length, WSAPROTOCOL_INFOW* info,
                        WCHAR* text, DWORD* text_length);
int WSAStringToAddressW(WCHAR* text, int family, WSAPROTOCOL_INFOW* info, sockaddr* address,
                        int* address_length);
ULONG inet_addr(const char* text);
// Names in parentheses are not taken for the macros that Linux may have of the same name.
constexpr u_short(htons)(u_short value) { return __builtin_bswap16(value); }
constexpr u_short(ntohs)(u_short value) { return __builtin_bswap16(value); }
constexpr u_long(htonl)(u_long value) { return __builtin_bswap32(value); }
constexpr u_long(ntohl)(u_long value) { return __builtin_bswap32(value); }

// --- Sets of sockets; where <sys/select.h> has macros of these names, write (FD_SET)(...) ---
inline bool(FD_ISSET)(SOCKET s, const fd_set* set) {
  for (UINT i = 0; i < set->fd_count; ++i) {
    if (set->fd_array[i] == s) return true;
  }
  return false;
}
inline void(FD_ZERO)(fd_set* set) { set->fd_count = 0; }
// No effect where it is in the set, or the set is full.
inline void(FD_SET)(SOCKET s, fd_set* set) {
  if (!(FD_ISSET)(s, set) && set->fd_count < kFdSetSize) set->fd_array[set->fd_count++] = s;
}
inline void(FD_CLR)(SOCKET s, fd_set* set) {
  UINT kept = 0;
  for (UINT i = 0; i < set->fd_count; ++i) {
    if (set->fd_array[i] != s) set->fd_array[kept++] = set->fd_array[i];
  }
  set->fd_count = kept;
}

// NOLINTEND(readability-identifier-naming,readability-function-size)

}  // namespace anteroom::winsock
