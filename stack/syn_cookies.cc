// A listener that has to answer a SYN and may not remember it: under a flood, or because its owner
// challenges the client. The acknowledgment of such a SYN-ACK makes the connection, and at a
// conditional listener its request. RFC 4987 3.6. Not here: the cookie itself
// (accept/syn_cookies.cc).
#include <algorithm>

#include "stack/parts.h"

namespace anteroom {
namespace {

// The SYN that an acknowledgment stands for, as far as the cookie remembers it.
TcpOptions syn_options_of(const PeerSyn& peer, const TcpOptions& seen) {
  TcpOptions options;
  options.has_mss = true;
  options.mss = peer.options.mss;
  options.sack_permitted = peer.options.sack_permitted;
  options.has_window_scale = peer.options.window_scale.has_value();
  options.window_scale = peer.options.window_scale.value_or(0);
  options.has_timestamp = peer.options.has_timestamp;
  options.timestamp_value = peer.options.timestamp_value;
  options.has_connect_data = seen.has_connect_data;
  options.connect_data_bytes = seen.connect_data_bytes;
  return options;
}

}  // namespace

// The SYN-ACK that a connection would send, but for its number and the low bits of its timestamp.
// Without timestamps there is no place to remember the other options in: they are not agreed on.
void Stack::Parts::answer_with_cookie(Instant now, Listener& listener, const Challenge& challenge) {
  const PeerSyn& peer = challenge.peer;
  const Flow& flow = challenge.flow;
  const std::uint64_t hash = challenge.flow_hash;
  Agreed agreed;
  agree(peer.options, config.tcp, mss_of_mtu(interface.mtu(), flow.local.address),
        ctx.receive_capacity, agreed);
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
  if (challenge.cookie != FastOpenOption::none) {
    answer.options.has_fast_open = true;
    answer.options.fast_open = fast_open_cookies.make(now, flow.local.address, flow.remote.address);
    answer.options.fast_open.experimental = challenge.cookie == FastOpenOption::experimental;
    ++stats.fast_open_cookies_out;
  }
  if (challenge.marked) {
    answer.options.has_connect_data = true;
    answer.options.connect_data_bytes = kConnectDataInStream;
  }
  listener.cookies_until = now + SynCookies::kLifetimeMax;
  ++stats.syn_cookies_sent;
  reply_segment(flow, answer);
}

std::optional<PeerSyn> Stack::Parts::read_cookie(Instant now, std::uint64_t hash,
                                                 const Segment& segment) {
  PeerSyn peer;
  peer.irs = segment.seq - 1;
  peer.window = segment.window;
  const bool timestamps = config.tcp.timestamps && segment.options.has_timestamp;
  const auto mss = syn_cookies.check(now, {hash, peer.irs, timestamps}, segment.ack - 1);
  if (!mss) return std::nullopt;
  peer.options.has_mss = true;
  peer.options.mss = *mss;
  peer.options.has_timestamp = timestamps;
  peer.options.timestamp_value = segment.options.timestamp_value;
  if (timestamps && SynCookies::read_timestamp(segment.options.timestamp_echo, peer.options)) {
    peer.ecn = EcnMode::classic;
  }
  return peer;
}

// An acknowledgment that no connection knows. True where it was a cookie's: it has been dealt with.
bool Stack::Parts::open_from_cookie(Instant now, std::uint32_t index, const Flow& flow,
                                    std::uint64_t hash, const Segment& segment) {
  Listener& listener = listeners[index];
  const auto peer = read_cookie(now, hash, segment);
  if (!peer) {
    ++stats.syn_cookies_failed;
    return false;
  }
  // The client believes that it is connected: it will say so again, and there may be room then.
  const bool conditional = listener.options.conditional;
  const Arrival arrival{flow, hash, index, true};
  if (conditional) {
    if (const auto refused = backlog.check_limits(arrival, 0, listener)) {
      drop(*refused);
      return true;
    }
  } else if (listener.ready >= listener.options.backlog_max) {
    drop(DropReason::accept_queue_full);
    return true;
  }
  if (connections.full() && !evict_time_wait()) {
    drop(DropReason::tcp_connection_limit);
    return true;
  }
  const Seq iss = segment.ack - 1;
  if (!syn_cookies.spend({hash, peer->irs, peer->options.has_timestamp}, iss)) {
    ++stats.syn_cookies_failed;
    return false;
  }
  const auto made = make_connection(now, flow, hash, listener.options.congestion, iss);
  STACK_ASSERT(made);
  ConnectionSlot& slot = connections[*made];
  slot.listener = listeners.id_of(index);
  if (conditional) {
    const TcpOptions options = syn_options_of(*peer, segment.options);
    const Segment syn{peer->irs,        Seq(),          tcp_flag::syn, segment.window,    0,
                      segment.ip_bytes, segment.dscp,   segment.ecn,   segment.hop_limit, {},
                      options,          segment.headers};
    add_request(now, *made, arrival, syn);
  } else {
    slot.ordinary = slot.half_open = true;
    ++listener.half_open;
  }
  const bool opened = slot.tcp.open_passive(now, *peer, {}, ctx);
  STACK_ASSERT(opened);  // without data there is nothing to find room for
  slot.tcp.assume_syn_ack_sent();
  ++stats.syn_cookies_accepted;
  (void)slot.tcp.receive(now, segment, ctx);
  settle(*made);
  return true;
}

}  // namespace anteroom
