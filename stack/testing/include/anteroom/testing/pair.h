// Two stacks on one virtual clock, joined by two links: for tests that need both ends.
//
//   Pair pair;                                        // 192.0.2.1 (server) and 192.0.2.2 (client)
//   auto listener = pair.server.listen({.local = {{}, 80}, .conditional = true});
//   auto id = pair.client.connect(pair.now(), {.remote = {pair.server_address(), 80}});
//   pair.run();                                       // until nothing more happens by itself
#pragma once

#include <deque>
#include <functional>
#include <string>
#include <vector>

#include <anteroom/stack.h>

namespace anteroom::testing {

// A configuration for tests: one address in 192.0.2.0/24, a constant seed that differs by host
// number.
Config test_config(std::uint8_t host_number);
// The same with one address in 2001:db8::/64, and what it is.
Config test_config_v6(std::uint8_t host_number);
IpAddress address_v6(std::uint8_t host_number);

enum class Toward : std::uint8_t { server, client };

class Pair {
 public:
  // What the wire does with a frame: true lets it pass, and it may be changed on the way.
  using Wire = std::function<bool(Toward, std::vector<std::uint8_t>& frame)>;

  explicit Pair(const Config& server_config = test_config(1),
                const Config& client_config = test_config(2));

  Stack server;
  Stack client;

  Instant now() const { return now_; }
  IpAddress server_address() const { return server.config().interface.addresses.front().address; }
  IpAddress client_address() const { return client.config().interface.addresses.front().address; }

  // One-way delay of both links.
  void set_latency(Duration latency) { latency_ = latency; }
  void set_wire(Wire wire) { wire_ = std::move(wire); }

  // Moves everything that moves without time passing: frames out, frames due in.
  void settle();
  // Lets virtual time pass to the next frame or deadline; false where there is none up to `until`.
  bool step(Instant until);
  // Runs for so long; or until nothing happens by itself, at most `at_most`.
  void run_for(Duration duration);
  void run(Duration at_most = 10s);
  // Lets time pass to `until` where step() found nothing to do before.
  void pass_until(Instant until) { now_ = std::max(now_, until); }

  // Every frame that entered a link since the last call, as one line each in the notation, numbers
  // relative to the initial ones: `server > S. 0:0(0) ack 1`.
  std::vector<std::string> take_trace();
  // Events of one stack since the last call.
  std::vector<Event> take_events(Stack& stack);
  // The oldest event of one stack that nobody took yet.
  std::optional<Event> next_event(Stack& stack);

 private:
  struct Transit {
    Instant due;
    Toward toward;
    std::vector<std::uint8_t> frame;
  };

  bool drain(Stack& from, Toward toward);
  void note(Toward toward, Bytes frame);
  std::optional<Instant> next_instant() const;

  Instant now_{1s};
  Duration latency_ = 1ms;
  Wire wire_;
  std::deque<Transit> transit_;
  std::vector<std::uint8_t> buffer_;
  std::vector<Event> server_events_;
  std::vector<Event> client_events_;
  std::vector<std::pair<Toward, std::vector<std::uint8_t>>> trace_;
};

}  // namespace anteroom::testing
