// The client of every comparison: the kernel's TCP connects again and again, and each time is kept.
// It waits for writability, because asking connect() again would delay what it measures.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "benchmarks/tap/pin.h"

namespace anteroom::benchmarks {
namespace {

constexpr int kFastOpenNoCookie = 34;  // TCP_FASTOPEN_NO_COOKIE of linux/tcp.h
constexpr int kPatienceMilliseconds = 2'000;

struct Options {
  std::string address = "192.0.2.1";
  std::uint16_t port = 7;
  std::string what = "connect";
  int count = 10'000;
  int warm_up = 500;
  int processor = -1;
  bool busy_poll = false;
};

// True once `descriptor` is ready for `events`; false after the patience is over.
bool wait_ready(int descriptor, short events, bool busy_poll) {
  pollfd waited{descriptor, events, 0};
  if (!busy_poll) return poll(&waited, 1, kPatienceMilliseconds) == 1;
  const std::int64_t until = nanoseconds_now() + kPatienceMilliseconds * std::int64_t{1'000'000};
  for (;;) {
    for (int i = 0; i < 1'000; ++i) {
      if (poll(&waited, 1, 0) == 1) return true;
    }
    if (nanoseconds_now() > until) return false;
  }
}

bool is_connected(int client) {
  int error = 0;
  socklen_t length = sizeof error;
  return getsockopt(client, SOL_SOCKET, SO_ERROR, &error, &length) == 0 && error == 0;
}

bool connect_once(int client, const sockaddr_in& server, bool busy_poll) {
  const auto* address = reinterpret_cast<const sockaddr*>(&server);
  if (connect(client, address, sizeof server) == 0) return true;
  return errno == EINPROGRESS && wait_ready(client, POLLOUT, busy_poll) && is_connected(client);
}

// The byte comes back.
bool echo_once(int client, bool busy_poll) {
  char byte = 'x';
  return send(client, &byte, 1, MSG_NOSIGNAL) == 1 && wait_ready(client, POLLIN, busy_poll) &&
         recv(client, &byte, 1, 0) == 1;
}

// A byte goes out in the SYN, and the first byte of the answer is awaited.
bool answer_once(int client, const sockaddr_in& server, bool busy_poll) {
  const int on = 1;
  setsockopt(client, IPPROTO_TCP, kFastOpenNoCookie, &on, sizeof on);
  char byte = 'x';
  const auto* address = reinterpret_cast<const sockaddr*>(&server);
  const ssize_t sent = sendto(client, &byte, 1, MSG_FASTOPEN, address, sizeof server);
  if (sent < 0 && errno != EINPROGRESS) return false;
  return wait_ready(client, POLLIN, busy_poll) && recv(client, &byte, 1, 0) == 1;
}

// Nanoseconds; negative where it failed.
std::int64_t measure(const Options& options, const sockaddr_in& server) {
  const int client = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
  if (client < 0) return -1;
  // A reset at the end: no TIME-WAIT that would use up the ports.
  const linger reset{1, 0};
  const int on = 1;
  setsockopt(client, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
  setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  const std::int64_t begin = nanoseconds_now();
  bool good = false;
  if (options.what == "answer") {
    good = answer_once(client, server, options.busy_poll);
  } else {
    good = connect_once(client, server, options.busy_poll) &&
           (options.what == "connect" || echo_once(client, options.busy_poll));
  }
  const std::int64_t end = nanoseconds_now();
  close(client);
  return good ? end - begin : -1;
}

int run(const Options& options) {
  sockaddr_in server{};
  server.sin_family = AF_INET;
  server.sin_port = htons(options.port);
  inet_pton(AF_INET, options.address.c_str(), &server.sin_addr);
  for (int i = 0; i < options.warm_up; ++i) measure(options, server);
  std::vector<std::int64_t> times;
  int failures = 0;
  for (int i = 0; i < options.count && failures < 100; ++i) {
    const std::int64_t time = measure(options, server);
    if (time < 0) {
      ++failures;
    } else {
      times.push_back(time);
    }
  }
  std::sort(times.begin(), times.end());
  const auto quantile = [&](double share) {
    if (times.empty()) return 0.0;
    const auto at = static_cast<std::size_t>(share * static_cast<double>(times.size() - 1));
    return static_cast<double>(times[at]) / 1e3;
  };
  const nlohmann::json line = {{"count", times.size()}, {"failures", failures},
                               {"p50", quantile(0.5)},  {"p90", quantile(0.9)},
                               {"p99", quantile(0.99)}, {"p99.9", quantile(0.999)},
                               {"least", quantile(0.0)}};
  std::printf("%s\n", line.dump().c_str());
  return 0;
}

}  // namespace
}  // namespace anteroom::benchmarks

int main(int argument_count, char** arguments) {
  anteroom::benchmarks::Options options;
  CLI::App program("Measures connect(), an echo, or the answer to SYN data; microseconds, as JSON");
  program.add_option("--address", options.address, "of the server");
  program.add_option("--port", options.port, "of the server");
  program.add_option("--what", options.what, "connect, echo or answer")
      ->check(CLI::IsMember({"connect", "echo", "answer"}));
  program.add_option("--count", options.count, "measurements")->check(CLI::Range(1, 1'000'000));
  program.add_option("--warm-up", options.warm_up, "before them");
  program.add_option("--processor", options.processor, "to stay on");
  program.add_flag("--busy-poll", options.busy_poll, "never sleep");
  CLI11_PARSE(program, argument_count, arguments);
  anteroom::benchmarks::pin_to(options.processor);
  return anteroom::benchmarks::run(options);
}
