// What `anteroom serve` does with an accepted connection: echo, discard, chargen, forward.
// Not here: whether it is accepted (rule.h).
#pragma once

#include <memory>
#include <string>

#include <anteroom/stack.h>
#include <anteroom/tap/loop.h>
#include <anteroom/tap/problem.h>

namespace anteroom::tools {

// One service serves every connection. A service never holds more than kHeldBytesMax in each
// direction of a connection: where the taker is full, the giver waits.
class Service {
 public:
  Service() = default;
  Service(const Service&) = delete;
  Service& operator=(const Service&) = delete;
  virtual ~Service() = default;

  // The connection is ours from now on; its handshake may not be complete.
  virtual void open(ConnectionId connection) = 0;
  // Any event of such a connection. On `closed` the service gives the id up, with Stack::close().
  virtual void on_event(const Event& event) = 0;
};

inline constexpr std::size_t kHeldBytesMax = 64 * 1024;

// `name` is echo, discard, chargen or forward:HOST:PORT. Host names are looked up once, now.
tap::Outcome<std::unique_ptr<Service>> make_service(const std::string& name, Stack& stack,
                                                    tap::Loop& loop);

std::unique_ptr<Service> make_echo(Stack& stack, tap::Loop& loop);
std::unique_ptr<Service> make_discard(Stack& stack, tap::Loop& loop);
std::unique_ptr<Service> make_chargen(Stack& stack, tap::Loop& loop);
tap::Outcome<std::unique_ptr<Service>> make_forward(const std::string& host_and_port, Stack& stack,
                                                    tap::Loop& loop);

}  // namespace anteroom::tools
