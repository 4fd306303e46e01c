// Overlapped calls: beginning, completing, cancelling and asking after them.
#pragma once

#include "stack/api/winsock/provider.h"

namespace anteroom::winsock {

// WSAOVERLAPPED::Internal while a call is pending; afterwards it is the error.
inline constexpr ULONG_PTR kPending = 0x103;

// Marks the call pending and its event object not signalled.
void begin(Provider& provider, WSAOVERLAPPED& overlapped);
void complete(Provider& provider, WSAOVERLAPPED& overlapped, int error, DWORD bytes);

// Ends the socket's pending calls, or the one with this structure, with WSA_OPERATION_ABORTED;
// whether there was one.
bool abort_operations(Provider& provider, Socket& socket, const WSAOVERLAPPED* only);

}  // namespace anteroom::winsock
