// A server and a client as programs written to Winsock 2 have them: plain names, a using-directive,
// and what Windows' headers define. What is under test is that it compiles, and then that it works.
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include "stack/testing/winsock_hosts.h"
// Last, as it says.
#include <anteroom/winsock/port.h>

using namespace anteroom::winsock;

namespace {

// Lets in whoever brings the password, and greets by name.
int CALLBACK Doorkeeper(LPWSABUF lpCallerId, LPWSABUF lpCallerData, LPQOS lpSQOS, LPQOS lpGQOS,
                        LPWSABUF lpCalleeId, LPWSABUF lpCalleeData, GROUP FAR* g,
                        DWORD_PTR dwCallbackData) {
  (void)lpCallerId, (void)lpSQOS, (void)lpGQOS, (void)lpCalleeId, (void)g;
  const char* password = reinterpret_cast<const char*>(dwCallbackData);
  if (lpCallerData == NULL || lpCallerData->len != strlen(password)) return CF_REJECT;
  if (strncmp(lpCallerData->buf, password, lpCallerData->len) != 0) return CF_REJECT;
  lpCalleeData->len =
      static_cast<ULONG>(snprintf(lpCalleeData->buf, lpCalleeData->len, "come in, %s", password));
  return CF_ACCEPT;
}

SOCKET open_server(u_short port) {
  SOCKET s = socket(AF_INET, SOCK_STREAM, IPPROTO_TCP);
  if (s == INVALID_SOCKET) return s;
  BOOL on = TRUE;
  setsockopt(s, SOL_SOCKET, SO_REUSEADDR, reinterpret_cast<char*>(&on), sizeof(on));
  setsockopt(s, SOL_SOCKET, SO_CONDITIONAL_ACCEPT, reinterpret_cast<char*>(&on), sizeof(on));
  SOCKADDR_IN name;
  memset(&name, 0, sizeof(name));
  name.sin_family = AF_INET;
  name.sin_port = htons(port);
  name.sin_addr.s_addr = htonl(INADDR_ANY);
  if (bind(s, reinterpret_cast<SOCKADDR*>(&name), sizeof(name)) == SOCKET_ERROR)
    return INVALID_SOCKET;
  if (listen(s, SOMAXCONN) == SOCKET_ERROR) return INVALID_SOCKET;
  return s;
}

// One turn of a server around select().
SOCKET serve_once(SOCKET s, const char* password) {
  fd_set readable;
  FD_ZERO(&readable);
  FD_SET(s, &readable);
  struct timeval patience = {5, 0};
  if (select(0, &readable, NULL, NULL, &patience) != 1 || !FD_ISSET(s, &readable)) {
    return INVALID_SOCKET;
  }
  return WSAAccept(s, NULL, NULL, Doorkeeper, reinterpret_cast<DWORD_PTR>(password));
}

class Application : public anteroom::testing::WinsockHosts {
 protected:
  std::string call(const char* word) {
    provider_use(&client);
    SOCKET s = socket(AF_INET, SOCK_STREAM, 0);
    u_long non_blocking = 0;
    EXPECT_EQ(ioctlsocket(s, static_cast<LONG>(FIONBIO), &non_blocking), 0);
    SOCKADDR_IN name = server_name(7);
    std::vector<char> said(word, word + strlen(word));
    char heard[64];
    WSABUF caller_data = {static_cast<ULONG>(said.size()), said.data()};
    WSABUF callee_data = {sizeof(heard), heard};
    if (WSAConnect(s, reinterpret_cast<SOCKADDR*>(&name), sizeof(name), &caller_data, &callee_data,
                   NULL, NULL) == SOCKET_ERROR) {
      return WSAGetLastError() == WSAECONNREFUSED ? "refused" : "failed";
    }
    return std::string(callee_data.buf, callee_data.len);
  }
};

TEST_F(Application, Doorkeeper) {
  provider_use(&server);
  SOCKET s = open_server(7);
  ASSERT_NE(s, INVALID_SOCKET);
  SOCKET accepted = INVALID_SOCKET;
  const auto serve = [&] { accepted = serve_once(s, "sesame"); };
  after(std::chrono::milliseconds(20), client, serve);
  EXPECT_EQ(call("barley"), "refused");
  EXPECT_EQ(accepted, INVALID_SOCKET);
  after(std::chrono::milliseconds(20), client, serve);
  EXPECT_EQ(call("sesame"), "come in, sesame");
  EXPECT_NE(accepted, INVALID_SOCKET);
}

}  // namespace
