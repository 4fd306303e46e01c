// What a connection has to remember while something is outstanding, and at no other time: its
// scoreboard, its loss recovery and its pace. Taken from the pool with the first segment of data,
// given back when all is acknowledged and nothing is left to learn.
#pragma once

#include "stack/base/pooled.h"
#include "stack/tcp/congestion/pacer.h"
#include "stack/tcp/recovery.h"

namespace anteroom {

struct Outstanding {
  explicit Outstanding(Seq una) : recovery(una) {}

  Flight flight;
  Recovery recovery;
  Pacer pacer;
  // The congestion window held us back, as of when this was next to be sent. What acknowledges data
  // before it answers a full window, be it one acknowledgment or many in a row.
  Seq limited_until;
  Instant waits_since{};                 // the first segment in flight for its acknowledgment
  std::uint16_t path_probe = 0;          // size of the segment that tries the path's MTU, or 0
  Instant paced_until = Instant::max();  // something to send waits for its pace
};

}  // namespace anteroom
