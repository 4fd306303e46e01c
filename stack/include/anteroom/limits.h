// Every bound of a stack, in one place. A stack never holds more than this says.
#pragma once

#include <cstddef>
#include <cstdint>

#include <anteroom/time.h>

namespace anteroom {

struct Limits {
  // Connections of every state, TIME-WAIT included; when full, one in TIME-WAIT makes room.
  std::uint32_t connections_max = 65'536;
  std::uint32_t listeners_max = 64;

  // Requests held for a verdict: of the whole stack, of one listener (ListenOptions may lower it),
  // and of one source network (IPv4 /24, IPv6 /56) at one listener.
  std::uint32_t requests_max = 65'536;
  std::uint32_t requests_per_source_max = 65'536;
  // Caller data: of one request, and of all requests of one listener, in bytes.
  std::uint32_t caller_data_bytes_max = 1'460;
  std::uint64_t caller_data_bytes_per_listener_max = 64u << 20;
  // A request expires when its client has surely given up: this many times the last gap between its
  // SYNs, within these bounds. Before the first repeat the gap is taken to be
  // `request_gap_assumed`, the longest initial retransmission time-out in use (RFC 6298 2.1 before
  // 2011: 3 s).
  std::uint32_t request_gap_factor = 3;
  Duration request_gap_assumed = 3s;
  Duration request_lifetime_min = 3s;
  Duration request_lifetime_max = 75s;
  // Towards an address that is not validated the SYN-ACK's IP length is at most this many times the
  // SYN's; 0 switches the rule off.
  std::uint32_t amplification_factor_max = 3;

  // Fast Open (RFC 7413). A cookie is valid for one to two such periods. As a client: the servers
  // remembered, the least recently used forgotten first; and how long one is left alone whose path
  // seems to drop such SYNs, twice as long each time.
  Duration fast_open_key_period = 24h;
  std::uint32_t fast_open_servers_max = 1'024;
  Duration fast_open_pause_min = 4min;
  Duration fast_open_pause_max = 36h;

  // Memory of all send and receive buffers together, of which data to send leaves a quarter free,
  // and of one of each, in bytes. One buffer's
  // maximum is rounded up to a power of two of at least 4 KiB and at most 64 MiB.
  std::uint64_t buffer_bytes_max = 1u << 30;
  std::uint32_t send_buffer_bytes_max = 1u << 20;
  std::uint32_t receive_buffer_bytes_max = 1u << 20;
  // A receive buffer starts at this (rounded in the same way) and doubles up to its maximum while
  // the sender fills it and its owner keeps up.
  std::uint32_t receive_buffer_bytes_initial = 128u << 10;
  // Disjoint ranges of out-of-order data that one connection keeps.
  std::uint32_t out_of_order_ranges_max = 1'024;

  // Answers that belong to no connection (RST, ICMP, ARP, echo): how many wait, and their bytes.
  std::uint32_t replies_max = 1'024;
  std::uint32_t reply_bytes_max = 256u << 10;
  // ICMP errors sent per second (RFC 1812 4.3.2.8) and challenge ACKs per second (RFC 5961 7).
  std::uint32_t icmp_errors_per_second = 1'000;
  std::uint32_t challenge_acks_per_second = 1'000;

  // Neighbor cache: entries, datagrams parked per unresolved entry, unanswered queries before
  // giving up.
  std::uint32_t neighbors_max = 1'024;
  std::uint32_t parked_per_neighbor_max = 4;
  std::uint32_t neighbor_queries_max = 3;
  Duration neighbor_query_interval = 1s;
  Duration neighbor_reachable_time = 30s;

  // Reassembly: datagrams in progress, bytes of one and of all, fragments of one, and how long one
  // may take (RFC 1122 3.3.2: between 60 s and 120 s).
  std::uint32_t reassemblies_max = 64;
  std::uint32_t reassembly_bytes_max = 4u << 20;
  std::uint32_t fragments_per_datagram_max = 64;
  Duration reassembly_timeout = 60s;

  std::uint32_t path_mtu_entries_max = 1'024;
  Duration path_mtu_lifetime = 10min;
  std::uint32_t routes_max = 64;

  // Deadlines that one advance() serves at most.
  std::uint32_t timers_per_advance = 4'096;
};

}  // namespace anteroom
