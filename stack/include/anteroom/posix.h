// Sockets as POSIX and Linux have them, over a stack instead of a kernel: the same calls, types,
// constants, flags and errno values, so that a program recompiles.
//
//   PosixSockets sockets(driver, {});
//   const int listener = sockets.socket(AF_INET, SOCK_STREAM, 0);
//
// or, after anteroom_use(&sockets) in each thread, anteroom_socket(AF_INET, SOCK_STREAM, 0) and so
// on (<anteroom/posix_calls.h>). stack/api/posix/README.md has the table of options and flags and
// every difference from Linux. Not here: how a blocking call waits (<anteroom/driver.h>).
#pragma once

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/uio.h>

#include <cstddef>
#include <cstdint>
#include <memory>

#include <anteroom/driver.h>
#include <anteroom/posix_calls.h>
#include <anteroom/posix_types.h>

namespace anteroom {

namespace posix {
class Layer;
}

// Every call returns what its namesake does, or -1 with errno set. Where the namesake documents no
// such errno: EDEADLK, the call would wait for what can never happen; EBADF, another thread closed
// the descriptor while the call waited. SIGPIPE is never raised. Any number of threads may call.
//
// This object is the only reader of the stack's events and the only owner of its connections.
class PosixSockets {
 public:
  // `driver` and its stack must outlive this object.
  PosixSockets(Driver& driver, const PosixOptions& options);
  // Closes every descriptor. No call may be in progress.
  ~PosixSockets();
  PosixSockets(const PosixSockets&) = delete;
  PosixSockets& operator=(const PosixSockets&) = delete;

  // --- Life ---
  int socket(int domain, int type, int protocol);
  int bind(int fd, const sockaddr* address, socklen_t length);
  int listen(int fd, int backlog);
  int accept(int fd, sockaddr* address, socklen_t* length);
  int accept4(int fd, sockaddr* address, socklen_t* length, int flags);
  // Takes the request at the head of a listener with ANTEROOM_HOLD_SYN and lets `condition` judge
  // it: see AcceptVerdict. ECONNABORTED: the request was gone when the verdict came. EMSGSIZE: the
  // response data does not fit, and the request still waits.
  int accept_if(int fd, AcceptCondition condition, void* context);
  int connect(int fd, const sockaddr* address, socklen_t length);
  int shutdown(int fd, int how);
  int close(int fd);
  int dup(int fd);
  int dup2(int fd, int wanted);

  // --- Bytes ---
  ssize_t read(int fd, void* buffer, std::size_t size);
  ssize_t readv(int fd, const iovec* parts, int count);
  ssize_t recv(int fd, void* buffer, std::size_t size, int flags);
  ssize_t recvfrom(int fd, void* buffer, std::size_t size, int flags, sockaddr* address,
                   socklen_t* length);
  ssize_t recvmsg(int fd, msghdr* message, int flags);
  ssize_t write(int fd, const void* buffer, std::size_t size);
  ssize_t writev(int fd, const iovec* parts, int count);
  ssize_t send(int fd, const void* buffer, std::size_t size, int flags);
  ssize_t sendto(int fd, const void* buffer, std::size_t size, int flags, const sockaddr* address,
                 socklen_t length);
  ssize_t sendmsg(int fd, const msghdr* message, int flags);

  // --- Names and options ---
  int getsockname(int fd, sockaddr* address, socklen_t* length);
  int getpeername(int fd, sockaddr* address, socklen_t* length);
  int getsockopt(int fd, int level, int name, void* value, socklen_t* length);
  int setsockopt(int fd, int level, int name, const void* value, socklen_t length);
  int fcntl(int fd, int command);
  int fcntl(int fd, int command, int argument);
  int ioctl(int fd, unsigned long request, void* argument);
  int sockatmark(int fd);

  // --- Readiness ---
  int poll(pollfd* entries, nfds_t count, int timeout_ms);
  int select(int count, fd_set* readable, fd_set* writable, fd_set* exceptional, timeval* timeout);
  int epoll_create(int size);
  int epoll_create1(int flags);
  int epoll_ctl(int epoll_fd, int operation, int fd, epoll_event* event);
  int epoll_wait(int epoll_fd, epoll_event* events, int events_max, int timeout_ms);

 private:
  std::unique_ptr<posix::Layer> layer_;
};

}  // namespace anteroom
