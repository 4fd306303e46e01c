// Requests at a listener, and how one becomes a socket.
#pragma once

#include <anteroom/stack.h>

#include "stack/api/winsock/provider.h"

namespace anteroom::winsock {

// Events of the stack.
void on_requested(Provider& provider, Socket& listener, PendingId pending);
void on_withdrawn(Provider& provider, Socket& listener, PendingId pending, Error why);

// Records FD_ACCEPT where a request waits that nobody deferred: after an arrival, and after a call
// that re-enables the event.
void indicate(Provider& provider, Socket& listener);
// Rejects every request that waits: the listener is about to be closed.
void refuse_all(Provider& provider, Socket& listener);

// Accepts the request at the head, on the wire. The connection still has no socket. On failure the
// request waits on (WSAENOBUFS) or is gone (WSAECONNRESET, WSAEACCES) and was taken away.
struct Taken {
  int error = 0;
  ConnectionId connection{};
  Flow flow{};
  std::vector<std::uint8_t> caller_data;
};
Taken take_head(Provider& provider, Socket& listener, const AcceptReply& reply);
// Gives the connection to the socket.
void adopt(Provider& provider, Socket& socket, const Taken& taken);
// SO_UPDATE_ACCEPT_CONTEXT, and what accept() does by itself.
void inherit(Provider& provider, Socket& socket, const Socket& listener);
// Tells the stack the options that it has a switch for.
void apply_options(Provider& provider, const Socket& socket);

}  // namespace anteroom::winsock
