// What a SYN offered and what both ends agreed on: MSS (RFC 9293 3.7.1), window scale and
// timestamps (RFC 7323 1.3), SACK (RFC 2018 2).
#pragma once

#include <anteroom/config.h>
#include <anteroom/connection.h>

#include "stack/tcp/segment.h"

namespace anteroom {

// What the peer's SYN or SYN-ACK said.
struct PeerSyn {
  Seq irs;
  std::uint16_t window = 0;
  SynOptions options;
  EcnMode ecn = EcnMode::none;  // asked for
  std::uint8_t ip_ecn = 0;
};

// Of a segment with SYN.
PeerSyn peer_syn(const Segment& segment, const IpAddress& end);

struct Agreed {
  std::uint16_t send_mss = 536;     // payload of a segment without options
  std::uint16_t receive_mss = 536;  // what we announced
  std::uint8_t send_scale = 0;      // applied to windows we receive
  std::uint8_t receive_scale = 0;   // applied to windows we send
  bool window_scale = false;
  bool timestamps = false;
  bool sack = false;
  // A client whose caller data is marked and was not taken from the SYN says so until some of it
  // is: a server that has answered with a cookie remembers nothing (conditional-accept 3).
  bool marks : 1 = false;
  bool scale_first : 1 = false;  // SynOptionOrder

  // Bytes of options that every segment carries.
  std::uint32_t usual_bytes() const {
    return (timestamps ? 12 : 0) + (marks ? std::uint32_t{kConnectDataOptionBytes} : 0);
  }
};

// The MSS that an interface of this MTU announces: without IP and TCP headers, both without options
// (RFC 9293 3.7.1 [MUST-67]). `end` is the address of either, here and below: it tells the version.
constexpr std::uint16_t mss_of_mtu(std::uint16_t mtu, const IpAddress& end) {
  return static_cast<std::uint16_t>(mtu - (end.is_v4() ? 40 : 60));
}
// Where the peer names none: RFC 9293 3.7.1 [MUST-15].
constexpr std::uint16_t default_mss(const IpAddress& end) { return end.is_v4() ? 536 : 1220; }

// The smallest shift that can announce a buffer of `bytes` bytes.
std::uint8_t scale_for(std::uint32_t bytes);

// What holds after both SYNs, seen from the end configured by `tcp`, whose interface takes segments
// of `mss` bytes; in place (notes/002).
void agree(const SynOptions& peer, const TcpConfig& tcp, std::uint16_t mss,
           std::uint32_t receive_buffer_bytes, Agreed& agreed);

// Everything that `tcp` lets us offer, as a SYN says it.
Agreed offer(const TcpConfig& tcp, std::uint16_t mss, std::uint32_t receive_buffer_bytes);

// The options of our SYN (from offer()) or SYN-ACK (from agree()); without the timestamps' values.
void add_syn_options(const Agreed& agreed, TcpOptions& options);

// Bytes that those options take in the header.
std::size_t syn_ack_option_bytes(const SynOptions& answer_to, const TcpConfig& tcp);

}  // namespace anteroom
