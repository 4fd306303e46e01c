// ICMP messages of a script as they arrive: names and numbers of both versions, and what a message
// quotes. RFC 792, RFC 1122 3.2.2.1, RFC 1812 5.2.7.1; RFC 4443.
#include <algorithm>
#include <array>
#include <charconv>
#include <span>

#include "conformance/runner/outcome.h"
#include "conformance/runner/packets.h"

namespace anteroom::runner {
namespace {

using script::IcmpPacket;

struct IcmpName {
  const char* type;
  const char* code;
  std::uint8_t type_number;
  std::uint8_t code_number;
};

constexpr std::array kNames{IcmpName{"unreachable", "net_unreachable", 3, 0},
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

// RFC 4443.
constexpr std::array kNamesV6{IcmpName{"unreachable", "no_route", 1, 0},
                              IcmpName{"unreachable", "net_unreachable", 1, 0},
                              IcmpName{"unreachable", "admin_prohibited", 1, 1},
                              IcmpName{"unreachable", "not_neighbour", 1, 2},
                              IcmpName{"unreachable", "address_unreachable", 1, 3},
                              IcmpName{"unreachable", "port_unreachable", 1, 4},
                              IcmpName{"packet_too_big", "", 2, 0},
                              IcmpName{"time_exceeded", "exceeded_hop_limit", 3, 0},
                              IcmpName{"time_exceeded", "exceeded_frag_time", 3, 1},
                              IcmpName{"parameter_problem", "header_field", 4, 0},
                              IcmpName{"parameter_problem", "unknown_next_header", 4, 1},
                              IcmpName{"parameter_problem", "unknown_option", 4, 2},
                              IcmpName{"echo_request", "", 128, 0},
                              IcmpName{"echo_reply", "", 129, 0},
                              IcmpName{"router_advertisement", "", 134, 0}};

using Names = std::span<const IcmpName>;

// `type_N` and `code_N`.
std::optional<std::uint8_t> numbered(const std::string& word, std::string_view prefix) {
  if (!word.starts_with(prefix)) return std::nullopt;
  std::uint8_t number = 0;
  const char* end = word.data() + word.size();
  const auto read = std::from_chars(word.data() + prefix.size(), end, number);
  if (read.ec != std::errc{} || read.ptr != end) return std::nullopt;
  return number;
}

// The packet that the message is about, as far as messages quote: an IP header, eight bytes more.
std::vector<std::uint8_t> quote(const script::Quoted& quoted, const Flow& flow) {
  LivePacket about;
  about.source = flow.local.address;
  about.destination = flow.remote.address;
  about.source_port = flow.local.port;
  about.destination_port = flow.remote.port;
  about.protocol = quoted.kind == script::Quoted::Kind::udp ? kUdp : kTcp;
  about.tcp.seq = flow.local_live(quoted.seq, false);
  about.payload.assign(quoted.length, 0);
  std::vector<std::uint8_t> bytes = put_together(about);
  bytes.resize(about.is_v4() ? 28 : 48);
  return bytes;
}

void append32(std::vector<std::uint8_t>& out, std::uint32_t value) {
  for (int shift = 24; shift >= 0; shift -= 8) {
    out.push_back(static_cast<std::uint8_t>(value >> shift));
  }
}

}  // namespace

void compose_icmp(const IcmpPacket& icmp, const Flow& flow, LivePacket& live) {
  live.protocol = kIcmp;
  const Names names = live.is_v4() ? Names(kNames) : Names(kNamesV6);
  const char* const version = live.is_v4() ? "ICMP " : "ICMPv6 ";
  const auto named = std::find_if(names.begin(), names.end(), [&](const IcmpName& name) {
    return icmp.type == name.type && (icmp.code.empty() || icmp.code == name.code);
  });
  const std::optional<std::uint8_t> type = numbered(icmp.type, "type_");
  const std::optional<std::uint8_t> code = numbered(icmp.code, "code_");
  const auto by_type = std::find_if(names.begin(), names.end(),
                                    [&](const IcmpName& name) { return icmp.type == name.type; });
  if (!type && by_type == names.end()) throw Failed("there is no " + (version + icmp.type));
  if (!icmp.code.empty() && !code && named == names.end()) {
    throw Failed(version + icmp.type + " has no code " + icmp.code);
  }
  live.icmp_type = type ? *type : by_type->type_number;
  live.icmp_code = code ? *code : icmp.code.empty() ? std::uint8_t{0} : named->code_number;
  // Of IPv4 it is the lower half of this word (RFC 1191 4); of IPv6 all of it (RFC 4443 3.2).
  const std::uint32_t mtu = icmp.mtu.value_or(0);
  if (live.is_v4() && mtu > 0xffff) throw Failed("the MTU has 16 bits");
  live.payload.clear();
  append32(live.payload, mtu);
  const std::vector<std::uint8_t> about = quote(icmp.quoted.value_or(script::Quoted{}), flow);
  live.payload.insert(live.payload.end(), about.begin(), about.end());
}

}  // namespace anteroom::runner
