// A TCP segment on its way in: whose it is, and what a SYN for a listener becomes. RFC 9293 3.10.7.
// Not here: the packet around it (inbound.cc), what a connection makes of it
// (tcp/segment_arrives.cc).
#include <algorithm>

#include "stack/parts.h"
#include "stack/wire/checksum.h"

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
    const bool silent =
        config.tcp.for_nobody == ForNobody::ignore ||
        (config.tcp.for_nobody == ForNobody::ignore_syns && segment.has(tcp_flag::syn));
    return silent ? void() : reply_reset(flow, segment);
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
          {arrival.flow, arrival.flow_hash, peer_syn(syn, arrival.flow.local.address),
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
    return answer_with_cookie(now, chosen, {flow, hash, peer_syn(segment, flow.local.address)});
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
  const PeerSyn peer = peer_syn(segment, flow.local.address);
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

}  // namespace anteroom
