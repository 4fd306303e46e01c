// WSPGetOverlappedResult and cancellation. What a pending call waits for is elsewhere: transfer.cc,
// connect.cc, accept_ex.cc.
#include "stack/api/winsock/overlapped.h"

#include <anteroom/winsock.h>

#include "stack/api/winsock/entry_points.h"
#include "stack/api/winsock/errors.h"
#include "stack/api/winsock/events.h"

namespace anteroom::winsock {
namespace {

constexpr std::uintptr_t kNoCompletionPort = 1;  // the lowest bit of hEvent asks for none

WSAEVENT event_of(const WSAOVERLAPPED& overlapped) {
  return reinterpret_cast<WSAEVENT>(reinterpret_cast<std::uintptr_t>(overlapped.hEvent) &
                                    ~kNoCompletionPort);
}

bool matches(const WSAOVERLAPPED* overlapped, const WSAOVERLAPPED* only) {
  return overlapped != nullptr && (only == nullptr || overlapped == only);
}

bool abort_transfers(Provider& provider, std::deque<Transfer>& queue, const WSAOVERLAPPED* only) {
  bool any = false;
  std::deque<Transfer> kept;
  for (Transfer& transfer : queue) {
    if (!matches(transfer.overlapped, only)) {
      kept.push_back(std::move(transfer));
      continue;
    }
    complete(provider, transfer, WSA_OPERATION_ABORTED);
    any = true;
  }
  queue.swap(kept);
  return any;
}

// AcceptEx that was called on `socket`, or that has it as its acceptor.
bool abort_accepts(Provider& provider, Socket& socket, const WSAOVERLAPPED* only) {
  if (socket.phase != Phase::listening && !socket.accepting) return false;
  bool any = false;
  provider.sockets.for_each([&](Socket& acceptor) {
    const bool concerned = acceptor.accepting && (acceptor.accepting->listener == socket.handle ||
                                                  acceptor.handle == socket.handle);
    if (!concerned || !matches(acceptor.accepting->overlapped, only)) return;
    Socket* listener = provider.sockets.find(acceptor.accepting->listener);
    if (listener != nullptr) {
      std::erase_if(listener->accepts, [&](const AcceptOperation& operation) {
        return operation.acceptor == acceptor.handle;
      });
    }
    complete(provider, *acceptor.accepting->overlapped, WSA_OPERATION_ABORTED, 0);
    acceptor.accepting.reset();
    any = true;
    if (!acceptor.connection.is_set() || acceptor.handle == socket.handle) return;
    (void)provider.stack().abort(provider.now(), acceptor.connection);
    provider.detach(acceptor);
    acceptor.phase = Phase::open;
  });
  return any;
}

}  // namespace

void begin(Provider& provider, WSAOVERLAPPED& overlapped, const Routine& routine) {
  overlapped.Internal = kPending;
  overlapped.InternalHigh = 0;
  if (routine.call != nullptr) return;  // hEvent is the application's
  EventObject* event = provider.events.find(reinterpret_cast<std::uintptr_t>(event_of(overlapped)));
  if (overlapped.hEvent != nullptr && event != nullptr) event->signalled = false;
}

void complete(Provider& provider, WSAOVERLAPPED& overlapped, int error, DWORD bytes) {
  overlapped.Internal = static_cast<ULONG_PTR>(error);
  overlapped.InternalHigh = bytes;
  signal(provider, event_of(overlapped));
}

void complete(Provider& provider, const Transfer& transfer, int error) {
  WSAOVERLAPPED& overlapped = *transfer.overlapped;
  if (transfer.routine.call == nullptr) {
    return complete(provider, overlapped, error, transfer.moved);
  }
  overlapped.Internal = static_cast<ULONG_PTR>(error);
  overlapped.InternalHigh = transfer.moved;
  provider.completions[transfer.routine.thread].push_back(
      {transfer.routine.call, static_cast<DWORD>(error), transfer.moved, &overlapped});
}

bool abort_operations(Provider& provider, Socket& socket, const WSAOVERLAPPED* only) {
  bool any = abort_transfers(provider, socket.sends, only);
  any = abort_transfers(provider, socket.receives, only) || any;
  if (socket.connecting && matches(socket.connecting->overlapped, only)) {
    complete(provider, *socket.connecting->overlapped, WSA_OPERATION_ABORTED, 0);
    socket.connecting.reset();
    any = true;
  }
  return abort_accepts(provider, socket, only) || any;
}

BOOL WSPGetOverlappedResult(SOCKET s, WSAOVERLAPPED* overlapped, DWORD* bytes, BOOL wait,
                            DWORD* flags, int* error) {
  const auto fail = [&](int code) { return ended(code, error) == 0 ? 1 : 0; };
  Call call(s);
  if (call.error() != 0) return fail(call.error());
  if (overlapped == nullptr || bytes == nullptr || flags == nullptr) return fail(WSAEFAULT);
  while (overlapped->Internal == kPending) {
    if (wait == 0) return fail(WSA_IO_INCOMPLETE);
    // Closing the socket completes the call, so it need not live on for it.
    const int waited = call.provider().wait(Instant::max(), Alertable::yes);
    if (waited != 0 && overlapped->Internal == kPending) return fail(waited);
  }
  *bytes = static_cast<DWORD>(overlapped->InternalHigh);
  *flags = 0;
  return fail(static_cast<int>(overlapped->Internal));
}

BOOL GetOverlappedResult(SOCKET s, WSAOVERLAPPED* overlapped, DWORD* bytes, BOOL wait) {
  DWORD flags = 0;
  int error = 0;
  const BOOL done = WSPGetOverlappedResult(s, overlapped, bytes, wait, &flags, &error);
  if (done == 0) WSASetLastError(win32_error(error));
  return done;
}

BOOL CancelIoEx(SOCKET s, WSAOVERLAPPED* overlapped) {
  Call call(s);
  if (call.error() != 0) {
    WSASetLastError(call.error() == WSAENOTSOCK ? ERROR_INVALID_HANDLE : call.error());
    return 0;
  }
  if (abort_operations(call.provider(), call.socket(), overlapped)) return 1;
  WSASetLastError(ERROR_NOT_FOUND);
  return 0;
}

BOOL CancelIo(SOCKET s) {
  const int before = WSAGetLastError();
  if (CancelIoEx(s, nullptr) != 0) return 1;
  if (WSAGetLastError() != ERROR_NOT_FOUND) return 0;
  WSASetLastError(before);
  return 1;  // nothing to cancel is no failure here
}

}  // namespace anteroom::winsock
