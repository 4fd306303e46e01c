// The moving itself, on whatever thread holds the driver: calls that block, calls that do not and
// overlapped ones all come through here. The entry points are in send_receive.cc.
//
// Urgent data (RFC 9293 3.8.5) is in the stream where SO_OOBINLINE is set. Where it is not, its one
// byte is taken out of the stream when reading comes to it, and MSG_OOB reads it.
#include "stack/api/winsock/transfer.h"

#include <algorithm>

#include <anteroom/winsock/errors.h>

#include "stack/api/winsock/accept_ex.h"
#include "stack/api/winsock/connect.h"
#include "stack/api/winsock/errors.h"
#include "stack/api/winsock/events.h"
#include "stack/api/winsock/overlapped.h"

namespace anteroom::winsock {
namespace {

// Calls `f` with the bytes of each buffer after the first `skip` ones, until it says false.
template <typename F>
void for_rest(std::span<const WSABUF> buffers, DWORD skip, F f) {
  for (const WSABUF& buffer : buffers) {
    const DWORD passed = std::min(skip, buffer.len);
    skip -= passed;
    if (passed == buffer.len) continue;
    auto* const data = reinterpret_cast<std::uint8_t*>(buffer.buf);
    if (!f(MutableBytes{data, buffer.len}.subspan(passed))) return;
  }
}

int end_of(const Socket& socket, Error error) {
  return socket.ended && *socket.ended != 0 ? *socket.ended : wsa_error(error);
}

// How many bytes are before the urgent one: the pointer names the byte after it (RFC 6093 3.1).
std::optional<std::uint32_t> urgent_offset(Provider& provider, const Socket& socket) {
  if (socket.options.oob_inline || !socket.connection.is_set()) return std::nullopt;
  const auto info = provider.stack().connection_info(socket.connection);
  if (!info || !info->urgent_ahead) return std::nullopt;
  return info->urgent_offset_bytes - 1;
}

// Reading has come to the urgent byte: it leaves the stream.
void take_urgent_byte(Provider& provider, Socket& socket) {
  if (urgent_offset(provider, socket) != 0u) return;
  std::uint8_t byte = 0;
  const auto read = provider.stack().receive_into(provider.now(), socket.connection, {&byte, 1});
  if (!read || *read != 1) return;
  if (!std::exchange(socket.urgent_read_ahead, false)) socket.urgent_byte = byte;
}

Moved receive_urgent(Provider& provider, Socket& socket, std::span<const WSABUF> buffers,
                     bool peek) {
  if (socket.options.oob_inline) return {WSAEINVAL, 0};
  take_urgent_byte(provider, socket);
  std::optional<std::uint8_t> byte = socket.urgent_byte;
  const auto ahead = urgent_offset(provider, socket);
  if (!byte && !ahead) return {WSAEINVAL, 0};
  if (!byte) {
    // Still further on in the stream: read where it is, and left out when reading comes there.
    if (socket.urgent_read_ahead) return {WSAEINVAL, 0};
    std::uint8_t ahead_byte = 0;
    const auto seen = provider.stack().peek(socket.connection, *ahead, {&ahead_byte, 1});
    if (!seen || *seen == 0) return {WSAEWOULDBLOCK, 0};
    byte = ahead_byte;
    socket.urgent_read_ahead = !peek;
  }
  Moved moved;
  for_rest(buffers, 0, [&](MutableBytes out) {
    out.front() = *byte;
    moved.bytes = 1;
    return false;
  });
  if (!peek) socket.urgent_byte.reset();
  return moved;
}

// Looks at what receive_stream() would take.
Moved peek_stream(Provider& provider, Socket& socket, std::span<const WSABUF> buffers) {
  Moved moved;
  take_urgent_byte(provider, socket);
  const DWORD whole = unread_bytes(provider, socket);
  for_rest(buffers, 0, [&](MutableBytes out) {
    const bool ends_here = moved.bytes != 0 && moved.bytes >= whole;
    if (ends_here) return false;
    if (whole != 0) out = out.first(std::min<std::size_t>(out.size(), whole - moved.bytes));
    const auto seen = provider.stack().peek(socket.connection, moved.bytes, out);
    if (!seen) {
      if (moved.bytes == 0) moved.error = end_of(socket, seen.error().error);
      return false;
    }
    moved.bytes += static_cast<DWORD>(*seen);
    return *seen == out.size();
  });
  return moved;
}

Moved receive_stream(Provider& provider, Socket& socket, std::span<const WSABUF> buffers,
                     DWORD skip) {
  Moved moved;
  take_urgent_byte(provider, socket);
  for_rest(buffers, skip, [&](MutableBytes out) {
    const auto ahead = urgent_offset(provider, socket);
    if (ahead) out = out.first(std::min<std::size_t>(out.size(), *ahead));
    if (out.empty()) {
      if (moved.bytes == 0) moved.error = WSAEWOULDBLOCK;  // the urgent byte itself is to come
      return false;
    }
    const auto read = provider.stack().receive_into(provider.now(), socket.connection, out);
    if (!read) {
      if (moved.bytes == 0) moved.error = end_of(socket, read.error().error);
      return false;
    }
    moved.bytes += static_cast<DWORD>(*read);
    return *read == out.size();
  });
  return moved;
}

void serve_receives(Provider& provider, Socket& socket) {
  while (!socket.receives.empty()) {
    Transfer& front = socket.receives.front();
    DWORD wanted = 0;
    for (const WSABUF& buffer : front.buffers) wanted += buffer.len;
    // One without room waits for something to read, and leaves it.
    const bool asks_only = wanted == 0 && !socket.peer_closed && !socket.ended;
    if (asks_only && unread_bytes(provider, socket) == 0) return;
    const Moved moved = receive_now(provider, socket, front.buffers, front.moved, front.flags);
    if (moved.error == WSAEWOULDBLOCK) return;
    front.moved += moved.bytes;
    const bool waits_for_all = (front.flags & DWORD{WS_MSG_WAITALL}) != 0 && moved.error == 0;
    if (waits_for_all && moved.bytes != 0 && front.moved < wanted) continue;
    complete(provider, front, moved.error);
    socket.receives.pop_front();
  }
}

void serve_sends(Provider& provider, Socket& socket) {
  while (!socket.sends.empty() && !socket.connecting) {
    Transfer& front = socket.sends.front();
    DWORD whole = 0;
    for (const WSABUF& buffer : front.buffers) whole += buffer.len;
    const Moved moved = send_now(provider, socket, front.buffers, front.moved, front.flags);
    front.moved += moved.bytes;
    const bool more = moved.error == WSAEWOULDBLOCK || (moved.error == 0 && front.moved < whole);
    if (more) return;
    complete(provider, front, moved.error);
    socket.sends.pop_front();
  }
  end_sending(provider, socket);
}

}  // namespace

Moved send_now(Provider& provider, Socket& socket, std::span<const WSABUF> buffers, DWORD skip,
               DWORD flags) {
  if (socket.phase != Phase::connected) return {WSAENOTCONN, 0};
  Moved moved;
  for_rest(buffers, skip, [&](MutableBytes in) {
    const bool urgent = (flags & DWORD{WS_MSG_OOB}) != 0;
    const auto sent = urgent ? provider.stack().send_urgent(provider.now(), socket.connection, in)
                             : provider.stack().send(provider.now(), socket.connection, in);
    socket.send_blocked = !sent ? sent.error().error == Error::would_block : *sent < in.size();
    if (!sent) {
      if (moved.bytes == 0) moved.error = end_of(socket, sent.error().error);
      return false;
    }
    moved.bytes += static_cast<DWORD>(*sent);
    return *sent == in.size();
  });
  if (moved.error == WSAEWOULDBLOCK) unlatch(socket, FD_WRITE);
  return moved;
}

Moved receive_now(Provider& provider, Socket& socket, std::span<const WSABUF> buffers, DWORD skip,
                  DWORD flags) {
  if (socket.phase != Phase::connected) return {WSAENOTCONN, 0};
  if (socket.receive_shut) return {WSAESHUTDOWN, 0};
  const bool urgent = (flags & DWORD{WS_MSG_OOB}) != 0;
  const bool peek = (flags & DWORD{WS_MSG_PEEK}) != 0;
  // What re-enables FD_READ and FD_OOB, whether it succeeds or not.
  unlatch(socket, urgent ? FD_OOB : FD_READ);
  const Moved moved = urgent ? receive_urgent(provider, socket, buffers, peek)
                      : peek ? peek_stream(provider, socket, buffers)
                             : receive_stream(provider, socket, buffers, skip);
  if (!urgent && unread_bytes(provider, socket) != 0) latch(provider, socket, FD_READ, 0);
  tell_close(provider, socket);
  return moved;
}

DWORD unread_bytes(Provider& provider, const Socket& socket) {
  if (!socket.connection.is_set()) return 0;
  const auto info = provider.stack().connection_info(socket.connection);
  if (!info) return 0;
  const auto ahead = urgent_offset(provider, socket);
  return ahead ? std::min(info->receive_queued_bytes, *ahead) : info->receive_queued_bytes;
}

bool has_urgent(Provider& provider, const Socket& socket) {
  if (socket.urgent_byte) return true;
  return !socket.urgent_read_ahead && urgent_offset(provider, socket).has_value();
}

void progress(Provider& provider, Socket& socket) {
  serve_receives(provider, socket);
  if (socket.connecting && socket.established) progress_connector(provider, socket);
  serve_sends(provider, socket);
  if (socket.accepting) progress_acceptor(provider, socket);
}

void end_sending(Provider& provider, Socket& socket) {
  const bool due = socket.send_shut && !socket.send_ended;
  if (!due || !socket.sends.empty() || socket.connecting) return;
  socket.send_ended = true;
  (void)provider.stack().shutdown(provider.now(), socket.connection);
}

void on_readable(Provider& provider, Socket& socket) {
  progress(provider, socket);
  if (unread_bytes(provider, socket) != 0) latch(provider, socket, FD_READ, 0);
}

void on_writable(Provider& provider, Socket& socket) {
  const bool was_blocked = std::exchange(socket.send_blocked, false);
  progress(provider, socket);
  if (was_blocked && !socket.send_blocked) latch(provider, socket, FD_WRITE, 0);
}

void on_peer_closed(Provider& provider, Socket& socket) {
  socket.peer_closed = true;
  progress(provider, socket);
  tell_close(provider, socket);
}

void on_urgent(Provider& provider, Socket& socket) {
  latch(provider, socket, socket.options.oob_inline ? FD_READ : FD_OOB, 0);
  progress(provider, socket);
}

void tell_close(Provider& provider, Socket& socket) {
  const bool due = socket.peer_closed && unread_bytes(provider, socket) == 0;
  if (socket.close_told || !due) return;
  socket.close_told = true;
  latch(provider, socket, FD_CLOSE, 0);
}

}  // namespace anteroom::winsock
