// The outermost step of each call: the lock, and errno. Everything else is in the file of the
// call's family.
#include <cerrno>

#include <anteroom/posix.h>

#include "stack/api/posix/layer.h"
#include "stack/api/posix/life.h"
#include "stack/api/posix/options.h"
#include "stack/api/posix/readiness.h"
#include "stack/api/posix/transfer.h"

namespace anteroom {

using posix::Answer;
using posix::Layer;
using posix::Parts;

namespace {

// A negated errno becomes -1 and errno; anything else is the value.
template <typename T>
T told(Answer answer) {
  if (answer >= 0) return static_cast<T>(answer);
  errno = static_cast<int>(-answer);
  return -1;
}

template <typename Call>
int run(Layer& layer, Call call) {
  return told<int>(layer.run(call));
}

template <typename Call>
ssize_t run_bytes(Layer& layer, Call call) {
  return told<ssize_t>(layer.run(call));
}

}  // namespace

PosixSockets::PosixSockets(Driver& driver, const PosixOptions& options)
    : layer_(std::make_unique<Layer>(driver, options)) {}

PosixSockets::~PosixSockets() = default;

int PosixSockets::socket(int domain, int type, int protocol) {
  return run(*layer_,
             [=](Layer& layer) { return posix::open_socket(layer, domain, type, protocol); });
}

int PosixSockets::bind(int fd, const sockaddr* address, socklen_t length) {
  return run(*layer_, [=](Layer& layer) { return posix::bind_socket(layer, fd, address, length); });
}

int PosixSockets::listen(int fd, int backlog) {
  return run(*layer_, [=](Layer& layer) { return posix::listen_socket(layer, fd, backlog); });
}

int PosixSockets::accept(int fd, sockaddr* address, socklen_t* length) {
  return run(*layer_,
             [=](Layer& layer) { return posix::accept_socket(layer, fd, address, length, 0); });
}

int PosixSockets::accept4(int fd, sockaddr* address, socklen_t* length, int flags) {
  return run(*layer_,
             [=](Layer& layer) { return posix::accept_socket(layer, fd, address, length, flags); });
}

int PosixSockets::accept_if(int fd, AcceptCondition condition, void* context) {
  return run(*layer_,
             [=](Layer& layer) { return posix::judge_and_accept(layer, fd, condition, context); });
}

int PosixSockets::connect(int fd, const sockaddr* address, socklen_t length) {
  return run(*layer_,
             [=](Layer& layer) { return posix::connect_socket(layer, fd, address, length); });
}

int PosixSockets::shutdown(int fd, int how) {
  return run(*layer_, [=](Layer& layer) { return posix::shut_socket(layer, fd, how); });
}

int PosixSockets::close(int fd) {
  return run(*layer_, [=](Layer& layer) { return posix::close_descriptor(layer, fd); });
}

int PosixSockets::dup(int fd) {
  return run(*layer_, [=](Layer& layer) { return posix::duplicate(layer, fd, 0, false); });
}

int PosixSockets::dup2(int fd, int wanted) {
  return run(*layer_, [=](Layer& layer) { return posix::duplicate_to(layer, fd, wanted); });
}

// --- Bytes ---

ssize_t PosixSockets::read(int fd, void* buffer, std::size_t size) {
  const iovec part{buffer, size};
  return readv(fd, &part, 1);
}

ssize_t PosixSockets::readv(int fd, const iovec* parts, int count) {
  const Parts pieces(parts, count < 0 ? IOV_MAX + 1u : static_cast<std::size_t>(count), EINVAL);
  return run_bytes(*layer_, [&](Layer& layer) { return posix::read_parts(layer, fd, pieces); });
}

ssize_t PosixSockets::recv(int fd, void* buffer, std::size_t size, int flags) {
  const iovec part{buffer, size};
  const Parts pieces(&part, 1, EINVAL);
  return run_bytes(*layer_,
                   [&](Layer& layer) { return posix::receive_parts(layer, fd, pieces, flags); });
}

ssize_t PosixSockets::recvfrom(int fd, void* buffer, std::size_t size, int flags, sockaddr* address,
                               socklen_t* length) {
  // A stream does not say from whom: Linux writes a length of 0.
  const ssize_t got = recv(fd, buffer, size, flags);
  if (got >= 0 && address != nullptr && length != nullptr) *length = 0;
  return got;
}

ssize_t PosixSockets::recvmsg(int fd, msghdr* message, int flags) {
  return run_bytes(*layer_,
                   [=](Layer& layer) { return posix::receive_message(layer, fd, message, flags); });
}

ssize_t PosixSockets::write(int fd, const void* buffer, std::size_t size) {
  return send(fd, buffer, size, 0);
}

ssize_t PosixSockets::writev(int fd, const iovec* parts, int count) {
  const Parts pieces(parts, count < 0 ? IOV_MAX + 1u : static_cast<std::size_t>(count), EINVAL);
  return run_bytes(
      *layer_, [&](Layer& layer) { return posix::send_parts(layer, fd, pieces, 0, nullptr, 0); });
}

ssize_t PosixSockets::send(int fd, const void* buffer, std::size_t size, int flags) {
  return sendto(fd, buffer, size, flags, nullptr, 0);
}

ssize_t PosixSockets::sendto(int fd, const void* buffer, std::size_t size, int flags,
                             const sockaddr* address, socklen_t length) {
  // The pieces are read only; iovec has no type that says so.
  const iovec part{const_cast<void*>(buffer), size};
  const Parts pieces(&part, 1, EINVAL);
  return run_bytes(*layer_, [&](Layer& layer) {
    return posix::send_parts(layer, fd, pieces, flags, address, length);
  });
}

ssize_t PosixSockets::sendmsg(int fd, const msghdr* message, int flags) {
  return run_bytes(*layer_,
                   [=](Layer& layer) { return posix::send_message(layer, fd, message, flags); });
}

// --- Names and options ---

int PosixSockets::getsockname(int fd, sockaddr* address, socklen_t* length) {
  return run(*layer_, [=](Layer& layer) { return posix::name_socket(layer, fd, address, length); });
}

int PosixSockets::getpeername(int fd, sockaddr* address, socklen_t* length) {
  return run(*layer_, [=](Layer& layer) { return posix::name_peer(layer, fd, address, length); });
}

int PosixSockets::getsockopt(int fd, int level, int name, void* value, socklen_t* length) {
  return run(*layer_, [=](Layer& layer) {
    return posix::get_option(layer, fd, level, name, value, length);
  });
}

int PosixSockets::setsockopt(int fd, int level, int name, const void* value, socklen_t length) {
  return run(*layer_, [=](Layer& layer) {
    return posix::set_option(layer, fd, level, name, value, length);
  });
}

int PosixSockets::fcntl(int fd, int command) { return fcntl(fd, command, 0); }

int PosixSockets::fcntl(int fd, int command, int argument) {
  return run(*layer_,
             [=](Layer& layer) { return posix::control_descriptor(layer, fd, command, argument); });
}

int PosixSockets::ioctl(int fd, unsigned long request, void* argument) {
  return run(*layer_,
             [=](Layer& layer) { return posix::control_device(layer, fd, request, argument); });
}

int PosixSockets::sockatmark(int fd) {
  return run(*layer_, [=](Layer& layer) { return posix::is_at_mark(layer, fd); });
}

// --- Readiness ---

int PosixSockets::poll(pollfd* entries, nfds_t count, int timeout_ms) {
  return run(*layer_,
             [=](Layer& layer) { return posix::poll_files(layer, entries, count, timeout_ms); });
}

int PosixSockets::select(int count, fd_set* readable, fd_set* writable, fd_set* exceptional,
                         timeval* timeout) {
  return run(*layer_, [=](Layer& layer) {
    return posix::select_files(layer, count, {readable, writable, exceptional}, timeout);
  });
}

int PosixSockets::epoll_create(int size) {
  // The size is a hint that nobody takes; 0 was never one.
  if (size <= 0) return told<int>(-EINVAL);
  return epoll_create1(0);
}

int PosixSockets::epoll_create1(int flags) {
  return run(*layer_, [=](Layer& layer) { return posix::open_epoll(layer, flags); });
}

int PosixSockets::epoll_ctl(int epoll_fd, int operation, int fd, epoll_event* event) {
  return run(*layer_, [=](Layer& layer) {
    return posix::control_epoll(layer, epoll_fd, operation, fd, event);
  });
}

int PosixSockets::epoll_wait(int epoll_fd, epoll_event* events, int events_max, int timeout_ms) {
  return run(*layer_, [=](Layer& layer) {
    return posix::wait_epoll(layer, epoll_fd, events, events_max, timeout_ms);
  });
}

}  // namespace anteroom
