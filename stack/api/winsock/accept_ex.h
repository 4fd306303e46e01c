// AcceptEx, from the listener's queue to the acceptor's completion.
#pragma once

#include "stack/api/winsock/provider.h"

namespace anteroom::winsock {

// Gives waiting requests to waiting calls, the deferred head first.
void progress_accepts(Provider& provider, Socket& listener);
// Completes the call where the acceptor has what it waits for: its handshake and, where asked for,
// the first data or the end of it.
void progress_acceptor(Provider& provider, Socket& acceptor);

}  // namespace anteroom::winsock
