// A program as others write them, over anteroom's POSIX calls on a TAP: an echo server around
// epoll, a server that looks before it accepts, and a client around poll. Driven by
// posix_sockets.py. It listens on AF_INET6 sockets for both versions of IP, and calls as the
// address wants it.
//
//   posix_program serve PORT CONNECTIONS     echoes until so many connections have ended
//   posix_program judge PORT REQUESTS        accepts "friend...", rejects all others
//   posix_program call ADDRESS PORT BYTES    sends, compares what comes back, ends in order
#include <arpa/inet.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <string>
#include <thread>

#include <anteroom/posix.h>
#include <anteroom/tap/entropy.h>
#include <anteroom/tap/link_driver.h>
#include <anteroom/tap/tap_device.h>

namespace {

namespace ar = anteroom;

[[noreturn]] void fail(const char* what) {
  std::fprintf(stderr, "%s: %s\n", what, std::strerror(errno));
  std::exit(1);
}

int checked(int result, const char* what) {
  if (result < 0) fail(what);
  return result;
}

// Of the family of its text.
struct Address {
  sockaddr_in6 bytes{};  // large enough for both
  socklen_t length = sizeof(sockaddr_in6);

  const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&bytes); }
  int family() const { return bytes.sin6_family; }
};

Address address_of(const char* text, const char* port) {
  Address address;
  address.bytes.sin6_family = AF_INET6;
  // In the same place for both.
  address.bytes.sin6_port = htons(static_cast<std::uint16_t>(std::atoi(port)));
  if (inet_pton(AF_INET6, text, &address.bytes.sin6_addr) == 1) return address;
  auto& v4 = reinterpret_cast<sockaddr_in&>(address.bytes);
  v4.sin_family = AF_INET;
  if (inet_pton(AF_INET, text, &v4.sin_addr) != 1) fail(text);
  address.length = sizeof v4;
  return address;
}

int listen_on(const char* port, bool hold) {
  const int fd = checked(ar::anteroom_socket(AF_INET6, SOCK_STREAM, 0), "socket");
  const int on = hold ? 1 : 0;
  checked(ar::anteroom_setsockopt(fd, ar::SOL_ANTEROOM, ar::ANTEROOM_HOLD_SYN, &on, sizeof on),
          "setsockopt");
  const Address address = address_of("::", port);
  checked(ar::anteroom_bind(fd, address.get(), address.length), "bind");
  checked(ar::anteroom_listen(fd, 128), "listen");
  std::puts("ready");
  std::fflush(stdout);
  return fd;
}

// --- serve ---

// What was read and not written back yet, and whether the peer has finished.
struct Echo {
  std::string waiting;
  bool at_end = false;
};

// Reads and writes until neither goes on: edges come once. False: the connection is over.
bool pump(int fd, Echo& echo) {
  std::array<char, 16'384> buffer;
  for (;;) {
    while (!echo.waiting.empty()) {
      const ssize_t sent = ar::anteroom_send(fd, echo.waiting.data(), echo.waiting.size(), 0);
      if (sent < 0 && errno == EAGAIN) return true;
      if (sent < 0) fail("send");
      echo.waiting.erase(0, static_cast<std::size_t>(sent));
    }
    if (echo.at_end) return false;
    const ssize_t got = ar::anteroom_recv(fd, buffer.data(), buffer.size(), 0);
    if (got < 0 && errno == EAGAIN) return true;
    if (got < 0) fail("recv");
    echo.waiting.assign(buffer.data(), static_cast<std::size_t>(got));
    echo.at_end = got == 0;
  }
}

void watch(int set, int fd, std::uint32_t events) {
  epoll_event event{};
  event.events = events;
  event.data.fd = fd;
  checked(ar::anteroom_epoll_ctl(set, EPOLL_CTL_ADD, fd, &event), "epoll_ctl");
}

void accept_all(int set, int listener, std::map<int, Echo>& echoes) {
  for (;;) {
    const int fd = ar::anteroom_accept4(listener, nullptr, nullptr, SOCK_NONBLOCK);
    if (fd < 0 && errno == EAGAIN) return;
    checked(fd, "accept");
    echoes[fd] = {};
    watch(set, fd, EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET);
  }
}

int serve(const char* port, int connections) {
  const int listener = listen_on(port, false);
  checked(ar::anteroom_fcntl(listener, F_SETFL, O_NONBLOCK), "fcntl");
  const int set = checked(ar::anteroom_epoll_create1(0), "epoll_create1");
  watch(set, listener, EPOLLIN);
  std::map<int, Echo> echoes;
  while (connections > 0) {
    std::array<epoll_event, 16> events{};
    const int count = checked(ar::anteroom_epoll_wait(set, events.data(), 16, -1), "epoll_wait");
    for (int i = 0; i < count; ++i) {
      const int fd = events[static_cast<std::size_t>(i)].data.fd;
      if (fd == listener) {
        accept_all(set, listener, echoes);
      } else if (!pump(fd, echoes[fd])) {
        echoes.erase(fd);
        // The peer is to have all of it before this program ends.
        const linger patient{1, 30};
        checked(ar::anteroom_setsockopt(fd, SOL_SOCKET, SO_LINGER, &patient, sizeof patient),
                "SO_LINGER");
        checked(ar::anteroom_close(fd), "close");
        --connections;
      }
    }
  }
  return 0;
}

