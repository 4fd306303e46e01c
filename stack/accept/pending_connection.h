// What a SYN told us, kept until its verdict: a request. Held, it owns this and its caller data, no
// timer, ring, TCB or packet (conditional-accept 1); handshake first, a connection does the rest
// (conditional-accept 5).
#pragma once

#include <anteroom/connection.h>
#include <anteroom/error.h>

#include "stack/accept/fast_open.h"
#include "stack/base/deadline_queue.h"
#include "stack/tcp/options.h"

namespace anteroom {

// Neighbours in a listener's queue; kNoRequest where there is none.
inline constexpr std::uint32_t kNoRequest = UINT32_MAX;

struct PendingConnection {
  Flow flow;
  Seq irs;
  std::uint64_t flow_hash = 0;
  std::uint8_t* caller_data = nullptr;  // from the backlog's pool; the saved headers follow it
  Instant arrived_at{};
  Instant seen_at{};  // of the latest copy
  std::uint32_t timestamp_value = 0;
  union {
    std::uint32_t gap_ms = 0;  // the longest between two copies: a client waits ever longer
    std::uint32_t connection;  // index, where has_connection
  };
  std::uint32_t listener = 0;  // index
  std::uint32_t previous = kNoRequest;
  std::uint32_t next = kNoRequest;
  HeapPosition expiry = kNotQueued;
  std::uint16_t caller_data_bytes = 0;
  std::uint16_t window = 0;
  std::uint16_t mss = 0;
  std::uint16_t ip_bytes = 0;  // of the first SYN
  std::uint16_t repeats = 0;
  std::uint16_t deferrals = 0;
  std::uint16_t announced_bytes = 0;  // of marked caller data, here or still to come
  std::uint8_t syn_header_bytes = 0;  // saved
  std::uint8_t window_scale = 0;
  std::uint8_t dscp = 0;
  std::uint8_t hop_limit = 0;
  Error withdrawal{};        // where withdrawn
  std::uint8_t ecn : 2 = 0;  // of the IP header
  EcnMode ecn_asked : 2 = EcnMode::none;
  bool has_mss : 1 = false;
  bool has_window_scale : 1 = false;
  bool sack_permitted : 1 = false;
  bool has_timestamp : 1 = false;
  bool fast_open : 1 = false;
  bool address_validated : 1 = false;
  bool caller_data_changed : 1 = false;
  bool indicated : 1 = false;
  bool deferred : 1 = false;
  bool withdrawn : 1 = false;
  FastOpenOption cookie : 2 = FastOpenOption::none;  // that its SYN-ACK shall bring
  bool marked : 1 = false;
  bool has_connection : 1 = false;  // its caller data is in that one's receive buffer
  bool handshaking : 1 = false;     // that one is not established: not in its listener's queue yet

  Bytes data() const { return {caller_data, has_connection ? 0u : caller_data_bytes}; }
  Bytes syn_headers() const {
    return {caller_data + (has_connection ? 0u : caller_data_bytes), syn_header_bytes};
  }
  SynOptions options() const;
  PeerSyn peer() const { return {irs, window, options(), ecn_asked, ecn}; }
};

// With the slot around it a held request stays within 128 bytes (performance targets).
static_assert(sizeof(PendingConnection) <= 120);

inline SynOptions PendingConnection::options() const {
  SynOptions seen;
  seen.mss = mss;
  seen.has_mss = has_mss;
  if (has_window_scale) seen.window_scale = window_scale;
  seen.sack_permitted = sack_permitted;
  seen.has_timestamp = has_timestamp;
  seen.timestamp_value = timestamp_value;
  seen.fast_open = fast_open;
  return seen;
}

}  // namespace anteroom
