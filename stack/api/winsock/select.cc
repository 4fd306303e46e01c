// WSPSelect and WSAPoll: questions about what is, which change nothing.
#include <algorithm>
#include <optional>

#include <anteroom/winsock.h>

#include "stack/api/winsock/entry_points.h"
#include "stack/api/winsock/transfer.h"

namespace anteroom::winsock {
namespace {

// A deferred head is readable too: accept would not block.
bool is_readable(Provider& provider, const Socket& socket) {
  if (socket.phase == Phase::listening) return !socket.requests.empty();
  if (socket.phase != Phase::connected) return false;
  return unread_bytes(provider, socket) != 0 || socket.peer_closed || socket.ended ||
         socket.receive_shut;
}

bool is_writable(const Socket& socket) {
  if (socket.phase != Phase::connected) return false;
  return (socket.established && !socket.send_blocked) || socket.ended;
}

bool has_exception(Provider& provider, const Socket& socket) {
  if (socket.phase == Phase::open) return socket.connect_failed;
  return socket.phase == Phase::connected && has_urgent(provider, socket);
}

// Looks at one set: into `out` goes what is so. WSAENOTSOCK where one is none.
template <typename Predicate>
int look(Provider& provider, const fd_set* in, fd_set& out, Predicate predicate) {
  out.fd_count = 0;
  for (UINT i = 0; in != nullptr && i < in->fd_count; ++i) {
    const SOCKET s = in->fd_array[i];
    const Socket* socket = provider.sockets.find(s);
    if (socket == nullptr) return WSAENOTSOCK;
    if (predicate(*socket)) out.fd_array[out.fd_count++] = s;
  }
  return 0;
}

struct Sets {
  fd_set readable;
  fd_set writable;
  fd_set failed;

  int count() const {
    return static_cast<int>(readable.fd_count + writable.fd_count + failed.fd_count);
  }
};

int look(Provider& provider, const fd_set* readable, const fd_set* writable, const fd_set* failed,
         Sets& out) {
  int error = look(provider, readable, out.readable,
                   [&](const Socket& socket) { return is_readable(provider, socket); });
  if (error == 0) error = look(provider, writable, out.writable, is_writable);
  if (error == 0) {
    error = look(provider, failed, out.failed,
                 [&](const Socket& socket) { return has_exception(provider, socket); });
  }
  return error;
}

std::optional<SOCKET> first_of(const fd_set* readable, const fd_set* writable,
                               const fd_set* failed) {
  for (const fd_set* set : {readable, writable, failed}) {
    if (set != nullptr && set->fd_count != 0) return set->fd_array[0];
  }
  return std::nullopt;
}

std::int16_t poll_state(Provider& provider, const Socket& socket) {
  int state = 0;
  if (is_readable(provider, socket)) state |= WS_POLLRDNORM;
  if (is_writable(socket)) state |= WS_POLLWRNORM;
  if (socket.phase == Phase::connected && has_urgent(provider, socket)) state |= WS_POLLRDBAND;
  if (socket.phase == Phase::connected && (socket.peer_closed || socket.ended)) state |= WS_POLLHUP;
  if (socket.ended && *socket.ended != 0) state |= WS_POLLERR;
  if (socket.phase == Phase::open && socket.connect_failed) {
    state |= WS_POLLERR | WS_POLLHUP | WS_POLLWRNORM;
  }
  return static_cast<std::int16_t>(state);
}

int poll_once(Provider& provider, WSAPOLLFD* sockets, ULONG count) {
  constexpr int kAlways = WS_POLLERR | WS_POLLHUP | WS_POLLNVAL;
  int ready = 0;
  for (ULONG i = 0; i < count; ++i) {
    WSAPOLLFD& one = sockets[i];
    const Socket* socket = provider.sockets.find(one.fd);
    const int state = socket == nullptr ? WS_POLLNVAL : poll_state(provider, *socket);
    one.revents = static_cast<std::int16_t>(state & (one.events | kAlways));
    if (one.revents != 0) ++ready;
  }
  return ready;
}

}  // namespace

int WSPSelect(int ignored, fd_set* readable, fd_set* writable, fd_set* failed,
              const timeval* timeout, int* error) {
  (void)ignored;
  const auto first = first_of(readable, writable, failed);
  Provider* const provider = first ? provider_at(split(*first).provider) : current_provider();
  Call call(provider != nullptr ? provider : current_provider());
  if (call.error() != 0) return ended(call.error(), error);
  if (!first) return ended(WSAEINVAL, error);
  const bool bad_time = timeout != nullptr && (timeout->tv_sec < 0 || timeout->tv_usec < 0);
  if (bad_time) return ended(WSAEINVAL, error);
  Instant deadline = Instant::max();
  if (timeout != nullptr) {
    deadline = call.now() + std::chrono::seconds(timeout->tv_sec) +
               std::chrono::microseconds(timeout->tv_usec);
  }
  for (;;) {
    Sets found;
    int code = look(call.provider(), readable, writable, failed, found);
    if (code == 0 && found.count() == 0) {
      code = call.provider().wait(deadline, Alertable::yes);
      if (code == 0) continue;
      if (code == WSAETIMEDOUT) code = 0;
    }
    if (code != 0) return ended(code, error);
    if (readable != nullptr) *readable = found.readable;
    if (writable != nullptr) *writable = found.writable;
    if (failed != nullptr) *failed = found.failed;
    return found.count();
  }
}

int WSAPoll(WSAPOLLFD* sockets, ULONG count, INT timeout) {
  const auto fail = [](int code) {
    WSASetLastError(code);
    return SOCKET_ERROR;
  };
  if (sockets == nullptr) return fail(WSAEFAULT);
  if (count == 0) return fail(WSAEINVAL);
  Provider* provider = nullptr;
  for (ULONG i = 0; i < count && provider == nullptr; ++i) {
    provider = provider_at(split(sockets[i].fd).provider);
  }
  Call call(provider != nullptr ? provider : current_provider());
  if (call.error() != 0) return fail(call.error());
  const Instant deadline =
      timeout < 0 ? Instant::max() : call.now() + std::chrono::milliseconds(timeout);
  for (;;) {
    const int ready = poll_once(call.provider(), sockets, count);
    if (ready != 0) return ready;
    const int error = call.provider().wait(deadline, Alertable::yes);
    if (error == WSAETIMEDOUT) return 0;
    if (error != 0) return fail(error);
  }
}

}  // namespace anteroom::winsock
