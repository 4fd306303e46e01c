// One seed, one run: everything that is drawn before it begins, as one struct that is printed
// whole. Not here: what the pipes and owners draw on their way (from the same seed).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "conformance/simulation/workload.h"
#include "conformance/simulation/world.h"

namespace anteroom::simulation {

struct ClockJump {
  Duration after{};  // the beginning
  Duration by{};
};

struct RunOptions {
  std::uint64_t seed = 0;
  std::vector<HostOptions> hosts;
  std::vector<WorkloadOptions> workloads;  // of each host
  Duration faults_for = 20s;               // then the network is well again
  std::vector<ClockJump> jumps;            // in order
  // From then on until everything must be over.
  Duration liveness_bound = 900s;
};

RunOptions draw_options(std::uint64_t seed);
std::string to_string(const RunOptions& options);

}  // namespace anteroom::simulation
