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

// bind() and its like want a sockaddr.
inline const sockaddr* generic(const sockaddr_in& address) {
  return reinterpret_cast<const sockaddr*>(&address);
}
inline sockaddr* generic(sockaddr_in& address) { return reinterpret_cast<sockaddr*>(&address); }

}  // namespace anteroom::testing
