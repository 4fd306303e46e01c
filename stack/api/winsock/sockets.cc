// Sockets from WSPSocket to WSPCloseSocket: making, binding, listening, naming, shutting down.
#include <algorithm>

#include <anteroom/winsock/errors.h>

#include "stack/api/winsock/address.h"
#include "stack/api/winsock/entry_points.h"
#include "stack/api/winsock/errors.h"
#include "stack/api/winsock/provider.h"
#include "stack/api/winsock/transfer.h"

namespace anteroom::winsock {
namespace {

constexpr int kFromProtocolInfo = -1;
// SOMAXCONN is "a reasonable maximum"; SOMAXCONN_HINT is held within its documented bounds.
constexpr int kBacklogReasonable = 500;
constexpr int kBacklogHintMin = 200;
constexpr int kBacklogMax = 65'535;

std::uint32_t backlog_of(int wanted) {
  if (wanted == WS_SOMAXCONN) return kBacklogReasonable;
  if (wanted < 0) {
    return static_cast<std::uint32_t>(-std::clamp(wanted, -kBacklogMax, -kBacklogHintMin));
  }
  return static_cast<std::uint32_t>(std::clamp(wanted, 1, kBacklogMax));
}

int check_kind(int family, int type, int protocol, const WSAPROTOCOL_INFOW* info) {
  const bool from_info = info != nullptr;
  const auto is = [&](int value, int own) {
    return value == own || value == 0 || (from_info && value == kFromProtocolInfo);
  };
  if (!is(family, WS_AF_INET)) return WSAEAFNOSUPPORT;
  if (!is(type, WS_SOCK_STREAM)) return WSAESOCKTNOSUPPORT;
  if (!is(protocol, WS_IPPROTO_TCP)) return WSAEPROTONOSUPPORT;
  if (family == 0 && type == 0 && protocol == 0) return WSAEINVAL;
  return 0;
}

bool overlap(const IpAddress& a, const IpAddress& b) { return a.is_any() || b.is_any() || a == b; }

// Windows' rule: the later one needs SO_REUSEADDR, and the earlier one's consent.
bool may_share(Provider& provider, const Socket& socket, const Endpoint& local) {
  bool may = true;
  provider.sockets.for_each([&](const Socket& other) {
    const bool accepted = other.phase == Phase::connected && other.connection.is_set();
    const bool clash = &other != &socket && !accepted && other.local &&
                       other.local->port == local.port &&
                       overlap(other.local->address, local.address);
    if (!clash) return;
    may = may && socket.options.reuse_address && !other.options.exclusive_address;
  });
  return may;
}

bool is_own(Provider& provider, const IpAddress& address) {
  return std::ranges::any_of(provider.stack().config().interface.addresses,
                             [&](const Prefix& own) { return own.address == address; });
}

int bind_socket(Call& call, const sockaddr* name, int name_length) {
  Socket& socket = call.socket();
  Endpoint local;
  const int bad = read_address(name, name_length, local);
  if (bad != 0) return bad;
  if (socket.local || socket.accepting) return WSAEINVAL;
  if (!local.address.is_any() && !is_own(call.provider(), local.address)) return WSAEADDRNOTAVAIL;
  if (local.port == 0) {
    local.port = call.provider().free_port();
    if (local.port == 0) return WSAEADDRINUSE;
  }
  if (!may_share(call.provider(), socket, local)) return WSAEADDRINUSE;
  socket.local = local;
  return 0;
}

int listen_socket(Call& call, int backlog) {
  Socket& socket = call.socket();
  switch (socket.phase) {
    case Phase::listening: return 0;  // the first backlog stays
    case Phase::connected: return WSAEISCONN;
    case Phase::connecting: return WSAEINVAL;
    case Phase::open: break;
  }
  if (!socket.local || socket.accepting) return WSAEINVAL;
  ListenOptions options;
  options.local = *socket.local;
  options.conditional = true;
  options.handshake_first = !socket.conditional_accept;
  options.marked = true;
  // Each request is indicated when it arrives; the strict order is kept in accept.cc.
  options.deferral = Deferral::unordered;
  options.overload = OverloadPolicy::reset;
  options.fast_open = socket.options.fast_open ? FastOpen::cookie : FastOpen::off;
  options.backlog_max = backlog_of(backlog);
  const auto listener = call.stack().listen(options);
  if (!listener) return wsa_error(listener.error().error);
  call.provider().attach(socket, *listener);
  socket.phase = Phase::listening;
  return 0;
}

// Data that SO_LINGER waits for: sent or queued, and not yet acknowledged.
bool lingers(Provider& provider, ConnectionId connection) {
  const auto info = provider.stack().connection_info(connection);
  if (!info) return false;
  switch (info->state) {
    case State::closed:
    case State::fin_wait_2:
    case State::time_wait: return false;
    default: return true;
  }
}

int close_socket(Call& call) {
  Provider& provider = call.provider();
  Socket& socket = call.socket();
  const linger how = socket.options.lingers;
  const ConnectionId connection = socket.connection;
  const bool waits = how.l_onoff != 0 && how.l_linger != 0 && socket.established;
  const auto info = provider.stack().connection_info(connection);
  if (waits && socket.non_blocking && info && info->send_queued_bytes != 0) return WSAEWOULDBLOCK;
  const bool blocks = waits && !socket.non_blocking;
  provider.destroy(socket, how.l_onoff != 0 && how.l_linger == 0);
  if (!blocks) return 0;
  const Instant deadline = provider.now() + std::chrono::seconds(how.l_linger);
  provider.pump();
  while (lingers(provider, connection)) {
    const int error = provider.wait(deadline, Alertable::yes);
    if (error == 0) continue;
    (void)provider.stack().abort(provider.now(), connection);
    return 0;
  }
  return 0;
}

int shut(Call& call, int how) {
  Socket& socket = call.socket();
  if (how != SD_RECEIVE && how != SD_SEND && how != SD_BOTH) return WSAEINVAL;
  if (socket.phase != Phase::connected) return WSAENOTCONN;
  if (how != SD_SEND) socket.receive_shut = true;
  if (how == SD_RECEIVE || socket.send_shut) return 0;
  socket.send_shut = true;
  end_sending(call.provider(), socket);
  return 0;
}

}  // namespace

SOCKET WSPSocket(int family, int type, int protocol, WSAPROTOCOL_INFOW* info, GROUP group,
                 DWORD flags, int* error) {
  const bool chosen = info != nullptr && info->dwCatalogEntryId != 0;
  Call call(chosen ? provider_at(info->dwCatalogEntryId) : current_provider());
  int code = call.error();
  constexpr DWORD kFlags = WSA_FLAG_OVERLAPPED | WSA_FLAG_NO_HANDLE_INHERIT;
  if (code == 0) code = check_kind(family, type, protocol, info);
  if (code == 0 && (group != 0 || (flags & ~kFlags) != 0)) code = WSAEINVAL;
  if (code == 0 && call.provider().sockets.full()) code = WSAEMFILE;
  if (ended(code, error) != 0) return INVALID_SOCKET;
  Socket& socket = call.provider().sockets.add();
  socket.overlapped = (flags & WSA_FLAG_OVERLAPPED) != 0;
  return socket.handle;
}

int WSPBind(SOCKET s, const sockaddr* name, int name_length, int* error) {
  Call call(s);
  return ended(call.error() != 0 ? call.error() : bind_socket(call, name, name_length), error);
}

int WSPListen(SOCKET s, int backlog, int* error) {
  Call call(s);
  return ended(call.error() != 0 ? call.error() : listen_socket(call, backlog), error);
}

int WSPCloseSocket(SOCKET s, int* error) {
  Call call(s);
  return ended(call.error() != 0 ? call.error() : close_socket(call), error);
}

int WSPShutdown(SOCKET s, int how, int* error) {
  Call call(s);
  return ended(call.error() != 0 ? call.error() : shut(call, how), error);
}

// TCP has a half-close and no data to go with it.
int WSPSendDisconnect(SOCKET s, WSABUF* data, int* error) {
  Call call(s);
  if (call.error() != 0) return ended(call.error(), error);
  if (data != nullptr && data->len != 0) return ended(WSAENOPROTOOPT, error);
  return ended(shut(call, SD_SEND), error);
}

int WSPRecvDisconnect(SOCKET s, WSABUF* data, int* error) {
  Call call(s);
  if (call.error() != 0) return ended(call.error(), error);
  if (data != nullptr && data->len != 0) return ended(WSAENOPROTOOPT, error);
  return ended(shut(call, SD_RECEIVE), error);
}

int WSPGetSockName(SOCKET s, sockaddr* name, int* name_length, int* error) {
  Call call(s);
  if (call.error() != 0) return ended(call.error(), error);
  if (name == nullptr || name_length == nullptr || !has_room(name, name_length)) {
    return ended(WSAEFAULT, error);
  }
  const Socket& socket = call.socket();
  if (!socket.local || (socket.accepting && !socket.established)) return ended(WSAEINVAL, error);
  write_address(*socket.local, name, name_length);
  return 0;
}

int WSPGetPeerName(SOCKET s, sockaddr* name, int* name_length, int* error) {
  Call call(s);
  if (call.error() != 0) return ended(call.error(), error);
  const Socket& socket = call.socket();
  const bool named = (socket.phase == Phase::connected || socket.phase == Phase::connecting) &&
                     !socket.connecting && !socket.accepting && !socket.needs_context;
  if (!named) return ended(WSAENOTCONN, error);
  if (name == nullptr || name_length == nullptr || !has_room(name, name_length)) {
    return ended(WSAEFAULT, error);
  }
  write_address(socket.remote, name, name_length);
  return 0;
}

// No other process can see this stack.
int WSPDuplicateSocket(SOCKET s, DWORD process, WSAPROTOCOL_INFOW* info, int* error) {
  (void)process;
  (void)info;
  Call call(s);
  return ended(call.error() != 0 ? call.error() : WSAEINVAL, error);
}

// TCP has two ends.
// NOLINTNEXTLINE(readability-function-size)
SOCKET WSPJoinLeaf(SOCKET s, const sockaddr* name, int name_length, WSABUF* caller_data,
                   WSABUF* callee_data, QOS* qos, QOS* group_qos, DWORD flags, int* error) {
  (void)name, (void)name_length, (void)caller_data, (void)callee_data;
  (void)qos, (void)group_qos, (void)flags;
  Call call(s);
  (void)ended(call.error() != 0 ? call.error() : WSAEOPNOTSUPP, error);
  return INVALID_SOCKET;
}

}  // namespace anteroom::winsock
