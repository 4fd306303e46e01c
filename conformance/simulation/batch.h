// Many runs, each where its abort hurts nobody: in child processes, a few seeds each. What a seed
// did wrong is told in one form, however it ended.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "conformance/simulation/run.h"

namespace anteroom::simulation {

struct BatchOptions {
  std::vector<std::uint64_t> seeds;
  unsigned jobs = 1;
  unsigned failures_max = 5;  // then the rest is not run
  bool repeat = false;        // each seed twice: the traces must be the same, byte for byte
};

struct BatchResult {
  std::uint64_t passed = 0;
  Totals totals;
  std::vector<std::uint64_t> failed;
};

// Reports each failure through `report` as soon as it is known, the command that repeats it first.
BatchResult run_batch(const BatchOptions& options,
                      const std::function<void(const std::string&)>& report,
                      const std::function<void(std::uint64_t done)>& progress);

// `simulation --seed N`, and the commit where git knows it.
std::string command_of(std::uint64_t seed);

}  // namespace anteroom::simulation
