// The entry points behind the table of WSPStartup, for the table and for the convenience calls.
#pragma once

#include <anteroom/winsock/provider.h>

namespace anteroom::winsock {

// The names and shapes are Windows'. NOLINTBEGIN(readability-function-size)

SOCKET WSPAccept(SOCKET s, sockaddr* address, int* address_length, LPCONDITIONPROC condition,
                 DWORD_PTR context, int* error);
int WSPAddressToString(sockaddr* address, DWORD address_length, WSAPROTOCOL_INFOW* info,
                       WCHAR* text, DWORD* text_length, int* error);
int WSPAsyncSelect(SOCKET s, HWND window, UINT message, LONG events, int* error);
int WSPBind(SOCKET s, const sockaddr* name, int name_length, int* error);
int WSPCancelBlockingCall(int* error);
int WSPCleanup(int* error);
int WSPCloseSocket(SOCKET s, int* error);
int WSPConnect(SOCKET s, const sockaddr* name, int name_length, WSABUF* caller_data,
               WSABUF* callee_data, QOS* qos, QOS* group_qos, int* error);
int WSPDuplicateSocket(SOCKET s, DWORD process, WSAPROTOCOL_INFOW* info, int* error);
int WSPEnumNetworkEvents(SOCKET s, WSAEVENT event, WSANETWORKEVENTS* events, int* error);
int WSPEventSelect(SOCKET s, WSAEVENT event, LONG events, int* error);
BOOL WSPGetOverlappedResult(SOCKET s, WSAOVERLAPPED* overlapped, DWORD* bytes, BOOL wait,
                            DWORD* flags, int* error);
int WSPGetPeerName(SOCKET s, sockaddr* name, int* name_length, int* error);
int WSPGetSockName(SOCKET s, sockaddr* name, int* name_length, int* error);
int WSPGetSockOpt(SOCKET s, int level, int option, char* value, int* value_length, int* error);
BOOL WSPGetQOSByName(SOCKET s, WSABUF* name, QOS* qos, int* error);
int WSPIoctl(SOCKET s, DWORD code, void* in, DWORD in_bytes, void* out, DWORD out_bytes,
             DWORD* returned, WSAOVERLAPPED* overlapped,
             LPWSAOVERLAPPED_COMPLETION_ROUTINE completion, WSATHREADID* thread, int* error);
SOCKET WSPJoinLeaf(SOCKET s, const sockaddr* name, int name_length, WSABUF* caller_data,
                   WSABUF* callee_data, QOS* qos, QOS* group_qos, DWORD flags, int* error);
int WSPListen(SOCKET s, int backlog, int* error);
int WSPRecv(SOCKET s, WSABUF* buffers, DWORD count, DWORD* received, DWORD* flags,
            WSAOVERLAPPED* overlapped, LPWSAOVERLAPPED_COMPLETION_ROUTINE completion,
            WSATHREADID* thread, int* error);
int WSPRecvDisconnect(SOCKET s, WSABUF* data, int* error);
int WSPRecvFrom(SOCKET s, WSABUF* buffers, DWORD count, DWORD* received, DWORD* flags,
                sockaddr* from, int* from_length, WSAOVERLAPPED* overlapped,
                LPWSAOVERLAPPED_COMPLETION_ROUTINE completion, WSATHREADID* thread, int* error);
int WSPSelect(int ignored, fd_set* readable, fd_set* writable, fd_set* failed,
              const timeval* timeout, int* error);
int WSPSend(SOCKET s, WSABUF* buffers, DWORD count, DWORD* sent, DWORD flags,
            WSAOVERLAPPED* overlapped, LPWSAOVERLAPPED_COMPLETION_ROUTINE completion,
            WSATHREADID* thread, int* error);
int WSPSendDisconnect(SOCKET s, WSABUF* data, int* error);
int WSPSendTo(SOCKET s, WSABUF* buffers, DWORD count, DWORD* sent, DWORD flags, const sockaddr* to,
              int to_length, WSAOVERLAPPED* overlapped,
              LPWSAOVERLAPPED_COMPLETION_ROUTINE completion, WSATHREADID* thread, int* error);
int WSPSetSockOpt(SOCKET s, int level, int option, const char* value, int value_length, int* error);
int WSPShutdown(SOCKET s, int how, int* error);
SOCKET WSPSocket(int family, int type, int protocol, WSAPROTOCOL_INFOW* info, GROUP group,
                 DWORD flags, int* error);
int WSPStringToAddress(WCHAR* text, int family, WSAPROTOCOL_INFOW* info, sockaddr* address,
                       int* address_length, int* error);

// NOLINTEND(readability-function-size)

// What the catalogue says about the provider with this number.
WSAPROTOCOL_INFOW protocol_info(std::uint32_t provider_number);

}  // namespace anteroom::winsock
