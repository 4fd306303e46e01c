// Moving bytes between a connection and buffers, and what the connection has to tell about it.
#pragma once

#include <span>

#include "stack/api/winsock/provider.h"

namespace anteroom::winsock {

struct Moved {
  int error = 0;
  DWORD bytes = 0;
};

// What the stack takes now of the buffers after their first `skip` bytes. WSAEWOULDBLOCK: nothing.
Moved send_now(Provider& provider, Socket& socket, std::span<const WSABUF> buffers, DWORD skip,
               DWORD flags);
// What is there now; 0 bytes without an error: the peer has closed.
Moved receive_now(Provider& provider, Socket& socket, std::span<const WSABUF> buffers, DWORD skip,
                  DWORD flags);
// Bytes that a receive would get at once.
DWORD unread_bytes(Provider& provider, const Socket& socket);
// Urgent data waits outside the stream.
bool has_urgent(Provider& provider, const Socket& socket);

// Serves pending overlapped calls as far as they go now.
void progress(Provider& provider, Socket& socket);

// After shutdown(SD_SEND): ends our direction once what was to be sent before it is taken.
void end_sending(Provider& provider, Socket& socket);

// Events of the stack.
void on_readable(Provider& provider, Socket& socket);
void on_writable(Provider& provider, Socket& socket);
void on_peer_closed(Provider& provider, Socket& socket);
void on_urgent(Provider& provider, Socket& socket);

// Records FD_CLOSE once the peer has closed and everything was read.
void tell_close(Provider& provider, Socket& socket);

}  // namespace anteroom::winsock
