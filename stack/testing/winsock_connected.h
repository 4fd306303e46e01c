// A client's socket connected to a server's, for tests of what comes after that.
#pragma once

#include "stack/testing/winsock_hosts.h"

namespace anteroom::testing {

inline constexpr std::uint16_t kConnectedPort = 80;

class WinsockConnected : public WinsockHosts {
 protected:
  WinsockConnected() {
    caller = connect_to(kConnectedPort);
    callee = winsock::accept(listener, nullptr, nullptr);
    EXPECT_NE(callee, winsock::INVALID_SOCKET);
  }
  // Overlapped; 0 when complete at once, else the error.
  int receive(winsock::SOCKET s, winsock::WSABUF* buffers, winsock::DWORD count,
              winsock::WSAOVERLAPPED& with, winsock::DWORD flags = 0) {
    return error_of(winsock::WSARecv(s, buffers, count, nullptr, &flags, &with, nullptr));
  }
  int result(winsock::SOCKET s, winsock::WSAOVERLAPPED& of, winsock::BOOL wait) {
    winsock::DWORD flags = 0;
    return winsock::WSAGetOverlappedResult(s, &of, &bytes, wait, &flags) != 0
               ? 0
               : winsock::WSAGetLastError();
  }
  // Sends without blocking until no more is taken; how much that was.
  int fill(winsock::SOCKET s) {
    const std::string block(65'536, 'x');
    int total = 0;
    for (int sent = 0; (sent = send_text(s, block)) > 0;) total += sent;
    EXPECT_EQ(winsock::WSAGetLastError(), winsock::WSAEWOULDBLOCK);
    return total;
  }
  int drain(winsock::SOCKET s, int size) {
    std::vector<char> block(65'536);
    int total = 0;
    while (total < size) {
      const int taken = winsock::recv(s, block.data(), static_cast<int>(block.size()), 0);
      if (taken <= 0) return total;
      total += taken;
    }
    return total;
  }

  winsock::SOCKET listener = listen_at(kConnectedPort);
  winsock::SOCKET caller = winsock::INVALID_SOCKET;
  winsock::SOCKET callee = winsock::INVALID_SOCKET;
  winsock::DWORD bytes = 99;
};

}  // namespace anteroom::testing
