// Two hosts joined by a pair of local sockets, each with a driver: a link with a descriptor to
// sleep on, and no privilege. For tests.
#pragma once

#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <memory>

#include <anteroom/tap/link_driver.h>

namespace anteroom::tap {

inline Config config_of(std::uint8_t number) {
  Config config;
  config.interface.addresses = {{IpAddress::v4(192, 0, 2, number), 24}};
  config.interface.mac.octets[5] = number;
  config.seed[0] = number;
  config.limits.neighbor_query_interval = 10ms;
  return config;
}

// One end of a pair of sockets as a link.
class SocketLink final : public Link {
 public:
  explicit SocketLink(int descriptor) : descriptor_(descriptor) {}
  ~SocketLink() override { close(descriptor_); }
  std::size_t receive(Instant, MutableBytes out) override {
    const ssize_t size = recv(descriptor_, out.data(), out.size(), 0);
    if (size == 0) gone = true;
    return size > 0 ? static_cast<std::size_t>(size) : 0;
  }
  bool send(Instant, Bytes frame) override {
    return ::send(descriptor_, frame.data(), frame.size(), MSG_NOSIGNAL) > 0;
  }
  int descriptor() const override { return descriptor_; }
  bool is_gone() const override { return gone; }
  Medium medium() const override { return Medium::ethernet; }

  bool gone = false;

 private:
  int descriptor_;
};

inline std::array<int, 2> socket_pair() {
  std::array<int, 2> ends{};
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends.data()) != 0) {
    std::abort();
  }
  return ends;
}

// Two hosts with a driver each.
struct JoinedHosts {
  std::array<int, 2> ends = socket_pair();
  SocketLink server_link{ends[0]}, client_link{ends[1]};
  Stack server{config_of(1)}, client{config_of(2)};
  std::unique_ptr<LinkDriver> server_driver = *LinkDriver::make(server, server_link, {});
  std::unique_ptr<LinkDriver> client_driver = *LinkDriver::make(client, client_link, {});
};

}  // namespace anteroom::tap
