// The table of functions that packetdrill fills through --so_filename, in its published order.
// Declared by us from that shape; nothing of the tool's is needed to build the library.
#pragma once

#include <poll.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/uio.h>

#include <cstddef>

extern "C" {

struct packetdrill_interface {
  void* userdata;
  void (*free)(void* userdata);
  int (*socket)(void*, int domain, int type, int protocol);
  int (*bind)(void*, int fd, const sockaddr* address, socklen_t length);
  int (*listen)(void*, int fd, int backlog);
  int (*accept)(void*, int fd, sockaddr* address, socklen_t* length);
  int (*connect)(void*, int fd, const sockaddr* address, socklen_t length);
  ssize_t (*read)(void*, int fd, void* buffer, std::size_t size);
  ssize_t (*readv)(void*, int fd, const iovec* parts, int count);
  ssize_t (*recv)(void*, int fd, void* buffer, std::size_t size, int flags);
  ssize_t (*recvfrom)(void*, int fd, void* buffer, std::size_t size, int flags, sockaddr* address,
                      socklen_t* length);
  ssize_t (*recvmsg)(void*, int fd, msghdr* message, int flags);
  ssize_t (*write)(void*, int fd, const void* buffer, std::size_t size);
  ssize_t (*writev)(void*, int fd, const iovec* parts, int count);
  ssize_t (*send)(void*, int fd, const void* buffer, std::size_t size, int flags);
  ssize_t (*sendto)(void*, int fd, const void* buffer, std::size_t size, int flags,
                    const sockaddr* address, socklen_t length);
  ssize_t (*sendmsg)(void*, int fd, const msghdr* message, int flags);
  int (*fcntl)(void*, int fd, int command, ...);
  int (*ioctl)(void*, int fd, unsigned long request, ...);
  int (*close)(void*, int fd);
  int (*shutdown)(void*, int fd, int how);
  int (*getsockopt)(void*, int fd, int level, int name, void* value, socklen_t* length);
  int (*setsockopt)(void*, int fd, int level, int name, const void* value, socklen_t length);
  int (*poll)(void*, pollfd* entries, nfds_t count, int timeout_ms);
  // A whole IP packet that arrives.
  int (*netdev_send)(void*, const void* packet, std::size_t size);
  // The next packet that left: `size` is the room, then the length; the time is gettimeofday()'s.
  // Waits until there is one.
  int (*netdev_receive)(void*, void* packet, std::size_t* size, long long* time_us);
  // usleep() of the tool: virtual time passes, nothing sleeps.
  int (*sleep_us)(void*, useconds_t duration_us);
  int (*gettimeofday)(void*, timeval* time, struct timezone* zone);
  int (*epoll_create)(void*, int size);
  int (*epoll_ctl)(void*, int epoll_fd, int operation, int fd, epoll_event* event);
  int (*epoll_wait)(void*, int epoll_fd, epoll_event* events, int events_max, int timeout_ms);
  int (*pipe)(void*, int fds[2]);
  int (*splice)(void*, int in, loff_t* in_offset, int out, loff_t* out_offset, std::size_t size,
                unsigned flags);
};

// What packetdrill looks up. `flags` is the text of --so_flags, or null.
void packetdrill_interface_init(const char* flags, packetdrill_interface* table);

}  // extern "C"

static_assert(sizeof(packetdrill_interface) == 33 * sizeof(void*));
