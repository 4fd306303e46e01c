// Initial sequence numbers, RFC 6528 3: a clock plus a keyed hash of the flow. And the offset of a
// connection's timestamps, RFC 7323 5.4, made from the same part of it.
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

// The keyed hash of a flow. Its low half places the flow in tables and never shows on the wire; its
// high half is the F() of RFC 6528 and shows only to the flow's own peer.
std::uint64_t flow_hash(const HashKey& key, const Flow& flow);

InitialNumbers initial_numbers(std::uint64_t flow_hash, Instant now);

}  // namespace anteroom
