// The extension functions, by pointer (SIO_GET_EXTENSION_FUNCTION_POINTER) or by name.
#pragma once

#include <anteroom/winsock/constants.h>

namespace anteroom::winsock {

// The names are Windows'. NOLINTBEGIN(readability-identifier-naming,readability-function-size)

// Accepts the next request, deferred or not, into `acceptor`; no condition function is run. FALSE
// with ERROR_IO_PENDING on success; the error is the thread's.
BOOL AcceptEx(SOCKET listener, SOCKET acceptor, void* buffer, DWORD receive_bytes,
              DWORD local_bytes, DWORD remote_bytes, DWORD* received, WSAOVERLAPPED* overlapped);
// Finds the two addresses in what AcceptEx wrote.
void GetAcceptExSockaddrs(void* buffer, DWORD receive_bytes, DWORD local_bytes, DWORD remote_bytes,
                          sockaddr** local, int* local_length, sockaddr** remote,
                          int* remote_length);
// Connects a bound socket and sends `send_bytes` of ordinary stream data, which are copied.
BOOL ConnectEx(SOCKET s, const sockaddr* name, int name_length, void* buffer, DWORD send_bytes,
               DWORD* sent, WSAOVERLAPPED* overlapped);

using LPFN_ACCEPTEX = BOOL (*)(SOCKET, SOCKET, void*, DWORD, DWORD, DWORD, DWORD*, WSAOVERLAPPED*);
using LPFN_GETACCEPTEXSOCKADDRS = void (*)(void*, DWORD, DWORD, DWORD, sockaddr**, int*, sockaddr**,
                                           int*);
using LPFN_CONNECTEX = BOOL (*)(SOCKET, const sockaddr*, int, void*, DWORD, DWORD*, WSAOVERLAPPED*);

inline constexpr GUID WSAID_ACCEPTEX{
    0xb5367df1, 0xcbac, 0x11cf, {0x95, 0xca, 0x00, 0x80, 0x5f, 0x48, 0xa1, 0x92}};
inline constexpr GUID WSAID_GETACCEPTEXSOCKADDRS{
    0xb5367df2, 0xcbac, 0x11cf, {0x95, 0xca, 0x00, 0x80, 0x5f, 0x48, 0xa1, 0x92}};
inline constexpr GUID WSAID_CONNECTEX{
    0x25a207b9, 0xddf3, 0x4660, {0x8e, 0xe9, 0x76, 0xe5, 0x8c, 0x74, 0x06, 0x3e}};

// Lets time pass. WSA_WAIT_IO_COMPLETION where completion routines ran, else 0 when it is over.
DWORD SleepEx(DWORD milliseconds, BOOL alertable);

// Ends pending overlapped calls of the socket with WSA_OPERATION_ABORTED: all of them, or the one
// with this structure. FALSE with ERROR_NOT_FOUND where there is none.
BOOL CancelIoEx(SOCKET s, WSAOVERLAPPED* overlapped);
BOOL CancelIo(SOCKET s);
// WSAGetOverlappedResult with Win32's error numbers.
BOOL GetOverlappedResult(SOCKET s, WSAOVERLAPPED* overlapped, DWORD* bytes, BOOL wait);

// NOLINTEND(readability-identifier-naming,readability-function-size)

}  // namespace anteroom::winsock
