// WSPGetSockOpt and WSPSetSockOpt. An option that TCP has no use for answers WSAENOPROTOOPT.
#include <algorithm>
#include <array>
#include <optional>

#include <anteroom/winsock/errors.h>

#include "stack/api/winsock/accept.h"
#include "stack/api/winsock/entry_points.h"
#include "stack/api/winsock/provider.h"

namespace anteroom::winsock {
namespace {

// Options that are a switch, kept under their names and inherited.
struct Switch {
  int level;
  int option;
  bool SocketOptions::*member;
};
constexpr std::array<Switch, 9> kSwitches{{
    {WS_SOL_SOCKET, WS_SO_REUSEADDR, &SocketOptions::reuse_address},
    {WS_SOL_SOCKET, SO_EXCLUSIVEADDRUSE, &SocketOptions::exclusive_address},
    {WS_SOL_SOCKET, WS_SO_KEEPALIVE, &SocketOptions::keepalive},
    {WS_SOL_SOCKET, WS_SO_DONTROUTE, &SocketOptions::dont_route},
    {WS_SOL_SOCKET, WS_SO_BROADCAST, &SocketOptions::broadcast},
    {WS_SOL_SOCKET, WS_SO_DEBUG, &SocketOptions::debug},
    {WS_SOL_SOCKET, WS_SO_OOBINLINE, &SocketOptions::oob_inline},
    {WS_IPPROTO_TCP, WS_TCP_NODELAY, &SocketOptions::no_delay},
    {WS_IPPROTO_TCP, WS_TCP_FASTOPEN, &SocketOptions::fast_open},
}};

const Switch* find_switch(int level, int option) {
  const auto it = std::ranges::find_if(
      kSwitches, [&](const Switch& one) { return one.level == level && one.option == option; });
  return it == kSwitches.end() ? nullptr : &*it;
}

// The value as the caller gave it, and where the caller wants it.
struct ValueIn {
  const char* bytes;
  int length;

  template <typename T>
  std::optional<T> read() const {
    if (bytes == nullptr || length < static_cast<int>(sizeof(T))) return std::nullopt;
    T value;
    std::copy_n(bytes, sizeof value, reinterpret_cast<char*>(&value));
    return value;
  }
};

struct ValueOut {
  char* bytes;
  int* length;

