// recv(2): out of the stack's receive buffer into the caller's memory, with a look ahead (MSG_PEEK)
// and around the urgent byte (RFC 9293 3.8.5, RFC 6093; recv(2) MSG_OOB).
#include <netinet/tcp.h>

#include <algorithm>
#include <array>
#include <limits>

#include "stack/api/posix/transfer.h"

namespace anteroom::posix {
namespace {

constexpr std::size_t kUnbounded = std::numeric_limits<std::size_t>::max();

// One recv() in progress.
struct Receiving {
  const Parts& parts;
  int flags = 0;
  std::size_t done = 0;
  bool met_mark = false;  // the urgent byte is next, and what came before it was read

  bool peeks() const { return (flags & MSG_PEEK) != 0; }
  bool discards() const { return (flags & MSG_TRUNC) != 0; }
};

// Bytes ahead, without taking them.
std::size_t look(Layer& layer, const Socket& socket, std::size_t offset, MutableBytes out) {
  const auto seen = layer.stack().peek(socket.connection, static_cast<std::uint32_t>(offset), out);
  return seen ? *seen : 0;
}

// Where the urgent byte lies, counted from the next byte to read. The stack's offset is that of the
// byte after it.
std::optional<std::size_t> urgent_index(const ConnectionInfo& info) {
  if (!info.urgent_ahead || info.urgent_offset_bytes == 0) return std::nullopt;
  return info.urgent_offset_bytes - 1;
}

std::uint64_t urgent_position(const ConnectionInfo& info, std::size_t index) {
  return info.bytes_received - info.receive_queued_bytes + index;
}

// Reads into the caller's memory, or away from it; `skipped` bytes ahead where it only looks.
std::size_t read_once(Layer& layer, Socket& socket, const Receiving& receiving, std::size_t skipped,
                      std::size_t bytes_max) {
  std::array<std::uint8_t, 4'096> nowhere;
  MutableBytes piece = receiving.parts.piece_at(receiving.done);
  if (receiving.discards())
    piece = MutableBytes(nowhere).first(std::min(piece.size(), nowhere.size()));
  piece = piece.first(std::min(piece.size(), bytes_max));
  if (piece.empty()) return 0;
  Stack& stack = layer.stack();
  if (receiving.peeks()) {
    return look(layer, socket, receiving.done + skipped, piece);
  }
  const auto taken = stack.receive_into(layer.now(), socket.connection, piece);
  if (!taken || *taken == 0) return 0;
  layer.note_verb();
  return *taken;
}

// Takes what is there, up to the urgent byte, which is stepped over unless SO_OOBINLINE is set.
void take(Layer& layer, Socket& socket, Receiving& receiving) {
  std::size_t skipped = 0;
  if (receiving.peeks()) receiving.done = 0;
  while (receiving.done < receiving.parts.total()) {
    const auto info = layer.stack().connection_info(socket.connection);
    if (!info) return;
    std::size_t bytes_max = kUnbounded;
    if (const auto index = urgent_index(*info); index && skipped == 0) {
      const std::size_t ahead = *index - (receiving.peeks() ? std::min(*index, receiving.done) : 0);
      receiving.met_mark = ahead == 0 && receiving.done != 0;
      if (receiving.met_mark) return;
      bytes_max = ahead == 0 ? kUnbounded : ahead;
      if (ahead == 0 && !socket.options.oob_inline) {
        if (info->receive_queued_bytes == 0) return;
        if (receiving.peeks()) {
          skipped = 1;
        } else {
          std::array<std::uint8_t, 1> urgent;
          (void)layer.stack().receive_into(layer.now(), socket.connection, urgent);
          continue;
        }
      }
    }
    const std::size_t got = read_once(layer, socket, receiving, skipped, bytes_max);
    if (got == 0) return;
    receiving.done += got;
  }
}

// What comes after the last byte: 0 for the end, an errno, or -EAGAIN for more to come.
Answer after_last(Socket& socket) {
  if (socket.peer_closed) return 0;
  if (socket.error != 0) return -std::exchange(socket.error, 0);
  if (socket.read_shut) return 0;
  const bool has_stream = socket.phase == Phase::connected || socket.phase == Phase::connecting;
  return has_stream ? -EAGAIN : -ENOTCONN;
}

// recv() with MSG_OOB, as Linux has it: never waits.
Answer receive_urgent(Layer& layer, Socket& socket, const Parts& parts, int flags) {
  if (socket.phase != Phase::connected)
    return socket.phase == Phase::connecting ? -EINVAL : -ENOTCONN;
  const auto info = layer.stack().connection_info(socket.connection);
  const auto index = info ? urgent_index(*info) : std::nullopt;
  if (!index || socket.options.oob_inline) return -EINVAL;
  const std::uint64_t position = urgent_position(*info, *index);
  if (socket.urgent_read_at == position) return -EINVAL;
  if (*index >= info->receive_queued_bytes) return socket.peer_closed ? 0 : -EAGAIN;
  const MutableBytes piece = parts.piece_at(0);
  if (!piece.empty() && (flags & MSG_TRUNC) == 0) {
    (void)look(layer, socket, *index, piece.first(1));
  }
  if ((flags & MSG_PEEK) == 0) socket.urgent_read_at = position;
  return piece.empty() ? 0 : 1;
}

Answer receive_in_order(Layer& layer, File& file, const Parts& parts, int flags) {
  Socket& socket = *file.socket;
  const auto low = static_cast<std::size_t>(socket.options.receive_low_water);
  const std::size_t wanted =
      (flags & MSG_WAITALL) != 0 ? parts.total() : std::min(low, parts.total());
  Receiving receiving{parts, flags};
  const bool non_blocking = file.non_blocking || (flags & MSG_DONTWAIT) != 0;
  const Answer answer =
      layer.retry(non_blocking, layer.after(socket.options.receive_timeout), [&]() -> Answer {
        if (socket.is_closed) return -EBADF;
        take(layer, socket, receiving);
        if (receiving.done >= std::max<std::size_t>(wanted, 1) || receiving.met_mark) return 0;
        if (receiving.done == 0 && parts.total() == 0) {
          const auto info = layer.stack().connection_info(socket.connection);
          if (info && info->receive_queued_bytes != 0) return 0;
        }
        // What is wrong is told by the next call, when there is nothing else to tell.
        if (receiving.done != 0) return socket.peer_closed || socket.read_shut ? 0 : -EAGAIN;
        return after_last(socket);
      });
  return receiving.done != 0 ? static_cast<Answer>(receiving.done) : answer;
}

// TCP_INQ: how much more can be read, beside the data.
void write_inq(Layer& layer, const Socket& socket, msghdr& message) {
  const auto info = layer.stack().connection_info(socket.connection);
  if (!socket.options.report_inq || !info) return;
  if (message.msg_control == nullptr || message.msg_controllen < CMSG_SPACE(sizeof(int))) {
    message.msg_flags |= MSG_CTRUNC;
    return;
  }
  // Linux: one where only the end is left, so that 0 says that a read would wait.
  const auto queued = static_cast<int>(info->receive_queued_bytes);
  const int more = queued == 0 && socket.peer_closed ? 1 : queued;
  cmsghdr* const control = CMSG_FIRSTHDR(&message);
  control->cmsg_level = SOL_TCP;
  control->cmsg_type = TCP_CM_INQ;
  control->cmsg_len = CMSG_LEN(sizeof more);
  std::copy_n(reinterpret_cast<const char*>(&more), sizeof more,
              reinterpret_cast<char*>(CMSG_DATA(control)));
  message.msg_controllen = CMSG_SPACE(sizeof more);
}

}  // namespace

bool has_urgent_byte(const Socket& socket, const ConnectionInfo& info) {
  const auto index = urgent_index(info);
  return index && *index < info.receive_queued_bytes &&
         socket.urgent_read_at != urgent_position(info, *index);
}

void on_urgent(Layer& layer, Socket& socket) {
  const auto info = layer.stack().connection_info(socket.connection);
  if (!info) return;
  const std::uint64_t next = info->bytes_received - info->receive_queued_bytes;
  if (socket.urgent_at == next && !socket.options.oob_inline && info->receive_queued_bytes != 0) {
    std::array<std::uint8_t, 1> passed;
    (void)layer.stack().receive_into(layer.now(), socket.connection, passed);
  }
  const auto ahead = layer.stack().connection_info(socket.connection);
  const auto index = ahead ? urgent_index(*ahead) : std::nullopt;
  socket.urgent_at = index ? std::optional(urgent_position(*ahead, *index)) : std::nullopt;
}

bool is_at_mark(Layer& layer, const Socket& socket) {
  const auto info = layer.stack().connection_info(socket.connection);
  return info && urgent_index(*info) == 0u;
}

Answer receive_parts(Layer& layer, int fd, const Parts& parts, int flags) {
  const Found found = layer.find_socket(fd);
  if (found.error != 0) return found.error;
  if (parts.error() != 0) return parts.error();
  // Errors are told by SO_ERROR and by the calls themselves; there is no queue of them.
  if ((flags & MSG_ERRQUEUE) != 0) return -EAGAIN;
  Socket& socket = found.socket();
  if (socket.phase == Phase::listening) return -ENOTCONN;
  if ((flags & MSG_OOB) != 0) return receive_urgent(layer, socket, parts, flags);
  return receive_in_order(layer, *found.file, parts, flags);
}

Answer read_parts(Layer& layer, int fd, const Parts& parts) {
  const Found found = layer.find_socket(fd);
  if (found.error != 0) return found.error;
  if (parts.error() != 0) return parts.error();
  return parts.total() == 0 ? 0 : receive_parts(layer, fd, parts, 0);
}

Answer receive_message(Layer& layer, int fd, msghdr* message, int flags) {
  if (message == nullptr) return -EFAULT;
  const Found found = layer.find_socket(fd);
  if (found.error != 0) return found.error;
  const Parts parts(message->msg_iov, message->msg_iovlen, EMSGSIZE);
  const Answer got = receive_parts(layer, fd, parts, flags);
  if (got < 0) return got;
  message->msg_namelen = 0;
  message->msg_flags = flags & MSG_OOB;
  msghdr given = *message;
  message->msg_controllen = 0;
  write_inq(layer, found.socket(), given);
  if (found.socket().options.report_inq) {
    message->msg_flags = given.msg_flags;
    if ((given.msg_flags & MSG_CTRUNC) == 0) message->msg_controllen = given.msg_controllen;
  }
  return got;
}

}  // namespace anteroom::posix
