// The counters of a stack under their own names, for tables and JSON.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include <anteroom/stats.h>

namespace anteroom::tools {

struct Counter {
  std::string_view name;
  std::uint64_t value;
};

// Every counter but the drops.
std::vector<Counter> counters_of(const Stats& stats);

// Each reason with at least one drop.
std::vector<Counter> drops_of(const Stats& stats);

}  // namespace anteroom::tools
