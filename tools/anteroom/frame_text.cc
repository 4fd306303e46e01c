// Parses with the codecs of the stack, prints segments in the notation of its tests.
#include "tools/anteroom/frame_text.h"

#include <algorithm>

#include <fmt/format.h>

#include <anteroom/testing/notation.h>

#include "stack/wire/arp.h"
#include "stack/wire/checksum.h"
#include "stack/wire/ethernet.h"
#include "stack/wire/icmpv4.h"
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
  if (!bytes.empty() && bytes[0] >> 4 == 6) return {"", "", "IPv6", false};
  const auto packet = parse_ipv4(bytes);
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
  } else if (header.protocol == kProtocolUdp) {
    const auto udp = parse_udp(packet->payload);
    if (udp) {
      text.source += fmt::format(":{}", udp->source_port);
      text.target += fmt::format(":{}", udp->destination_port);
    }
    text.what = udp ? fmt::format("UDP ({} bytes)", udp->length - kUdpHeaderBytes)
                    : drop_text("UDP", udp.error());
  } else if (header.protocol == kProtocolTcp) {
    if (const auto segment = parse_tcp(packet->payload)) {
      text.source += fmt::format(":{}", segment->header.source_port);
      text.target += fmt::format(":{}", segment->header.destination_port);
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
