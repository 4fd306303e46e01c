// Initial sequence numbers, RFC 6528 3: a clock plus a keyed hash of the flow. And the offset of a
// connection's timestamps, RFC 7323 5.4, by the same means under another key.
#pragma once

#include <anteroom/address.h>
#include <anteroom/time.h>

#include "stack/base/keyed_hash.h"
#include "stack/tcp/seq.h"

namespace anteroom {

// Ticks every 4 microseconds, RFC 9293 3.4.1.
Seq initial_sequence(const HashKey& key, const Flow& flow, Instant now);

std::uint32_t timestamp_offset(const HashKey& key, const Flow& flow);

// The hash under which tables keep a flow.
std::uint64_t flow_hash(const HashKey& key, const Flow& flow);

}  // namespace anteroom
