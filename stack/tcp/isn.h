// Initial sequence numbers, RFC 6528 3: a clock plus a keyed hash of the flow. And the offset of a
// connection's timestamps, RFC 7323 5.4, from the other half of the same hash.
#pragma once

#include <anteroom/address.h>
#include <anteroom/time.h>

#include "stack/base/keyed_hash.h"
#include "stack/tcp/seq.h"

namespace anteroom {

struct InitialNumbers {
  Seq iss;  // ticks every 4 microseconds, RFC 9293 3.4.1
  std::uint32_t timestamp_offset = 0;
};

InitialNumbers initial_numbers(const HashKey& key, const Flow& flow, Instant now);

// The hash under which tables keep a flow.
std::uint64_t flow_hash(const HashKey& key, const Flow& flow);

}  // namespace anteroom
