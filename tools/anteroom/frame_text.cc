// Parses with the codecs of the stack, prints segments in the notation of its tests.
#include "tools/anteroom/frame_text.h"

#include <algorithm>

#include <fmt/format.h>

#include <anteroom/testing/notation.h>

#include "stack/wire/arp.h"
#include "stack/wire/checksum.h"
#include "stack/wire/ethernet.h"
#include "stack/wire/icmpv4.h"
#include "stack/wire/icmpv6.h"
#include "stack/wire/ndp.h"
#include "stack/wire/tcp_header.h"
#include "stack/wire/udp.h"
#include "tools/anteroom/byte_text.h"

namespace anteroom::tools {
namespace {

std::string arp_text(const ArpPacket& arp) {
  if (arp.operation == ArpOperation::request) {
    return fmt::format("ARP who has {}? tell {}", to_string(arp.target_ip),
                       to_string(arp.sender_ip));
  }
  return fmt::format("ARP {} is at {}", to_string(arp.sender_ip), to_string(arp.sender_mac));
}

std::string echo_text(const char* what, const IcmpMessage& icmp) {
  return fmt::format("{} id {} seq {} ({} bytes)", what, icmp.rest >> 16, icmp.rest & 0xffff,
                     icmp.body.size());
}

std::string icmp_text(const IcmpMessage& icmp) {
  switch (static_cast<IcmpType>(icmp.type)) {
    case IcmpType::echo_request: return echo_text("ICMP echo request", icmp);
    case IcmpType::echo_reply: return echo_text("ICMP echo reply", icmp);
    case IcmpType::unreachable:
      switch (icmp.code) {
        case kUnreachableNetwork: return "ICMP network unreachable";
        case kUnreachableHost: return "ICMP host unreachable";
        case kUnreachableProtocol: return "ICMP protocol unreachable";
        case kUnreachablePort: return "ICMP port unreachable";
        case kUnreachableFragmentationNeeded:
          return fmt::format("ICMP fragmentation needed, mtu {}", icmp.rest & 0xffff);
        default: return fmt::format("ICMP unreachable code {}", icmp.code);
      }
    case IcmpType::time_exceeded: return fmt::format("ICMP time exceeded code {}", icmp.code);
    case IcmpType::parameter_problem: return "ICMP parameter problem";
  }
  return fmt::format("ICMP type {} code {}", icmp.type, icmp.code);
}

std::string ndp_text(const IpHeader& ip, const IcmpMessage& icmp) {
  const auto ndp = parse_ndp(ip, icmp);
  if (!ndp) return fmt::format("NDP dropped: {}", to_string(ndp.error()));
  const std::string target = to_string(ndp->target);
  const std::string mac = ndp->mac ? to_string(*ndp->mac) : "";
  if (ndp->advertisement) {
    return mac.empty() ? "NDP " + target + " is here" : "NDP " + target + " is at " + mac;
  }
  // RFC 4862 5.4: who asks without an address wants this one for himself.
  if (ip.source.is_any()) return "NDP does anybody have " + target + "?";
  return "NDP who has " + target + "? tell " + to_string(ip.source) +
         (mac.empty() ? "" : " at " + mac);
}

std::string unreachable_v6_text(std::uint8_t code) {
  switch (code) {
    case kUnreachable6NoRoute: return "ICMPv6 no route";
    case kUnreachable6Prohibited: return "ICMPv6 prohibited";
    case kUnreachable6BeyondScope: return "ICMPv6 beyond scope";
    case kUnreachable6Address: return "ICMPv6 address unreachable";
    case kUnreachable6Port: return "ICMPv6 port unreachable";
    default: return fmt::format("ICMPv6 unreachable code {}", code);
  }
}

std::string icmpv6_text(const IpHeader& ip, const IcmpMessage& icmp) {
  // RFC 4861 4.1 and 4.2; RFC 3810 5.2: said by kernels on every link.
  constexpr int kRouterSolicitation = 133, kRouterAdvertisement = 134, kListenerReport = 143;
  switch (static_cast<Icmpv6Type>(icmp.type)) {
    case Icmpv6Type::unreachable: return unreachable_v6_text(icmp.code);
    case Icmpv6Type::packet_too_big: return fmt::format("ICMPv6 packet too big, mtu {}", icmp.rest);
    case Icmpv6Type::time_exceeded: return fmt::format("ICMPv6 time exceeded code {}", icmp.code);
    case Icmpv6Type::parameter_problem:
      return fmt::format("ICMPv6 parameter problem code {} at {}", icmp.code, icmp.rest);
    case Icmpv6Type::echo_request: return echo_text("ICMPv6 echo request", icmp);
    case Icmpv6Type::echo_reply: return echo_text("ICMPv6 echo reply", icmp);
    case Icmpv6Type::neighbor_solicitation:
    case Icmpv6Type::neighbor_advertisement: return ndp_text(ip, icmp);
    case Icmpv6Type::redirect: return "NDP redirect";
  }
  if (icmp.type == kRouterSolicitation) return "NDP router solicitation";
  if (icmp.type == kRouterAdvertisement) return "NDP router advertisement";
  if (icmp.type == kListenerReport) return "MLD report";
  return fmt::format("ICMPv6 type {} code {}", icmp.type, icmp.code);
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

std::string FrameTeller::tell_segment(const IpHeader& ip, Bytes bytes) {
  const auto view = parse_tcp(bytes);
  std::optional<testing::SegmentNote> note = testing::note_of(bytes);
  if (!view || !note) return drop_text("TCP", view ? DropReason::tcp_options : view.error());
  const TcpHeader& header = view->header;
  const Endpoint sender{ip.source, header.source_port};
  const Endpoint receiver{ip.destination, header.destination_port};
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
  note->seq -= first_.try_emplace(forward, unseen).first->second;
  if (ack) {
    const std::uint32_t peer_first = first_.try_emplace(backward, header.ack - 1).first->second;
    note->ack -= peer_first;
    if (note->options) {
      for (auto& [left, right] : note->options->sack) {
        left -= peer_first;
        right -= peer_first;
      }
    }
  }
  std::string rest;
  if (view->payload.size() > excerpt_bytes_max_) {
    note->payload.reset();
    if (excerpt_bytes_max_ > 0)
      rest = fmt::format(" {}", to_quoted(view->payload, excerpt_bytes_max_));
  }
  return testing::to_string(*note) + rest;
}

FrameText FrameTeller::tell_packet(Bytes bytes) {
  const auto packet = parse_ip(bytes);
  if (!packet) return {"", "", drop_text("IP", packet.error()), false};
  const IpHeader& header = packet->header;
  FrameText text{to_string(header.source), to_string(header.destination), "", false};
  if (header.is_fragment()) {
    text.what = fmt::format("fragment {} of protocol {}: {} bytes at {}{}", header.identification,
                            header.protocol, packet->payload.size(), header.fragment_offset_bytes,
                            header.more_fragments ? " and more" : ", the last");
    return text;
  }
  if (header.protocol == kProtocolIcmp) {
    const auto icmp = parse_icmp(packet->payload);
    text.what = icmp ? icmp_text(*icmp) : drop_text("ICMP", icmp.error());
  } else if (header.protocol == kProtocolIcmpv6) {
    const auto icmp =
        parse_icmp(packet->payload, pseudo_header_sum(header.source, header.destination,
                                                      kProtocolIcmpv6, packet->payload.size()));
    text.what = icmp ? icmpv6_text(header, *icmp) : drop_text("ICMPv6", icmp.error());
  } else if (header.protocol == kProtocolUdp) {
    const auto udp = parse_udp(packet->payload);
    if (udp) {
      text.source = to_string(Endpoint{header.source, udp->source_port});
      text.target = to_string(Endpoint{header.destination, udp->destination_port});
    }
    text.what = udp ? fmt::format("UDP ({} bytes)", udp->length - kUdpHeaderBytes)
                    : drop_text("UDP", udp.error());
  } else if (header.protocol == kProtocolTcp) {
    if (const auto segment = parse_tcp(packet->payload)) {
      text.source = to_string(Endpoint{header.source, segment->header.source_port});
      text.target = to_string(Endpoint{header.destination, segment->header.destination_port});
    }
    text.what = tell_segment(header, packet->payload);
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
