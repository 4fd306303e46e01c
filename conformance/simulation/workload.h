// What the owner of a host does: listens, judges requests, connects, and talks. Everything is drawn
// from dice, so that each public verb meets each state. Bounded: so many connections, so many
// bytes. Not here: one connection's talk (talk.h), what must hold (checkers.h).
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <anteroom/stack.h>

#include "conformance/simulation/talk.h"

namespace anteroom::simulation {

struct ListenerPlan {
  ListenOptions options;
  std::optional<Duration> closes_after;  // and listens again a second later
};

// Probabilities of one request: what is left to 1 is accepted.
struct Verdicts {
  double reject = 0.1;
  double ignore = 0.1;
  double silence = 0.1;  // no verdict ever: it expires
  double defer = 0.3;    // first, and the verdict later
  double slow = 0.3;     // without defer, but later
  // Of those that would be accepted: the client has to prove its address first.
  double challenge = 0;
  double abandon = 0;  // of those that would be ignored: the listener's default verdict
};

struct WorkloadOptions {
  std::vector<ListenerPlan> listeners;
  std::uint32_t connects = 4;
  Duration connects_within = 5s;
  double caller_data = 0.5;
  double fast_open = 0;    // of a connect: with a cookie, or without
  double marked = 0;       // of a connect with or without caller data
  double impatient = 0.1;  // the client aborts before the verdict may have come
  Verdicts verdicts;
  Manners manners;
};

std::string to_string(const WorkloadOptions& options);

// Ports that may have listeners; one more that never has.
inline constexpr std::uint16_t kPortFirst = 80;
inline constexpr std::uint16_t kPortLast = 84;

class Application {
 public:
  Application(std::size_t host, World& world, const WorkloadOptions& options, std::uint64_t seed,
              Checkers& checkers, Trace& trace);

  // What happened; then what to do about it.
  void on_event(Instant now, const Event& event);
  void act(Instant now);
  std::optional<Instant> next_wake() const;
  // No new connections, quick verdicts, orderly ends.
  void calm_down(Instant now);
  bool is_done() const { return talks_.empty() && held_.empty() && connects_.empty(); }

  std::uint64_t connections() const { return connections_; }

 private:
  enum class Verdict : std::uint8_t { accept, reject, ignore, challenge, abandon, silence };
  static constexpr Instant kNever = Instant::max();
  struct Held {
    PendingId id{};
    ListenerId listener{};
    Verdict verdict{};
    Instant decide_at{};
    bool defer = false;
  };
  struct Listening {
    ListenerPlan plan;
    ListenerId id{};
    bool open = false;
    std::optional<Instant> next_change;
    std::optional<Instant> take_at;
  };

  void listen(Instant now, Listening& listening);
  void change_listener(Instant now, Listening& listening);
  void take_from(Instant now, Listening& listening);
  void connect(Instant now);
  void on_request(Instant now, const Event& event);
  // True where the request needs nothing more from us.
  bool decide(Instant now, Held& held);
  void challenge(Instant now, const Request& request);
  void accept(Instant now, const Request& request, bool consumed);
  void talk(Instant now, ConnectionId id, std::uint64_t stream, const Reading& reading,
            const Manner& manner);
  bool is_consumed(ListenerId listener) const;

  WorkloadOptions options_;
  World& world_;
  Dice dice_;
  Dice more_dice_;  // for what came later, so that old seeds go on meaning what they meant
  Owner owner_;
  bool calm_ = false;
  std::uint64_t readings_ = 0;
  std::uint64_t connections_ = 0;
  std::vector<Listening> listenings_;
  std::vector<Instant> connects_;  // the next one last
  std::map<std::uint64_t, Held> held_;
  std::map<std::uint64_t, Talk> talks_;
  std::map<std::uint64_t, bool> untaken_;  // announced; true: over already
};

}  // namespace anteroom::simulation
