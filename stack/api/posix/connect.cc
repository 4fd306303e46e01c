// connect(2), and the SYN that a write sends under Fast Open (RFC 7413).
#include <algorithm>

#include "stack/api/posix/address.h"
#include "stack/api/posix/life.h"
#include "stack/api/posix/options.h"

namespace anteroom::posix {
namespace {

// Where the stack has no errno of its own for it.
Answer connect_refusal(Error error, const Endpoint& remote) {
  switch (error) {
    // Linux sends a SYN to port 0, and nobody listens there.
    case Error::invalid_argument: return remote.port == 0 ? -ECONNREFUSED : -ENETUNREACH;
    // The whole flow is taken, not only our end of it.
    case Error::address_in_use: return -EADDRNOTAVAIL;
    default: return refusal(error);
  }
}

// An AF_INET6 socket can be bound to one version and asked for the other. As Linux has it.
Answer check_version(const Socket& socket, const IpAddress& remote) {
  if (remote.is_v4() && socket.options.v6_only) return -ENETUNREACH;
  if (!socket.bound || socket.bound->address == IpAddress()) return 0;
  const bool bound_v4 = socket.bound->address.is_v4();
  if (bound_v4 == remote.is_v4()) return 0;
  return bound_v4 ? -EAFNOSUPPORT : -ENETUNREACH;
}

// How an attempt ended, told once. Linux: a second connect() after a non-blocking one.
Answer take_outcome(Layer& layer, Socket& socket) {
  socket.connect_unread = false;
  if (socket.phase == Phase::connected && !(socket.is_over && socket.error != 0)) return 0;
  // It was there and is gone before anybody looked.
  if (socket.phase == Phase::connected) {
    const int error = socket.error;
    disconnect(layer, socket);
    return -error;
  }
  const int error = std::exchange(socket.error, 0);
  return error != 0 ? -error : -ECONNABORTED;
}

}  // namespace

Answer start_connect(Layer& layer, Socket& socket, const Endpoint& remote, const EarlyData& data) {
  if (const Answer bad = check_version(socket, remote.address); bad != 0) return bad;
  ConnectOptions options;
  options.remote = remote;
  if (socket.bound) options.local = *socket.bound;
  if (options.local.address.is_any()) options.local.address = {};
  options.caller_data = data.bytes;
  options.fast_open = data.fast_open;
  options.caller_data_in_syn_only = data.in_syn_only;
  options.congestion = socket.options.congestion;
  options.dscp = dscp_of(socket.options, remote.address);
  options.marked = socket.options.marked != ANTEROOM_UNMARKED;
  options.require_marked = socket.options.marked == ANTEROOM_MARKED_ONLY;
  const auto connection = layer.stack().connect(layer.now(), options);
  if (!connection) return connect_refusal(connection.error().error, remote);
  socket.phase = Phase::connecting;
  socket.connect_unread = true;
  socket.error = 0;
  socket.peer_closed = socket.read_shut = socket.write_shut = socket.is_over = false;
  layer.adopt(socket, *connection);
  if (const auto info = layer.stack().connection_info(*connection)) {
    layer.set_bound(socket, info->flow.local);
  }
  layer.note_verb();
  return 0;
}

Answer finish_connect(Layer& layer, File& file, bool non_blocking) {
  Socket& socket = *file.socket;
  const Instant deadline = layer.after(socket.options.send_timeout);
  const Answer answer = layer.retry(non_blocking, deadline, [&]() -> Answer {
    if (socket.is_closed) return -EBADF;
    return socket.phase == Phase::connecting ? -EAGAIN : take_outcome(layer, socket);
  });
  return answer == -EAGAIN ? -EINPROGRESS : answer;
}

Answer connect_socket(Layer& layer, int fd, const sockaddr* address, socklen_t length) {
  const Found found = layer.find_socket(fd);
  if (found.error != 0) return found.error;
  Socket& socket = found.socket();
  const Named named = read_address(address, length, socket.family);
  if (named.error != 0) return named.error;
  if (named.is_unspecified) {
    const bool was_there =
        socket.phase == Phase::connecting || (socket.phase == Phase::connected && !socket.is_over);
    disconnect(layer, socket);
    if (was_there) socket.error = ECONNRESET;
    return 0;
  }
  switch (socket.phase) {
    case Phase::listening: return -EISCONN;
    case Phase::deferred: return -EISCONN;
    case Phase::connecting:
      return found.file->non_blocking
                 ? -EALREADY
                 : finish_connect(layer, *found.file, found.file->non_blocking);
    case Phase::connected: return socket.connect_unread ? take_outcome(layer, socket) : -EISCONN;
    case Phase::fresh: break;
  }
  if (socket.connect_unread) return take_outcome(layer, socket);
  if (socket.options.fast_open_connect && socket.options.caller_data.empty()) {
    socket.remote = named.endpoint;
    socket.phase = Phase::deferred;
    return 0;
  }
  const Answer started = start_connect(layer, socket, named.endpoint, {socket.options.caller_data});
  return started != 0 ? started : finish_connect(layer, *found.file, found.file->non_blocking);
}

}  // namespace anteroom::posix
