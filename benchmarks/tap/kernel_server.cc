// A server of the kernel's own TCP, for comparison: accepts, and answers each byte with itself.
// Not here: more than what one client after another needs.
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <string>

#include <CLI/CLI.hpp>

#include "benchmarks/tap/pin.h"

namespace anteroom::benchmarks {
namespace {

int open_listener(std::uint16_t port) {
  const int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
  const int on = 1;
  const int pending = 1'024;
  setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  setsockopt(listener, IPPROTO_TCP, TCP_FASTOPEN, &pending, sizeof pending);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  const bool good = bind(listener, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0 &&
                    listen(listener, 4'096) == 0;
  return good ? listener : -1;
}

// One client after another: the listener and the latest connection are all there is to wait for.
int serve(std::uint16_t port, bool busy_poll) {
  const int listener = open_listener(port);
  if (listener < 0) {
    std::perror("kernel_server: cannot listen");
    return 2;
  }
  int latest = -1;
  std::array<char, 4'096> buffer;
  say_ready();
  while (stop_requested == 0) {
    std::array<pollfd, 2> waited{{{listener, POLLIN, 0}, {latest, POLLIN, 0}}};
    if (poll(waited.data(), waited.size(), busy_poll ? 0 : -1) <= 0) continue;
    if (waited[1].revents != 0) {
      const ssize_t size = recv(latest, buffer.data(), buffer.size(), 0);
      if (size > 0) {
        send(latest, buffer.data(), static_cast<std::size_t>(size), MSG_NOSIGNAL);
      } else {
        close(latest);
        latest = -1;
      }
    }
    if (waited[0].revents != 0) {
      const int accepted = accept4(listener, nullptr, nullptr, SOCK_NONBLOCK);
      if (accepted < 0) continue;
      if (latest >= 0) close(latest);
      latest = accepted;
      const int on = 1;
      setsockopt(latest, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    }
  }
  return 0;
}

}  // namespace
}  // namespace anteroom::benchmarks

int main(int argument_count, char** arguments) {
  CLI::App program("Accepts and echoes with the kernel's TCP");
  std::uint16_t port = 7;
  int processor = -1;
  bool busy_poll = false;
  program.add_option("--port", port, "to listen on");
  program.add_option("--processor", processor, "to stay on");
  program.add_flag("--busy-poll", busy_poll, "never sleep");
  CLI11_PARSE(program, argument_count, arguments);
  anteroom::benchmarks::pin_to(processor);
  anteroom::benchmarks::stop_on_sigterm();
  return anteroom::benchmarks::serve(port, busy_poll);
}
