// The calls of <anteroom/posix.h> as free functions, on the sockets that the calling thread chose.
// Their names are those of POSIX with a prefix, so that a program can map them by macro. Not here:
// what each does.
#pragma once

#include <netinet/in.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/uio.h>

#include <cstddef>

#include <anteroom/posix_types.h>

namespace anteroom {

class PosixSockets;

// The sockets that the functions below act on in this thread; null takes the choice back. They must
// outlive it. Without a choice every function returns -1 with ENETDOWN.
void anteroom_use(PosixSockets* sockets);

int anteroom_socket(int domain, int type, int protocol);
int anteroom_bind(int fd, const sockaddr* address, socklen_t length);
int anteroom_listen(int fd, int backlog);
int anteroom_accept(int fd, sockaddr* address, socklen_t* length);
int anteroom_accept4(int fd, sockaddr* address, socklen_t* length, int flags);
int anteroom_accept_if(int fd, AcceptCondition condition, void* context);
int anteroom_connect(int fd, const sockaddr* address, socklen_t length);
int anteroom_shutdown(int fd, int how);
int anteroom_close(int fd);
int anteroom_dup(int fd);
int anteroom_dup2(int fd, int wanted);
ssize_t anteroom_read(int fd, void* buffer, std::size_t size);
ssize_t anteroom_readv(int fd, const iovec* parts, int count);
ssize_t anteroom_recv(int fd, void* buffer, std::size_t size, int flags);
ssize_t anteroom_recvfrom(int fd, void* buffer, std::size_t size, int flags, sockaddr* address,
                          socklen_t* length);
ssize_t anteroom_recvmsg(int fd, msghdr* message, int flags);
ssize_t anteroom_write(int fd, const void* buffer, std::size_t size);
ssize_t anteroom_writev(int fd, const iovec* parts, int count);
ssize_t anteroom_send(int fd, const void* buffer, std::size_t size, int flags);
ssize_t anteroom_sendto(int fd, const void* buffer, std::size_t size, int flags,
                        const sockaddr* address, socklen_t length);
ssize_t anteroom_sendmsg(int fd, const msghdr* message, int flags);
int anteroom_getsockname(int fd, sockaddr* address, socklen_t* length);
int anteroom_getpeername(int fd, sockaddr* address, socklen_t* length);
int anteroom_getsockopt(int fd, int level, int name, void* value, socklen_t* length);
int anteroom_setsockopt(int fd, int level, int name, const void* value, socklen_t length);
int anteroom_fcntl(int fd, int command);
int anteroom_fcntl(int fd, int command, int argument);
int anteroom_ioctl(int fd, unsigned long request, void* argument);
int anteroom_sockatmark(int fd);
int anteroom_poll(pollfd* entries, nfds_t count, int timeout_ms);
int anteroom_select(int count, fd_set* readable, fd_set* writable, fd_set* exceptional,
                    timeval* timeout);
int anteroom_epoll_create(int size);
int anteroom_epoll_create1(int flags);
int anteroom_epoll_ctl(int epoll_fd, int operation, int fd, epoll_event* event);
int anteroom_epoll_wait(int epoll_fd, epoll_event* events, int events_max, int timeout_ms);

}  // namespace anteroom
