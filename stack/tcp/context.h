// What a connection shares with others, is born with, and tells its owner.
#pragma once

#include <anteroom/config.h>
#include <anteroom/stats.h>

#include "stack/base/buffer_pool.h"
#include "stack/base/rate_limit.h"
#include "stack/tcp/isn.h"

namespace anteroom {

// What all connections of a stack share; an argument of each call.
struct TcpContext {
  const TcpConfig& tcp;
  const Limits& limits;
  std::uint16_t mtu;  // of the interface
  std::uint32_t send_capacity;
  std::uint32_t receive_capacity;          // at most
  std::uint32_t receive_capacity_initial;  // at first
  BufferPool& pool;
  Stats& stats;
  RateLimit& challenges;

  void drop(DropReason reason) const { ++stats.drops[static_cast<std::size_t>(reason)]; }
};

// What a connection is born with.
struct Birth {
  Flow flow;
  InitialNumbers numbers;
  std::uint16_t path_mtu = 0;  // 0: the interface's
  CongestionAlgorithm congestion = CongestionAlgorithm::cubic;
};

// How a connection sends, as its owner wants it.
struct Manner {
  bool no_delay : 1 = false;  // no Nagle algorithm
  bool corked : 1 = false;    // full segments only
  std::uint8_t dscp : 6 = 0;  // RFC 2474
};

// Which of our SYNs carry the caller data that is meant for them.
enum class SynData : std::uint8_t { never, once, always };

// What a SYN is answered with.
struct PassiveOpening {
  Bytes caller_data{};  // taken: the SYN-ACK acknowledges it
  bool keep_caller_data = false;
  Bytes response_data{};
  std::uint32_t in_syn_ack = 0;  // bytes of the response data that ride there; the rest follows
  bool early = false;            // RFC 7413: open to its owner, and sending, in SYN-RECEIVED
};

// News for the owner, one bit each; gathered until taken.
enum Signal : std::uint8_t {
  kSignalConnected = 1,
  kSignalReadable = 2,
  kSignalUrgent = 4,
  kSignalPeerClosed = 8,
  kSignalWritable = 16,
  kSignalClosed = 32,
  kSignalSoftError = 64,
};

// What the caller has to do about a segment that the connection does not take.
enum class Reply : std::uint8_t {
  none,
  reset,       // answer with RST, RFC 9293 3.10.7
  new_listen,  // a SYN that TIME-WAIT lets through: the connection is gone, ask the listener
};

}  // namespace anteroom
