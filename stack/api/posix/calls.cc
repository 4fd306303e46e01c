// Each call on the sockets that the thread chose.
#include <cerrno>

#include <anteroom/posix.h>

namespace anteroom {
namespace {

// The only variable of its kind in the stack: POSIX calls have no argument that could carry it.
thread_local PosixSockets* current = nullptr;

int no_stack() {
  errno = ENETDOWN;
  return -1;
}

}  // namespace

void anteroom_use(PosixSockets* sockets) { current = sockets; }

int anteroom_socket(int domain, int type, int protocol) {
  return current == nullptr ? no_stack() : current->socket(domain, type, protocol);
}
int anteroom_bind(int fd, const sockaddr* address, socklen_t length) {
  return current == nullptr ? no_stack() : current->bind(fd, address, length);
}
int anteroom_listen(int fd, int backlog) {
  return current == nullptr ? no_stack() : current->listen(fd, backlog);
}
int anteroom_accept(int fd, sockaddr* address, socklen_t* length) {
  return current == nullptr ? no_stack() : current->accept(fd, address, length);
}
int anteroom_accept4(int fd, sockaddr* address, socklen_t* length, int flags) {
  return current == nullptr ? no_stack() : current->accept4(fd, address, length, flags);
}
int anteroom_accept_if(int fd, AcceptCondition condition, void* context) {
  return current == nullptr ? no_stack() : current->accept_if(fd, condition, context);
}
int anteroom_connect(int fd, const sockaddr* address, socklen_t length) {
  return current == nullptr ? no_stack() : current->connect(fd, address, length);
}
int anteroom_shutdown(int fd, int how) {
  return current == nullptr ? no_stack() : current->shutdown(fd, how);
}
int anteroom_close(int fd) { return current == nullptr ? no_stack() : current->close(fd); }
int anteroom_dup(int fd) { return current == nullptr ? no_stack() : current->dup(fd); }
int anteroom_dup2(int fd, int wanted) {
  return current == nullptr ? no_stack() : current->dup2(fd, wanted);
}
ssize_t anteroom_read(int fd, void* buffer, std::size_t size) {
  return current == nullptr ? no_stack() : current->read(fd, buffer, size);
}
ssize_t anteroom_readv(int fd, const iovec* parts, int count) {
  return current == nullptr ? no_stack() : current->readv(fd, parts, count);
}
ssize_t anteroom_recv(int fd, void* buffer, std::size_t size, int flags) {
  return current == nullptr ? no_stack() : current->recv(fd, buffer, size, flags);
}
ssize_t anteroom_recvfrom(int fd, void* buffer, std::size_t size, int flags, sockaddr* address,
                          socklen_t* length) {
  return current == nullptr ? no_stack()
                            : current->recvfrom(fd, buffer, size, flags, address, length);
}
ssize_t anteroom_recvmsg(int fd, msghdr* message, int flags) {
  return current == nullptr ? no_stack() : current->recvmsg(fd, message, flags);
}
ssize_t anteroom_write(int fd, const void* buffer, std::size_t size) {
  return current == nullptr ? no_stack() : current->write(fd, buffer, size);
}
ssize_t anteroom_writev(int fd, const iovec* parts, int count) {
  return current == nullptr ? no_stack() : current->writev(fd, parts, count);
}
ssize_t anteroom_send(int fd, const void* buffer, std::size_t size, int flags) {
  return current == nullptr ? no_stack() : current->send(fd, buffer, size, flags);
}
ssize_t anteroom_sendto(int fd, const void* buffer, std::size_t size, int flags,
                        const sockaddr* address, socklen_t length) {
  return current == nullptr ? no_stack()
                            : current->sendto(fd, buffer, size, flags, address, length);
}
ssize_t anteroom_sendmsg(int fd, const msghdr* message, int flags) {
  return current == nullptr ? no_stack() : current->sendmsg(fd, message, flags);
}
int anteroom_getsockname(int fd, sockaddr* address, socklen_t* length) {
  return current == nullptr ? no_stack() : current->getsockname(fd, address, length);
}
int anteroom_getpeername(int fd, sockaddr* address, socklen_t* length) {
  return current == nullptr ? no_stack() : current->getpeername(fd, address, length);
}
int anteroom_getsockopt(int fd, int level, int name, void* value, socklen_t* length) {
  return current == nullptr ? no_stack() : current->getsockopt(fd, level, name, value, length);
}
int anteroom_setsockopt(int fd, int level, int name, const void* value, socklen_t length) {
  return current == nullptr ? no_stack() : current->setsockopt(fd, level, name, value, length);
}
int anteroom_fcntl(int fd, int command) {
  return current == nullptr ? no_stack() : current->fcntl(fd, command);
}
int anteroom_fcntl(int fd, int command, int argument) {
  return current == nullptr ? no_stack() : current->fcntl(fd, command, argument);
}
int anteroom_ioctl(int fd, unsigned long request, void* argument) {
  return current == nullptr ? no_stack() : current->ioctl(fd, request, argument);
}
int anteroom_sockatmark(int fd) {
  return current == nullptr ? no_stack() : current->sockatmark(fd);
}
int anteroom_poll(pollfd* entries, nfds_t count, int timeout_ms) {
  return current == nullptr ? no_stack() : current->poll(entries, count, timeout_ms);
}
int anteroom_select(int count, fd_set* readable, fd_set* writable, fd_set* exceptional,
                    timeval* timeout) {
  return current == nullptr ? no_stack()
                            : current->select(count, readable, writable, exceptional, timeout);
}
int anteroom_epoll_create(int size) {
  return current == nullptr ? no_stack() : current->epoll_create(size);
}
int anteroom_epoll_create1(int flags) {
  return current == nullptr ? no_stack() : current->epoll_create1(flags);
}
int anteroom_epoll_ctl(int epoll_fd, int operation, int fd, epoll_event* event) {
  return current == nullptr ? no_stack() : current->epoll_ctl(epoll_fd, operation, fd, event);
}
int anteroom_epoll_wait(int epoll_fd, epoll_event* events, int events_max, int timeout_ms) {
  return current == nullptr ? no_stack()
                            : current->epoll_wait(epoll_fd, events, events_max, timeout_ms);
}

}  // namespace anteroom
