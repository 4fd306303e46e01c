// An ordinary listener whose half-open connections are as many as it may have answers further SYNs
// with cookies and holds nothing for them; the acknowledgment of such a SYN-ACK makes the
// connection. RFC 4987 3.6. Not here: the cookie itself (accept/syn_cookies.cc).
#include <algorithm>

#include "stack/parts.h"

namespace anteroom {

// The SYN-ACK that a connection would send, but for its number and the low bits of its timestamp.
// Without timestamps there is no place to remember the other options in: they are not agreed on.
void Stack::Parts::answer_with_cookie(Instant now, Listener& listener, const Flow& flow,
                                      std::uint64_t hash, const Segment& syn) {
  const PeerSyn peer = peer_syn(syn);
  Agreed agreed;
  agree(peer.options, config.tcp, interface.mtu(), ctx.receive_capacity, agreed);
  if (!agreed.timestamps) agreed.window_scale = agreed.sack = false;
  const bool ecn = agreed.timestamps && config.tcp.ecn != EcnUse::off && peer.ecn != EcnMode::none;
  OutgoingSegment answer;
  answer.seq = syn_cookies.make(now, {hash, peer.irs, agreed.timestamps}, peer.options.mss);
  answer.ack = peer.irs + 1;
  answer.flags = tcp_flag::syn | tcp_flag::ack;
  // RFC 3168 6.1.1. To a client that asks for more this is the answer of a host that has no more
  // (RFC 9768 3.1.2).
  if (ecn) answer.flags |= tcp_flag::ece;
  answer.window =
      static_cast<std::uint16_t>(std::min<std::uint32_t>(ctx.receive_capacity, UINT16_MAX));
  add_syn_options(agreed, answer.options);
  if (agreed.timestamps) {
    const Timestamps clock(initial_numbers(hash, now).timestamp_offset);
    SynOptions kept = peer.options;
    if (!agreed.window_scale) kept.window_scale.reset();
    kept.sack_permitted = agreed.sack;
    answer.options.timestamp_value = SynCookies::timestamp(clock.value(now), kept, ecn);
    answer.options.timestamp_echo = peer.options.timestamp_value;
  }
  listener.cookies_until = now + SynCookies::kLifetimeMax;
  ++stats.syn_cookies_sent;
  reply_segment(flow, answer);
}

// An acknowledgment that no connection knows. True where it was a cookie's: it has been dealt with.
bool Stack::Parts::open_from_cookie(Instant now, std::uint32_t index, const Flow& flow,
                                    std::uint64_t hash, const Segment& segment) {
  Listener& listener = listeners[index];
  PeerSyn peer;
  peer.irs = segment.seq - 1;
  peer.window = segment.window;
  const bool timestamps = config.tcp.timestamps && segment.options.has_timestamp;
  const Seq iss = segment.ack - 1;
  const SynCookies::Handshake handshake{hash, peer.irs, timestamps};
  const auto mss = syn_cookies.check(now, handshake, iss);
  if (!mss) {
    ++stats.syn_cookies_failed;
    return false;
  }
  // The client believes that it is connected: it will say so again, and there may be room then.
  if (listener.ready >= listener.options.backlog_max) {
    drop(DropReason::accept_queue_full);
    return true;
  }
  peer.options.has_mss = true;
  peer.options.mss = *mss;
  peer.options.has_timestamp = timestamps;
  peer.options.timestamp_value = segment.options.timestamp_value;
  if (timestamps && SynCookies::read_timestamp(segment.options.timestamp_echo, peer.options)) {
    peer.ecn = EcnMode::classic;
  }
  if (connections.full() && !evict_time_wait()) {
    drop(DropReason::tcp_connection_limit);
    return true;
  }
  if (!syn_cookies.spend(handshake, iss)) {
    ++stats.syn_cookies_failed;
    return false;
  }
  const auto made = make_connection(now, flow, hash, listener.options.congestion, iss);
  STACK_ASSERT(made);
  ConnectionSlot& slot = connections[*made];
  slot.listener = listeners.id_of(index);
  slot.ordinary = slot.half_open = true;
  ++listener.half_open;
  const bool opened = slot.tcp.open_passive(now, peer, {}, ctx);
  STACK_ASSERT(opened);  // without data there is nothing to find room for
  slot.tcp.assume_syn_ack_sent();
  ++stats.syn_cookies_accepted;
  (void)slot.tcp.receive(now, segment, ctx);
  settle(*made);
  return true;
}

}  // namespace anteroom
