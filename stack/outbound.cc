// The way out: neighbor discovery, then replies, then ready flows, each through route, neighbor and
// link. Not here: what a connection has to say (tcp/next_segment.cc).
#include <utility>

#include "stack/ip/output.h"
#include "stack/parts.h"
#include "stack/wire/checksum.h"
#include "stack/wire/ipv4.h"
#include "stack/wire/ipv6.h"
#include "stack/wire/ndp.h"

namespace anteroom {

std::size_t Stack::Parts::next_frame(Instant now, MutableBytes out) {
  STACK_ASSERT(out.size() >= interface.frame_bytes_max());
  std::size_t size = next_neighbor_frame(out);
  if (size == 0) size = next_reply_frame(now, out);
  if (size == 0) size = next_flow_frame(now, out);
  if (size == 0)
    size = next_neighbor_frame(out);  // a question that a flow or reply has raised just now
  if (size != 0) {
    ++stats.frames_out;
    stats.bytes_out += size;
  }
  return size;
}

void Stack::Parts::write_link_header(const MacAddress& to, bool v4, MutableBytes out) const {
  if (!interface.is_ethernet()) return;
  emit_ethernet({to, interface.mac(), v4 ? kEtherTypeIpv4 : kEtherTypeIpv6}, out);
}

std::size_t Stack::Parts::write_arp(const ArpPacket& packet, const MacAddress& to,
                                    MutableBytes out) {
  emit_ethernet({to, interface.mac(), kEtherTypeArp}, out);
  emit_arp(packet, out.subspan(kEthernetHeaderBytes));
  return kEthernetHeaderBytes + kArpBytes;
}

std::size_t Stack::Parts::next_neighbor_frame(MutableBytes out) {
  if (const auto answer = outbox.next_arp()) return write_arp(*answer, answer->target_mac, out);
  const std::uint32_t asked = neighbors.next_query();
  if (asked == NeighborCache::kNone) return 0;
  const Neighbor& neighbor = neighbors[asked];
  // RFC 1122 2.3.2.1: an entry in doubt is asked directly first.
  const bool direct = neighbor.state == Neighbor::State::stale && neighbor.queries == 1;
  if (!neighbor.address.is_v4()) return write_ndp_query(neighbor, direct, out);
  return write_arp(
      arp_query(interface.mac(), interface.source_for(neighbor.address, neighbor.address),
                neighbor.address),
      direct ? neighbor.mac : MacAddress::broadcast(), out);
}

// RFC 4861 7.2.2.
std::size_t Stack::Parts::write_ndp_query(const Neighbor& neighbor, bool direct, MutableBytes out) {
  IpHeader ip;
  ip.source = interface.source_for(neighbor.address, neighbor.address);
  ip.destination = direct ? neighbor.address : solicited_node(neighbor.address);
  ip.protocol = kProtocolIcmpv6;
  ip.hop_limit = kNdpHopLimit;
  write_link_header(direct ? neighbor.mac : multicast_mac(ip.destination), false, out);
  const MutableBytes packet = out.subspan(kEthernetHeaderBytes);
  const std::size_t bytes = emit_ndp(ndp_query(interface.mac(), neighbor.address), ip.source,
                                     ip.destination, packet.subspan(kIpv6HeaderBytes));
  ip.payload_bytes = static_cast<std::uint16_t>(bytes);
  return kEthernetHeaderBytes + emit_ip(ip, packet) + bytes;
}

std::size_t Stack::Parts::next_reply_frame(Instant now, MutableBytes out) {
  while (outbox.front() != Outbox::kNone) {
    ReplyDatagram& reply = outbox[outbox.front()];
    MacAddress to = multicast_mac(reply.header.destination);
    const bool to_group = reply.header.destination.is_multicast();
    const IpAddress* const hop = routes.next_hop(reply.header.destination);
    if (hop == nullptr && !to_group) {
      drop(DropReason::route_missing);
      outbox.pop();
      continue;
    }
    if (interface.is_ethernet() && !to_group) {
      const std::uint32_t neighbor = neighbors.want(now, *hop);
      if (neighbor == NeighborCache::kNone || !neighbors.is_resolved(neighbor)) {
        park_reply(neighbor);
        continue;
      }
      to = neighbors[neighbor].mac;
    }
    const Fragment fragment = fragment_at(reply.header, reply.sent_bytes, interface.mtu());
    write_link_header(to, reply.header.is_v4(), out);
    const MutableBytes packet = out.subspan(interface.header_bytes());
    const std::size_t header_bytes = emit_ip(fragment.header, packet);
    const std::size_t bytes = fragment.header.payload_bytes;
    copy_bytes(packet.subspan(header_bytes), {reply.payload + fragment.offset, bytes});
    reply.sent_bytes += static_cast<std::uint32_t>(bytes);
    if (!fragment.last || fragment.offset != 0) ++stats.fragments_out;
    if (fragment.last) outbox.pop();
    return interface.header_bytes() + header_bytes + bytes;
  }
  return 0;
}

void Stack::Parts::park_reply(std::uint32_t neighbor) {
  const bool room = neighbor != NeighborCache::kNone &&
                    neighbors[neighbor].parked_packets < config.limits.parked_per_neighbor_max;
  if (!room) {
    drop(DropReason::neighbor_parked_limit);
    return outbox.pop();
  }
  Neighbor& entry = neighbors[neighbor];
  const std::uint32_t index = outbox.detach();
  outbox[index].next = entry.parked_replies;
  entry.parked_replies = index;
  ++entry.parked_packets;
}

// Both lists have what was parked last in front: turning them round restores the order.
void Stack::Parts::resume_parked(std::uint32_t neighbor) {
  Neighbor& entry = neighbors[neighbor];
  std::uint32_t replies = Outbox::kNone;
  while (entry.parked_replies != Outbox::kNone) {
    const std::uint32_t index = entry.parked_replies;
    entry.parked_replies = std::exchange(outbox[index].next, replies);
    replies = index;
  }
  while (replies != Outbox::kNone) {
    const std::uint32_t next = outbox[replies].next;
    outbox.attach(replies);
    replies = next;
  }
  std::uint32_t flows_in_order = kNoSlot;
  while (entry.parked_flows != kNoSlot) {
    const std::uint32_t index = entry.parked_flows;
    entry.parked_flows = std::exchange(connections[index].next_ready, flows_in_order);
    flows_in_order = index;
  }
  while (flows_in_order != kNoSlot) {
    const std::uint32_t next = connections[flows_in_order].next_ready;
    push(ready, flows_in_order, &ConnectionSlot::next_ready);
    flows_in_order = next;
  }
  entry.parked_packets = 0;
}

// Nobody answers: what was parked is lost, and connections hear that the host cannot be reached.
void Stack::Parts::give_up_neighbor(Instant now, std::uint32_t neighbor) {
  Neighbor& entry = neighbors[neighbor];
  for (std::uint32_t i = entry.parked_replies; i != Outbox::kNone;) {
    const std::uint32_t next = outbox[i].next;
    drop(DropReason::neighbor_unresolved);
    outbox.discard(i);
    i = next;
  }
  for (std::uint32_t i = entry.parked_flows; i != kNoSlot;) {
    const std::uint32_t next = connections[i].next_ready;
    connections[i].listed = false;
    drop(DropReason::neighbor_unresolved);
    connections[i].tcp.on_no_way_out(now, ctx);
    settle_quietly(i);
    i = next;
  }
  neighbors.forget(neighbor);
}

std::size_t Stack::Parts::next_flow_frame(Instant now, MutableBytes out) {
  for (std::uint32_t index = ready.first; index != kNoSlot; index = ready.first) {
    ConnectionSlot& slot = connections[index];
    MacAddress to{};
    if (interface.is_ethernet() && !slot.tcp.is_finished()) {
      const std::uint32_t neighbor = neighbor_of(now, slot.tcp.flow().remote.address);
      if (neighbor == NeighborCache::kNone || !neighbors.is_resolved(neighbor)) {
        park_flow(now, neighbor);
        continue;
      }
      to = neighbors[neighbor].mac;
    }
    OutgoingSegment segment;
    if (!slot.tcp.next_segment(now, segment, ctx)) {
      leave_ready_list(index);
      continue;
    }
    if (slot.fast_open_option != FastOpenOption::none) write_fast_open(now, slot, segment);
    if (slot.connect_data.marking != Marking::none) write_marking(slot, segment);
    const std::size_t size = write_segment(slot, segment, to, out);
    // One segment each in turn, so that no flow waits for another's window.
    (void)pop(ready, &ConnectionSlot::next_ready);
    push(ready, index, &ConnectionSlot::next_ready);
    return size;
  }
  return 0;
}

// The flow has nothing more to send for now. Sending may have moved its timers.
void Stack::Parts::leave_ready_list(std::uint32_t index) {
  (void)pop(ready, &ConnectionSlot::next_ready);
  connections[index].listed = false;
  settle_quietly(index);
}

std::uint32_t Stack::Parts::neighbor_of(Instant now, const IpAddress& destination) {
  const IpAddress* const hop = routes.next_hop(destination);
  return hop != nullptr ? neighbors.want(now, *hop) : NeighborCache::kNone;
}

// RFC 9293 3.8.3 [MUST-20]: a connection's retransmissions go unanswered. Whether its next hop is
// there is asked with what it sends next.
void Stack::Parts::doubt_next_hop(std::uint32_t index) {
  const IpAddress* const hop = routes.next_hop(connections[index].tcp.flow().remote.address);
  if (hop != nullptr && interface.is_ethernet()) neighbors.doubt(*hop);
}

void Stack::Parts::park_flow(Instant now, std::uint32_t neighbor) {
  const std::uint32_t index = pop(ready, &ConnectionSlot::next_ready);
  if (neighbor == NeighborCache::kNone) {  // a timer brings it back
    connections[index].listed = false;
    drop(DropReason::route_missing);
    connections[index].tcp.on_no_way_out(now, ctx);
    return settle_quietly(index);
  }
  connections[index].next_ready = neighbors[neighbor].parked_flows;
  neighbors[neighbor].parked_flows = index;
}

// The frame around a segment, and its payload; returns its length.
std::size_t Stack::Parts::write_segment(const ConnectionSlot& from, const OutgoingSegment& segment,
                                        const MacAddress& to, MutableBytes out) {
  const Flow& flow = from.tcp.flow();
  const bool v4 = flow.local.address.is_v4();  // asked once: this is the way of every segment
  write_link_header(to, v4, out);
  const std::size_t link_bytes = interface.header_bytes();
  const MutableBytes packet = out.subspan(link_bytes);
  const MutableBytes behind_ip = packet.subspan(v4 ? kIpv4HeaderBytes : kIpv6HeaderBytes);
  const TcpHeader tcp{flow.local.port,
                      flow.remote.port,
                      segment.seq.value(),
                      segment.ack.value(),
                      segment.flags,
                      segment.window,
                      0,
                      segment.urgent_pointer};
  const Written header = emit_tcp(tcp, segment.options, behind_ip);
  if (segment.payload_bytes != 0) {
    from.tcp.copy_payload(segment, behind_ip.subspan(header.bytes));
  }
  const std::size_t tcp_bytes = header.bytes + segment.payload_bytes;
  finish_tcp_checksum(
      behind_ip.first(tcp_bytes), header,
      pseudo_header_sum(flow.local.address, flow.remote.address, kProtocolTcp, tcp_bytes));
  IpHeader ip;
  ip.source = flow.local.address;
  ip.destination = flow.remote.address;
  ip.protocol = kProtocolTcp;
  ip.hop_limit = config.tcp.hop_limit;
  ip.dscp = from.tcp.manner().dscp;
  ip.ecn = segment.ip_ecn;
  ip.dont_fragment = true;  // RFC 1191 3; such a packet needs no identification (RFC 6864 4.1)
  ip.payload_bytes = static_cast<std::uint16_t>(tcp_bytes);
  if (v4) [[likely]] {
    emit_ipv4(ip, packet);
    return link_bytes + kIpv4HeaderBytes + tcp_bytes;
  }
  ip.flow_label = from.flow_label();
  return link_bytes + emit_ipv6(ip, packet) + tcp_bytes;
}

}  // namespace anteroom
