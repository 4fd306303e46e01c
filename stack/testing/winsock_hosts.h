// Two hosts with a Winsock provider each, on one virtual clock: the fixture of the provider's
// tests. What another thread would do is an action at a later time, at(), which runs inside a call
// that blocks.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include <anteroom/testing/pair_driver.h>
#include <anteroom/winsock.h>

#include "stack/testing/reset_behind.h"

namespace anteroom::testing {

class WinsockHosts : public ::testing::Test {
 protected:
  using Socket = winsock::SOCKET;

  WinsockHosts() {
    for (PairDriver* const host : {&client, &server}) {
      winsock::provider_use(host);
      winsock::WSADATA data;
      EXPECT_EQ(winsock::WSAStartup(winsock::MAKEWORD(2, 2), &data), 0);
    }
    pair.set_wire([this](Toward toward, std::vector<std::uint8_t>& frame) {
      if (toward == Toward::server) note_syn(frame);
      return true;
    });
  }
  ~WinsockHosts() override {
    winsock::provider_release(&server);
    winsock::provider_release(&client);
  }
  WinsockHosts(const WinsockHosts&) = delete;
  WinsockHosts& operator=(const WinsockHosts&) = delete;

  Pair pair;
  PairDriver server{pair, pair.server};
  PairDriver client{pair, pair.client};

  // Lets `host` act after so long, inside whatever call blocks there then.
  void after(Duration delay, PairDriver& host, std::function<void()> action) {
    host.at(pair.now() + delay, std::move(action));
  }

  static Socket make_socket(PairDriver& host) {
    winsock::provider_use(&host);
    const Socket s = winsock::socket(winsock::WS_AF_INET, winsock::WS_SOCK_STREAM, 0);
    EXPECT_NE(s, winsock::INVALID_SOCKET);
    return s;
  }
  static winsock::WSAEVENT make_event(PairDriver& host) {
    winsock::provider_use(&host);
    return winsock::WSACreateEvent();
  }
  static void bind_any(Socket s, std::uint16_t port) {
    const winsock::sockaddr_in name = name_of({IpAddress::v4(0), port});
    EXPECT_EQ(winsock::bind(s, plain(name), sizeof name), 0) << winsock::WSAGetLastError();
  }
  Socket listen_at(std::uint16_t port, bool conditional = false, int backlog = 5) {
    const Socket s = make_socket(server);
    set_option<winsock::DWORD>(s, winsock::SO_CONDITIONAL_ACCEPT, conditional ? 1 : 0);
    bind_any(s, port);
    EXPECT_EQ(winsock::listen(s, backlog), 0) << winsock::WSAGetLastError();
    return s;
  }
  // A client's socket that blocks, connected to the port.
  Socket connect_to(std::uint16_t port) {
    const Socket s = make_socket(client);
    EXPECT_EQ(connect_error(s, port), 0);
    return s;
  }
  // A client's socket that does not block, and has begun to connect.
  Socket begin_connect(std::uint16_t port) {
    const Socket s = make_socket(client);
    set_non_blocking(s);
    EXPECT_EQ(connect_error(s, port), winsock::WSAEWOULDBLOCK);
    return s;
  }
  // 0 or the error.
  int connect_error(Socket s, std::uint16_t port) {
    const winsock::sockaddr_in name = server_name(port);
    return error_of(winsock::connect(s, plain(name), sizeof name));
  }

  static winsock::sockaddr_in name_of(const Endpoint& endpoint) {
    winsock::sockaddr_in name{};
    name.sin_family = winsock::WS_AF_INET;
    name.sin_port = (winsock::htons)(endpoint.port);
    name.sin_addr.s_addr = (winsock::htonl)(endpoint.address.v4_bits());
    return name;
  }
  winsock::sockaddr_in server_name(std::uint16_t port) const {
    return name_of({pair.server_address(), port});
  }
  static const winsock::sockaddr* plain(const winsock::sockaddr_in& name) {
    return reinterpret_cast<const winsock::sockaddr*>(&name);
  }
  static winsock::sockaddr* plain(winsock::sockaddr_in& name) {
    return reinterpret_cast<winsock::sockaddr*>(&name);
  }

