// System calls of a script, made on the host's sockets.
// Not here: when they are made, and their result and errno (run.cc).
#pragma once

#include <sys/socket.h>
#include <sys/types.h>

#include <functional>
#include <map>
#include <string>

#include "conformance/runner/flow.h"
#include "conformance/runner/host.h"
#include "conformance/script/script.h"

namespace anteroom::runner {

// A call with its arguments resolved.
struct PreparedCall {
  std::function<ssize_t()> invoke{};  // -1 and errno, or the result
  // After it succeeded: throws Failed where what it wrote is not what the script says. May be
  // empty.
  std::function<void(ssize_t)> check{};
  bool opens = false;  // its result is a new descriptor
};

// The ends that a script's `...` addresses stand for.
struct Ends {
  Endpoint bind{};
  Endpoint connect{};
  int family = AF_INET;  // of a socket that the script gives none
};

// Script descriptors and the live ones.
class Descriptors {
 public:
  // Throws Failed where the script has no such open descriptor.
  int live(std::int64_t script_fd) const;
  // Throws Failed where the script has it open already.
  void open(std::int64_t script_fd, int live_fd);
  void close(std::int64_t script_fd) { live_.erase(script_fd); }
  std::optional<std::int64_t> script(int live_fd) const;

 private:
  std::map<std::int64_t, int> live_;
};

// Throws Skipped for what the stack has no notion of, Failed for what makes no sense.
PreparedCall prepare(const script::Call& call, Host& host, const Descriptors& descriptors,
                     const Ends& ends);

// The value of an integer, a symbol, a|b, htonl(n).
std::int64_t number_of(const script::Expression& expression);

}  // namespace anteroom::runner
