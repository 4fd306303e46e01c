// One run: two phases on one virtual clock. First faults and random owners (safety), then a network
// that is well and owners that want to end (liveness).
#pragma once

#include <cstdint>
#include <string>

#include "conformance/simulation/faults.h"
#include "conformance/simulation/trace.h"

namespace anteroom::simulation {

// What a run did, so that one can see that it did something.
struct Totals {
  std::uint64_t steps = 0;
  std::uint64_t frames = 0;
  std::uint64_t mishaps = 0;      // frames lost, changed, doubled or held back
  std::uint64_t connections = 0;  // both ends counted
  std::uint64_t opened = 0;       // reached ESTABLISHED
  std::uint64_t failed = 0;
  std::uint64_t requests = 0;
  std::uint64_t accepted = 0;
  std::uint64_t withdrawn = 0;
  std::uint64_t retransmissions = 0;
  std::uint64_t bytes_read = 0;

  void add(const Totals& other);
};

struct Outcome {
  std::string problem;  // empty: all is well
  Totals totals;
};

Outcome run(const RunOptions& options, Trace& trace);

}  // namespace anteroom::simulation
