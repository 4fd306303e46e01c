// socket(2), bind(2), listen(2), shutdown(2), close(2), dup(2), getsockname(2), getpeername(2).
#include "stack/api/posix/life.h"

#include <netinet/in.h>

#include <algorithm>

#include "stack/api/posix/address.h"

namespace anteroom::posix {
namespace {

constexpr int kTypeFlags = SOCK_NONBLOCK | SOCK_CLOEXEC;
// net.core.somaxconn of Linux since 5.4.
constexpr int kBacklogMax = 4'096;

// Whether a socket with this name hears of anything of a version.
bool hears(const Socket& socket, const IpAddress& address, bool v4) {
  if (address == IpAddress()) return !v4 || !socket.options.v6_only;
  return address.is_v4() == v4;
}

// Two sockets may share a port where their addresses differ, or both allow it. POSIX SO_REUSEADDR.
bool may_share(const Socket& one, const Endpoint& wanted, const Socket& other) {
  const IpAddress& taken = other.bound->address;
  if (!wanted.address.is_any() && !taken.is_any() && wanted.address != taken) return true;
  const bool meet = (hears(one, wanted.address, true) && hears(other, taken, true)) ||
                    (hears(one, wanted.address, false) && hears(other, taken, false));
  if (!meet) return true;
  if (one.options.reuse_port && other.options.reuse_port) return true;
  return one.options.reuse_address && other.options.reuse_address &&
         other.phase != Phase::listening;
}

bool is_free(Layer& layer, const Socket& socket, const Endpoint& wanted) {
  const auto [first, last] = layer.bound().equal_range(wanted.port);
  return std::all_of(first, last, [&](const auto& row) {
    return row.second == &socket || may_share(socket, wanted, *row.second);
  });
}

bool is_ours(Layer& layer, const IpAddress& address) {
  const auto& own = layer.stack().config().interface.addresses;
  return std::any_of(own.begin(), own.end(),
                     [&](const Prefix& prefix) { return prefix.address == address; });
}

// Whether a socket can have this name at all.
Answer check_name(Layer& layer, const Socket& socket, const Named& named, socklen_t length) {
  const IpAddress& address = named.endpoint.address;
  if (socket.family == AF_INET6) {
    if (named.is_unspecified) return length < kSocketAddressV6Min ? -EINVAL : -EAFNOSUPPORT;
    if (address.is_v4() && socket.options.v6_only) return -EINVAL;
    if (!address.is_v4() && address.is_multicast()) return -EINVAL;
  } else {
    if (length < sizeof(sockaddr_in)) return -EINVAL;
    // Linux takes AF_UNSPEC for AF_INET where the address is any.
    if (named.is_unspecified && !address.is_any()) return -EAFNOSUPPORT;
  }
  return address.is_any() || is_ours(layer, address) ? 0 : -EADDRNOTAVAIL;
}

OverloadPolicy overload_of(const SocketOptions& options) {
  switch (options.overload) {
    case ANTEROOM_OVERLOAD_RESET: return OverloadPolicy::reset;
    case ANTEROOM_OVERLOAD_CHALLENGE: return OverloadPolicy::challenge;
    default: return OverloadPolicy::drop;
  }
}

ListenOptions listen_options(const Socket& socket) {
  const SocketOptions& options = socket.options;
  ListenOptions listening;
  listening.local = *socket.bound;
  listening.v6_only = options.v6_only && socket.bound->address == IpAddress();
  listening.conditional = options.takes_requests();
  listening.deferral = options.defer_aside ? Deferral::independent : Deferral::strict;
  listening.overload = overload_of(options);
  listening.consume_caller_data = options.consume_caller_data;
  listening.handshake_first =
      listening.conditional && (options.handshake_first || !options.hold_syn);
  listening.marked = options.hold_syn && options.marked != ANTEROOM_UNMARKED;
  listening.save_syn = options.save_syn;
  // Linux lets one more wait than was asked for.
  listening.backlog_max = socket.backlog + 1;
  if (options.fast_open_queue > 0) {
    listening.fast_open = fast_open_of(options);
    listening.fast_open_pending_max = static_cast<std::uint32_t>(options.fast_open_queue);
  }
  listening.congestion = options.congestion;
  return listening;
}

// Both directions have ended, TIME-WAIT or not.
bool has_ended(Layer& layer, const Socket& socket) {
  if (socket.is_over) return true;
  const auto info = layer.stack().connection_info(socket.connection);
  return !info || info->state == State::closed || info->state == State::time_wait;
}

// SO_LINGER: until the peer has acknowledged everything, the FIN included, or the time is over.
void linger(Layer& layer, ConnectionId connection, std::int32_t seconds) {
  const Instant deadline = layer.now() + std::chrono::seconds(seconds);
  layer.refresh();
  for (;;) {
    const auto info = layer.stack().connection_info(connection);
    const bool unfinished =
        info && (info->state == State::fin_wait_1 || info->state == State::closing ||
                 info->state == State::last_ack || info->state == State::syn_received);
    if (!unfinished || layer.now() >= deadline || !layer.wait(deadline)) return;
  }
}

}  // namespace

Answer open_socket(Layer& layer, int domain, int type, int protocol) {
  const int flags = type & ~0xf;
  const int kind = type & 0xf;
  if ((flags & ~kTypeFlags) != 0 || kind == 0 || kind > SOCK_PACKET) return -EINVAL;
  if (domain != AF_INET && domain != AF_INET6) return -EAFNOSUPPORT;
  if (kind == SOCK_DGRAM || kind == SOCK_RAW) return -EPROTONOSUPPORT;
  if (kind != SOCK_STREAM) return -ESOCKTNOSUPPORT;
  if (protocol != 0 && protocol != IPPROTO_TCP) return -EPROTONOSUPPORT;
  FileRef file(new File);
  file->socket = std::make_unique<Socket>();
  file->socket->family = static_cast<sa_family_t>(domain);
  const TcpConfig& tcp = layer.stack().config().tcp;
  SocketOptions& options = file->socket->options;
  options.no_delay = tcp.no_delay;
  options.user_timeout = tcp.user_timeout;
  options.keepalive = tcp.keepalive.has_value();
  if (tcp.keepalive) options.keepalive_times = *tcp.keepalive;
  file->non_blocking = (flags & SOCK_NONBLOCK) != 0;
  return layer.descriptors().insert(file, 0, (flags & SOCK_CLOEXEC) != 0);
}

Answer bind_socket(Layer& layer, int fd, const sockaddr* address, socklen_t length) {
  const Found found = layer.find_socket(fd);
  if (found.error != 0) return found.error;
  Socket& socket = found.socket();
  const Named named = read_address(address, length, socket.family);
  if (named.error != 0) return named.error;
  if (const Answer bad = check_name(layer, socket, named, length); bad != 0) return bad;
  if (socket.phase != Phase::fresh || socket.bound) return -EINVAL;
  if (named.endpoint.port == 0) {
    if (const Answer bad = bind_anywhere(layer, socket, named.endpoint.address); bad != 0) {
      return bad;
    }
  } else {
    if (!is_free(layer, socket, named.endpoint)) return -EADDRINUSE;
    layer.set_bound(socket, named.endpoint);
  }
  socket.given_name = socket.bound;
  return 0;
}

Answer bind_anywhere(Layer& layer, Socket& socket, const IpAddress& address) {
  const Config& config = layer.stack().config();
  const std::uint32_t count = config.ephemeral_port_max - config.ephemeral_port_min + 1u;
  const std::uint32_t start = layer.next_random() % count;
  for (std::uint32_t i = 0; i < count; ++i) {
    const Endpoint wanted{
        address, static_cast<std::uint16_t>(config.ephemeral_port_min + (start + i) % count)};
    const auto [first, last] = layer.bound().equal_range(wanted.port);
    if (first != last) continue;
    layer.set_bound(socket, wanted);
    return 0;
  }
  return -EADDRINUSE;
}

Answer listen_socket(Layer& layer, int fd, int backlog) {
  const Found found = layer.find_socket(fd);
  if (found.error != 0) return found.error;
  Socket& socket = found.socket();
  if (socket.phase == Phase::listening) return 0;
  if (socket.phase != Phase::fresh) return -EINVAL;
  if (!socket.bound) {
    const IpAddress any = socket.family == AF_INET6 ? IpAddress() : IpAddress::v4(0);
    if (const Answer bad = bind_anywhere(layer, socket, any); bad != 0) return bad;
  }
  // Linux takes a negative backlog for a very large one.
  socket.backlog =
      static_cast<std::uint32_t>(backlog < 0 ? kBacklogMax : std::min(backlog, kBacklogMax));
  const auto listener = layer.stack().listen(listen_options(socket));
  if (!listener) return refusal(listener.error().error);
  socket.phase = Phase::listening;
  socket.read_shut = socket.write_shut = socket.is_over = false;
  layer.adopt(socket, *listener);
  return 0;
}

void disconnect(Layer& layer, Socket& socket) {
  Stack& stack = layer.stack();
  if (socket.phase == Phase::listening) {
    for (auto& child : socket.arrived) {
      // The stack resets those that nobody took; a taken one is ours to end.
      if (child->is_taken) (void)stack.abort(layer.now(), child->connection);
      layer.forget(*child);
    }
    socket.arrived.clear();
    socket.requests.clear();
    (void)stack.close(layer.now(), socket.listener);
  } else if (socket.connection.is_set()) {
    (void)stack.abort(layer.now(), socket.connection);
  }
  layer.forget(socket);
  layer.note_verb();
  layer.note_change();
  socket.phase = Phase::fresh;
  socket.peer_closed = socket.read_shut = socket.write_shut = socket.is_over = false;
  socket.connect_unread = false;
  socket.urgent_at.reset();
  socket.urgent_read_at.reset();
  layer.set_bound(socket, socket.given_name);
}

Answer shut_socket(Layer& layer, int fd, int how) {
  const Found found = layer.find_socket(fd);
  if (found.error != 0) return found.error;
  Socket& socket = found.socket();
  if (how != SHUT_RD && how != SHUT_WR && how != SHUT_RDWR) return -EINVAL;
  switch (socket.phase) {
    case Phase::fresh:
    case Phase::deferred: return -ENOTCONN;
    case Phase::listening:
      // As Linux has it: reading is what a listener does, writing it never did.
      if (how == SHUT_WR) return 0;
      disconnect(layer, socket);
      layer.wake(socket, EPOLLIN | EPOLLHUP);
      return 0;
    case Phase::connecting:
      disconnect(layer, socket);
      socket.error = ECONNRESET;
      socket.connect_unread = true;
      layer.wake(socket, EPOLLIN | EPOLLOUT | EPOLLERR | EPOLLHUP);
      return 0;
    case Phase::connected: break;
  }
  if (has_ended(layer, socket)) return -ENOTCONN;
  if (how != SHUT_WR) socket.read_shut = true;
  if (how != SHUT_RD && !socket.write_shut) {
    socket.write_shut = true;
    (void)layer.stack().shutdown(layer.now(), socket.connection);
    layer.note_verb();
  }
  layer.note_change();
  layer.wake(socket, EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLHUP);
  return 0;
}

void release(Layer& layer, const FileRef& file) {
  if (file->descriptors != 0) return;
  layer.note_change();
  if (file->epoll) {
    for (auto& [key, interest] : file->epoll->interests) {
      std::erase(interest->file->socket->watchers, interest.get());
    }
    file->epoll->interests.clear();
    file->epoll->ready.clear();
    return;
  }
  Socket& socket = *file->socket;
  socket.is_closed = true;
  layer.erase(socket);
  const bool in_order = socket.phase == Phase::connected || socket.phase == Phase::connecting;
  if (!in_order || socket.options.linger == 0) return disconnect(layer, socket);
  const ConnectionId connection = socket.connection;
  (void)layer.stack().close(layer.now(), connection);
  layer.note_verb();
  layer.forget(socket);
  if (socket.options.linger) linger(layer, connection, *socket.options.linger);
}

Answer close_descriptor(Layer& layer, int fd) {
  const FileRef file = layer.descriptors().remove(fd);
  if (!file) return -EBADF;
  release(layer, file);
  return 0;
}

Answer duplicate(Layer& layer, int fd, int lowest, bool close_on_exec) {
  const FileRef file = layer.descriptors().find(fd);
  if (!file) return -EBADF;
  return layer.descriptors().insert(file, lowest, close_on_exec);
}

Answer duplicate_to(Layer& layer, int fd, int wanted) {
  const FileRef file = layer.descriptors().find(fd);
  if (!file) return -EBADF;
  if (fd == wanted) return fd;
  if (const FileRef before = layer.descriptors().remove(wanted)) release(layer, before);
  return layer.descriptors().insert_at(file, wanted, false);
}

Answer name_socket(Layer& layer, int fd, sockaddr* address, socklen_t* length) {
  const Found found = layer.find_socket(fd);
  if (found.error != 0) return found.error;
  if (address == nullptr || length == nullptr) return -EFAULT;
  const Socket& socket = found.socket();
  if (const auto info = layer.stack().connection_info(socket.connection)) {
    return write_address(info->flow.local, socket.family, address, length);
  }
  return write_address(socket.bound.value_or(Endpoint{}), socket.family, address, length);
}

Answer name_peer(Layer& layer, int fd, sockaddr* address, socklen_t* length) {
  const Found found = layer.find_socket(fd);
  if (found.error != 0) return found.error;
  const Socket& socket = found.socket();
  if (socket.phase != Phase::connected || has_ended(layer, socket)) return -ENOTCONN;
  if (address == nullptr || length == nullptr) return -EFAULT;
  const auto info = layer.stack().connection_info(socket.connection);
  return write_address(info->flow.remote, socket.family, address, length);
}

}  // namespace anteroom::posix
