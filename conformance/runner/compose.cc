// A script's packet as one that arrives.
#include <algorithm>
#include <array>
#include <charconv>

#include "conformance/runner/outcome.h"
#include "conformance/runner/packets.h"

namespace anteroom::runner {
namespace {

using script::EcnField;
using script::IcmpPacket;
using script::TcpPacket;

struct IcmpName {
  const char* type;
  const char* code;
  std::uint8_t type_number;
  std::uint8_t code_number;
};

// RFC 792, RFC 1122 3.2.2.1, RFC 1812 5.2.7.1.
constexpr std::array kIcmpNames{IcmpName{"unreachable", "net_unreachable", 3, 0},
                                IcmpName{"unreachable", "host_unreachable", 3, 1},
                                IcmpName{"unreachable", "protocol_unreachable", 3, 2},
                                IcmpName{"unreachable", "port_unreachable", 3, 3},
                                IcmpName{"unreachable", "frag_needed", 3, 4},
                                IcmpName{"unreachable", "source_route_failed", 3, 5},
                                IcmpName{"unreachable", "net_unknown", 3, 6},
                                IcmpName{"unreachable", "host_unknown", 3, 7},
                                IcmpName{"unreachable", "source_host_isolated", 3, 8},
                                IcmpName{"unreachable", "net_prohibited", 3, 9},
                                IcmpName{"unreachable", "host_prohibited", 3, 10},
                                IcmpName{"unreachable", "net_unreachable_for_tos", 3, 11},
                                IcmpName{"unreachable", "host_unreachable_for_tos", 3, 12},
                                IcmpName{"unreachable", "packet_filtered", 3, 13},
                                IcmpName{"unreachable", "precedence_violation", 3, 14},
                                IcmpName{"unreachable", "precedence_cutoff", 3, 15},
                                IcmpName{"time_exceeded", "ttl_exceeded_in_transit", 11, 0},
                                IcmpName{"time_exceeded", "frag_reass_exceeded", 11, 1},
                                IcmpName{"echo_reply", "", 0, 0},
                                IcmpName{"source_quench", "", 4, 0},
                                IcmpName{"redirect", "", 5, 0},
                                IcmpName{"echo_request", "", 8, 0},
                                IcmpName{"parameter_problem", "", 12, 0},
                                IcmpName{"timestamp_request", "", 13, 0},
                                IcmpName{"timestamp_reply", "", 14, 0},
                                IcmpName{"information_request", "", 15, 0},
                                IcmpName{"information_reply", "", 16, 0},
                                IcmpName{"address_mask_request", "", 17, 0},
                                IcmpName{"address_mask_reply", "", 18, 0}};

// `type_N` and `code_N`.
std::optional<std::uint8_t> numbered(const std::string& word, std::string_view prefix) {
  if (!word.starts_with(prefix)) return std::nullopt;
  std::uint8_t number = 0;
  const char* end = word.data() + word.size();
  const auto read = std::from_chars(word.data() + prefix.size(), end, number);
  if (read.ec != std::errc{} || read.ptr != end) return std::nullopt;
  return number;
}

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
  if (ip.flow_label) throw Skipped("flow labels are IPv6's, which the stack does not speak");
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

// The packet that the message is about, as far as messages quote: an IP header, eight bytes more.
std::vector<std::uint8_t> quote(const script::Quoted& quoted, const Flow& flow) {
  LivePacket about;
  about.source = flow.local.address.v4_bits();
  about.destination = flow.remote.address.v4_bits();
  about.source_port = flow.local.port;
  about.destination_port = flow.remote.port;
  about.protocol = quoted.kind == script::Quoted::Kind::udp ? kUdp : kTcp;
  about.tcp.seq = flow.local_live(quoted.seq, false);
  about.payload.assign(quoted.length, 0);
  std::vector<std::uint8_t> bytes = put_together(about);
  bytes.resize(28);
  return bytes;
}

void set_icmp(const IcmpPacket& icmp, const Flow& flow, LivePacket& live) {
  live.protocol = kIcmp;
  const auto named = std::find_if(kIcmpNames.begin(), kIcmpNames.end(), [&](const IcmpName& name) {
    return icmp.type == name.type && (icmp.code.empty() || icmp.code == name.code);
  });
  const std::optional<std::uint8_t> type = numbered(icmp.type, "type_");
  const std::optional<std::uint8_t> code = numbered(icmp.code, "code_");
  const auto by_type = std::find_if(kIcmpNames.begin(), kIcmpNames.end(),
                                    [&](const IcmpName& name) { return icmp.type == name.type; });
  if (!type && by_type == kIcmpNames.end()) throw Failed("there is no ICMP type " + icmp.type);
  if (!icmp.code.empty() && !code && named == kIcmpNames.end()) {
    throw Failed("ICMP " + icmp.type + " has no code " + icmp.code);
  }
  live.icmp_type = type ? *type : by_type->type_number;
  live.icmp_code = code ? *code : icmp.code.empty() ? std::uint8_t{0} : named->code_number;
  const std::uint32_t mtu = icmp.mtu.value_or(0);
  live.payload = {0, 0, static_cast<std::uint8_t>(mtu >> 8), static_cast<std::uint8_t>(mtu)};
  const std::vector<std::uint8_t> about = quote(icmp.quoted.value_or(script::Quoted{}), flow);
  live.payload.insert(live.payload.end(), about.begin(), about.end());
}

}  // namespace

LivePacket compose(const script::Packet& packet, const Flow& flow) {
  if (!packet.outer.empty()) throw Skipped("the stack has no " + packet.outer[0] + " tunnels");
  LivePacket live;
  live.source = flow.remote.address.v4_bits();
  live.destination = flow.local.address.v4_bits();
  live.source_port = flow.remote.port;
  live.destination_port = flow.local.port;
  set_ip(packet.ip, live);
  if (packet.ports && packet.ports->first != 0) live.source_port = packet.ports->first;
  if (packet.ports && packet.ports->second != 0) live.destination_port = packet.ports->second;
  if (const auto* tcp = std::get_if<TcpPacket>(&packet.body)) set_tcp(*tcp, flow, live);
  if (const auto* icmp = std::get_if<IcmpPacket>(&packet.body)) set_icmp(*icmp, flow, live);
  if (std::holds_alternative<script::UdpPacket>(packet.body)) {
    throw Skipped("the stack has no UDP sockets");
  }
  return live;
}

}  // namespace anteroom::runner
