// What must hold after every step, whatever the network and the owners do; one function for each
// rule. The first violation is kept. Not here: the contents of streams (streams.h), what the owner
// expects of a verb (workload.h).
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include <anteroom/stack.h>

#include "conformance/simulation/streams.h"
#include "conformance/simulation/world.h"

namespace anteroom::simulation {

class Checkers final : public Watcher {
 public:
  Checkers(std::uint64_t seed, std::size_t hosts) : streams(seed), hosts_(hosts) {}
  void watch(World& world) { world_ = &world; }

  Streams streams;

  // The first violation; empty where there is none.
  const std::string& problem() const { return problem_; }
  void fail(std::size_t host, const std::string& what);
  // Fails where `what` says something.
  void expect_empty(std::size_t host, const std::string& what);

  // --- What the world tells ---
  void on_frame_out(std::size_t host, Bytes frame) override;
  void on_frame_in(std::size_t host, Bytes frame) override;
  void after_call(std::size_t host) override;

  // --- What the owners tell ---
  void on_listen(std::size_t host, ListenerId listener, const ListenOptions& options);
  void on_connection(std::size_t host, ConnectionId id);  // connect(), accept() or take() gave it
  void on_decided(std::size_t host, PendingId pending);   // accepted, rejected or ignored
  void on_deferred(std::size_t host, PendingId pending);
  void on_challenged(std::size_t host, const Flow& flow);
  void on_released(std::size_t host, ConnectionId id);  // close() or abort()
  void on_event(std::size_t host, const Event& event);
  // What was due long ago comes only now.
  void on_clock_jump() { clock_jumped_at_ = world_->now(); }
  // At the end of each host's turn, when its events and frames are drained.
  void after_turn(std::size_t host);

  // When everything should be over: nothing is held, open, buffered or remembered.
  std::string remains(std::size_t host) const;

 private:
  struct Life {
    ConnectionId id{};
    bool owned = false;  // connect(), accept() or take() gave it out
    bool connected = false;
    bool closed = false;
    bool released = false;
    bool dead = false;     // and it will be asked no more until the end
    Instant over_since{};  // closed, released, out of TIME-WAIT
  };
  struct Held {
    ListenerId listener{};
    Flow flow{};
    std::uint32_t initial_sequence = 0;
    bool connected = false;  // its handshake came first
    bool deferred = false;
  };
  struct HostView {
    std::map<std::uint64_t, ListenOptions> listeners;  // every one there ever was
    std::map<std::uint64_t, Life> lives;               // the same
    std::map<std::uint64_t, Held> held;
    std::set<std::uint64_t> ever_requested;
    std::set<std::uint16_t> answering_ports;  // before their owner says a word
    std::vector<Flow> challenged;             // flows that were answered without a connection
    std::uint64_t segments_in = 0;
  };

  void on_connection_event(std::size_t host, const Event& event);
  void on_request(std::size_t host, const Event& event);
  void check_stats(std::size_t host);
  void check_ids(std::size_t host);
  void check_id(std::size_t host, Life& life, std::uint32_t& alive);
  bool has_connection(std::size_t host, const Flow& flow);

  std::vector<HostView> hosts_;
  World* world_ = nullptr;
  Instant clock_jumped_at_{1ns};
  std::string problem_;
};

}  // namespace anteroom::simulation