  static void set_non_blocking(Socket s, bool on = true) {
    winsock::u_long mode = on ? 1 : 0;
    EXPECT_EQ(winsock::ioctlsocket(s, static_cast<winsock::LONG>(winsock::WS_FIONBIO), &mode), 0);
  }
  template <typename T>
  static int set_option(Socket s, int option, T value, int level = winsock::WS_SOL_SOCKET) {
    return error_of(
        winsock::setsockopt(s, level, option, reinterpret_cast<const char*>(&value), sizeof value));
  }
  template <typename T>
  static T option_of(Socket s, int option, int level = winsock::WS_SOL_SOCKET) {
    T value{};
    int length = sizeof value;
    EXPECT_EQ(winsock::getsockopt(s, level, option, reinterpret_cast<char*>(&value), &length), 0)
        << winsock::WSAGetLastError();
    return value;
  }

  // 0, or the error that the thread was left with.
  static int error_of(int result) {
    return result == winsock::SOCKET_ERROR ? winsock::WSAGetLastError() : 0;
  }
  static int error_of_socket(Socket s) {
    return s == winsock::INVALID_SOCKET ? winsock::WSAGetLastError() : 0;
  }
  static int accept_error(Socket listener) {
    return error_of_socket(winsock::accept(listener, nullptr, nullptr));
  }
  static int decide(Socket listener, winsock::LPCONDITIONPROC condition,
                    winsock::DWORD_PTR context = 0) {
    return error_of_socket(winsock::WSAAccept(listener, nullptr, nullptr, condition, context));
  }

  static bool is_signalled(winsock::WSAEVENT event) {
    return winsock::WSAWaitForMultipleEvents(1, &event, 0, 0, 0) == winsock::WSA_WAIT_EVENT_0;
  }
  // What was recorded and is now forgotten.
  static winsock::LONG events_of(Socket s, winsock::WSAEVENT event = nullptr) {
    winsock::WSANETWORKEVENTS events{};
    EXPECT_EQ(winsock::WSAEnumNetworkEvents(s, event, &events), 0);
    return events.lNetworkEvents;
  }

  static bool ready_to_read(Socket s, winsock::LONG seconds = 0) {
    return ready(s, seconds, 0) == 1;
  }
  static bool ready_to_write(Socket s, winsock::LONG seconds = 0) {
    return ready(s, seconds, 1) == 1;
  }
  static bool has_failed(Socket s, winsock::LONG seconds = 0) { return ready(s, seconds, 2) == 1; }

  static int send_text(Socket s, const std::string& text) {
    return winsock::send(s, text.data(), static_cast<int>(text.size()), 0);
  }
  static std::string receive_text(Socket s) {
    char text[100];
    const int size = winsock::recv(s, text, sizeof text, 0);
    return size < 0 ? "error " + std::to_string(winsock::WSAGetLastError())
                    : std::string(text, static_cast<std::size_t>(size));
  }

  // What a client sends whose host resets the connection that it has begun.
  void reset_request(const Flow& client_flow) {
    pair.server.receive(pair.now(), reset_behind(syns_.at(client_flow.local.port)));
  }

 private:
  void note_syn(const std::vector<std::uint8_t>& frame) {
    if (const auto port = port_of_syn(frame)) syns_[*port] = frame;
  }

  std::map<std::uint16_t, std::vector<std::uint8_t>> syns_;  // the last one of each port

  static int ready(Socket s, winsock::LONG seconds, int which) {
    winsock::fd_set set;
    (winsock::FD_ZERO)(&set);
    (winsock::FD_SET)(s, &set);
    const winsock::timeval timeout{seconds, 0};
    return winsock::select(0, which == 0 ? &set : nullptr, which == 1 ? &set : nullptr,
                           which == 2 ? &set : nullptr, &timeout);
  }
};

// A condition function that says the same whatever it sees, and sends nothing back.
template <int kVerdict>
int always(winsock::WSABUF*, winsock::WSABUF*, winsock::QOS*, winsock::QOS*, winsock::WSABUF*,
           winsock::WSABUF* callee_data, winsock::GROUP*, winsock::DWORD_PTR) {
  callee_data->len = 0;
  return kVerdict;
}

}  // namespace anteroom::testing
