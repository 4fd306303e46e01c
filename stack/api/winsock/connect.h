// Connections as they come into being and end.
#pragma once

#include "stack/api/winsock/provider.h"

namespace anteroom::winsock {

// Events of the stack: the handshake is complete; the connection is over.
void on_connected(Provider& provider, Socket& socket);
void on_closed(Provider& provider, Socket& socket, const Event& event);
// A connection made by a verdict has come to its socket; its handshake may be over already.
void on_adopted(Provider& provider, Socket& socket);
// Sends what ConnectEx was given as far as there is room.
void progress_connector(Provider& provider, Socket& socket);

}  // namespace anteroom::winsock
