// A step: time moves to the next thing that happens; then each host's owner takes its events and
// acts, and its frames leave, until nothing moves at this instant.
#include "conformance/simulation/run.h"

#include <algorithm>
#include <memory>

#include <fmt/format.h>

#include "conformance/simulation/checkers.h"
#include "conformance/simulation/workload.h"

namespace anteroom::simulation {
namespace {

constexpr std::uint64_t kStepsMax = 5'000'000;
constexpr std::uint32_t kStepsAtOneInstantMax = 20'000;

class Simulation {
 public:
  Simulation(const RunOptions& options, Trace& trace)
      : options_(options),
        trace_(trace),
        checkers_(options.seed, options.hosts.size()),
        world_(options.hosts, options.seed, &checkers_, trace) {
    checkers_.watch(world_);
    for (std::size_t i = 0; i < options.hosts.size(); ++i) {
      owners_.push_back(std::make_unique<Application>(i, world_, options.workloads[i], options.seed,
                                                      checkers_, trace));
    }
  }

  Outcome run();

 private:
  bool broken() const { return !checkers_.problem().empty(); }
  bool is_over() const;
  bool take_events(std::size_t host);
  void turn(std::size_t host);
  // One step, not beyond `until`; false where there is none before.
  bool step(Instant until);
  void run_faults();
  void run_calm();
  std::string what_remains();
  Totals totals();

  const RunOptions& options_;
  Trace& trace_;
  Checkers checkers_;
  World world_;
  std::vector<std::unique_ptr<Application>> owners_;
  std::uint64_t steps_ = 0;
  std::uint32_t steps_at_instant_ = 0;
};

bool Simulation::take_events(std::size_t host) {
  bool any = false;
  while (const auto event = world_.stack(host).next_event()) {
    checkers_.on_event(host, *event);
    owners_[host]->on_event(world_.now(), *event);
    any = true;
  }
  return any;
}

void Simulation::turn(std::size_t host) {
  (void)take_events(host);
  do {
    owners_[host]->act(world_.now());
    (void)world_.send_frames(host);
  } while (take_events(host) && !broken());
  checkers_.after_call(host);
  checkers_.after_turn(host);
}

bool Simulation::step(Instant until) {
  std::optional<Instant> next = world_.next_instant();
  for (const auto& owner : owners_) {
    const auto wake = owner->next_wake();
    if (wake && (!next || *wake < *next)) next = wake;
  }
  if (!next || *next > until) return false;
  steps_at_instant_ = *next > world_.now() ? 0 : steps_at_instant_ + 1;
  world_.move_to(*next);
  for (std::size_t i = 0; i < world_.hosts(); ++i) turn(i);
  ++steps_;
  if (steps_at_instant_ > kStepsAtOneInstantMax) checkers_.fail(0, "time stands still");
  if (steps_ > kStepsMax) checkers_.fail(0, "too many steps");
  return true;
}

void Simulation::run_faults() {
  const Instant begin = world_.now();
  for (const ClockJump& jump : options_.jumps) {
    while (!broken() && step(begin + jump.after)) {
    }
    if (broken()) return;
    trace_.note(world_.now(), "the clock jumps");
    world_.move_to(std::max(world_.now(), begin + jump.after) + jump.by);
    checkers_.on_clock_jump();
    for (std::size_t i = 0; i < world_.hosts(); ++i) turn(i);
  }
  while (!broken() && step(begin + options_.faults_for)) {
  }
}

bool Simulation::is_over() const {
  if (!world_.is_quiet()) return false;
  for (std::size_t i = 0; i < owners_.size(); ++i) {
    if (!owners_[i]->is_done() || !checkers_.remains(i).empty()) return false;
  }
  return true;
}

void Simulation::run_calm() {
  trace_.note(world_.now(), "the network is well again");
  const Instant end = world_.now() + options_.liveness_bound;
  for (std::size_t i = 0; i < world_.hosts(); ++i) {
    world_.up(i).set_options(world_.up(i).options().calm());
    world_.down(i).set_options(world_.down(i).options().calm());
    owners_[i]->calm_down(world_.now());
    turn(i);
  }
  while (!broken() && !is_over() && step(end)) {
  }
  if (broken()) return;
  if (is_over()) return checkers_.expect_empty(0, checkers_.streams.check_delivered());
  checkers_.fail(0, "something does not end:" + what_remains());
}

std::string Simulation::what_remains() {
  std::string text;
  for (std::size_t i = 0; i < owners_.size(); ++i) {
    const std::string remains = checkers_.remains(i);
    if (!remains.empty()) text += "\n  " + remains;
    if (!owners_[i]->is_done()) text += fmt::format("\n  the owner of host {} still waits", i);
  }
  return text;
}

Totals Simulation::totals() {
  Totals all;
  all.steps = steps_;
  all.bytes_read = checkers_.streams.bytes_read();
  for (std::size_t i = 0; i < owners_.size(); ++i) {
    const Stats& s = world_.stack(i).stats();
    all.frames += s.frames_out;
    all.connections += owners_[i]->connections();
    all.opened += s.connections_opened;
    all.failed += s.connections_failed;
    all.requests += s.requests;
    all.accepted += s.requests_accepted;
    all.withdrawn += s.requests_withdrawn_reset + s.requests_withdrawn_replaced +
                     s.requests_withdrawn_expired + s.requests_withdrawn_listener_closed;
    all.retransmissions += s.segments_retransmitted;
    for (const Pipe* pipe : {&world_.up(i), &world_.down(i)}) {
      const PipeStats& p = pipe->stats();
      all.mishaps += p.lost + p.overflowed + p.too_big + p.duplicated + p.corrupted + p.reordered;
    }
  }
  return all;
}

Outcome Simulation::run() {
  for (std::size_t i = 0; i < world_.hosts(); ++i) turn(i);
  run_faults();
  if (!broken()) run_calm();
  return {checkers_.problem(), totals()};
}

}  // namespace

void Totals::add(const Totals& other) {
  steps += other.steps;
  frames += other.frames;
  mishaps += other.mishaps;
  connections += other.connections;
  opened += other.opened;
  failed += other.failed;
  requests += other.requests;
  accepted += other.accepted;
  withdrawn += other.withdrawn;
  retransmissions += other.retransmissions;
  bytes_read += other.bytes_read;
}

Outcome run(const RunOptions& options, Trace& trace) { return Simulation(options, trace).run(); }

}  // namespace anteroom::simulation
