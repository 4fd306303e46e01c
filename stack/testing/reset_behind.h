// The RST of a client that gives up a connection it has begun, made from the SYN that it sent.
#pragma once

#include <optional>
#include <vector>

#include "stack/wire/checksum.h"
#include "stack/wire/ethernet.h"
#include "stack/wire/ipv4.h"
#include "stack/wire/tcp_header.h"

namespace anteroom::testing {

// The source port, where the frame is a SYN.
inline std::optional<std::uint16_t> port_of_syn(Bytes frame) {
  const auto packet = parse_ipv4(frame.subspan(kEthernetHeaderBytes));
  if (!packet || packet->header.protocol != kProtocolTcp) return std::nullopt;
  const auto view = parse_tcp(packet->payload);
  if (!view || view->header.flags != tcp_flag::syn) return std::nullopt;
  return view->header.source_port;
}

// A frame whose RST stands right behind the SYN and its data. RFC 5961 3.2
inline std::vector<std::uint8_t> reset_behind(Bytes syn_frame) {
  const auto packet = parse_ipv4(syn_frame.subspan(kEthernetHeaderBytes));
  const auto syn = parse_tcp(packet->payload);
  TcpHeader header = syn->header;
  header.seq += 1 + static_cast<std::uint32_t>(syn->payload.size());
  header.flags = tcp_flag::rst;
  IpHeader ip = packet->header;
  ip.payload_bytes = kTcpHeaderBytes;
  std::vector<std::uint8_t> frame(syn_frame.begin(), syn_frame.end());
  frame.resize(kEthernetHeaderBytes + kIpv4HeaderBytes + kTcpHeaderBytes);
  const MutableBytes out = MutableBytes(frame).subspan(kEthernetHeaderBytes);
  const MutableBytes segment = out.subspan(kIpv4HeaderBytes);
  const Written written = emit_tcp(header, {}, segment);
  finish_tcp_checksum(segment, written,
                      pseudo_header_sum(ip.source, ip.destination, kProtocolTcp, kTcpHeaderBytes));
  emit_ipv4(ip, out);
  return frame;
}

}  // namespace anteroom::testing
