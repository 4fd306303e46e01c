// Calls shortened for tests; failures come out as -1 or short texts and are the test's to notice.
#include <arpa/inet.h>
#include <string.h>

#include <array>
#include <cerrno>

#include <anteroom/testing/posix_pair.h>

namespace anteroom::testing {
namespace {

sockaddr_in name_of(const IpAddress& address, std::uint16_t port) {
  sockaddr_in name{};
  name.sin_family = AF_INET;
  name.sin_port = htons(port);
  name.sin_addr.s_addr = htonl(address.v4_bits());
  return name;
}

}  // namespace

Config dual_config(std::uint8_t host_number) {
  Config config = test_config(host_number);
  std::array<std::uint8_t, 16> octets{0x20, 0x01, 0x0d, 0xb8};
  octets[15] = host_number;
  config.interface.addresses.push_back({IpAddress::v6(octets), 64});
  return config;
}

sockaddr_in6 name_v6(const std::string& address, std::uint16_t port, std::uint32_t scope) {
  sockaddr_in6 name{};
  name.sin6_family = AF_INET6;
  name.sin6_port = htons(port);
  name.sin6_scope_id = scope;
  inet_pton(AF_INET6, address.c_str(), &name.sin6_addr);
  return name;
}

PosixPair::PosixPair(const Config& server_config, const Config& client_config,
                     const PosixOptions& options)
    : pair(server_config, client_config),
      server_driver(pair, pair.server),
      client_driver(pair, pair.client),
      server(server_driver, options),
      client(client_driver, options) {}

sockaddr_in PosixPair::server_address(std::uint16_t port) const {
  return name_of(pair.server_address(), port);
}

sockaddr_in PosixPair::client_address(std::uint16_t port) const {
  return name_of(pair.client_address(), port);
}

sockaddr_in6 PosixPair::server_address_v6(std::uint16_t port) {
  return name_v6("2001:db8::1", port);
}

sockaddr_in6 PosixPair::client_address_v6(std::uint16_t port) {
  return name_v6("2001:db8::2", port);
}

int PosixPair::listens(std::uint16_t port) { return listens(port, SOL_SOCKET, SO_REUSEADDR, 1); }

int PosixPair::listens(std::uint16_t port, int level, int name, int value) {
  const int fd = server.socket(AF_INET, SOCK_STREAM, 0);
  const sockaddr_in address = server_address(port);
  const bool works = fd >= 0 && server.setsockopt(fd, level, name, &value, sizeof value) == 0 &&
                     server.bind(fd, generic(address), sizeof address) == 0 &&
                     server.listen(fd, 16) == 0;
  return works ? fd : -1;
}

PosixPair::Ends PosixPair::connects(int listener, std::uint16_t port) {
  Ends ends;
  ends.client = client.socket(AF_INET, SOCK_STREAM, 0);
  const sockaddr_in address = server_address(port);
  if (client.connect(ends.client, generic(address), sizeof address) != 0) return {};
  ends.server = server.accept(listener, nullptr, nullptr);
  return ends;
}

PosixPair::Ends PosixPair::connected() {
  const int listener = listens(80);
  const Ends ends = connects(listener, 80);
  server.close(listener);
  return ends;
}

void PosixPair::after(Duration delay, std::function<void()> action) {
  // Whoever waits first runs it, once.
  const std::size_t number = actions_.size();
  actions_.push_back(std::move(action));
  const auto run = [this, number] {
    if (const auto chosen = std::exchange(actions_[number], nullptr)) chosen();
  };
  server_driver.at(pair.now() + delay, run);
  client_driver.at(pair.now() + delay, run);
}

std::string answer_of(ssize_t result) {
  return result == -1 ? strerrorname_np(errno) : std::to_string(result);
}

ssize_t PosixPair::says(PosixSockets& sockets, int fd, const std::string& text) {
  return sockets.send(fd, text.data(), text.size(), 0);
}

std::string PosixPair::hears(PosixSockets& sockets, int fd, std::size_t bytes_max, int flags) {
  std::string text(bytes_max, '\0');
  const ssize_t got = sockets.recv(fd, text.data(), text.size(), flags);
  text.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
  return text;
}

}  // namespace anteroom::testing
