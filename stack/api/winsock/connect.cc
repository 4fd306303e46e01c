// WSPConnect and ConnectEx: connecting, connect data, and how both end.
#include "stack/api/winsock/connect.h"

#include <algorithm>

#include <anteroom/winsock.h>

#include "stack/api/winsock/accept.h"
#include "stack/api/winsock/accept_ex.h"
#include "stack/api/winsock/address.h"
#include "stack/api/winsock/entry_points.h"
#include "stack/api/winsock/errors.h"
#include "stack/api/winsock/events.h"
#include "stack/api/winsock/overlapped.h"
#include "stack/api/winsock/quality.h"
#include "stack/api/winsock/transfer.h"

namespace anteroom::winsock {
namespace {

struct ConnectRequest {
  Endpoint remote{};
  Bytes caller_data{};
  WSABUF* callee_data = nullptr;
  const QOS* quality = nullptr;
  Bytes first_data{};  // of ConnectEx: the start of the stream
};

// 0, or why the socket cannot connect now.
int reject_connect(const Socket& socket) {
  if (socket.phase == Phase::listening || socket.accepting || socket.connecting) return WSAEINVAL;
  if (socket.phase == Phase::connecting) return WSAEALREADY;
  if (socket.phase == Phase::connected) return socket.needs_context ? WSAEINVAL : WSAEISCONN;
  return 0;
}

int connect_error(Error error) {
  // A remote that nobody else can be: an unspecified, own or group address, or no port.
  if (error == Error::invalid_argument) return WSAEADDRNOTAVAIL;
  return wsa_error(error);
}

int start(Provider& provider, Socket& socket, const ConnectRequest& request) {
  std::optional<std::uint8_t> dscp;
  const std::optional<QOS> quality =
      request.quality != nullptr ? std::optional<QOS>(*request.quality) : socket.quality;
  if (quality && read_quality(*quality, dscp) != 0) return WSAEOPNOTSUPP;
  ConnectOptions options;
  options.remote = request.remote;
  options.local = socket.local.value_or(Endpoint{});
  options.caller_data =
      request.caller_data.empty() ? Bytes(socket.data_to_send) : request.caller_data;
  // Connect data is outside the stream, as the books say, or there is no connection; a caller who
  // only wants to hear the callee's takes any.
  options.marked = !options.caller_data.empty() || request.callee_data != nullptr;
  options.require_marked = !options.caller_data.empty() && !socket.unmarked_allowed;
  options.dscp = dscp.value_or(0);
  if (!request.first_data.empty() && socket.options.fast_open) {
    options.caller_data = request.first_data;
    options.marked = options.require_marked = false;
    options.fast_open = FastOpen::cookie;
  }
  const auto connection = provider.stack().connect(provider.now(), options);
  if (!connection) return connect_error(connection.error().error);
  provider.attach(socket, *connection);
  socket.phase = Phase::connecting;
  socket.connect_failed = false;
  socket.established = socket.handshake_done = socket.peer_closed = socket.close_told = false;
  socket.send_shut = socket.send_ended = socket.receive_shut = socket.send_blocked = false;
  socket.ended.reset();
  socket.callee_data = request.callee_data;
  socket.data_received.clear();
  socket.quality = quality;
  const auto info = provider.stack().connection_info(*connection);
  if (info) {
    socket.local = info->flow.local;
    socket.remote = info->flow.remote;
  }
  apply_options(provider, socket);
  return 0;
}

// The peer's connect data, where it marks it: a client's response data, a server's late caller
// data.
void take_connect_data(Provider& provider, Socket& socket) {
  std::vector<std::uint8_t> data(UINT16_MAX);
  const auto size = provider.stack().receive_connect_data(provider.now(), socket.connection, data);
  if (!size || *size == 0) return;
  data.resize(std::min<std::size_t>(*size, socket.data_room.value_or(UINT16_MAX)));
  socket.data_received = std::move(data);
}

// Fills the caller's buffer as far as it goes; its length becomes that of what is there.
void deliver_callee_data(Socket& socket) {
  WSABUF* const buffer = std::exchange(socket.callee_data, nullptr);
  if (buffer == nullptr) return;
  const std::size_t size = socket.data_received.size();
  const std::size_t taken = buffer->buf != nullptr ? std::min<std::size_t>(size, buffer->len) : 0;
  std::copy_n(socket.data_received.begin(), taken, buffer->buf);
  buffer->len = static_cast<ULONG>(taken);
}

void connect_failed(Provider& provider, Socket& socket, int error) {
  (void)provider.stack().close(provider.now(), socket.connection);
  provider.detach(socket);
  socket.phase = Phase::open;  // and still bound: it may connect again, or listen
  socket.connect_failed = true;
  socket.connect_error = socket.last_error = error;
  socket.callee_data = nullptr;
  latch(provider, socket, FD_CONNECT, error);
  if (!socket.connecting) return;
  WSAOVERLAPPED& overlapped = *socket.connecting->overlapped;
  socket.connecting.reset();
  complete(provider, overlapped, error, 0);
}

int wait_connected(Call& call, WSABUF* callee_data) {
  for (;;) {
    Socket& socket = call.socket();
    if (socket.phase == Phase::connected) {
      // The connection stands whatever the buffer was; SO_CONNDATA has all of it.
      const bool cut = callee_data != nullptr && callee_data->len < socket.data_received.size();
      return cut ? WSAEFAULT : 0;
    }
    if (socket.phase == Phase::open) {
      socket.last_error = 0;  // the caller has it
      return socket.connect_error;
    }
    const int error = call.wait(Instant::max());
    if (error != 0) return error;
  }
}

int connect_socket(Call& call, const ConnectRequest& request) {
  Socket& socket = call.socket();
  const int started = start(call.provider(), socket, request);
  if (started != 0) return started;
  call.provider().pump();
  if (socket.non_blocking) return WSAEWOULDBLOCK;
  return wait_connected(call, request.callee_data);
}

// The handshake is complete, and the peer is one to talk to.
void establish(Provider& provider, Socket& socket) {
  socket.established = true;
  socket.connected_at = provider.now();
  const bool by_connect = socket.phase == Phase::connecting;
  socket.phase = Phase::connected;
  socket.last_error = 0;
  take_connect_data(provider, socket);
  if (by_connect) {
    deliver_callee_data(socket);
    latch(provider, socket, FD_CONNECT, 0);
  }
  latch(provider, socket, FD_WRITE, 0);
  if (socket.connecting) {
    socket.needs_context = true;
    progress_connector(provider, socket);
  }
  progress(provider, socket);
}

}  // namespace

// It is ordinary stream data; the call is complete when all is taken.
void progress_connector(Provider& provider, Socket& socket) {
  ConnectOperation& operation = *socket.connecting;
  const Bytes rest = Bytes(operation.data).subspan(operation.sent);
  if (!rest.empty()) {
    const auto sent = provider.stack().send(provider.now(), socket.connection, rest);
    if (sent) operation.sent += *sent;
    if (!sent && sent.error().error != Error::would_block) {
      WSAOVERLAPPED& failed = *operation.overlapped;
      socket.connecting.reset();
      return complete(provider, failed, socket.ended.value_or(wsa_error(sent.error().error)), 0);
    }
    socket.send_blocked = operation.sent < operation.data.size();
  }
  if (operation.sent < operation.data.size()) return;
  WSAOVERLAPPED& overlapped = *operation.overlapped;
  const auto bytes = static_cast<DWORD>(operation.data.size());
  socket.connecting.reset();
  complete(provider, overlapped, 0, bytes);
}

void on_adopted(Provider& provider, Socket& socket) {
  const auto info = provider.stack().connection_info(socket.connection);
  const bool half_open = !info || info->state == State::syn_received;
  if (!half_open) on_connected(provider, socket);
}

void on_connected(Provider& provider, Socket& socket) {
  if (socket.established) return;
  // A peer that does not mark completes the handshake too, and the end is told right behind.
  const auto info = provider.stack().connection_info(socket.connection);
  socket.handshake_done = true;
  if (info && info->state == State::closed) return;
  establish(provider, socket);
}

void on_closed(Provider& provider, Socket& socket, const Event& event) {
  const int error = event.failed ? wsa_error(event.error) : 0;
  const bool refused = !socket.handshake_done || event.error == Error::not_marked;
  if (socket.phase == Phase::connecting && refused) {
    return connect_failed(provider, socket, error != 0 ? error : WSAECONNREFUSED);
  }
  if (!socket.established && socket.handshake_done) establish(provider, socket);
  socket.ended = error;
  if (error != 0 && !socket.close_told) {
    socket.close_told = true;
    latch(provider, socket, FD_CLOSE, error);
  }
  progress(provider, socket);
}

// NOLINTBEGIN(readability-function-size,readability-identifier-naming)

int WSPConnect(SOCKET s, const sockaddr* name, int name_length, WSABUF* caller_data,
               WSABUF* callee_data, QOS* qos, QOS* group_qos, int* error) {
  Call call(s);
  if (call.error() != 0) return ended(call.error(), error);
  int code = reject_connect(call.socket());
  ConnectRequest request{{}, {}, callee_data, qos};
  if (code == 0) code = read_address(name, name_length, request.remote);
  if (code == 0 && group_qos != nullptr) code = WSAEINVAL;
  if (code == 0 && caller_data != nullptr && caller_data->len != 0) {
    if (caller_data->buf == nullptr) code = WSAEFAULT;
    request.caller_data = {reinterpret_cast<const std::uint8_t*>(caller_data->buf),
                           caller_data->len};
  }
  if (code == 0) code = connect_socket(call, request);
  return ended(code, error);
}

BOOL ConnectEx(SOCKET s, const sockaddr* name, int name_length, void* buffer, DWORD send_bytes,
               DWORD* sent, WSAOVERLAPPED* overlapped) {
  if (sent != nullptr) *sent = 0;
  const auto fail = [](int error) {
    WSASetLastError(error);
    return 0;
  };
  Call call(s);
  if (call.error() != 0) return fail(call.error());
  if (overlapped == nullptr) return fail(ERROR_INVALID_PARAMETER);
  Socket& socket = call.socket();
  const int bad = reject_connect(socket);
  if (bad != 0) return fail(bad == WSAEALREADY ? WSAEINVAL : bad);
  if (!socket.local) return fail(WSAEINVAL);
  ConnectRequest request;
  const int unreadable = read_address(name, name_length, request.remote);
  if (unreadable != 0) return fail(unreadable);
  const auto* const data = static_cast<const std::uint8_t*>(buffer);
  const DWORD size = data == nullptr ? 0 : send_bytes;
  request.first_data = {data, size};
  const int started = start(call.provider(), socket, request);
  if (started != 0) return fail(started);
  begin(call.provider(), *overlapped, {});
  // With Fast Open it is with the SYN, as far as it fits, and the stack sends the rest.
  const std::size_t sent_before = socket.options.fast_open ? size : 0;
  socket.connecting = ConnectOperation{overlapped, {data, data + size}, sent_before};
  return fail(ERROR_IO_PENDING);
}

// NOLINTEND(readability-function-size,readability-identifier-naming)

}  // namespace anteroom::winsock