// --- judge ---

ar::AcceptVerdict judge_one(const ar::Request& request, ar::AcceptAnswer& answer, void*) {
  if (!ar::text_of(request.caller_data).starts_with("friend")) return ar::AcceptVerdict::reject;
  answer.response_data = ar::bytes_of("welcome");
  return ar::AcceptVerdict::accept;
}

int judge(const char* port, int requests) {
  const int listener = listen_on(port, true);
  for (; requests > 0; --requests) {
    const int fd = ar::anteroom_accept_if(listener, judge_one, nullptr);
    if (fd < 0) {
      std::printf("refused: %s\n", std::strerror(errno));
      continue;
    }
    std::array<char, 100> text{};
    const ssize_t got = ar::anteroom_read(fd, text.data(), text.size());
    std::printf("accepted: %.*s\n", static_cast<int>(got), text.data());
    checked(ar::anteroom_shutdown(fd, SHUT_WR), "shutdown");
    if (ar::anteroom_read(fd, text.data(), text.size()) != 0) fail("the end of the stream");
    checked(ar::anteroom_close(fd), "close");
  }
  return 0;
}

// --- call ---

// A byte of the stream, by its place.
char byte_at(std::size_t place) {
  const std::uint64_t mixed = (place + 1) * 0x9e3779b97f4a7c15;
  return static_cast<char>(mixed >> 56);
}

int call(const char* host, const char* port, std::size_t size) {
  const Address address = address_of(host, port);
  const int fd = checked(ar::anteroom_socket(address.family(), SOCK_STREAM, 0), "socket");
  checked(ar::anteroom_connect(fd, address.get(), address.length), "connect");
  std::size_t sent = 0, heard = 0;
  std::array<char, 16'384> buffer;
  for (bool ended = false; !ended;) {
    pollfd entry{fd, static_cast<short>(POLLIN | (sent < size ? POLLOUT : 0)), 0};
    checked(ar::anteroom_poll(&entry, 1, -1), "poll");
    if ((entry.revents & POLLOUT) != 0 && sent < size) {
      const std::size_t length = std::min(buffer.size(), size - sent);
      for (std::size_t i = 0; i < length; ++i) buffer[i] = byte_at(sent + i);
      const ssize_t taken = ar::anteroom_send(fd, buffer.data(), length, MSG_DONTWAIT);
      if (taken < 0 && errno != EAGAIN) fail("send");
      if (taken > 0) sent += static_cast<std::size_t>(taken);
      if (sent == size) checked(ar::anteroom_shutdown(fd, SHUT_WR), "shutdown");
    }
    if ((entry.revents & (POLLIN | POLLHUP | POLLERR)) == 0) continue;
    const ssize_t got = ar::anteroom_recv(fd, buffer.data(), buffer.size(), MSG_DONTWAIT);
    if (got < 0 && errno == EAGAIN) continue;
    if (got < 0) fail("recv");
    ended = got == 0;
    for (std::size_t i = 0; i < static_cast<std::size_t>(got); ++i, ++heard) {
      if (buffer[i] == byte_at(heard)) continue;
      std::printf("byte %zu is wrong\n", heard);
      return 1;
    }
  }
  std::printf("heard %zu of %zu\n", heard, size);
  checked(ar::anteroom_close(fd), "close");
  return heard == size ? 0 : 1;
}

int run(int count, char** arguments) {
  const std::string what = count > 1 ? arguments[1] : "";
  if (what == "serve" && count == 4) return serve(arguments[2], std::atoi(arguments[3]));
  if (what == "judge" && count == 4) return judge(arguments[2], std::atoi(arguments[3]));
  if (what == "call" && count == 5) {
    return call(arguments[2], arguments[3], std::strtoul(arguments[4], nullptr, 10));
  }
  std::fputs("usage: serve PORT CONNECTIONS | judge PORT REQUESTS | call ADDRESS PORT BYTES\n",
             stderr);
  return 2;
}

}  // namespace

int main(int count, char** arguments) {
  ar::tap::TapOptions options;
  options.name = "tap0";
  options.host_addresses = {ar::Prefix::parse("192.0.2.2/24").value(),
                            ar::Prefix::parse("2001:db8::1/64").value()};
  const auto device = ar::tap::TapDevice::open(options);
  if (!device) {
    std::fprintf(stderr, "%s\n", device.error().sentence.c_str());
    return 1;
  }
  ar::Config config;
  config.interface.addresses = {ar::Prefix::parse("192.0.2.1/24").value(),
                                ar::Prefix::parse("2001:db8::2/64").value()};
  config.seed = ar::tap::random_seed();
  ar::Stack stack(config);
  const auto driver = ar::tap::LinkDriver::make(stack, **device, {});
  if (!driver) return 1;
  int code = 0;
  // Acknowledgments and timers go on while this program computes.
  std::thread network([&] { (*driver)->run(); });
  {
    ar::PosixSockets sockets(**driver, {});
    ar::anteroom_use(&sockets);
    code = run(count, arguments);
    ar::anteroom_use(nullptr);
  }
  (*driver)->request_stop();
  network.join();
  return code;
}
