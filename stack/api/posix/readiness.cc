// The mask of a socket as tcp_poll() of Linux makes it, and the two calls that ask for many masks.
#include "stack/api/posix/readiness.h"

#include <algorithm>
#include <array>
#include <bit>

#include "stack/api/posix/life.h"
#include "stack/api/posix/transfer.h"

namespace anteroom::posix {
namespace {

constexpr std::uint32_t kReadable = EPOLLIN | EPOLLRDNORM;
constexpr std::uint32_t kWritable = EPOLLOUT | EPOLLWRNORM;

bool is_readable(const Socket& socket, const ConnectionInfo& info) {
  return info.receive_queued_bytes >= static_cast<std::uint32_t>(socket.options.receive_low_water);
}

std::uint32_t stream_mask(Layer& layer, Socket& socket) {
  std::uint32_t mask = 0;
  const auto info = layer.stack().connection_info(socket.connection);
  if (info && is_readable(socket, *info)) mask |= kReadable;
  if (info && has_urgent_byte(socket, *info)) mask |= EPOLLPRI;
  if (socket.write_shut || is_writable(layer, socket)) {
    mask |= kWritable;
  } else {
    layer.want_room(socket);
  }
  return mask;
}

std::uint32_t socket_mask(Layer& layer, Socket& socket) {
  std::uint32_t mask = socket.error != 0 ? std::uint32_t{EPOLLERR} : 0u;
  const bool no_more = socket.read_shut || socket.peer_closed;
  if (no_more) mask |= kReadable | EPOLLRDHUP;
  if (no_more && socket.write_shut) mask |= EPOLLHUP;
  switch (socket.phase) {
    case Phase::listening: return can_accept(socket) ? kReadable : 0;
    case Phase::connecting: return mask;
    case Phase::deferred: return mask | kWritable;
    case Phase::fresh: return mask | kWritable | EPOLLHUP;
    case Phase::connected: return mask | stream_mask(layer, socket);
  }
  return mask;
}

Instant deadline_of(Layer& layer, int timeout_ms) {
  if (timeout_ms < 0) return Instant::max();
  return layer.now() + std::chrono::milliseconds(timeout_ms);
}

// --- select ---

constexpr std::uint32_t kSelectRead = EPOLLIN | EPOLLRDNORM | EPOLLRDBAND | EPOLLHUP | EPOLLERR;
constexpr std::uint32_t kSelectWrite = EPOLLOUT | EPOLLWRNORM | EPOLLWRBAND | EPOLLERR;

bool is_in(const fd_set* set, int fd) { return set != nullptr && FD_ISSET(fd, set); }

// Fills `out` with what of `in` is ready, and counts it. -EBADF for a descriptor of nobody.
Answer select_once(Layer& layer, int count, const SelectSets& in, std::array<fd_set, 3>& out) {
  Answer ready = 0;
  const std::array<std::pair<const fd_set*, std::uint32_t>, 3> asked{
      {{in.readable, kSelectRead}, {in.writable, kSelectWrite}, {in.exceptional, EPOLLPRI}}};
  for (fd_set& set : out) FD_ZERO(&set);
  for (int fd = 0; fd < count; ++fd) {
    if (!is_in(in.readable, fd) && !is_in(in.writable, fd) && !is_in(in.exceptional, fd)) continue;
    const FileRef file = layer.descriptors().find(fd);
    if (!file) return -EBADF;
    const std::uint32_t mask = readiness_of(layer, *file);
    for (std::size_t i = 0; i < asked.size(); ++i) {
      if (!is_in(asked[i].first, fd) || (mask & asked[i].second) == 0) continue;
      FD_SET(fd, &out[i]);
      ++ready;
    }
  }
  return ready;
}

}  // namespace

std::uint32_t send_capacity(Layer& layer) {
  // How the stack rounds it: Limits::send_buffer_bytes_max.
  constexpr std::uint32_t kMin = 4'096;
  constexpr std::uint32_t kMax = 64u << 20;
  const std::uint32_t asked = layer.stack().config().limits.send_buffer_bytes_max;
  return std::bit_ceil(std::clamp(asked, kMin, kMax));
}

std::uint32_t send_buffer_bytes(Layer& layer, const Socket& socket) {
  const std::uint32_t chosen = socket.options.send_buffer_bytes;
  return chosen == 0 ? send_capacity(layer) : chosen;
}

std::uint32_t send_room(Layer& layer, const Socket& socket, const ConnectionInfo& info) {
  const std::uint32_t buffer = send_buffer_bytes(layer, socket);
  const std::uint32_t room = buffer - std::min(buffer, info.send_queued_bytes);
  const std::uint32_t low_water = socket.options.not_sent_low_water;
  if (low_water == 0) return room;
  const std::uint32_t unsent = info.send_queued_bytes - info.unacknowledged_bytes;
  return std::min(room, low_water - std::min(low_water, unsent));
}

bool is_writable(Layer& layer, const Socket& socket) {
  const auto info = layer.stack().connection_info(socket.connection);
  if (!info) return true;
  const std::uint32_t buffer = send_buffer_bytes(layer, socket);
  const std::uint32_t free = buffer - std::min(buffer, info->send_queued_bytes);
  return free >= info->send_queued_bytes / 2 && send_room(layer, socket, *info) != 0;
}

std::uint32_t readiness_of(Layer& layer, File& file) {
  if (file.socket) return socket_mask(layer, *file.socket);
  return has_ready(layer, *file.epoll) ? kReadable : 0;
}

Answer poll_files(Layer& layer, pollfd* entries, nfds_t count, int timeout_ms) {
  if (count > layer.descriptors().limit()) return -EINVAL;
  if (entries == nullptr && count != 0) return -EFAULT;
  const auto ask = [&]() -> Answer {
    Answer ready = 0;
    for (nfds_t i = 0; i < count; ++i) {
      pollfd& entry = entries[i];
      entry.revents = 0;
      if (entry.fd < 0) continue;
      const FileRef file = layer.descriptors().find(entry.fd);
      const std::uint32_t wanted = static_cast<std::uint16_t>(entry.events) | EPOLLERR | EPOLLHUP;
      const std::uint32_t mask =
          file ? readiness_of(layer, *file) & wanted : std::uint32_t{POLLNVAL};
      entry.revents = static_cast<short>(mask);
      if (mask != 0) ++ready;
    }
    return ready != 0 ? ready : -EAGAIN;
  };
  const Answer ready = layer.retry(timeout_ms == 0, deadline_of(layer, timeout_ms), ask);
  return ready == -EAGAIN ? 0 : ready;
}

Answer select_files(Layer& layer, int count, const SelectSets& sets, timeval* timeout) {
  if (count < 0 || count > FD_SETSIZE) return -EINVAL;
  if (timeout != nullptr && (timeout->tv_sec < 0 || timeout->tv_usec < 0)) return -EINVAL;
  Instant deadline = Instant::max();
  if (timeout != nullptr) {
    constexpr std::int64_t kSecondsMax = 1'000'000'000;
    deadline = layer.now() +
               std::chrono::seconds(std::min<std::int64_t>(timeout->tv_sec, kSecondsMax)) +
               std::chrono::microseconds(timeout->tv_usec);
  }
  std::array<fd_set, 3> out;
  Answer ready = layer.retry(deadline <= layer.now(), deadline, [&]() -> Answer {
    const Answer found = select_once(layer, count, sets, out);
    return found != 0 ? found : -EAGAIN;
  });
  if (ready == -EAGAIN) ready = 0;
  if (timeout != nullptr) {
    // Linux tells how much time was left.
    const auto left = std::chrono::duration_cast<std::chrono::microseconds>(
        std::max(deadline - layer.now(), Duration::zero()));
    timeout->tv_sec = left.count() / 1'000'000;
    timeout->tv_usec = left.count() % 1'000'000;
  }
  if (ready < 0) return ready;
  if (sets.readable != nullptr) *sets.readable = out[0];
  if (sets.writable != nullptr) *sets.writable = out[1];
  if (sets.exceptional != nullptr) *sets.exceptional = out[2];
  return ready;
}

}  // namespace anteroom::posix
