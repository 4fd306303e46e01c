// What Fast Open adds to a handshake, at both ends: RFC 7413 4.2. Not here: the cookies themselves
// (accept/fast_open.cc), data that leaves in SYN-RECEIVED (tcp/).
#include <algorithm>

#include "stack/accept/connect_data.h"
#include "stack/parts.h"

namespace anteroom {

// --- Server ---

void Stack::Parts::note_fast_open(Instant now, const Segment& syn, Arrival& arrival) {
  using Check = FastOpenCookies::Check;
  if (!syn.options.has_fast_open ||
      listeners[arrival.listener].options.fast_open == FastOpen::off) {
    return;
  }
  const FastOpenCookie& cookie = syn.options.fast_open;
  const Check check =
      fast_open_cookies.check(now, arrival.flow.local.address, arrival.flow.remote.address, cookie);
  if (check != Check::invalid) {
    ++stats.fast_open_accepted;
  } else if (cookie.size != 0) {
    ++stats.fast_open_refused;
  }
  arrival.address_validated = check != Check::invalid;
  arrival.cookie = check == Check::current ? FastOpenOption::none : form_of(cookie);
}

// RFC 7413 4.2.2, "Server: Receiving SYN". Whoever showed the option and does not get what it asked
// for gets a cookie, so that a refusal is not taken for an end of the service.
FastOpenAnswer Stack::Parts::answer_fast_open(Instant now, Listener& listener, const Flow& flow,
                                              const Segment& syn) {
  using Check = FastOpenCookies::Check;
  const bool option = syn.options.has_fast_open;
  const FastOpenCookie& cookie = syn.options.fast_open;
  const Check check =
      option ? fast_open_cookies.check(now, flow.local.address, flow.remote.address, cookie)
             : Check::invalid;
  const bool vouched =
      check != Check::invalid || listener.options.fast_open == FastOpen::cookie_less;
  const bool wanted = !syn.payload.empty() && (vouched || cookie.size != 0);
  FastOpenAnswer answer;
  answer.take_data =
      wanted && vouched &&
      listener.fast_open_pending.has_room(now, listener.options.fast_open_pending_max);
  if (wanted && !answer.take_data) ++stats.fast_open_refused;
  if (option && (check != Check::current || (wanted && !answer.take_data))) {
    answer.cookie = form_of(cookie);
  }
  return answer;
}

// --- Client ---

// What rides on our SYN, and behind which option. Marked data rides whole or not at all.
Result<SynPlan> Stack::Parts::plan_syn(Instant now, const ConnectOptions& options) {
  TcpOptions offered;
  const IpAddress& remote = options.remote.address;
  std::size_t mss = mss_of_mtu(interface.mtu(), remote);
  add_syn_options(offer(config.tcp, static_cast<std::uint16_t>(mss), ctx.receive_capacity),
                  offered);
  offered.has_connect_data = options.marked;
  std::array<std::uint8_t, kTcpOptionBytesMax> scratch;
  const std::size_t bytes = options.caller_data.size();
  const std::size_t used = emit_tcp_options(offered, scratch).bytes;
  std::size_t most = options.fast_open == FastOpen::off ? mss - used : ctx.send_capacity;
  if (options.marked) most = std::min<std::size_t>(mss - used, kMarkedBytesMax);
  most = std::min<std::size_t>(most, ctx.send_capacity);
  if (bytes > most) return Failure{Error::too_large, most};
  SynPlan plan;
  plan.on_syn = static_cast<std::uint16_t>(std::min(bytes, mss - used));
  if (options.fast_open == FastOpen::off) {
    if (options.caller_data_on_retransmission) plan.syn_data = SynData::always;
    return plan;
  }
  SynPlan plain;
  if (options.marked) {  // said to be there, and to follow
    plain.on_syn = static_cast<std::uint16_t>(bytes);
    plain.syn_data = SynData::never;
  }
  if (!fast_open_servers.may_use(now, options.remote)) return plain;
  const FastOpenServers::Server* server = fast_open_servers.find(now, remote);
  std::size_t cookie_bytes = 0;
  if (server != nullptr && server->cookie.size != 0) {
    const std::size_t form = form_of(server->cookie) == FastOpenOption::experimental ? 4 : 2;
    cookie_bytes = (form + server->cookie.size + 3) / 4 * 4;
    if (used + cookie_bytes > kTcpOptionBytesMax) return plain;
    plan.option = form_of(server->cookie);
  } else if (options.fast_open == FastOpen::cookie) {
    plain.option = FastOpenOption::standard;
    plain.fast_open = true;
    return plain;
  }
  // RFC 7413 4.1.3: as much as its MSS takes, or, where that is not known, any host's.
  const bool known = server != nullptr && server->mss != 0;
  mss = std::min<std::size_t>(mss, known ? server->mss : default_mss(remote));
  const std::size_t option_bytes =
      config.tcp.fast_open_leaves_option_room ? kTcpOptionBytesMax : used + cookie_bytes;
  const std::size_t room = mss > option_bytes ? mss - option_bytes : 0;
  // A cookie without data would be of no use.
  if (bytes == 0 || room == 0 || (options.marked && bytes > room)) return plain;
  plan.on_syn = static_cast<std::uint16_t>(std::min(bytes, room));
  plan.fast_open = true;
  return plan;
}

// The option of the first SYN or SYN-ACK; retransmissions go without it (RFC 7413 4.2.1, 4.2.2).
void Stack::Parts::write_fast_open(Instant now, ConnectionSlot& slot, OutgoingSegment& syn) {
  if ((syn.flags & tcp_flag::syn) == 0) return;
  const Flow& flow = slot.tcp.flow();
  const bool experimental = slot.fast_open_option == FastOpenOption::experimental;
  FastOpenCookie& cookie = syn.options.fast_open;
  slot.fast_open_option = FastOpenOption::none;
  syn.options.has_fast_open = true;
  if ((syn.flags & tcp_flag::ack) != 0) {
    cookie = fast_open_cookies.make(now, flow.local.address, flow.remote.address);
    ++stats.fast_open_cookies_out;
  } else if (syn.payload_bytes != 0) {
    const FastOpenServers::Server* server = fast_open_servers.find(now, flow.remote.address);
    if (server != nullptr) cookie = server->cookie;  // forgotten meanwhile: it asks for a new one
  }
  cookie.experimental = experimental;
}

void Stack::Parts::learn_fast_open(Instant now, std::uint32_t index, const Segment* segment) {
  ConnectionSlot& slot = connections[index];
  const State state = slot.tcp.state();
  if (state == State::syn_sent || state == State::syn_received) return;
  if (!slot.ordinary) {
    learn_about_server(now, slot, segment);
  } else if (Listener* listener = listeners.find(slot.listener)) {
    slot.tcp.failure() == Error::reset_by_peer ? listener->fast_open_pending.on_reset(now)
                                               : listener->fast_open_pending.on_completed();
  }
  slot.fast_open_waits = false;
}

// RFC 7413 4.1.3.1 and 4.2.2, "Client: Receiving SYN-ACK".
void Stack::Parts::learn_about_server(Instant now, ConnectionSlot& slot, const Segment* segment) {
  const ConnectionInfo info = slot.tcp.info();
  const IpAddress& server = info.flow.remote.address;
  const bool answered = segment != nullptr && segment->has(tcp_flag::syn) && !slot.tcp.failure();
  if (!answered) {
    if (slot.tcp.failure() == Error::timed_out) fast_open_servers.on_lost(now, server);
    return;
  }
  const PeerSyn peer = peer_syn(*segment, slot.tcp.flow().local.address);
  const bool taken = info.caller_data_taken_bytes != 0;
  if (taken) {
    slot.fast_open = true;
    ++stats.fast_open_taken;
  }
  if (segment->options.has_fast_open && segment->options.fast_open.size != 0) {
    fast_open_servers.on_cookie(now, server, segment->options.fast_open, peer.options.mss);
  } else if (taken) {
    fast_open_servers.on_taken(now, server, peer.options.mss);
  } else if (info.segments_retransmitted != 0) {
    ++stats.fast_open_lost;
    fast_open_servers.on_lost(now, server);
  } else {
    fast_open_servers.on_refused(now, info.flow.remote);
  }
}

// It ended without a segment or a timer: its owner or the network did it.
void Stack::Parts::settle_fast_open(std::uint32_t index) {
  ConnectionSlot& slot = connections[index];
  const State state = slot.tcp.state();
  if (state == State::syn_sent || state == State::syn_received) return;
  slot.fast_open_waits = false;
  Listener* listener = slot.ordinary ? listeners.find(slot.listener) : nullptr;
  if (listener != nullptr) listener->fast_open_pending.on_completed();
}

}  // namespace anteroom
