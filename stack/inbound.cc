// The way in: frame, packet, segment, and whom it is for. Read receive() and follow the names down.
// Nothing is sent here; replies, events and ready flows are queued.
#include <algorithm>

#include "stack/ip/icmp.h"
#include "stack/ip/input.h"
#include "stack/parts.h"
#include "stack/tcp/isn.h"
#include "stack/tcp/stateless.h"
#include "stack/wire/checksum.h"
#include "stack/wire/ipv4.h"
#include "stack/wire/ipv6.h"
#include "stack/wire/ipv6_extensions.h"
#include "stack/wire/udp.h"

namespace anteroom {
namespace {

// IP and TCP headers with their options, as they came; none where the packet was put together.
Bytes headers_of(const IpPacket& packet, Bytes tcp_payload) {
  if (packet.headers.empty()) return {};
  const std::size_t tcp_bytes = packet.payload.size() - tcp_payload.size();
  return {packet.headers.data(), packet.headers.size() + tcp_bytes};
}

std::size_t packet_bytes_of(const IpPacket& packet) {
  const std::size_t header_bytes =
      packet.headers.empty() ? ip_header_bytes(packet.header.source) : packet.headers.size();
  return header_bytes + packet.payload.size();
}

}  // namespace

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
  } else if (meaning != IcmpMeaning::error) {
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

void Stack::Parts::receive_tcp(Instant now, const IpPacket& packet, bool to_group) {
  const IpHeader& header = packet.header;
  if (to_group) return drop(DropReason::tcp_group_address);
  const auto view = parse_tcp(packet.payload);
  if (!view) return drop(view.error());
  const std::uint16_t sum = sum_of(
      ones_sum(packet.payload),
      pseudo_header_sum(header.source, header.destination, kProtocolTcp, packet.payload.size()));
  if (sum != 0xffff) return drop(DropReason::tcp_checksum);
  const auto options = parse_tcp_options(view->options);
  if (!options) return drop(options.error());
  Segment segment{
      Seq(view->header.seq),
      Seq(view->header.ack),
      view->header.flags,
      view->header.window,
      view->header.urgent_pointer,
      static_cast<std::uint16_t>(std::min<std::size_t>(packet_bytes_of(packet), UINT16_MAX)),
      header.dscp,
      header.ecn,
      header.hop_limit,
      view->payload,
      *options,
      headers_of(packet, view->payload)};
  receive_segment(now,
                  {{header.destination, view->header.destination_port},
                   {header.source, view->header.source_port}},
                  segment);
}

void Stack::Parts::receive_segment(Instant now, const Flow& flow, const Segment& segment) {
  const std::uint64_t hash = hash_of(flow);
  const std::uint32_t index = find_connection(hash, flow);
  if (index == FlatIndex::kNone) return receive_for_listener(now, flow, hash, segment);
  const Reply reply = connections[index].tcp.receive(now, segment, ctx);
  if (connections[index].fast_open_waits) learn_fast_open(now, index, &segment);
  if (connections[index].connect_data.marking == Marking::asked)
    learn_marking(connections[index], segment);
  if (reply == Reply::reset) reply_reset(flow, segment);
  if (reply == Reply::new_listen && find_listener(flow.local) != kNoSlot) {
    replace_time_wait(index);
    return receive_for_listener(now, flow, hash, segment);
  }
  settle(index);
}

// RFC 9293 3.10.7.2, and what a held request adds to it (conditional-accept 2).
void Stack::Parts::receive_for_listener(Instant now, const Flow& flow, std::uint64_t hash,
                                        const Segment& segment) {
  ++stats.segments_in;
  const std::uint32_t request = backlog.find(hash, flow);
  if (request != kNoRequest) return receive_for_request(now, request, flow, hash, segment);
  const std::uint32_t listener = find_listener(flow.local);
  if (listener == kNoSlot) {
    drop(DropReason::tcp_no_connection);
    return reply_reset(flow, segment);
  }
  if (segment.has(tcp_flag::rst)) return drop(DropReason::tcp_reset_unmatched);  // first
  if (segment.has(tcp_flag::ack)) {                                              // second
    const bool cookie = listeners[listener].cookies_until > now && !segment.has(tcp_flag::syn);
    if (cookie && open_from_cookie(now, listener, flow, hash, segment)) return;
    drop(cookie ? DropReason::tcp_syn_cookie_invalid : DropReason::tcp_no_connection);
    return reply_reset(flow, segment);
  }
  if (!segment.has(tcp_flag::syn) || segment.has(tcp_flag::fin)) {  // fourth
    return drop(DropReason::tcp_listener_flags);
  }
  receive_syn(now, listener, flow, hash, segment);  // third
}

void Stack::Parts::receive_for_request(Instant now, std::uint32_t request, const Flow& flow,
                                       std::uint64_t hash, const Segment& segment) {
  if (segment.has(tcp_flag::rst)) {
    if (!backlog.matches_reset(request, segment.seq))
      return drop(DropReason::request_reset_unmatched);
    return withdraw(request, Error::withdrawn_reset);
  }
  const std::uint32_t listener = backlog[request].listener;
  if (!segment.has(tcp_flag::syn) || segment.has(tcp_flag::ack) || segment.has(tcp_flag::fin)) {
    // A copy of the SYN came while the answer to a challenge was on its way.
    const bool answered = listeners[listener].cookies_until > now && !segment.has(tcp_flag::syn) &&
                          segment.has(tcp_flag::ack) && read_cookie(now, hash, segment);
    if (!answered) return drop(DropReason::request_segment_unexpected);
    withdraw(request, Error::withdrawn_replaced);
    (void)open_from_cookie(now, listener, flow, hash, segment);
    return;
  }
  if (segment.seq == backlog[request].irs) {
    drop(DropReason::request_duplicate);
    ++stats.requests_repeated;
    return backlog.on_repeat(now, request, segment, listeners);
  }
  withdraw(request, Error::withdrawn_replaced);
  receive_syn(now, listener, flow, hash, segment);
}

void Stack::Parts::receive_syn(Instant now, std::uint32_t listener, const Flow& flow,
                               std::uint64_t hash, const Segment& segment) {
  const ListenOptions& options = listeners[listener].options;
  if (!options.conditional) return open_ordinary(now, listener, flow, hash, segment);
  Arrival arrival{flow, hash, listener};
  note_fast_open(now, segment, arrival);
  if (options.handshake_first) [[unlikely]]
    return open_handshake_first(now, arrival, segment);
  const auto added = backlog.add(now, arrival, segment, listeners);
  if (!added) return refuse_syn(now, arrival, segment, added.error());
  ++stats.requests;
  stats.caller_data_bytes += segment.payload.size();
  ask_listener(listener);
}

void Stack::Parts::refuse_syn(Instant now, const Arrival& arrival, const Segment& syn,
                              DropReason why) {
  Listener& listener = listeners[arrival.listener];
  drop(why);
  switch (listener.options.overload) {
    case OverloadPolicy::drop: return;
    case OverloadPolicy::reset: ++stats.overload_resets; return reply_reset(arrival.flow, syn);
    case OverloadPolicy::challenge: {
      const TcpOptions& options = syn.options;
      const bool marked =
          listener.options.marked && options.has_connect_data && options.connect_data_bytes != 0;
      return answer_with_cookie(
          now, listener,
          {arrival.flow, arrival.flow_hash, peer_syn(syn, arrival.flow.remote.address),
           arrival.cookie, marked});
    }
  }
}

// A listener without a condition function: SYN-ACK at once. Data on the SYN is not acknowledged, so
// that it comes again when the client is known to be there (RFC 9293 3.4), unless Fast Open vouches
// for it.
void Stack::Parts::open_ordinary(Instant now, std::uint32_t listener, const Flow& flow,
                                 std::uint64_t hash, const Segment& segment) {
  Listener& chosen = listeners[listener];
  const bool full = chosen.half_open + chosen.ready >= chosen.options.backlog_max;
  const bool cookies = chosen.options.overload == OverloadPolicy::challenge &&
                       chosen.ready < chosen.options.backlog_max;
  if (cookies && (full || connections.full())) {
    return answer_with_cookie(now, chosen, {flow, hash, peer_syn(segment, flow.remote.address)});
  }
  if (full) {
    drop(DropReason::accept_queue_full);
    if (chosen.options.overload == OverloadPolicy::reset) {
      ++stats.overload_resets;
      reply_reset(flow, segment);
    }
    return;
  }
  const auto made = make_connection(now, flow, hash, chosen.options.congestion);
  if (!made) return drop(DropReason::tcp_connection_limit);
  ConnectionSlot& slot = connections[*made];
  slot.listener = listeners.id_of(listener);
  slot.ordinary = true;
  FastOpenAnswer answer;
  if (chosen.options.fast_open != FastOpen::off) {
    answer = answer_fast_open(now, chosen, flow, segment);
    slot.fast_open_option = answer.cookie;
  }
  const PeerSyn peer = peer_syn(segment, flow.remote.address);
  const PassiveOpening early{segment.payload, true, {}, 0, true};
  if (answer.take_data && slot.tcp.open_passive(now, peer, early, ctx)) {
    ++stats.fast_open_accepted;
    slot.fast_open = slot.fast_open_waits = true;
    chosen.fast_open_pending.on_opened();
    enter_accept_queue(*made, chosen);
    return settle(*made);
  }
  slot.half_open = true;
  ++chosen.half_open;
  const bool opened = slot.tcp.open_passive(now, peer, {}, ctx);
  STACK_ASSERT(opened);  // without data there is nothing to find room for
  settle(*made);
}

// The header of an answer without a connection.
IpHeader Stack::Parts::answer_to(const IpHeader& header) {
  IpHeader answer;
  answer.source = header.destination;
  answer.destination = header.source;
  answer.protocol = header.protocol;
  answer.hop_limit = config.tcp.hop_limit;
  answer.identification = static_cast<std::uint32_t>(rng.next());
  if (header.is_v4()) answer.identification &= UINT16_MAX;
  return answer;
}

void Stack::Parts::reply_icmp_error(Instant now, IcmpCause cause, const IpPacket& about,
                                    bool to_group) {
  IcmpError error;
  if (!make_icmp_error(cause, about, to_group, error)) return drop(DropReason::icmp_rate_limit);
  reply_icmp_error(now, about.header, error);
}

void Stack::Parts::reply_icmp_error(Instant now, const IpHeader& about, const IcmpError& error) {
  if (!icmp_errors.allow(now)) return drop(DropReason::icmp_rate_limit);
  IpHeader header = answer_to(about);
  header.protocol = about.is_v4() ? kProtocolIcmp : kProtocolIcmpv6;
  if (!outbox.push(header, Bytes(error.bytes).first(error.size))) {
    return drop(DropReason::reply_queue_full);
  }
  ++stats.icmp_errors_out;
}

void Stack::Parts::reply_reset(const Flow& flow, const Segment& segment) {
  const auto reset = reset_for(segment);
  if (!reset) return;
  reply_segment(flow, *reset);
  ++stats.resets_out;
}

void Stack::Parts::reply_segment(const Flow& flow, const OutgoingSegment& segment) {
  std::array<std::uint8_t, kTcpHeaderBytesMax> bytes;
  const TcpHeader tcp{flow.local.port,
                      flow.remote.port,
                      segment.seq.value(),
                      segment.ack.value(),
                      segment.flags,
                      segment.window,
                      0,
                      0};
  const Written header_written = emit_tcp(tcp, segment.options, bytes);
  const MutableBytes written = MutableBytes(bytes).first(header_written.bytes);
  finish_tcp_checksum(
      written, header_written,
      pseudo_header_sum(flow.local.address, flow.remote.address, kProtocolTcp, written.size()));
  IpHeader header;
  header.source = flow.local.address;
  header.destination = flow.remote.address;
  header.protocol = kProtocolTcp;
  header.hop_limit = config.tcp.hop_limit;
  header.dont_fragment = true;
  if (!outbox.push(header, written)) return drop(DropReason::reply_queue_full);
  ++stats.segments_out;
}

}  // namespace anteroom
