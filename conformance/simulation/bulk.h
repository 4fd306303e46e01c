// Bulk flows through a bottleneck, in virtual time: senders that always have data, one receiver
// that reads everything at once. Not here: which paths are measured (golden.cc).
#pragma once

#include <cstdint>
#include <vector>

#include "conformance/simulation/world.h"

namespace anteroom::simulation {

struct BulkOptions {
  std::uint32_t senders = 1;  // each a host of its own, one flow each
  TcpConfig tcp;
  PipeOptions bottleneck;  // into the receiver's host
  Duration rtt = 20ms;     // of the empty path, all four pipes together
  Duration time_max = 60s;
  std::uint64_t bytes_max = 30'000'000;  // of all flows; what comes first ends the run
};

struct BulkFlow {
  std::uint64_t bytes = 0;  // read
  std::uint64_t retransmitted = 0;
  std::uint64_t timeouts = 0;
};

struct BulkResult {
  std::vector<BulkFlow> flows;
  Duration time{};

  std::uint64_t kbit_per_s(std::size_t flow) const;
};

BulkResult run_bulk(const BulkOptions& options);

}  // namespace anteroom::simulation
