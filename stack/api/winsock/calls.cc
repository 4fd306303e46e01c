// Winsock's functions: each calls the entry point and leaves the error with the thread.
#include <algorithm>
#include <string_view>

#include <anteroom/winsock.h>

#include "stack/api/winsock/entry_points.h"
#include "stack/api/winsock/provider.h"

namespace anteroom::winsock {
namespace {

thread_local int t_last_error = 0;
constexpr DWORD kDescriptionBytesMax = 256;

// Runs an entry point with a place for its error, which becomes the thread's where it failed.
template <typename F>
auto noting_error(F call) {
  int error = 0;
  const auto result = call(&error);
  if (error != 0) t_last_error = error;
  return result;
}

WSABUF buffer_of(const char* data, int length) {
  // The provider does not write through what it sends.
  return {static_cast<ULONG>(std::max(length, 0)), const_cast<char*>(data)};
}

}  // namespace

// NOLINTBEGIN(readability-function-size)

// --- Start, end, errors ---

int WSAStartup(WORD version, WSADATA* data) {
  if (data == nullptr) return WSAEFAULT;
  WSPDATA about;
  WSPPROC_TABLE table;
  const int error = WSPStartup(version, &about, nullptr, {}, &table);
  if (error != 0) return error;
  *data = {};
  data->wVersion = about.wVersion;
  data->wHighVersion = about.wHighVersion;
  const auto narrow = [](WCHAR c) { return static_cast<char>(c); };
  WCHAR* const end =
      std::find(about.szDescription, about.szDescription + kDescriptionBytesMax - 1, u'\0');
  std::transform(&about.szDescription[0], end, data->szDescription, narrow);
  constexpr std::string_view kRunning = "running";
  std::copy(kRunning.begin(), kRunning.end(), data->szSystemStatus);
  return 0;
}

int WSACleanup() {
  return noting_error([](int* e) { return WSPCleanup(e); });
}
int WSAGetLastError() { return t_last_error; }
void WSASetLastError(int error) { t_last_error = error; }
BOOL WSAIsBlocking() { return in_blocking_call() ? 1 : 0; }
int WSACancelBlockingCall() {
  return noting_error([](int* e) { return WSPCancelBlockingCall(e); });
}

int WSAEnumProtocolsW(int* protocols, WSAPROTOCOL_INFOW* buffer, DWORD* buffer_bytes) {
  Call call(current_provider());
  if (call.error() != 0 || buffer_bytes == nullptr) {
    WSASetLastError(call.error() != 0 ? call.error() : WSAEFAULT);
    return SOCKET_ERROR;
  }
  bool wanted = protocols == nullptr;
  for (const int* one = protocols; one != nullptr && *one != 0; ++one) {
    wanted = wanted || *one == WS_IPPROTO_TCP;
  }
  if (!wanted) return 0;
  const bool fits = buffer != nullptr && *buffer_bytes >= sizeof(WSAPROTOCOL_INFOW);
  *buffer_bytes = sizeof(WSAPROTOCOL_INFOW);
  if (!fits) {
    WSASetLastError(WSAENOBUFS);
    return SOCKET_ERROR;
  }
  *buffer = protocol_info(call.provider().number);
  return 1;
}

// --- Sockets ---

SOCKET socket(int family, int type, int protocol) {
  return WSASocketW(family, type, protocol, nullptr, 0, WSA_FLAG_OVERLAPPED);
}

SOCKET WSASocketW(int family, int type, int protocol, WSAPROTOCOL_INFOW* info, GROUP group,
                  DWORD flags) {
  return noting_error(
      [&](int* e) { return WSPSocket(family, type, protocol, info, group, flags, e); });
}

SOCKET accept(SOCKET s, sockaddr* address, int* address_length) {
  return WSAAccept(s, address, address_length, nullptr, 0);
}

SOCKET WSAAccept(SOCKET s, sockaddr* address, int* address_length, LPCONDITIONPROC condition,
                 DWORD_PTR context) {
  return noting_error(
      [&](int* e) { return WSPAccept(s, address, address_length, condition, context, e); });
}

int connect(SOCKET s, const sockaddr* name, int name_length) {
  return WSAConnect(s, name, name_length, nullptr, nullptr, nullptr, nullptr);
}

int ioctlsocket(SOCKET s, LONG command, u_long* argument) {
  DWORD returned = 0;
  return WSAIoctl(s, static_cast<DWORD>(command), argument, sizeof *argument, argument,
                  sizeof *argument, &returned, nullptr, nullptr);
}

int bind(SOCKET s, const sockaddr* name, int name_length) {
  return noting_error([&](int* e) { return WSPBind(s, name, name_length, e); });
}

int listen(SOCKET s, int backlog) {
  return noting_error([&](int* e) { return WSPListen(s, backlog, e); });
}

int WSAConnect(SOCKET s, const sockaddr* name, int name_length, WSABUF* caller_data,
               WSABUF* callee_data, QOS* qos, QOS* group_qos) {
  return noting_error([&](int* e) {
    return WSPConnect(s, name, name_length, caller_data, callee_data, qos, group_qos, e);
  });
}

int shutdown(SOCKET s, int how) {
  return noting_error([&](int* e) { return WSPShutdown(s, how, e); });
}

int closesocket(SOCKET s) {
  return noting_error([&](int* e) { return WSPCloseSocket(s, e); });
}

int WSASendDisconnect(SOCKET s, WSABUF* data) {
  return noting_error([&](int* e) { return WSPSendDisconnect(s, data, e); });
}

int WSARecvDisconnect(SOCKET s, WSABUF* data) {
  return noting_error([&](int* e) { return WSPRecvDisconnect(s, data, e); });
}

int getsockname(SOCKET s, sockaddr* name, int* name_length) {
  return noting_error([&](int* e) { return WSPGetSockName(s, name, name_length, e); });
}

int getpeername(SOCKET s, sockaddr* name, int* name_length) {
  return noting_error([&](int* e) { return WSPGetPeerName(s, name, name_length, e); });
}

int getsockopt(SOCKET s, int level, int option, char* value, int* value_length) {
  return noting_error(
      [&](int* e) { return WSPGetSockOpt(s, level, option, value, value_length, e); });
}

int setsockopt(SOCKET s, int level, int option, const char* value, int value_length) {
  return noting_error(
      [&](int* e) { return WSPSetSockOpt(s, level, option, value, value_length, e); });
}

int WSAIoctl(SOCKET s, DWORD code, void* in, DWORD in_bytes, void* out, DWORD out_bytes,
             DWORD* returned, WSAOVERLAPPED* overlapped,
             LPWSAOVERLAPPED_COMPLETION_ROUTINE completion) {
  return noting_error([&](int* e) {
    return WSPIoctl(s, code, in, in_bytes, out, out_bytes, returned, overlapped, completion,
                    nullptr, e);
  });
}

BOOL WSAGetQOSByName(SOCKET s, WSABUF* name, QOS* qos) {
  return noting_error([&](int* e) { return WSPGetQOSByName(s, name, qos, e); });
}

SOCKET WSAJoinLeaf(SOCKET s, const sockaddr* name, int name_length, WSABUF* caller_data,
                   WSABUF* callee_data, QOS* qos, QOS* group_qos, DWORD flags) {
  return noting_error([&](int* e) {
    return WSPJoinLeaf(s, name, name_length, caller_data, callee_data, qos, group_qos, flags, e);
  });
}

int WSADuplicateSocketW(SOCKET s, DWORD process, WSAPROTOCOL_INFOW* info) {
  return noting_error([&](int* e) { return WSPDuplicateSocket(s, process, info, e); });
}

// --- Data ---

int send(SOCKET s, const char* data, int length, int flags) {
  WSABUF buffer = buffer_of(data, length);
  DWORD sent = 0;
  const int result = WSASend(s, &buffer, 1, &sent, static_cast<DWORD>(flags), nullptr, nullptr);
  return result == 0 ? static_cast<int>(sent) : SOCKET_ERROR;
}

int recv(SOCKET s, char* data, int length, int flags) {
  WSABUF buffer = buffer_of(data, length);
  DWORD received = 0;
  auto taken_flags = static_cast<DWORD>(flags);
  const int result = WSARecv(s, &buffer, 1, &received, &taken_flags, nullptr, nullptr);
  return result == 0 ? static_cast<int>(received) : SOCKET_ERROR;
}

int sendto(SOCKET s, const char* data, int length, int flags, const sockaddr* to, int to_length) {
  WSABUF buffer = buffer_of(data, length);
  DWORD sent = 0;
  const int result =
      WSASendTo(s, &buffer, 1, &sent, static_cast<DWORD>(flags), to, to_length, nullptr, nullptr);
  return result == 0 ? static_cast<int>(sent) : SOCKET_ERROR;
}

int recvfrom(SOCKET s, char* data, int length, int flags, sockaddr* from, int* from_length) {
  WSABUF buffer = buffer_of(data, length);
  DWORD received = 0;
  auto taken_flags = static_cast<DWORD>(flags);
  const int result =
      WSARecvFrom(s, &buffer, 1, &received, &taken_flags, from, from_length, nullptr, nullptr);
  return result == 0 ? static_cast<int>(received) : SOCKET_ERROR;
}

int WSASend(SOCKET s, WSABUF* buffers, DWORD count, DWORD* sent, DWORD flags,
            WSAOVERLAPPED* overlapped, LPWSAOVERLAPPED_COMPLETION_ROUTINE completion) {
  return noting_error([&](int* e) {
    return WSPSend(s, buffers, count, sent, flags, overlapped, completion, nullptr, e);
  });
}

int WSARecv(SOCKET s, WSABUF* buffers, DWORD count, DWORD* received, DWORD* flags,
            WSAOVERLAPPED* overlapped, LPWSAOVERLAPPED_COMPLETION_ROUTINE completion) {
  return noting_error([&](int* e) {
    return WSPRecv(s, buffers, count, received, flags, overlapped, completion, nullptr, e);
  });
}

int WSASendTo(SOCKET s, WSABUF* buffers, DWORD count, DWORD* sent, DWORD flags, const sockaddr* to,
              int to_length, WSAOVERLAPPED* overlapped,
              LPWSAOVERLAPPED_COMPLETION_ROUTINE completion) {
  return noting_error([&](int* e) {
    return WSPSendTo(s, buffers, count, sent, flags, to, to_length, overlapped, completion, nullptr,
                     e);
  });
}

int WSARecvFrom(SOCKET s, WSABUF* buffers, DWORD count, DWORD* received, DWORD* flags,
                sockaddr* from, int* from_length, WSAOVERLAPPED* overlapped,
                LPWSAOVERLAPPED_COMPLETION_ROUTINE completion) {
  return noting_error([&](int* e) {
    return WSPRecvFrom(s, buffers, count, received, flags, from, from_length, overlapped,
                       completion, nullptr, e);
  });
}

BOOL WSAGetOverlappedResult(SOCKET s, WSAOVERLAPPED* overlapped, DWORD* bytes, BOOL wait,
                            DWORD* flags) {
  return noting_error(
      [&](int* e) { return WSPGetOverlappedResult(s, overlapped, bytes, wait, flags, e); });
}

// --- Readiness, addresses ---

int select(int ignored, fd_set* readable, fd_set* writable, fd_set* failed,
           const timeval* timeout) {
  return noting_error(
      [&](int* e) { return WSPSelect(ignored, readable, writable, failed, timeout, e); });
}

int WSAEventSelect(SOCKET s, WSAEVENT event, LONG events) {
  return noting_error([&](int* e) { return WSPEventSelect(s, event, events, e); });
}

int WSAEnumNetworkEvents(SOCKET s, WSAEVENT event, WSANETWORKEVENTS* events) {
  return noting_error([&](int* e) { return WSPEnumNetworkEvents(s, event, events, e); });
}

int WSAAsyncSelect(SOCKET s, HWND window, UINT message, LONG events) {
  return noting_error([&](int* e) { return WSPAsyncSelect(s, window, message, events, e); });
}

int WSAAddressToStringW(sockaddr* address, DWORD address_length, WSAPROTOCOL_INFOW* info,
                        WCHAR* text, DWORD* text_length) {
  return noting_error([&](int* e) {
    return WSPAddressToString(address, address_length, info, text, text_length, e);
  });
}

int WSAStringToAddressW(WCHAR* text, int family, WSAPROTOCOL_INFOW* info, sockaddr* address,
                        int* address_length) {
  return noting_error(
      [&](int* e) { return WSPStringToAddress(text, family, info, address, address_length, e); });
}

// NOLINTEND(readability-function-size)

}  // namespace anteroom::winsock
