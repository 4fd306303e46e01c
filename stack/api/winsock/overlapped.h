// Overlapped calls: beginning, completing, cancelling and asking after them.
#pragma once

#include "stack/api/winsock/provider.h"

namespace anteroom::winsock {

// WSAOVERLAPPED::Internal while a call is pending; afterwards it is the error.
inline constexpr ULONG_PTR kPending = 0x103;

// Marks the call pending and its event object, which it has without a routine, not signalled.
void begin(Provider& provider, WSAOVERLAPPED& overlapped, const Routine& routine);
void complete(Provider& provider, WSAOVERLAPPED& overlapped, int error, DWORD bytes);
// The same, or its routine queued for the thread that made the call.
void complete(Provider& provider, const Transfer& transfer, int error);

// Ends the socket's pending calls, or the one with this structure, with WSA_OPERATION_ABORTED;
// whether there was one.
bool abort_operations(Provider& provider, Socket& socket, const WSAOVERLAPPED* only);

}  // namespace anteroom::winsock
