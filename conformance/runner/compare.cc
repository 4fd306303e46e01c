// What came out against what was expected, and both as text.
#include <algorithm>
#include <cstdlib>

#include <fmt/format.h>

#include "conformance/runner/outcome.h"
#include "conformance/runner/packets.h"

namespace anteroom::runner {
namespace {

using script::EcnField;
using script::OptionKind;
using script::TcpPacket;

constexpr std::uint16_t kEcnFlags = kEce | kCwr | kAe;

std::string flags_text(std::uint16_t flags) {
  std::string text;
  constexpr std::pair<std::uint16_t, char> kLetters[] = {{kFin, 'F'}, {kSyn, 'S'}, {kRst, 'R'},
                                                         {kPsh, 'P'}, {kUrg, 'U'}, {kEce, 'E'},
                                                         {kCwr, 'W'}, {kAe, 'A'}};
  for (const auto& [flag, letter] : kLetters) {
    if ((flags & flag) != 0) text += letter;
  }
  if ((flags & kAck) != 0) text += '.';
  return text.empty() ? "-" : text;
}

std::uint32_t word_at(const std::vector<std::uint8_t>& data, std::size_t at, int bytes) {
  std::uint32_t value = 0;
  for (int i = 0; i < bytes; ++i) value = value << 8 | data[at + static_cast<std::size_t>(i)];
  return value;
}

std::string hex(const std::vector<std::uint8_t>& data) {
  std::string text;
  for (const std::uint8_t byte : data) text += fmt::format("{:02x}", byte);
  return text;
}

std::string sack_text(const LiveOption& option, const Flow& flow, bool inbound) {
  std::string text = "sack";
  for (std::size_t at = 0; at + 8 <= option.data.size(); at += 8) {
    const auto mapped = [&](std::size_t where) {
      const std::uint32_t live = word_at(option.data, where, 4);
      return inbound ? flow.local_script(live, false) : flow.remote_script(live, false);
    };
    text += fmt::format(" {}:{}", mapped(at), mapped(at + 4));
  }
  return text;
}

std::string acc_ecn_text(const LiveOption& option) {
  constexpr const char* kNames[] = {"e0b", "ceb", "e1b"};
  std::string text = "ECN";
  for (std::size_t i = 0; 3 * i + 3 <= option.data.size() && i < 3; ++i) {
    const std::size_t name = option.kind == 172 ? i : 2 - i;
    text += fmt::format(" {} {}", kNames[name], word_at(option.data, 3 * i, 3));
  }
  return text;
}

// Our own time-stamps, ecr of what comes in and val of what goes out, count as the script does.
std::string stamp_text(const LiveOption& option, const Flow& flow, bool inbound) {
  const auto mapped = [&](std::size_t at, bool ours) {
    const std::uint32_t live = word_at(option.data, at, 4);
    if (!ours || !flow.first_script_stamp) return live;
    return *flow.first_script_stamp + (live - flow.first_live_stamp);
  };
  return fmt::format("TS val {} ecr {}", mapped(0, !inbound), mapped(4, inbound));
}

std::string option_text(const LiveOption& option, const Flow& flow, bool inbound) {
  const auto& data = option.data;
  switch (option.kind) {
    case 0: return "eol";
    case 1: return "nop";
    case 2:
      if (data.size() == 2) return fmt::format("mss {}", word_at(data, 0, 2));
      break;
    case 3:
      if (data.size() == 1) return fmt::format("wscale {}", data[0]);
      break;
    case 4: return "sackOK";
    case 5: return sack_text(option, flow, inbound);
    case 8:
      if (data.size() == 8) return stamp_text(option, flow, inbound);
      break;
    case 34: return data.empty() ? "FO" : "FO " + hex(data);
    case 172:
    case 174: return acc_ecn_text(option);
    default: break;
  }
  if (option.kind == 254 && data.size() >= 2 && word_at(data, 0, 2) == 0xf989) {
    return data.size() == 2 ? "FOEXP" : "FOEXP " + hex({data.begin() + 2, data.end()});
  }
  if (option.kind == 253 && data.size() == 6) return fmt::format("cdata {}", word_at(data, 4, 2));
  return fmt::format("gen-{} {}", option.kind, hex(data));
}

// A script's flow label is a name: the same one means the same live label, another one another.
std::optional<std::string> label_difference(std::uint32_t wanted, const LivePacket& live,
                                            const Flow& flow) {
  if (live.is_v4()) return "an IPv4 packet has no flow label";
  if (live.flow_label == 0) return "it has no flow label";
  if (!flow.label) return std::nullopt;
  const auto& [name, value] = *flow.label;
  if ((name == wanted) == (value == live.flow_label)) return std::nullopt;
  return fmt::format("its flow label is 0x{:05x}, that of the packet before was 0x{:05x}",
                     live.flow_label, value);
}

std::optional<std::string> ip_difference(const script::IpInfo& ip, const LivePacket& live,
                                         const Flow& flow) {
  const std::uint8_t ecn = live.traffic_class & 3;
  if (ip.ecn) {
    const bool fits = *ip.ecn == EcnField::ect01     ? ecn == 1 || ecn == 2
                      : *ip.ecn == EcnField::not_ect ? ecn == 0
                      : *ip.ecn == EcnField::ect1    ? ecn == 1
                      : *ip.ecn == EcnField::ect0    ? ecn == 2
                                                     : ecn == 3;
    if (!fits) return fmt::format("its ECN field is {:02b}", ecn);
  }
  if (ip.traffic_class && *ip.traffic_class != live.traffic_class) {
    return fmt::format("its traffic class is 0x{:02x}", live.traffic_class);
  }
  if (ip.dscp && *ip.dscp != live.traffic_class >> 2) {
    return fmt::format("its DSCP is {}", live.traffic_class >> 2);
  }
  if (ip.hop_limit && *ip.hop_limit != live.hop_limit) {
    return fmt::format("its {} is {}", live.is_v4() ? "TTL" : "hop limit", live.hop_limit);
  }
  return ip.flow_label ? label_difference(*ip.flow_label, live, flow) : std::nullopt;
}

bool flags_fit(const TcpPacket& tcp, std::uint16_t live, const MatchRules& rules) {
  const bool ace = tcp.ace && (*tcp.ace != 0 || rules.dialect == script::Dialect::nplab);
  const auto ace_flags = static_cast<std::uint16_t>(ace ? *tcp.ace << 6 : 0);
  const std::uint16_t wanted = static_cast<std::uint16_t>(
      (tcp.flags & ~kEcnFlags) | (ace ? ace_flags : tcp.flags & kEcnFlags));
  return wanted == live || (rules.joined && wanted == (live | kPsh));
}

bool stamp_fits(const script::TcpOptionItem& item, const LiveOption& live, const Flow& flow,
                const MatchRules& rules) {
  if (rules.stamp_tick_us == 0 || item.any_value || !flow.first_script_stamp) return true;
  const std::uint32_t value = word_at(live.data, 0, 4);
  const std::uint32_t as_script = *flow.first_script_stamp + (value - flow.first_live_stamp);
  const auto off = static_cast<std::int32_t>(as_script - item.numbers[0]);
  return std::abs(std::int64_t{off}) * rules.stamp_tick_us <= rules.stamp_tolerance_us;
}

std::optional<std::string> option_difference(const TcpPacket& tcp, const LivePacket& live,
                                             const Flow& flow, const MatchRules& rules) {
  if (tcp.any_options) return std::nullopt;
  const std::vector<LiveOption> wanted = live_options(tcp, flow, false);
  const auto& found = live.tcp.options;
  for (std::size_t i = 0; i < std::max(wanted.size(), found.size()); ++i) {
    if (i >= found.size()) return option_text(wanted[i], flow, false) + " is missing";
    if (i >= wanted.size()) return option_text(found[i], flow, false) + " was not expected";
    if (wanted[i].kind != found[i].kind) {
      return fmt::format("{} stands where {} was expected", option_text(found[i], flow, false),
                         option_text(wanted[i], flow, false));
    }
    const bool stamp = found[i].kind == 8 && found[i].data.size() == 8;
    if (stamp ? !stamp_fits(tcp.options[i], found[i], flow, rules) : wanted[i] != found[i]) {
      return fmt::format("the option is {}", option_text(found[i], flow, false));
    }
  }
  return std::nullopt;
}

std::optional<std::string> payload_difference(const TcpPacket& tcp, const LivePacket& live) {
  if (live.payload.size() != tcp.length) {
    return fmt::format("it has {} bytes of payload", live.payload.size());
  }
  const bool same =
      tcp.payload
          ? std::equal(live.payload.begin(), live.payload.end(), tcp.payload->begin(),
                       [](std::uint8_t a, char b) { return a == static_cast<std::uint8_t>(b); })
          : std::all_of(live.payload.begin(), live.payload.end(),
                        [](std::uint8_t byte) { return byte == 0; });
  // A script that gives no bytes means zeros, which is what its calls send.
  if (!same) return "its payload has other bytes";
  return std::nullopt;
}

std::optional<std::string> tcp_difference(const TcpPacket& tcp, const LivePacket& live,
                                          const Flow& flow, const MatchRules& rules) {
  if (live.protocol != kTcp) return "it is no TCP segment";
  if (tcp.udp_ports) throw Skipped("the stack has no TCP in UDP");
  if (tcp.reset_cause) throw Skipped("the stack gives no cause with a reset");
  if (!flags_fit(tcp, live.tcp.flags, rules)) {
    return fmt::format("its flags are {}", flags_text(live.tcp.flags));
  }
  const bool syn = (live.tcp.flags & kSyn) != 0;
  if (!tcp.any_seq) {
    const std::uint32_t seq = tcp.seq.literal ? live.tcp.seq : flow.local_script(live.tcp.seq, syn);
    if (seq != tcp.seq.value) return fmt::format("its sequence number is {}", seq);
  }
  if (const auto wrong = payload_difference(tcp, live)) return wrong;
  const std::uint32_t wanted_ack = tcp.ack ? tcp.ack->value : 0;
  const bool raw_ack = (live.tcp.flags & kAck) == 0 || (tcp.ack && tcp.ack->literal);
  const std::uint32_t ack = raw_ack ? live.tcp.ack : flow.remote_script(live.tcp.ack, syn);
  if (ack != wanted_ack) return fmt::format("it acknowledges {}", ack);
  if (tcp.window && *tcp.window != live.tcp.window) {
    return fmt::format("its window is {}", live.tcp.window);
  }
  if (tcp.urgent_pointer.value_or(0) != live.tcp.urgent_pointer) {
    return fmt::format("its urgent pointer is {}", live.tcp.urgent_pointer);
  }
  return option_difference(tcp, live, flow, rules);
}

}  // namespace

std::optional<std::string> difference(const script::Packet& expected, const LivePacket& live,
                                      const Flow& flow, const MatchRules& rules) {
  if (!expected.outer.empty()) throw Skipped("the stack has no " + expected.outer[0] + " tunnels");
  if (const auto wrong = ip_difference(expected.ip, live, flow)) return wrong;
  if (const auto* tcp = std::get_if<TcpPacket>(&expected.body)) {
    return tcp_difference(*tcp, live, flow, rules);
  }
  if (std::holds_alternative<script::UdpPacket>(expected.body)) {
    throw Skipped("the stack has no UDP sockets");
  }
  if (!live.is_icmp()) return "it is no ICMP message";
  const LivePacket wanted = compose(expected, flow);
  if (wanted.icmp_type != live.icmp_type || wanted.icmp_code != live.icmp_code) {
    return fmt::format("it is ICMP type {} code {}", live.icmp_type, live.icmp_code);
  }
  return std::nullopt;
}

void note_names(const script::Packet& expected, const LivePacket& live, Flow& flow) {
  if (expected.ip.flow_label) flow.label.emplace(*expected.ip.flow_label, live.flow_label);
  const auto* tcp = std::get_if<TcpPacket>(&expected.body);
  if (tcp == nullptr || tcp->any_options) return;
  for (std::size_t i = 0; i < tcp->options.size(); ++i) {
    const auto& item = tcp->options[i];
    if (item.kind != OptionKind::timestamp || item.any_value) continue;
    const std::uint32_t value = word_at(live.tcp.options[i].data, 0, 4);
    if (!flow.first_script_stamp) {
      flow.first_script_stamp = item.numbers[0];
      flow.first_live_stamp = value;
    }
    flow.stamps[item.numbers[0]] = value;
  }
}

std::string text_of(const LivePacket& live, const Flow& flow, bool inbound) {
  std::string text = inbound ? "< " : "> ";
  constexpr const char* kEcn[] = {"", "[ect1] ", "[ect0] ", "[ce] "};
  text += kEcn[live.traffic_class & 3];
  if (live.is_icmp()) {
    return text + fmt::format("icmp type_{} code_{}", live.icmp_type, live.icmp_code);
  }
  if (live.protocol != kTcp) return text + fmt::format("udp ({})", live.payload.size());
  const bool syn = (live.tcp.flags & kSyn) != 0;
  const auto length = static_cast<std::uint32_t>(live.payload.size());
  const std::uint32_t seq =
      inbound ? flow.remote_script(live.tcp.seq, syn) : flow.local_script(live.tcp.seq, syn);
  text += fmt::format("{} {}:{}({})", flags_text(live.tcp.flags), seq, seq + length, length);
  if ((live.tcp.flags & kAck) != 0) {
    text += fmt::format(" ack {}", inbound ? flow.local_script(live.tcp.ack, syn)
                                           : flow.remote_script(live.tcp.ack, syn));
  }
  text += fmt::format(" win {}", live.tcp.window);
  if (live.tcp.urgent_pointer != 0) text += fmt::format(" urg {}", live.tcp.urgent_pointer);
  if (live.tcp.options.empty()) return text;
  std::string list;
  for (const LiveOption& option : live.tcp.options) {
    if (!list.empty()) list += ',';
    list += option_text(option, flow, inbound);
  }
  return text + " <" + list + ">";
}

}  // namespace anteroom::runner
