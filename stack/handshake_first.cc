// Requests whose handshake comes first: a connection does it, its owner judges the outcome.
// conditional-accept 5; also the answer to a challenge (syn_cookies.cc). Not here: the verdict
// (verdicts.cc).
#include <algorithm>

#include "stack/parts.h"

namespace anteroom {

// Data on the SYN is not acknowledged, so that it comes again with the segment that completes the
// handshake (RFC 9293 3.4).
void Stack::Parts::open_handshake_first(Instant now, const Arrival& arrival, const Segment& syn) {
  Listener& chosen = listeners[arrival.listener];
  if (const auto refused = backlog.check_limits(arrival, 0, chosen)) {
    return refuse_syn(now, arrival, syn, *refused);
  }
  const auto made =
      make_connection(now, arrival.flow, arrival.flow_hash, chosen.options.congestion);
  if (!made) return drop(DropReason::tcp_connection_limit);
  ConnectionSlot& slot = connections[*made];
  slot.listener = listeners.id_of(arrival.listener);
  slot.fast_open_option = arrival.cookie;
  add_request(now, *made, arrival, syn);
  const bool opened =
      slot.tcp.open_passive(now, peer_syn(syn, arrival.flow.local.address), {}, ctx);
  STACK_ASSERT(opened);  // without data there is nothing to find room for
  settle(*made);
}

// Ties a request to the connection that shakes hands for it. The limits were asked before.
void Stack::Parts::add_request(Instant now, std::uint32_t connection, const Arrival& arrival,
                               const Segment& syn) {
  Arrival judged = arrival;
  judged.connection = connection;
  const auto added = backlog.add(now, judged, syn, listeners);
  STACK_ASSERT(added);
  ConnectionSlot& slot = connections[connection];
  slot.has_request = slot.half_open = true;
  slot.next_accept = added->index;
  if (backlog[added->index].marked) slot.connect_data.marking = Marking::in_stream;
  ++listeners[arrival.listener].half_open;
}

// What has become of a connection that is to be judged. False: nothing is left of it.
bool Stack::Parts::settle_request(std::uint32_t index) {
  ConnectionSlot& slot = connections[index];
  const std::uint32_t request = slot.next_accept;
  if (slot.tcp.failure() || slot.tcp.is_finished()) {
    const bool reset = slot.tcp.failure() == Error::reset_by_peer;
    withdraw(request, reset ? Error::withdrawn_reset : Error::withdrawn_expired);
    return false;
  }
  const PendingConnection& pending = backlog[request];
  if (!pending.handshaking || slot.tcp.state() == State::syn_received) return true;
  const auto here = static_cast<std::uint32_t>(slot.tcp.peek(0).size());
  const std::uint32_t wanted =
      pending.marked ? pending.announced_bytes : config.limits.caller_data_bytes_max;
  // Marked caller data is waited for, unless the client has ended its stream without it.
  if (pending.marked && here < wanted && slot.tcp.state() == State::established) return true;
  const std::uint32_t bytes = std::min({here, wanted, std::uint32_t{UINT16_MAX}});
  const std::uint32_t listener = pending.listener;
  backlog.on_handshake_complete(request, static_cast<std::uint16_t>(bytes), listeners);
  ++stats.requests;
  stats.caller_data_bytes += bytes;
  ask_listener(listener);
  return true;
}

void Stack::Parts::leave_request(ConnectionSlot& slot) {
  slot.has_request = false;
  slot.next_accept = kNoSlot;
}

// Its request is over, and nobody will own it.
void Stack::Parts::drop_request_connection(std::uint32_t index, bool reset) {
  ConnectionSlot& slot = connections[index];
  leave_request(slot);
  slot.released = slot.told_closed = true;
  if (slot.tcp.failure() || slot.tcp.is_finished()) return;
  reset ? slot.tcp.abort(Error::aborted, ctx) : slot.tcp.vanish(ctx);
}

}  // namespace anteroom
