// WSPSend, WSPRecv and their To and From forms.
#include <algorithm>

#include <anteroom/winsock/errors.h>

#include "stack/api/winsock/address.h"
#include "stack/api/winsock/entry_points.h"
#include "stack/api/winsock/overlapped.h"
#include "stack/api/winsock/transfer.h"

namespace anteroom::winsock {
namespace {

struct Direction {
  Moved (*move)(Provider&, Socket&, std::span<const WSABUF>, DWORD skip, DWORD flags);
  std::deque<Transfer> Socket::*queue;
  DWORD SocketOptions::*timeout_ms;
  DWORD allowed_flags;
  bool sends;
};

constexpr Direction kSend{send_now, &Socket::sends, &SocketOptions::send_timeout_ms,
                          DWORD{WS_MSG_OOB | WS_MSG_DONTROUTE} | MSG_PARTIAL, true};
constexpr Direction kReceive{receive_now, &Socket::receives, &SocketOptions::receive_timeout_ms,
                             DWORD{WS_MSG_OOB | WS_MSG_PEEK | WS_MSG_WAITALL} | MSG_PARTIAL, false};

struct Request {
  std::span<const WSABUF> buffers;
  DWORD flags = 0;
  WSAOVERLAPPED* overlapped = nullptr;
  Routine routine{};
};

// A send blocks until all is taken, a receive until there is something or, with MSG_WAITALL, all.
bool is_done(const Direction& direction, const Request& request, DWORD moved, DWORD last) {
  DWORD whole = 0;
  for (const WSABUF& buffer : request.buffers) whole += buffer.len;
  if (moved >= whole) return true;
  const bool wants_all = direction.sends || (request.flags & DWORD{WS_MSG_WAITALL}) != 0;
  return !wants_all || (!direction.sends && last == 0);
}

Moved move_blocking(Call& call, const Direction& direction, const Request& request) {
  const DWORD timeout_ms = call.socket().options.*direction.timeout_ms;
  const Instant deadline =
      timeout_ms == 0 ? Instant::max() : call.now() + std::chrono::milliseconds(timeout_ms);
  Moved total;
  for (;;) {
    Socket& socket = call.socket();
    if (direction.sends && socket.send_shut) return {WSAESHUTDOWN, 0};
    // Overlapped calls that came before go first.
    const bool behind =
        !(socket.*direction.queue).empty() || (direction.sends && socket.connecting);
    const Moved moved = behind ? Moved{WSAEWOULDBLOCK, 0}
                               : direction.move(call.provider(), socket, request.buffers,
                                                total.bytes, request.flags);
    total.bytes += moved.bytes;
    const bool blocked = moved.error == WSAEWOULDBLOCK;
    if (moved.error != 0 && !blocked) {
      if (total.bytes == 0) total.error = moved.error;
      return total;
    }
    if (!blocked && is_done(direction, request, total.bytes, moved.bytes)) return total;
    if (socket.non_blocking) {
      if (total.bytes == 0) total.error = WSAEWOULDBLOCK;
      return total;
    }
    const int error = call.wait(deadline);
    if (error == 0) continue;
    if (total.bytes == 0) total.error = error;
    return total;
  }
}

// 0: done at once, as *moved says. WSA_IO_PENDING: later.
int move_overlapped(Call& call, const Direction& direction, const Request& request, DWORD* moved) {
  Socket& socket = call.socket();
  if (socket.phase != Phase::connected) return WSAENOTCONN;
  if (direction.sends ? socket.send_shut : socket.receive_shut) return WSAESHUTDOWN;
  WSAOVERLAPPED& overlapped = *request.overlapped;
  begin(call.provider(), overlapped, request.routine);
  (socket.*direction.queue)
      .push_back({&overlapped,
                  {request.buffers.begin(), request.buffers.end()},
                  request.flags,
                  0,
                  request.routine});
  progress(call.provider(), socket);
  if (overlapped.Internal == kPending) return WSA_IO_PENDING;
  if (moved != nullptr) *moved = static_cast<DWORD>(overlapped.InternalHigh);
  return static_cast<int>(overlapped.Internal);
}

int move(Call& call, const Direction& direction, const Request& request, DWORD* moved) {
  if (call.error() != 0) return call.error();
  Socket& socket = call.socket();
  if (request.buffers.data() == nullptr && !request.buffers.empty()) return WSAEFAULT;
  for (const WSABUF& buffer : request.buffers) {
    if (buffer.buf == nullptr && buffer.len != 0) return WSAEFAULT;
  }
  if ((request.flags & ~direction.allowed_flags) != 0) return WSAEOPNOTSUPP;
  // A byte stream has no messages to be part of.
  if ((request.flags & MSG_PARTIAL) != 0) return WSAEOPNOTSUPP;
  if (request.overlapped != nullptr && socket.overlapped) {
    return move_overlapped(call, direction, request, moved);
  }
  if (moved == nullptr) return WSAEFAULT;
  const Moved done = move_blocking(call, direction, request);
  if (done.error == 0) *moved = done.bytes;
  return done.error;
}

}  // namespace

// NOLINTBEGIN(readability-function-size)

int WSPSend(SOCKET s, WSABUF* buffers, DWORD count, DWORD* sent, DWORD flags,
            WSAOVERLAPPED* overlapped, LPWSAOVERLAPPED_COMPLETION_ROUTINE completion,
            WSATHREADID* thread, int* error) {
  (void)thread;
  Call call(s);
  const Routine routine{completion, this_thread()};
  return ended(move(call, kSend, {{buffers, count}, flags, overlapped, routine}, sent), error);
}

int WSPRecv(SOCKET s, WSABUF* buffers, DWORD count, DWORD* received, DWORD* flags,
            WSAOVERLAPPED* overlapped, LPWSAOVERLAPPED_COMPLETION_ROUTINE completion,
            WSATHREADID* thread, int* error) {
  (void)thread;
  Call call(s);
  if (call.error() == 0 && flags == nullptr) return ended(WSAEFAULT, error);
  const Routine routine{completion, this_thread()};
  const Request request{{buffers, count}, flags == nullptr ? 0 : *flags, overlapped, routine};
  const int code = move(call, kReceive, request, received);
  if (code == 0) *flags = 0;
  return ended(code, error);
}

// A connection has its peer, so that the address says nothing new.
int WSPSendTo(SOCKET s, WSABUF* buffers, DWORD count, DWORD* sent, DWORD flags, const sockaddr* to,
              int to_length, WSAOVERLAPPED* overlapped,
              LPWSAOVERLAPPED_COMPLETION_ROUTINE completion, WSATHREADID* thread, int* error) {
  (void)to;
  (void)to_length;
  return WSPSend(s, buffers, count, sent, flags, overlapped, completion, thread, error);
}

int WSPRecvFrom(SOCKET s, WSABUF* buffers, DWORD count, DWORD* received, DWORD* flags,
                sockaddr* from, int* from_length, WSAOVERLAPPED* overlapped,
                LPWSAOVERLAPPED_COMPLETION_ROUTINE completion, WSATHREADID* thread, int* error) {
  // Ignored for a connection, as documented.
  (void)from;
  (void)from_length;
  return WSPRecv(s, buffers, count, received, flags, overlapped, completion, thread, error);
}

// NOLINTEND(readability-function-size)

}  // namespace anteroom::winsock
