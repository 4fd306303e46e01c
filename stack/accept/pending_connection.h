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

// A SYN for a flow that has neither connection nor request.
struct Arrival {
  const Flow& flow;
  std::uint64_t flow_hash;
  std::uint32_t listener;
  // What Fast Open, or the answer to a challenge, has to say of it.
  bool address_validated = false;
  FastOpenOption cookie = FastOpenOption::none;
  std::uint32_t connection = kNoRequest;  // that shakes hands first
};

struct PendingConnection {
  PendingConnection(Instant now, const Arrival& arrival, const Segment& syn);

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
  Error withdrawal{};  // where withdrawn
  // Two groups: a store into one is not to hold up a load of the other.
  std::uint8_t ecn : 2 = 0;  // of the IP header
  EcnMode ecn_asked : 2 = EcnMode::none;
  bool has_mss : 1 = false;
  bool has_window_scale : 1 = false;
  bool sack_permitted : 1 = false;
  bool has_timestamp : 1 = false;
  bool fast_open : 1 = false;
  bool address_validated : 1 = false;
  FastOpenOption cookie : 2 = FastOpenOption::none;  // that its SYN-ACK shall bring
  std::uint8_t : 0;
  bool caller_data_changed : 1 = false;
  bool indicated : 1 = false;
  bool deferred : 1 = false;
  bool withdrawn : 1 = false;
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

// In one go: a bit set after the other would wait for the one before.
inline PendingConnection::PendingConnection(Instant now, const Arrival& arrival, const Segment& syn)
    : flow(arrival.flow),
      irs(syn.seq),
      flow_hash(arrival.flow_hash),
      arrived_at(now),
      seen_at(now),
      timestamp_value(syn.options.timestamp_value),
      listener(arrival.listener),
      window(syn.window),
      ip_bytes(syn.ip_bytes),
      dscp(syn.dscp),
      hop_limit(syn.hop_limit),
      ecn(syn.ecn & 3),
      has_mss(syn.options.has_mss),
      has_window_scale(syn.options.has_window_scale),
      sack_permitted(syn.options.sack_permitted),
      has_timestamp(syn.options.has_timestamp),
      fast_open(syn.options.has_fast_open),
      address_validated(arrival.address_validated),
      cookie(arrival.cookie),
      has_connection(arrival.connection != kNoRequest),
      handshaking(arrival.connection != kNoRequest) {
  const PeerSyn peer = peer_syn(syn, arrival.flow.local.address);
  mss = peer.options.mss;
  window_scale = peer.options.window_scale.value_or(0);
  ecn_asked = peer.ecn;
  if (has_connection) connection = arrival.connection;
}

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
