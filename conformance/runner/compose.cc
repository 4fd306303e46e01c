// A script's packet as one that arrives.
#include "conformance/runner/outcome.h"
#include "conformance/runner/packets.h"

namespace anteroom::runner {
namespace {

using script::EcnField;
using script::IcmpPacket;
using script::TcpPacket;

std::uint8_t ecn_bits(EcnField ecn) {
  switch (ecn) {
    case EcnField::not_ect: return 0;
    case EcnField::ect1: return 1;
    case EcnField::ect0: return 2;
    case EcnField::ce: return 3;
    case EcnField::ect01: throw Failed("ect01 is for packets that come out");
  }
  return 0;
}

void set_ip(const script::IpInfo& ip, LivePacket& live) {
  if (ip.flow_label && live.is_v4()) throw Failed("an IPv4 packet has no flow label");
  live.flow_label = ip.flow_label.value_or(0);
  if (ip.traffic_class) live.traffic_class = *ip.traffic_class;
  if (ip.dscp) live.traffic_class = static_cast<std::uint8_t>(*ip.dscp << 2);
  if (ip.ecn) live.traffic_class = (live.traffic_class & 0xfc) | ecn_bits(*ip.ecn);
  if (ip.hop_limit) live.hop_limit = *ip.hop_limit;
}

void set_tcp(const TcpPacket& tcp, const Flow& flow, LivePacket& live) {
  if (tcp.any_options || tcp.any_seq) throw Failed("a packet that goes in needs all its parts");
  if (tcp.udp_ports) throw Skipped("the stack has no TCP in UDP");
  const bool syn = (tcp.flags & kSyn) != 0;
  live.tcp.flags = tcp.flags;
  if (tcp.ace) live.tcp.flags = static_cast<std::uint16_t>(tcp.flags | *tcp.ace << 6);
  live.tcp.seq = flow.remote_live(tcp.seq, syn);
  if (tcp.ack) live.tcp.ack = flow.local_live(*tcp.ack, syn);
  live.tcp.window = tcp.window.value_or(0);
  live.tcp.urgent_pointer = tcp.urgent_pointer.value_or(0);
  live.tcp.options = live_options(tcp, flow, true);
  const std::size_t bytes = option_bytes(live.tcp.options);
  if (bytes % 4 != 0 || bytes > 40) {
    throw Failed("the options have " + std::to_string(bytes) +
                 " bytes; a multiple of 4 up to 40 is needed (add nop or eol)");
  }
  live.payload.assign(tcp.length, 0);
  if (tcp.payload) {
    if (tcp.payload->size() != tcp.length) throw Failed("the payload is not as long as written");
    live.payload.assign(tcp.payload->begin(), tcp.payload->end());
  }
}

}  // namespace

LivePacket compose(const script::Packet& packet, const Flow& flow) {
  if (!packet.outer.empty()) throw Skipped("the stack has no " + packet.outer[0] + " tunnels");
  LivePacket live;
  live.source = flow.remote.address;
  live.destination = flow.local.address;
  live.source_port = flow.remote.port;
  live.destination_port = flow.local.port;
  set_ip(packet.ip, live);
  if (packet.ports && packet.ports->first != 0) live.source_port = packet.ports->first;
  if (packet.ports && packet.ports->second != 0) live.destination_port = packet.ports->second;
  if (const auto* tcp = std::get_if<TcpPacket>(&packet.body)) set_tcp(*tcp, flow, live);
  if (const auto* icmp = std::get_if<IcmpPacket>(&packet.body)) compose_icmp(*icmp, flow, live);
  if (std::holds_alternative<script::UdpPacket>(packet.body)) {
    throw Skipped("the stack has no UDP sockets");
  }
  return live;
}

}  // namespace anteroom::runner
