// getsockopt(2), setsockopt(2), fcntl(2), ioctl(2). The README has the table.
#pragma once

#include <sys/socket.h>

#include "stack/api/posix/layer.h"

namespace anteroom::posix {

// IP_TOS or IPV6_TCLASS without its ECN bits, as the stack wants it (RFC 2474), for packets to
// `remote`.
inline std::uint8_t dscp_of(const SocketOptions& options, const IpAddress& remote) {
  return static_cast<std::uint8_t>(
      (remote.is_v4() ? options.type_of_service : options.traffic_class) >> 2);
}

// A connection has just got a socket: what was set on it before, or on its listener, takes effect.
void apply_options(Layer& layer, Socket& socket);
// TCP_CORK and MSG_MORE together.
void apply_cork(Layer& layer, Socket& socket);

// --- options_get.cc ---
Answer get_option(Layer& layer, int fd, int level, int name, void* value, socklen_t* length);

// --- options_set.cc ---
Answer set_option(Layer& layer, int fd, int level, int name, const void* value, socklen_t length);

// --- tcp_info.cc ---
// Writes as much of Linux's struct tcp_info (<linux/tcp.h>) as fits `out`; how many bytes.
std::size_t write_tcp_info(Layer& layer, const Socket& socket, MutableBytes out);

// --- control.cc ---
Answer control_descriptor(Layer& layer, int fd, int command, int argument);
Answer control_device(Layer& layer, int fd, unsigned long request, void* argument);
Answer is_at_mark(Layer& layer, int fd);

}  // namespace anteroom::posix
