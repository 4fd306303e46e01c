// send(2): out of the caller's memory into the stack's send buffer, as far as SO_SNDBUF and
// TCP_NOTSENT_LOWAT let it.
#include <algorithm>
#include <vector>

#include "stack/api/posix/address.h"
#include "stack/api/posix/life.h"
#include "stack/api/posix/options.h"
#include "stack/api/posix/readiness.h"
#include "stack/api/posix/transfer.h"

namespace anteroom::posix {
namespace {

// One send() in progress.
struct Sending {
  const Parts& parts;
  std::size_t done = 0;
  bool is_urgent = false;  // its last byte
};

// The next piece that can go at once; empty where there is no room or nothing left.
Bytes next_piece(Layer& layer, Socket& socket, const Sending& sending) {
  const auto info = layer.stack().connection_info(socket.connection);
  if (!info) return {};
  Bytes piece = sending.parts.piece_at(sending.done);
  piece = piece.first(std::min<std::size_t>(piece.size(), send_room(layer, socket, *info)));
  const std::size_t left = sending.parts.total() - sending.done;
  // The urgent byte goes by itself: the stack marks the last byte of what it takes.
  if (sending.is_urgent && left > 1) piece = piece.first(std::min(piece.size(), left - 1));
  return piece;
}

// Moves what there is room for. 0, or why the stack took nothing more.
Answer push(Layer& layer, Socket& socket, Sending& sending) {
  Stack& stack = layer.stack();
  const std::size_t total = sending.parts.total();
  while (sending.done < total) {
    const Bytes piece = next_piece(layer, socket, sending);
    if (piece.empty()) {
      layer.want_room(socket);
      return -EAGAIN;
    }
    const bool urgent = sending.is_urgent && sending.done + 1 == total;
    const auto taken = urgent ? stack.send_urgent(layer.now(), socket.connection, piece)
                              : stack.send(layer.now(), socket.connection, piece);
    if (!taken) {
      if (taken.error().error == Error::would_block) layer.want_room(socket);
      return refusal(taken.error().error);
    }
    layer.note_verb();
    sending.done += *taken;
  }
  return 0;
}

// Why this socket takes no bytes, or 0. Linux: an error is told once, then the pipe is broken.
Answer why_not(Socket& socket) {
  if (socket.is_closed) return -EBADF;
  if (socket.error != 0) return -std::exchange(socket.error, 0);
  if (socket.phase == Phase::connecting) return socket.write_shut ? -EPIPE : -EAGAIN;
  return socket.phase == Phase::connected && !socket.write_shut ? 0 : -EPIPE;
}

Answer send_all(Layer& layer, File& file, Sending& sending, int flags) {
  Socket& socket = *file.socket;
  const bool non_blocking = file.non_blocking || (flags & MSG_DONTWAIT) != 0;
  socket.holds_more = (flags & MSG_MORE) != 0;
  apply_cork(layer, socket);
  const Answer answer =
      layer.retry(non_blocking, layer.after(socket.options.send_timeout), [&]() -> Answer {
        if (const Answer bad = why_not(socket); bad != 0) return bad;
        return push(layer, socket, sending);
      });
  return answer < 0 && sending.done == 0 ? answer : static_cast<Answer>(sending.done);
}

std::vector<std::uint8_t> gather(const Parts& parts, std::size_t bytes_max) {
  std::vector<std::uint8_t> bytes;
  bytes.reserve(std::min(parts.total(), bytes_max));
  while (bytes.size() < std::min(parts.total(), bytes_max)) {
    MutableBytes piece = parts.piece_at(bytes.size());
    piece = piece.first(std::min(piece.size(), bytes_max - bytes.size()));
    bytes.insert(bytes.end(), piece.begin(), piece.end());
  }
  return bytes;
}

// MSG_FASTOPEN, and the first write after connect() under TCP_FASTOPEN_CONNECT: connects with the
// data. What does not fit the SYN, or waits for a cookie, follows by itself; of a socket that does
// not block it is left to the caller, as Linux has it.
Answer open_with(Layer& layer, File& file, const Endpoint& remote, Sending& sending, int flags) {
  Socket& socket = *file.socket;
  const bool non_blocking = file.non_blocking || (flags & MSG_DONTWAIT) != 0;
  const auto data = gather(sending.parts, send_capacity(layer));
  const bool asked = socket.options.fast_open_no_cookie;
  const Answer started =
      start_connect(layer, socket, remote,
                    {data, asked ? FastOpen::cookie_less : FastOpen::cookie, non_blocking});
  if (started != 0) return started;
  if (non_blocking) {
    const auto info = layer.stack().connection_info(socket.connection);
    const std::uint32_t taken = info ? info->send_queued_bytes : 0;
    return taken == 0 ? -EINPROGRESS : static_cast<Answer>(taken);
  }
  sending.done = data.size();
  if (const Answer bad = finish_connect(layer, file, false); bad != 0) return bad;
  return send_all(layer, file, sending, flags);
}

Answer fast_open(Layer& layer, File& file, Sending& sending, int flags, const sockaddr* to,
                 socklen_t to_length) {
  Socket& socket = *file.socket;
  if (socket.phase == Phase::deferred) {
    const Endpoint remote = socket.remote;
    socket.phase = Phase::fresh;
    const Answer answer = open_with(layer, file, remote, sending, flags);
    return answer == -EINPROGRESS ? -EAGAIN : answer;  // connect() has told that it is under way
  }
  if (socket.phase == Phase::connecting) return -EALREADY;
  if (socket.phase != Phase::fresh) return -EISCONN;
  const Named named = read_address(to, to_length, socket.family);
  if (named.error != 0) return named.error;
  if (named.is_unspecified) return -EOPNOTSUPP;
  return open_with(layer, file, named.endpoint, sending, flags);
}

// Of a stream socket: Linux knows what rights and credentials are and sends none; a level that is
// not ours to read is passed over.
Answer check_control(const msghdr& message) {
  if (message.msg_controllen == 0) return 0;
  if (message.msg_control == nullptr) return -EFAULT;
  msghdr copy = message;
  for (cmsghdr* control = CMSG_FIRSTHDR(&copy); control != nullptr;
       control = CMSG_NXTHDR(&copy, control)) {
    if (control->cmsg_len < sizeof(cmsghdr)) return -EINVAL;
    if (control->cmsg_level != SOL_SOCKET) continue;
    if (control->cmsg_type != SCM_RIGHTS && control->cmsg_type != SCM_CREDENTIALS) return -EINVAL;
  }
  return 0;
}

}  // namespace

Answer send_parts(Layer& layer, int fd, const Parts& parts, int flags, const sockaddr* to,
                  socklen_t to_length) {
  const Found found = layer.find_socket(fd);
  if (found.error != 0) return found.error;
  if (parts.error() != 0) return parts.error();
  Sending sending{parts, 0, (flags & MSG_OOB) != 0};
  Socket& socket = found.socket();
  if ((flags & MSG_FASTOPEN) != 0 || socket.phase == Phase::deferred) {
    return fast_open(layer, *found.file, sending, flags, to, to_length);
  }
  return send_all(layer, *found.file, sending, flags);
}

Answer send_message(Layer& layer, int fd, const msghdr* message, int flags) {
  if (message == nullptr) return -EFAULT;
  const Found found = layer.find_socket(fd);
  if (found.error != 0) return found.error;
  if (const Answer bad = check_control(*message); bad != 0) return bad;
  const Parts parts(message->msg_iov, message->msg_iovlen, EMSGSIZE);
  return send_parts(layer, fd, parts, flags, static_cast<const sockaddr*>(message->msg_name),
                    message->msg_namelen);
}

}  // namespace anteroom::posix
