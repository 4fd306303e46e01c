// Two or three hosts around a switch, on one virtual clock. Each host is a Stack with a link of two
// pipes. Time moves when told; with equal times, what was sent first arrives first.
// Not here: what the hosts' owners do (workload.h), what must hold (checkers.h).
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include <anteroom/stack.h>

#include "conformance/simulation/pipe.h"
#include "conformance/simulation/trace.h"

namespace anteroom::simulation {

struct HostOptions {
  Config config;
  PipeOptions up;    // host to switch
  PipeOptions down;  // switch to host
};

// 192.0.2.(index + 1)/24 with a constant seed of its own; the rest is the default.
Config host_config(std::size_t index, std::uint64_t seed);
// The address that it has instead where a run speaks IPv6.
Prefix ipv6_of_host(std::size_t index);

// Hears of every frame at a host, and after each call into a stack.
class Watcher {
 public:
  virtual ~Watcher() = default;
  virtual void on_frame_out(std::size_t host, Bytes frame) = 0;
  virtual void on_frame_in(std::size_t host, Bytes frame) = 0;
  virtual void after_call(std::size_t host) = 0;
};

class World {
 public:
  // `watcher` may be null; both must outlive this object.
  World(const std::vector<HostOptions>& hosts, std::uint64_t seed, Watcher* watcher, Trace& trace);

  Instant now() const { return now_; }
  std::size_t hosts() const { return hosts_.size(); }
  Stack& stack(std::size_t host) { return hosts_[host]->stack; }
  Pipe& up(std::size_t host) { return hosts_[host]->up; }
  Pipe& down(std::size_t host) { return hosts_[host]->down; }
  bool is_quiet() const { return transit_.empty(); }  // no frame is under way

  // When the next frame arrives or the next deadline is due.
  std::optional<Instant> next_instant() const;
  // Time passes to `at` (never backwards): frames that are due arrive, deadlines that are due are
  // served. Jumping over several instants is what a suspended machine sees: all of it comes late.
  void move_to(Instant at);
  // Puts what the host has to send on its link; true where there was anything.
  bool send_frames(std::size_t host);

 private:
  struct Host {
    Host(const HostOptions& options, std::uint64_t seed, std::uint64_t index)
        : stack(options.config),
          up(options.up, Dice(seed, 100 + 2 * index)),
          down(options.down, Dice(seed, 101 + 2 * index)) {}
    Stack stack;
    Pipe up;
    Pipe down;
  };
  enum class Place : std::uint8_t { at_switch, at_host };
  struct Transit {
    Instant due;
    std::uint64_t order;
    Place place;
    std::size_t host;  // where it comes from at the switch, where it goes to else
    bool damaged = false;
    std::vector<std::uint8_t> frame;
  };
  static bool is_later(const Transit& a, const Transit& b) {
    return a.due != b.due ? a.due > b.due : a.order > b.order;
  }

  void put(Transit&& transit, Bytes frame);
  Transit take();
  // What a frame goes through next: a pipe of `host`, towards `place`.
  struct Leg {
    Pipe& pipe;
    Place place;
    std::size_t host;
    std::size_t sender;
    bool damaged = false;
  };
  void carry(const Leg& leg, MutableBytes frame);
  void at_switch(Transit& arrived);
  void at_host(const Transit& arrived);
  void answer_too_big(std::size_t sender, Bytes frame, std::uint16_t mtu);

  Instant now_{1s};
  std::uint64_t order_ = 0;
  std::vector<std::unique_ptr<Host>> hosts_;
  std::vector<Transit> transit_;  // a heap
  std::vector<std::vector<std::uint8_t>> spare_buffers_;
  std::vector<std::uint8_t> buffer_;
  Watcher* watcher_;
  Trace& trace_;
};

}  // namespace anteroom::simulation
