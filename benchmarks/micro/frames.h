// Frames of a client on an Ethernet link, made once and patched for each use: what benchmarks feed
// a stack.
#pragma once

#include <array>
#include <vector>

#include <anteroom/stack.h>
#include <anteroom/testing/pair.h>

#include "stack/wire/arp.h"
#include "stack/wire/checksum.h"
#include "stack/wire/ethernet.h"
#include "stack/wire/ipv4.h"
#include "stack/wire/tcp_header.h"

namespace anteroom::benchmarks {

inline constexpr std::uint16_t kPort = 80;
inline const IpAddress kServer = IpAddress::v4(192, 0, 2, 1);
inline const MacAddress kClientMac{{0x02, 0, 0, 0, 0, 2}};
inline const MacAddress kServerMac{{0x02, 0, 0, 0, 0, 1}};

// The i-th client: networks 198.51.100.0/24 and up are behind the gateway 192.0.2.2, 60,000 ports
// each.
inline Endpoint client(std::uint32_t i) {
  return {IpAddress::v4(0xc6336401u + i / 60'000), static_cast<std::uint16_t>(1024 + i % 60'000)};
}

// A configuration whose every route leads through one neighbor, with room for `connections`.
inline Config bench_config(std::uint32_t connections) {
  Config config = testing::test_config(1);
  config.routes.push_back({{IpAddress::v4(0), 0}, IpAddress::v4(192, 0, 2, 2)});
  config.limits.connections_max = connections;
  config.limits.requests_max = config.limits.requests_per_source_max = connections;
  return config;
}

// The neighbor says who it is, so that no benchmark measures ARP.
inline void introduce_neighbor(Stack& stack, Instant now) {
  std::array<std::uint8_t, kEthernetHeaderBytes + kArpBytes> frame{};
  emit_ethernet({kServerMac, kClientMac, kEtherTypeArp}, frame);
  emit_arp({ArpOperation::request, kClientMac, IpAddress::v4(192, 0, 2, 2), MacAddress(), kServer},
           MutableBytes(frame).subspan(kEthernetHeaderBytes));
  stack.receive(now, frame);
  std::vector<std::uint8_t> out(stack.frame_bytes_max());
  while (stack.next_frame(now, out) != 0) {
  }
}

// A TCP frame from a client to the server.
inline std::vector<std::uint8_t> frame_from(const Endpoint& from, std::uint16_t flags,
                                            std::uint32_t seq, std::uint32_t ack,
                                            const TcpOptions& options, Bytes payload) {
  std::vector<std::uint8_t> frame(kEthernetHeaderBytes + kIpv4HeaderBytes + kTcpHeaderBytesMax +
                                  payload.size());
  emit_ethernet({kServerMac, kClientMac, kEtherTypeIpv4}, frame);
  const MutableBytes packet = MutableBytes(frame).subspan(kEthernetHeaderBytes);
  const MutableBytes segment = packet.subspan(kIpv4HeaderBytes);
  const Written written =
      emit_tcp({from.port, kPort, seq, ack, flags, 65'535, 0, 0}, options, segment);
  copy_bytes(segment.subspan(written.bytes), payload);
  const std::size_t bytes = written.bytes + payload.size();
  finish_tcp_checksum(segment.first(bytes), written,
                      pseudo_header_sum(from.address, kServer, kProtocolTcp, bytes));
  IpHeader ip;
  ip.source = from.address;
  ip.destination = kServer;
  ip.protocol = kProtocolTcp;
  ip.dont_fragment = true;
  ip.payload_bytes = static_cast<std::uint16_t>(bytes);
  emit_ipv4(ip, packet);
  frame.resize(kEthernetHeaderBytes + kIpv4HeaderBytes + bytes);
  return frame;
}

// The options of a Linux client's SYN.
inline TcpOptions linux_syn_options(std::uint32_t timestamp) {
  TcpOptions options;
  options.has_mss = true;
  options.mss = 1460;
  options.sack_permitted = options.has_timestamp = options.has_window_scale = true;
  options.timestamp_value = timestamp;
  options.window_scale = 7;
  return options;
}

inline std::vector<std::uint8_t> syn_from(std::uint32_t i, Bytes caller_data) {
  return frame_from(client(i), tcp_flag::syn, 1'000'000 + i, 0, linux_syn_options(i), caller_data);
}

}  // namespace anteroom::benchmarks
