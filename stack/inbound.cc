// The way in: frame and packet. Read receive() and follow the names down; segments go on in
// inbound_segment.cc. Nothing is sent here; replies, events and ready flows are queued.
#include "stack/ip/icmp.h"
#include "stack/ip/input.h"
#include "stack/parts.h"
#include "stack/wire/ipv4.h"
#include "stack/wire/ipv6.h"
#include "stack/wire/ipv6_extensions.h"
#include "stack/wire/udp.h"

namespace anteroom {

void Stack::Parts::receive(Instant now, Bytes frame) {
  ++stats.frames_in;
  stats.bytes_in += frame.size();
  const auto inbound = interface.admit(frame);
  if (!inbound) return drop(inbound.error());
  if (inbound->type == kEtherTypeIpv4) return receive_ipv4(now, *inbound);
  if (inbound->type == kEtherTypeIpv6) return receive_ipv6(now, *inbound);
  if (inbound->type == kEtherTypeArp && interface.is_ethernet()) return receive_arp(now, *inbound);
  drop(DropReason::link_unknown_type);
}

void Stack::Parts::receive_arp(Instant now, const Inbound& inbound) {
  const auto packet = parse_arp(inbound.packet);
  if (!packet) return drop(packet.error());
  const ArpVerdict verdict = judge_arp(
      *packet, {interface.mac(), interface.is_own(packet->target_ip),
                interface.is_own(packet->sender_ip), interface.is_on_link(packet->sender_ip)});
  if (verdict.conflict && conflicts.size() < 16) conflicts.push_back(packet->sender_ip);
  if (verdict.learn) {
    const std::uint32_t answered =
        neighbors.learn(now, packet->sender_ip, packet->sender_mac, verdict.make_entry);
    if (answered != NeighborCache::kNone) resume_parked(answered);
  }
  if (verdict.reply && !outbox.push(*verdict.reply)) drop(DropReason::reply_queue_full);
  if (verdict.drop) return drop(*verdict.drop);
  ++stats.arp_in;
}

void Stack::Parts::receive_ipv4(Instant now, const Inbound& inbound) {
  const auto packet = parse_ipv4(inbound.packet);
  if (!packet) return drop(packet.error());
  const IpHeader& header = packet->header;
  const Role destination = interface.role_of(header.destination);
  const bool to_group = destination == Role::group;
  const Addressing addressing{destination == Role::own, to_group,
                              interface.role_of(header.source) == Role::other, inbound.link_group};
  if (const auto refused = refuse_ipv4(*packet, addressing)) return drop(*refused);
  if (header.is_fragment()) return receive_fragment(now, *packet, to_group);
  deliver(now, *packet, to_group, inbound.source);
}

void Stack::Parts::receive_ipv6(Instant now, const Inbound& inbound) {
  auto packet = parse_ipv6(inbound.packet);
  if (!packet) return drop(packet.error());
  const IpHeader& header = packet->header;
  const Role destination = interface.role_of(header.destination);
  const bool to_group = destination == Role::group;
  const Addressing addressing{destination == Role::own, to_group,
                              interface.role_of(header.source) == Role::other, inbound.link_group};
  if (const auto refused = refuse_ipv6(*packet, addressing)) return drop(*refused);
  if (!pass_extensions(now, *packet, to_group)) return;
  if (header.is_fragment()) return receive_fragment(now, *packet, to_group);
  deliver(now, *packet, to_group, inbound.source);
}

// False where the packet ends here.
bool Stack::Parts::pass_extensions(Instant now, IpPacket& packet, bool to_group) {
  if (is_upper_layer(packet.header.protocol)) return true;
  const IpPacket whole = packet;
  const ExtensionVerdict verdict = take_extensions(packet);
  if (!verdict.refused) return true;
  drop(*verdict.refused);
  IcmpError error;
  if (verdict.problem && make_icmp_error(*verdict.problem, whole, to_group, error)) {
    reply_icmp_error(now, whole.header, error);
  }
  return false;
}

void Stack::Parts::receive_fragment(Instant now, const IpPacket& packet, bool to_group) {
  const auto whole = reassembly.add(now, packet.header, packet.payload);
  if (!whole) return drop(whole.error());
  ++stats.fragments_in;
  if (!*whole) return;
  ++stats.datagrams_reassembled;
  IpPacket joined{(*whole)->header, {}, (*whole)->payload};
  if (joined.header.is_v4() || pass_extensions(now, joined, to_group)) {
    deliver(now, joined, to_group, {});
  }
}

void Stack::Parts::deliver(Instant now, const IpPacket& packet, bool to_group,
                           const MacAddress& from) {
  const bool v4 = packet.header.is_v4();
  switch (packet.header.protocol) {
    case kProtocolTcp: return receive_tcp(now, packet, to_group);
    case kProtocolUdp: return receive_udp(now, packet, to_group);
    case kProtocolIcmp:
      if (v4) return receive_icmp(now, packet, to_group, from);
      break;
    case kProtocolIcmpv6:
      if (!v4) return receive_icmp(now, packet, to_group, from);
      break;
    case kExtensionNone:
      if (!v4) return drop(DropReason::ip_unknown_protocol);  // RFC 8200 4.7
      break;
    default: break;
  }
  drop(DropReason::ip_unknown_protocol);
  reply_icmp_error(now, IcmpCause::protocol_unreachable, packet, to_group);
}

void Stack::Parts::receive_icmp(Instant now, const IpPacket& packet, bool to_group,
                                const MacAddress& from) {
  const auto message = parse_icmp(packet);
  if (!message) return drop(message.error());
  const IcmpMeaning meaning = meaning_of(packet.header, *message);
  switch (meaning) {
    case IcmpMeaning::ignored: return drop(DropReason::icmp_ignored);
    case IcmpMeaning::neighbor: return receive_ndp(now, packet, *message, from);
    case IcmpMeaning::echo_request: break;
    default: return receive_icmp_error(now, meaning, *message);
  }
  if (to_group) return drop(DropReason::icmp_ignored);  // RFC 1122 3.2.2.6 lets a host be silent
  // The reply is the request with another type: the copy in the outbox is patched in place.
  IpHeader header = answer_to(packet.header);
  header.dscp = packet.header.dscp;
  if (!outbox.push(header, packet.payload)) return drop(DropReason::reply_queue_full);
  make_echo_reply(header, {outbox[outbox.back()].payload, packet.payload.size()});
  ++stats.icmp_in;
  ++stats.echo_replies_out;
}

void Stack::Parts::receive_ndp(Instant now, const IpPacket& packet, const IcmpMessage& message,
                               const MacAddress& from) {
  // RFC 6980 5: never in fragments.
  if (!interface.is_ethernet() || packet.headers.empty()) return drop(DropReason::icmp_ignored);
  const auto parsed = parse_ndp(packet.header, message);
  if (!parsed) return drop(parsed.error());
  const NdpVerdict verdict =
      judge_ndp(*parsed, packet.header, {interface.mac(), from, interface.is_own(parsed->target)});
  if (verdict.conflict && conflicts.size() < 16) conflicts.push_back(parsed->target);
  if (verdict.mac) {
    const std::uint32_t answered =
        neighbors.learn(now, verdict.of, *verdict.mac, verdict.make_entry);
    if (answered != NeighborCache::kNone) resume_parked(answered);
  }
  if (verdict.reply) {
    IpHeader header = answer_to(packet.header);
    header.source = verdict.reply->target;
    header.destination = verdict.reply_to;
    header.hop_limit = kNdpHopLimit;
    std::array<std::uint8_t, kNdpBytes> bytes;
    const std::size_t size = emit_ndp(*verdict.reply, header.source, header.destination, bytes);
    if (!outbox.push(header, Bytes(bytes).first(size))) drop(DropReason::reply_queue_full);
  }
  if (verdict.drop) return drop(*verdict.drop);
  ++stats.ndp_in;
}

void Stack::Parts::receive_icmp_error(Instant now, IcmpMeaning meaning,
                                      const IcmpMessage& message) {
  const auto quoted = quoted_tcp(message);
  if (!quoted) return drop(DropReason::icmp_ignored);
  const Flow flow{{quoted->header.source, quoted->source_port},
                  {quoted->header.destination, quoted->destination_port}};
  const std::uint32_t index = find_connection(hash_of(flow), flow);
  if (index == FlatIndex::kNone || !connections[index].tcp.is_in_flight(Seq(quoted->seq))) {
    return drop(DropReason::icmp_not_ours);
  }
  if (meaning == IcmpMeaning::too_big) {
    const std::uint32_t said =
        quoted->header.is_v4() ? static_cast<std::uint16_t>(message.rest) : message.rest;
    const std::uint16_t mtu =
        path_mtu.on_too_big(now, flow.remote.address, said, quoted->packet_bytes, interface.mtu());
    if (mtu == 0) return drop(DropReason::icmp_ignored);
    connections[index].tcp.on_path_mtu(now, mtu);
  } else if (meaning == IcmpMeaning::error) {
    connections[index].tcp.on_soft_error();
  } else {
    // A port that nobody has is a refusal, as a reset would be.
    const bool no_port = meaning == IcmpMeaning::port_unreachable;
    connections[index].tcp.on_unreachable(no_port ? Error::refused : Error::unreachable, ctx);
  }
  ++stats.icmp_in;
  settle(index);
}

void Stack::Parts::receive_udp(Instant now, const IpPacket& packet, bool to_group) {
  const auto header = parse_udp(packet.payload);
  if (!header) return drop(header.error());
  drop(DropReason::udp_no_port);
  reply_icmp_error(now, IcmpCause::port_unreachable, packet, to_group);
}

}  // namespace anteroom
