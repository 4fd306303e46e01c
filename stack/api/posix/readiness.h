// What a descriptor is ready for, and poll(2), select(2), epoll(7), which ask for it. Not here: who
// is told that it may have changed (layer.h).
#pragma once

#include <poll.h>
#include <sys/epoll.h>
#include <sys/select.h>

#include "stack/api/posix/layer.h"

namespace anteroom::posix {

// --- readiness.cc ---
// EPOLLIN and its like, those of poll() having the same values.
std::uint32_t readiness_of(Layer& layer, File& file);
// Bytes of one send buffer of the stack, and of this socket under its SO_SNDBUF.
std::uint32_t send_capacity(Layer& layer);
std::uint32_t send_buffer_bytes(Layer& layer, const Socket& socket);
// Bytes that a send may add now: SO_SNDBUF, TCP_NOTSENT_LOWAT.
std::uint32_t send_room(Layer& layer, const Socket& socket, const ConnectionInfo& info);
// Room enough to tell of it: a third of the buffer, as Linux has it.
bool is_writable(Layer& layer, const Socket& socket);

Answer poll_files(Layer& layer, pollfd* entries, nfds_t count, int timeout_ms);
struct SelectSets {
  fd_set* readable = nullptr;
  fd_set* writable = nullptr;
  fd_set* exceptional = nullptr;
};
Answer select_files(Layer& layer, int count, const SelectSets& sets, timeval* timeout);

// --- epoll.cc ---
Answer open_epoll(Layer& layer, int flags);
Answer control_epoll(Layer& layer, int epoll_fd, int operation, int fd, const epoll_event* event);
Answer wait_epoll(Layer& layer, int epoll_fd, epoll_event* events, int events_max, int timeout_ms);
// epoll_wait() would find something.
bool has_ready(Layer& layer, EpollSet& set);

}  // namespace anteroom::posix
