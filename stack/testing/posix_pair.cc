// Calls shortened for tests; failures come out as -1 or short texts and are the test's to notice.
#include <string.h>

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
