// Parses with the codecs of the stack, prints with the words of packetdrill.
#include "tools/anteroom/frame_text.h"

#include <algorithm>

#include <fmt/format.h>

#include "stack/wire/arp.h"
#include "stack/wire/checksum.h"
#include "stack/wire/ethernet.h"
#include "stack/wire/icmpv4.h"
#include "stack/wire/udp.h"
#include "tools/anteroom/byte_text.h"

namespace anteroom::tools {
namespace {

std::string flags_text(std::uint16_t flags) {
  constexpr std::pair<std::uint16_t, char> kLetters[] = {
      {tcp_flag::fin, 'F'}, {tcp_flag::syn, 'S'}, {tcp_flag::rst, 'R'}, {tcp_flag::psh, 'P'},
      {tcp_flag::ack, '.'}, {tcp_flag::urg, 'U'}, {tcp_flag::ece, 'E'}, {tcp_flag::cwr, 'W'},
  };
  std::string text;
  for (const auto& [flag, letter] : kLetters) {
    if ((flags & flag) != 0) text += letter;
  }
  return text.empty() ? "-" : text;
}

// `peer_first` makes the SACK blocks, which are the peer's numbers, relative.
std::string options_text(const TcpOptions& options, std::uint32_t peer_first) {
  std::string text;
  const auto add = [&](const std::string& option) { text += (text.empty() ? "" : ",") + option; };
  if (options.has_mss) add(fmt::format("mss {}", options.mss));
  if (options.sack_permitted) add("sackOK");
  if (options.has_timestamp) {
    add(fmt::format("TS val {} ecr {}", options.timestamp_value, options.timestamp_echo));
  }
  if (options.has_window_scale) add(fmt::format("wscale {}", options.window_scale));
  if (options.has_fast_open) {
    const Bytes cookie = Bytes(options.fast_open.bytes).first(options.fast_open.size);
    add(cookie.empty() ? "FO" : "FO " + to_hex(cookie));
  }
  if (options.experimental.kind != 0) {
    add(fmt::format("exp-{} {}", options.experimental.kind, to_hex(options.experimental.data)));
  }
  for (std::size_t i = 0; i < options.sack_count; ++i) {
    add(fmt::format("sack {}:{}", options.sack[i].left - peer_first,
                    options.sack[i].right - peer_first));
  }
  return text.empty() ? text : " <" + text + ">";
}

std::string arp_text(const ArpPacket& arp) {
  if (arp.operation == ArpOperation::request) {
    return fmt::format("ARP who has {}? tell {}", to_string(arp.target_ip),
                       to_string(arp.sender_ip));
  }
  return fmt::format("ARP {} is at {}", to_string(arp.sender_ip), to_string(arp.sender_mac));
}

std::string icmp_text(const IcmpMessage& icmp) {
  const std::uint32_t identifier = icmp.rest >> 16;
  const std::uint32_t sequence = icmp.rest & 0xffff;
  switch (static_cast<IcmpType>(icmp.type)) {
    case IcmpType::echo_request:
      return fmt::format("ICMP echo request id {} seq {} ({} bytes)", identifier, sequence,
                         icmp.body.size());
    case IcmpType::echo_reply:
      return fmt::format("ICMP echo reply id {} seq {} ({} bytes)", identifier, sequence,
                         icmp.body.size());
    case IcmpType::unreachable:
      switch (icmp.code) {
        case kUnreachableNetwork: return "ICMP network unreachable";
        case kUnreachableHost: return "ICMP host unreachable";
        case kUnreachableProtocol: return "ICMP protocol unreachable";
        case kUnreachablePort: return "ICMP port unreachable";
        case kUnreachableFragmentationNeeded:
          return fmt::format("ICMP fragmentation needed, mtu {}", sequence);
        default: return fmt::format("ICMP unreachable code {}", icmp.code);
      }
    case IcmpType::time_exceeded: return fmt::format("ICMP time exceeded code {}", icmp.code);
    case IcmpType::parameter_problem: return "ICMP parameter problem";
  }
  return fmt::format("ICMP type {} code {}", icmp.type, icmp.code);
}

std::string drop_text(const char* protocol, DropReason reason) {
  return fmt::format("{} dropped: {}", protocol, to_string(reason));
}

}  // namespace

FrameTeller::Direction FrameTeller::direction_of(const Endpoint& sender, const Endpoint& receiver) {
  Direction direction{};
  auto* out = direction.data();
  for (const Endpoint* end : {&sender, &receiver}) {
    out = std::copy(end->address.octets().begin(), end->address.octets().end(), out);
    *out++ = static_cast<std::uint8_t>(end->port >> 8);
    *out++ = static_cast<std::uint8_t>(end->port & 0xff);
  }
  return direction;
}

std::string FrameTeller::tell_segment(const Ipv4Packet& packet, const TcpView& segment) {
  const TcpHeader& header = segment.header;
  const Endpoint sender{packet.header.source, header.source_port};
  const Endpoint receiver{packet.header.destination, header.destination_port};
  const Direction forward = direction_of(sender, receiver);
  const Direction backward = direction_of(receiver, sender);
  const bool syn = (header.flags & tcp_flag::syn) != 0;
  const bool ack = (header.flags & tcp_flag::ack) != 0;
  if (syn && !ack) first_.erase(backward);  // a new connection, perhaps on an old flow
  if (syn) first_[forward] = header.seq;
  // A flow seen from its middle on begins with its first byte seen; the reset of one that never was
  // has no number before it.
  const bool lone_reset = (header.flags & tcp_flag::rst) != 0;
  const std::uint32_t unseen = lone_reset ? header.seq : header.seq - 1;
  const std::uint32_t first = first_.try_emplace(forward, unseen).first->second;
  const bool resets = (header.flags & tcp_flag::rst) != 0 && header.ack == 0;
  std::uint32_t peer_first = header.ack - 1;
  if (ack && !resets) peer_first = first_.try_emplace(backward, header.ack - 1).first->second;

  const auto bytes = static_cast<std::uint32_t>(segment.payload.size());
  const std::uint32_t seq = header.seq - first;
  std::string text = fmt::format("{} {}:{}({})", flags_text(header.flags), seq, seq + bytes, bytes);
  if (ack) text += fmt::format(" ack {}", header.ack - peer_first);
  text += fmt::format(" win {}", header.window);
  if ((header.flags & tcp_flag::urg) != 0) text += fmt::format(" urg {}", header.urgent_pointer);
  const auto options = parse_tcp_options(segment.options);
  text +=
      options ? options_text(*options, peer_first) : fmt::format(" <{}?>", to_hex(segment.options));
  if (bytes > 0 && excerpt_bytes_max_ > 0) {
    text.append(" ").append(to_quoted(segment.payload, excerpt_bytes_max_));
  }
  return text;
}

FrameText FrameTeller::tell_packet(Bytes bytes) {
  if (!bytes.empty() && bytes[0] >> 4 == 6) return {"", "", "IPv6", false};
  const auto packet = parse_ipv4(bytes);
  if (!packet) return {"", "", drop_text("IP", packet.error()), false};
  const Ipv4Header& header = packet->header;
  FrameText text{to_string(header.source), to_string(header.destination), "", false};
  if (header.is_fragment()) {
    text.what = fmt::format("fragment {} of protocol {}: {} bytes at {}{}", header.identification,
                            header.protocol, packet->payload.size(), header.fragment_offset_bytes,
                            header.more_fragments ? " and more" : ", the last");
    return text;
  }
  if (header.protocol == kProtocolIcmp) {
    const auto icmp = parse_icmpv4(packet->payload);
    text.what = icmp ? icmp_text(*icmp) : drop_text("ICMP", icmp.error());
  } else if (header.protocol == kProtocolUdp) {
    const auto udp = parse_udp(packet->payload);
    if (udp) {
      text.source += fmt::format(":{}", udp->source_port);
      text.target += fmt::format(":{}", udp->destination_port);
    }
    text.what = udp ? fmt::format("UDP ({} bytes)", udp->length - kUdpHeaderBytes)
                    : drop_text("UDP", udp.error());
  } else if (header.protocol == kProtocolTcp) {
    const auto segment = parse_tcp(packet->payload);
    if (!segment) {
      text.what = drop_text("TCP", segment.error());
      return text;
    }
    text.source += fmt::format(":{}", segment->header.source_port);
    text.target += fmt::format(":{}", segment->header.destination_port);
    text.what = tell_segment(*packet, *segment);
    text.is_segment = true;
    const std::uint16_t pseudo =
        pseudo_header_sum(header.source, header.destination, kProtocolTcp, packet->payload.size());
    if (checksum_field(sum_of(pseudo, ones_sum(packet->payload))) != 0)
      text.what += " (wrong checksum)";
  } else {
    text.what = fmt::format("protocol {} ({} bytes)", header.protocol, packet->payload.size());
  }
  return text;
}

FrameText FrameTeller::tell(Bytes frame) {
  if (medium_ == Medium::ip) return tell_packet(frame);
  const auto ethernet = parse_ethernet(frame);
  if (!ethernet) return {"", "", drop_text("frame", ethernet.error()), false};
  const Bytes payload = frame.subspan(kEthernetHeaderBytes);
  if (ethernet->type == kEtherTypeIpv4 || ethernet->type == kEtherTypeIpv6) {
    FrameText text = tell_packet(payload);
    if (text.source.empty()) {
      text.source = to_string(ethernet->source);
      text.target = to_string(ethernet->destination);
    }
    return text;
  }
  FrameText text{to_string(ethernet->source), to_string(ethernet->destination), "", false};
  if (ethernet->type == kEtherTypeArp) {
    const auto arp = parse_arp(payload);
    text.what = arp ? arp_text(*arp) : drop_text("ARP", arp.error());
  } else {
    text.what = fmt::format("ethertype {:#06x} ({} bytes)", ethernet->type, payload.size());
  }
  return text;
}

}  // namespace anteroom::tools
