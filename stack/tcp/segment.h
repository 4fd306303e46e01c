// A segment as TCP sees it: received (Segment), and to be sent (OutgoingSegment).
#pragma once

#include <anteroom/address.h>

#include "stack/tcp/seq.h"
#include "stack/wire/tcp_header.h"

namespace anteroom {

inline const TcpOptions kNoOptions;

// RFC 9293 3.3.1, "current segment variables". The views live as long as the frame.
struct Segment {
  Seq seq;
  Seq ack;
  std::uint16_t flags = 0;
  std::uint16_t window = 0;  // as on the wire, not scaled
  std::uint16_t urgent_pointer = 0;
  std::uint16_t ip_bytes = 0;  // length of the IP packet it came in
  std::uint8_t dscp = 0;
  std::uint8_t ecn = 0;
  std::uint8_t hop_limit = 0;
  Bytes payload{};
  // Where the parser left them: a copy stalls the fast path.
  const TcpOptions& options = kNoOptions;
  Bytes headers{};  // of IP and TCP, as received; empty where the packet came in fragments

  bool has(std::uint16_t flag) const { return (flags & flag) != 0; }
  // SEG.LEN: SYN and FIN count.
  std::uint32_t length() const {
    return static_cast<std::uint32_t>(payload.size()) + has(tcp_flag::syn) + has(tcp_flag::fin);
  }
  // The sequence number of the first payload byte.
  Seq data_seq() const { return seq + (has(tcp_flag::syn) ? 1 : 0); }
  Seq end() const { return seq + length(); }
};

// What to send. The payload is still in the send queue: `payload_offset` bytes from its front.
struct OutgoingSegment {
  Seq seq;
  Seq ack;
  std::uint16_t flags = 0;
  std::uint16_t window = 0;
  std::uint16_t urgent_pointer = 0;
  std::uint8_t ip_ecn = 0;  // the IP header's ECN field
  std::uint32_t payload_offset = 0;
  std::uint32_t payload_bytes = 0;
  TcpOptions options{};
};

}  // namespace anteroom