  int write(Bytes value) const {
    if (bytes == nullptr || length == nullptr) return WSAEFAULT;
    if (*length < static_cast<int>(value.size())) return WSAEFAULT;
    std::ranges::copy(value, reinterpret_cast<std::uint8_t*>(bytes));
    *length = static_cast<int>(value.size());
    return 0;
  }
  template <typename T>
  int write(const T& value) const {
    return write(Bytes{reinterpret_cast<const std::uint8_t*>(&value), sizeof value});
  }
};

DWORD connect_seconds(Call& call, const Socket& socket) {
  constexpr DWORD kNotConnected = 0xffffffff;
  if (!socket.established || socket.ended) return kNotConnected;
  const auto age =
      std::chrono::duration_cast<std::chrono::seconds>(call.now() - socket.connected_at);
  return static_cast<DWORD>(age.count());
}

DWORD buffer_bytes(std::optional<std::int32_t> own, std::uint32_t of_stack) {
  return own ? static_cast<DWORD>(*own) : of_stack;
}

int get_socket_option(Call& call, int option, const ValueOut& out) {
  const Socket& socket = call.socket();
  const SocketOptions& options = socket.options;
  const Limits& limits = call.stack().config().limits;
  switch (option) {
    case WS_SO_ACCEPTCONN: return out.write<BOOL>(socket.phase == Phase::listening ? 1 : 0);
    case WS_SO_LINGER: return out.write(options.lingers);
    case SO_DONTLINGER: return out.write<BOOL>(options.lingers.l_onoff == 0 ? 1 : 0);
    case WS_SO_SNDBUF:
      return out.write(buffer_bytes(options.send_buffer_bytes, limits.send_buffer_bytes_max));
    case WS_SO_RCVBUF:
      return out.write(buffer_bytes(options.receive_buffer_bytes, limits.receive_buffer_bytes_max));
    case WS_SO_SNDTIMEO: return out.write(options.send_timeout_ms);
    case WS_SO_RCVTIMEO: return out.write(options.receive_timeout_ms);
    case WS_SO_ERROR: return out.write<INT>(socket.last_error);
    case WS_SO_TYPE: return out.write<INT>(WS_SOCK_STREAM);
    case SO_GROUP_ID: return out.write<GROUP>(0);
    case SO_GROUP_PRIORITY: return out.write<INT>(0);
    case SO_PROTOCOL_INFOW: return out.write(protocol_info(call.provider().number));
    case SO_CONDITIONAL_ACCEPT: return out.write<DWORD>(socket.conditional_accept ? 1 : 0);
    case SO_CONNDATA: return out.write(Bytes(socket.data_received));
    case SO_CONNDATA_UNMARKED: return out.write<BOOL>(socket.unmarked_allowed ? 1 : 0);
    case SO_CONNECT_TIME: return out.write(connect_seconds(call, socket));
    default: return WSAENOPROTOOPT;
  }
}

int set_connect_data(Call& call, const ValueIn& in) {
  if (in.length < 0 || (in.bytes == nullptr && in.length != 0)) return WSAEFAULT;
  Socket& socket = call.socket();
  if (socket.phase == Phase::connected || socket.phase == Phase::connecting) return WSAEISCONN;
  if (static_cast<std::uint32_t>(in.length) > call.stack().config().limits.caller_data_bytes_max) {
    return WSAEFAULT;
  }
  const auto* const bytes = reinterpret_cast<const std::uint8_t*>(in.bytes);
  socket.data_to_send.assign(bytes, bytes + in.length);
  return 0;
}

int update_accept_context(Call& call, const ValueIn& in) {
  const auto handle = in.read<SOCKET>();
  if (!handle) return WSAEFAULT;
  const Socket* const listener = call.provider().sockets.find(*handle);
  if (listener == nullptr) return WSAENOTSOCK;
  Socket& socket = call.socket();
  const bool fits = listener->phase == Phase::listening && socket.needs_context &&
                    socket.phase == Phase::connected && !socket.accepting;
  if (!fits) return WSAEINVAL;
  inherit(call.provider(), socket, *listener);
  socket.needs_context = false;
  return 0;
}

int update_connect_context(Socket& socket) {
  if (socket.phase != Phase::connected || socket.connecting) return WSAENOTCONN;
  socket.needs_context = false;
  return 0;
}

int set_conditional_accept(Socket& socket, const ValueIn& in) {
  const auto on = in.read<DWORD>();
  if (!on) return WSAEFAULT;
  if (socket.phase == Phase::listening) return WSAEINVAL;
  socket.conditional_accept = *on != 0;
  return 0;
}

// Options whose value is a number, or a structure, for `set` to take.
template <typename T, typename Set>
int take(const ValueIn& in, Set set) {
  const auto value = in.read<T>();
  if (!value) return WSAEFAULT;
  set(*value);
  return 0;
}

int set_socket_option(Call& call, int option, const ValueIn& in) {
  Socket& socket = call.socket();
  SocketOptions& options = socket.options;
  switch (option) {
    case WS_SO_LINGER: return take<linger>(in, [&](linger value) { options.lingers = value; });
    case SO_DONTLINGER:
      return take<BOOL>(in, [&](BOOL off) { options.lingers.l_onoff = off != 0 ? 0 : 1; });
    case WS_SO_SNDBUF: return take<INT>(in, [&](INT bytes) { options.send_buffer_bytes = bytes; });
    case WS_SO_RCVBUF:
      return take<INT>(in, [&](INT bytes) { options.receive_buffer_bytes = bytes; });
    case WS_SO_SNDTIMEO: return take<DWORD>(in, [&](DWORD ms) { options.send_timeout_ms = ms; });
    case WS_SO_RCVTIMEO: return take<DWORD>(in, [&](DWORD ms) { options.receive_timeout_ms = ms; });
    case SO_CONDITIONAL_ACCEPT: return set_conditional_accept(socket, in);
    case SO_CONNDATA: return set_connect_data(call, in);
    case SO_CONNDATALEN: return take<DWORD>(in, [&](DWORD bytes) { socket.data_room = bytes; });
    case SO_CONNDATA_UNMARKED:
      return take<BOOL>(in, [&](BOOL on) { socket.unmarked_allowed = on != 0; });
    case SO_UPDATE_ACCEPT_CONTEXT: return update_accept_context(call, in);
    case SO_UPDATE_CONNECT_CONTEXT: return update_connect_context(socket);
    default: return WSAENOPROTOOPT;
  }
}

int set_switch(Call& call, const Switch& one, const ValueIn& in) {
  const auto on = in.read<BOOL>();
  if (!on) return WSAEFAULT;
  Socket& socket = call.socket();
  const bool claims_address = one.member == &SocketOptions::exclusive_address;
  if (claims_address && (socket.local || socket.options.reuse_address)) return WSAEINVAL;
  if (one.member == &SocketOptions::reuse_address && socket.options.exclusive_address) {
    return WSAEINVAL;
  }
  socket.options.*one.member = *on != 0;
  apply_options(call.provider(), socket);
  return 0;
}

}  // namespace

int WSPGetSockOpt(SOCKET s, int level, int option, char* value, int* value_length, int* error) {
  Call call(s);
  if (call.error() != 0) return ended(call.error(), error);
  const ValueOut out{value, value_length};
  if (const Switch* one = find_switch(level, option)) {
    return ended(out.write<BOOL>(call.socket().options.*one->member ? 1 : 0), error);
  }
  return ended(level == WS_SOL_SOCKET ? get_socket_option(call, option, out) : WSAENOPROTOOPT,
               error);
}

int WSPSetSockOpt(SOCKET s, int level, int option, const char* value, int value_length,
                  int* error) {
  Call call(s);
  if (call.error() != 0) return ended(call.error(), error);
  const ValueIn in{value, value_length};
  if (const Switch* one = find_switch(level, option)) {
    return ended(set_switch(call, *one, in), error);
  }
  return ended(level == WS_SOL_SOCKET ? set_socket_option(call, option, in) : WSAENOPROTOOPT,
               error);
}

}  // namespace anteroom::winsock
