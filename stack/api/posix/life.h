// How sockets come to be, get a name, connect, accept, and end. Not here: bytes (transfer.h).
#pragma once

#include <sys/socket.h>

#include <anteroom/posix_types.h>

#include "stack/api/posix/layer.h"

namespace anteroom::posix {

// --- life.cc ---
Answer open_socket(Layer& layer, int domain, int type, int protocol);
Answer bind_socket(Layer& layer, int fd, const sockaddr* address, socklen_t length);
Answer listen_socket(Layer& layer, int fd, int backlog);
Answer shut_socket(Layer& layer, int fd, int how);
Answer close_descriptor(Layer& layer, int fd);
// The lowest free descriptor from `lowest` on.
Answer duplicate(Layer& layer, int fd, int lowest, bool close_on_exec);
Answer duplicate_to(Layer& layer, int fd, int wanted);
// What the last descriptor of a file leaves behind is ended; `file` was removed from the table.
void release(Layer& layer, const FileRef& file);
// Ends listener or connection at once, for a socket that lives on without.
void disconnect(Layer& layer, Socket& socket);
// Gives a socket without a name a free port. -EADDRINUSE where there is none.
Answer bind_anywhere(Layer& layer, Socket& socket, const IpAddress& address);
Answer name_socket(Layer& layer, int fd, sockaddr* address, socklen_t* length);
Answer name_peer(Layer& layer, int fd, sockaddr* address, socklen_t* length);

// --- connect.cc ---
Answer connect_socket(Layer& layer, int fd, const sockaddr* address, socklen_t length);
// What goes with the SYN: all of it, or only what rides in it.
struct EarlyData {
  Bytes bytes;
  FastOpen fast_open = FastOpen::off;
  bool in_syn_only = false;
};
// Sends the SYN, with data in it. 0, or why not.
Answer start_connect(Layer& layer, Socket& socket, const Endpoint& remote, const EarlyData& data);
// Waits for how it ends, and tells it: connect() does not tell it again.
Answer finish_connect(Layer& layer, File& file, bool non_blocking);

// --- accept.cc ---
Answer accept_socket(Layer& layer, int fd, sockaddr* address, socklen_t* length, int flags);
Answer judge_and_accept(Layer& layer, int fd, AcceptCondition condition, void* context);
// accept() would find something.
bool can_accept(const Socket& listener);

}  // namespace anteroom::posix
