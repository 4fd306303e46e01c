// Two hosts with POSIX sockets on one virtual clock: a call that blocks lets time pass for both.
//
//   PosixPair hosts;
//   const int listener = hosts.listens(80);
//   const PosixPair::Ends ends = hosts.connects(listener, 80);
//   hosts.client.send(ends.client, "hello", 5, 0);
#pragma once

#include <functional>
#include <string>
#include <vector>

#include <anteroom/posix.h>
#include <anteroom/testing/pair_driver.h>

namespace anteroom::testing {

// As test_config(), with an address in 2001:db8::/64 too.
Config dual_config(std::uint8_t host_number);

class PosixPair {
 public:
  explicit PosixPair(const Config& server_config = test_config(1),
                     const Config& client_config = test_config(2),
                     const PosixOptions& options = {});

  Pair pair;
  PairDriver server_driver;
  PairDriver client_driver;
  PosixSockets server;
  PosixSockets client;

  // A descriptor of each end of one connection.
  struct Ends {
    int server = -1;
    int client = -1;
  };

  sockaddr_in server_address(std::uint16_t port) const;
  sockaddr_in client_address(std::uint16_t port) const;
  // Of hosts made from dual_config(): the same for AF_INET6 sockets.
  static sockaddr_in6 server_address_v6(std::uint16_t port);
  static sockaddr_in6 client_address_v6(std::uint16_t port);

  // The server listens on the port, with one option set before. -1 where it cannot.
  int listens(std::uint16_t port);
  int listens(std::uint16_t port, int level, int name, int value);
  // Connects and accepts, both blocking; an ordinary listener.
  Ends connects(int listener, std::uint16_t port);
  // Both in one, on port 80; the listener is closed again.
  Ends connected();

  // So long after now, in the middle of whatever call of either host blocks then.
  void after(Duration delay, std::function<void()> action);
  // Lets time pass without a call.
  void passes(Duration duration) { pair.run_for(duration); }

  // Whole texts; what does not come out as asked for is cut short.
  static ssize_t says(PosixSockets& sockets, int fd, const std::string& text);
  static std::string hears(PosixSockets& sockets, int fd, std::size_t bytes_max, int flags);

 private:
  std::vector<std::function<void()>> actions_;
};

// What a call answered, as text: a number, or the name of the errno behind a -1.
std::string answer_of(ssize_t result);

// An address of an AF_INET6 socket, from text such as "2001:db8::1" or "::ffff:192.0.2.1".
sockaddr_in6 name_v6(const std::string& address, std::uint16_t port, std::uint32_t scope = 0);

// bind() and its like want a sockaddr.
inline const sockaddr* generic(const sockaddr_in& address) {
  return reinterpret_cast<const sockaddr*>(&address);
}
inline sockaddr* generic(sockaddr_in& address) { return reinterpret_cast<sockaddr*>(&address); }
inline const sockaddr* generic(const sockaddr_in6& address) {
  return reinterpret_cast<const sockaddr*>(&address);
}
inline sockaddr* generic(sockaddr_in6& address) { return reinterpret_cast<sockaddr*>(&address); }

}  // namespace anteroom::testing
