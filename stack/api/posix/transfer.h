// Bytes out and in. Not here: waiting (layer.h), what is ready (readiness.h).
#pragma once

#include <sys/socket.h>

#include "stack/api/posix/layer.h"
#include "stack/api/posix/parts.h"

namespace anteroom::posix {

// send(2) and its family. `to` matters to Fast Open alone.
Answer send_parts(Layer& layer, int fd, const Parts& parts, int flags, const sockaddr* to,
                  socklen_t to_length);
// The same, after a look at the rest of the message.
Answer send_message(Layer& layer, int fd, const msghdr* message, int flags);

// recv(2) and its family.
Answer receive_parts(Layer& layer, int fd, const Parts& parts, int flags);
// The same for read() and readv(), for which no bytes are wanted is no reason to wait.
Answer read_parts(Layer& layer, int fd, const Parts& parts);
Answer receive_message(Layer& layer, int fd, msghdr* message, int flags);

// The stack told of urgent data. One that the reader had just come to is stepped over, because the
// stack knows only the newest.
void on_urgent(Layer& layer, Socket& socket);
// SIOCATMARK: the next byte is the urgent one.
bool is_at_mark(Layer& layer, const Socket& socket);
// recv() with MSG_OOB would answer: EPOLLPRI.
bool has_urgent_byte(const Socket& socket, const ConnectionInfo& info);

}  // namespace anteroom::posix
