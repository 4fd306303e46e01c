// The table's functions: descriptors translated, everything else handed on.
#include <netinet/in.h>
#include <unistd.h>

#include <cerrno>
#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "conformance/adapter/interface.h"
#include "conformance/adapter/world.h"

namespace anteroom::adapter {
namespace {

World& world(void* userdata) { return *static_cast<World*>(userdata); }

// Runs `call` with the stack's descriptor behind `fd`; what it changed is told afterwards.
template <typename Call>
auto with(void* userdata, int fd, Call call) -> decltype(call(std::declval<PosixSockets&>(), 0)) {
  World& here = world(userdata);
  const int live_fd = here.live(fd);
  if (live_fd < 0) return -1;
  here.look_around();
  const auto result = call(here.sockets(), live_fd);
  const int error = errno;
  here.look_around();
  errno = error;
  return result;
}

// --- Life ---

int make_socket(void* userdata, int domain, int type, int protocol) {
  World& here = world(userdata);
  here.look_around();
  return here.publish(here.sockets().socket(domain, type, protocol));
}

int bind_socket(void* userdata, int fd, const sockaddr* address, socklen_t length) {
  return with(userdata, fd,
              [&](auto& sockets, int live) { return sockets.bind(live, address, length); });
}

int listen_socket(void* userdata, int fd, int backlog) {
  return with(userdata, fd, [&](auto& sockets, int live) { return sockets.listen(live, backlog); });
}

int accept_socket(void* userdata, int fd, sockaddr* address, socklen_t* length) {
  const int accepted = with(
      userdata, fd, [&](auto& sockets, int live) { return sockets.accept(live, address, length); });
  return world(userdata).publish(accepted);
}

int connect_socket(void* userdata, int fd, const sockaddr* address, socklen_t length) {
  return with(userdata, fd,
              [&](auto& sockets, int live) { return sockets.connect(live, address, length); });
}

int close_socket(void* userdata, int fd) {
  World& here = world(userdata);
  const int live_fd = here.unpublish(fd);
  if (live_fd < 0) return -1;
  const int result = here.sockets().close(live_fd);
  const int error = errno;
  here.look_around();
  errno = error;
  return result;
}

int shutdown_socket(void* userdata, int fd, int how) {
  return with(userdata, fd, [&](auto& sockets, int live) { return sockets.shutdown(live, how); });
}

// --- Bytes ---

ssize_t read_bytes(void* userdata, int fd, void* buffer, std::size_t size) {
  return with(userdata, fd,
              [&](auto& sockets, int live) { return sockets.read(live, buffer, size); });
}

ssize_t read_parts(void* userdata, int fd, const iovec* parts, int count) {
  return with(userdata, fd,
              [&](auto& sockets, int live) { return sockets.readv(live, parts, count); });
}

ssize_t receive_bytes(void* userdata, int fd, void* buffer, std::size_t size, int flags) {
  return with(userdata, fd,
              [&](auto& sockets, int live) { return sockets.recv(live, buffer, size, flags); });
}

ssize_t receive_from(void* userdata, int fd, void* buffer, std::size_t size, int flags,
                     sockaddr* address, socklen_t* length) {
  return with(userdata, fd, [&](auto& sockets, int live) {
    return sockets.recvfrom(live, buffer, size, flags, address, length);
  });
}

ssize_t receive_message(void* userdata, int fd, msghdr* message, int flags) {
  return with(userdata, fd,
              [&](auto& sockets, int live) { return sockets.recvmsg(live, message, flags); });
}

ssize_t write_bytes(void* userdata, int fd, const void* buffer, std::size_t size) {
  return with(userdata, fd,
              [&](auto& sockets, int live) { return sockets.write(live, buffer, size); });
}

ssize_t write_parts(void* userdata, int fd, const iovec* parts, int count) {
  return with(userdata, fd,
              [&](auto& sockets, int live) { return sockets.writev(live, parts, count); });
}

ssize_t send_bytes(void* userdata, int fd, const void* buffer, std::size_t size, int flags) {
  return with(userdata, fd,
              [&](auto& sockets, int live) { return sockets.send(live, buffer, size, flags); });
}

ssize_t send_to(void* userdata, int fd, const void* buffer, std::size_t size, int flags,
                const sockaddr* address, socklen_t length) {
  return with(userdata, fd, [&](auto& sockets, int live) {
    return sockets.sendto(live, buffer, size, flags, address, length);
  });
}

ssize_t send_message(void* userdata, int fd, const msghdr* message, int flags) {
  return with(userdata, fd,
              [&](auto& sockets, int live) { return sockets.sendmsg(live, message, flags); });
}

// --- Options ---

// The tool passes an int where the command has an argument at all.
int control_file(void* userdata, int fd, int command, ...) {
  std::va_list arguments;
  va_start(arguments, command);
  const int argument = va_arg(arguments, int);
  va_end(arguments);
  return with(userdata, fd,
              [&](auto& sockets, int live) { return sockets.fcntl(live, command, argument); });
}

int control_device(void* userdata, int fd, unsigned long request, ...) {
  std::va_list arguments;
  va_start(arguments, request);
  void* const argument = va_arg(arguments, void*);
  va_end(arguments);
  return with(userdata, fd,
              [&](auto& sockets, int live) { return sockets.ioctl(live, request, argument); });
}

int get_option(void* userdata, int fd, int level, int name, void* value, socklen_t* length) {
  return with(userdata, fd, [&](auto& sockets, int live) {
    return sockets.getsockopt(live, level, name, value, length);
  });
}

int set_option(void* userdata, int fd, int level, int name, const void* value, socklen_t length) {
  return with(userdata, fd, [&](auto& sockets, int live) {
    return sockets.setsockopt(live, level, name, value, length);
  });
}

// --- Readiness ---

int poll_sockets(void* userdata, pollfd* entries, nfds_t count, int timeout_ms) {
  World& here = world(userdata);
  std::vector<pollfd> translated(entries, entries + count);
  for (pollfd& entry : translated) {
    if (entry.fd >= 0) entry.fd = here.live(entry.fd);
  }
  const int result = here.sockets().poll(translated.data(), count, timeout_ms);
  const int error = errno;
  for (nfds_t i = 0; i < count; ++i) entries[i].revents = translated[i].revents;
  errno = error;
  return result;
}

int make_epoll(void* userdata, int size) {
  return world(userdata).publish(world(userdata).sockets().epoll_create(size));
}

int control_epoll(void* userdata, int epoll_fd, int operation, int fd, epoll_event* event) {
  const int live_fd = world(userdata).live(fd);
  if (live_fd < 0) return -1;
  return with(userdata, epoll_fd, [&](auto& sockets, int live_epoll) {
    return sockets.epoll_ctl(live_epoll, operation, live_fd, event);
  });
}

int wait_epoll(void* userdata, int epoll_fd, epoll_event* events, int events_max, int timeout_ms) {
  return with(userdata, epoll_fd, [&](auto& sockets, int live_epoll) {
    return sockets.epoll_wait(live_epoll, events, events_max, timeout_ms);
  });
}

// --- The wire and the clock ---

int send_packet(void* userdata, const void* packet, std::size_t size) {
  World& here = world(userdata);
  here.look_around();
  here.receive({static_cast<const std::uint8_t*>(packet), size});
  here.look_around();
  return 0;
}

int receive_packet(void* userdata, void* packet, std::size_t* size, long long* time_us) {
  World& here = world(userdata);
  // 0 bytes fail the script at once, where any other answer would be asked for for ever.
  *size = here.next_packet({static_cast<std::uint8_t*>(packet), *size}, *time_us);
  here.look_around();
  return 0;
}

int pass_time(void* userdata, useconds_t duration_us) {
  World& here = world(userdata);
  here.sleep(std::chrono::microseconds(duration_us));
  here.look_around();
  return 0;
}

int tell_time(void* userdata, timeval* time, struct timezone* zone) {
  const long long us = world(userdata).poll_clock_us();
  time->tv_sec = us / 1'000'000;
  time->tv_usec = us % 1'000'000;
  if (zone != nullptr) *zone = {};
  return 0;
}

// --- What a stack of sockets has not ---

int make_pipe(void*, int fds[2]) { return ::pipe(fds); }

int splice_bytes(void*, int, loff_t*, int, loff_t*, std::size_t, unsigned) {
  errno = ENOSYS;
  return -1;
}

void free_world(void* userdata) { delete static_cast<World*>(userdata); }

void fill(packetdrill_interface& table) {
  table.free = free_world;
  table.socket = make_socket;
  table.bind = bind_socket;
  table.listen = listen_socket;
  table.accept = accept_socket;
  table.connect = connect_socket;
  table.read = read_bytes;
  table.readv = read_parts;
  table.recv = receive_bytes;
  table.recvfrom = receive_from;
  table.recvmsg = receive_message;
  table.write = write_bytes;
  table.writev = write_parts;
  table.send = send_bytes;
  table.sendto = send_to;
  table.sendmsg = send_message;
  table.fcntl = control_file;
  table.ioctl = control_device;
  table.close = close_socket;
  table.shutdown = shutdown_socket;
  table.getsockopt = get_option;
  table.setsockopt = set_option;
  table.poll = poll_sockets;
  table.netdev_send = send_packet;
  table.netdev_receive = receive_packet;
  table.sleep_us = pass_time;
  table.gettimeofday = tell_time;
  table.epoll_create = make_epoll;
  table.epoll_ctl = control_epoll;
  table.epoll_wait = wait_epoll;
  table.pipe = make_pipe;
  table.splice = splice_bytes;
}

}  // namespace
}  // namespace anteroom::adapter

extern "C" __attribute__((visibility("default"))) void packetdrill_interface_init(
    const char* flags, packetdrill_interface* table) {
  std::string problem;
  const auto parsed = anteroom::adapter::parse_flags(flags, problem);
  if (!parsed) {
    std::fprintf(stderr, "anteroom: %s\n", problem.c_str());
    std::exit(2);
  }
  anteroom::adapter::fill(*table);
  table->userdata = new anteroom::adapter::World(*parsed);
}
