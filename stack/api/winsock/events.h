// Network events: what happened to a socket and was not yet enumerated, and the event object that
// says so. WSPEventSelect, WSPEnumNetworkEvents.
#pragma once

#include "stack/api/winsock/provider.h"

namespace anteroom::winsock {

// Records one event of FD_..., and signals the socket's event object where its mask has it.
void latch(Provider& provider, Socket& socket, LONG event, int code);
// Forgets what was recorded and not enumerated.
inline void unlatch(Socket& socket, LONG event) { socket.latched &= ~event; }
// Signals an event object; a null or closed one is left alone.
void signal(Provider& provider, WSAEVENT event);

}  // namespace anteroom::winsock
