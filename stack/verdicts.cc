// What the owner says of a request: one verb each, for a SYN that is held and for a connection that
// has shaken hands first. conditional-accept 1, 3 and 5. Not here: who is asked and when (the
// layers above), requests themselves (accept/).
#include <algorithm>

#include "stack/accept/connect_data.h"
#include "stack/parts.h"
#include "stack/tcp/stateless.h"

namespace anteroom {

void Stack::Parts::describe(Instant now, std::uint32_t index, Request& request) const {
  const PendingConnection& pending = backlog[index];
  request.id = backlog.id_of(index);
  request.listener = listeners.id_of(pending.listener);
  request.flow = pending.flow;
  request.caller_data =
      pending.has_connection
          ? connections[pending.connection].tcp.peek(0).first(pending.caller_data_bytes)
          : pending.data();
  request.caller_data_changed = pending.caller_data_changed;
  request.address_validated = pending.address_validated;
  request.handshake_complete = pending.has_connection;
  request.marked = pending.marked;
  request.raw_syn = pending.syn_headers();
  request.options = pending.options();
  request.initial_sequence = pending.irs.value();
  request.window_bytes = pending.window;
  request.dscp = pending.dscp;
  request.ecn = pending.ecn;
  request.hop_limit = pending.hop_limit;
  request.arrived_at = pending.arrived_at;
  request.waited = now - pending.arrived_at;
  request.repeats = pending.repeats;
  request.deferrals = pending.deferrals;
  request.gives_up_at = backlog.gives_up_at(index);
  request.response_bytes_max = response_room(pending);
}

std::uint32_t Stack::Parts::response_room(const PendingConnection& pending) const {
  const std::uint32_t most = pending.marked ? std::uint32_t{kMarkedBytesMax} : ctx.send_capacity;
  if (pending.has_connection) return most;
  return std::min(response_bytes_max(pending, config.tcp, config.limits, interface.mtu()), most);
}

Result<Request> Stack::request(Instant now, PendingId pending) const {
  const auto index = parts_->backlog.resolve(pending);
  // One object from here to the caller, filled in place.
  Result<Request> request = index ? Result<Request>(std::in_place) : Result<Request>(index.error());
  if (index) parts_->describe(now, *index, *request);
  return request;
}

Result<ConnectionId> Stack::accept(Instant now, PendingId pending, const AcceptReply& reply) {
  Parts& p = *parts_;
  const auto index = p.backlog.resolve(pending);
  if (!index) return index.error();
  if (reply.dscp > kDscpMax) return Failure{Error::invalid_argument};
  const PendingConnection& request = p.backlog[*index];
  const std::uint32_t room = p.response_room(request);
  const std::size_t bytes = reply.response_data.size();
  if (bytes > room && !reply.overflow_to_stream) return Failure{Error::too_large, room};
  const std::uint32_t most = request.marked ? kMarkedBytesMax : p.ctx.send_capacity;
  if (bytes > most) return Failure{Error::too_large, most};
  if (request.has_connection) [[unlikely]]
    return p.accept_connected(now, *index, reply);
  if (request.marked && bytes > room) [[unlikely]]
    return p.accept_behind_length(now, *index, reply, room);
  return p.accept_held(now, *index, reply, room, request.marked ? Marking::agreed : Marking::none);
}

// The SYN-ACK carries what it takes of the response data.
Result<ConnectionId> Stack::Parts::accept_held(Instant now, std::uint32_t index,
                                               const AcceptReply& reply, std::uint32_t room,
                                               Marking marking) {
  const PendingConnection& request = backlog[index];
  const ListenOptions& options = listeners[request.listener].options;
  const auto made = make_connection(now, request.flow, request.flow_hash, options.congestion);
  if (!made) return made.error();
  ConnectionSlot& slot = connections[*made];
  slot.listener = listeners.id_of(request.listener);
  const auto in_syn_ack =
      static_cast<std::uint32_t>(std::min<std::size_t>(reply.response_data.size(), room));
  const bool keep = !options.consume_caller_data && !request.marked;
  const PassiveOpening opening{request.data(), keep, reply.response_data, in_syn_ack};
  if (!slot.tcp.open_passive(now, request.peer(), opening, ctx)) {
    erase_connection(*made);
    return Failure{Error::no_buffer};
  }
  if (request.fast_open) {
    slot.fast_open_option = request.cookie;
    slot.fast_open = request.address_validated && request.caller_data_bytes != 0;
  }
  if (marking != Marking::none) [[unlikely]] {
    slot.connect_data.marking = marking;
    // Announced, and not here: it comes in front of the stream.
    const bool later = request.caller_data_bytes == 0;
    slot.connect_data.bytes = later ? request.announced_bytes & ConnectData::kBytesMask : 0;
  }
  stats.response_data_bytes += in_syn_ack;
  return finish_accept(*made, index, reply.dscp);
}

// Marked data that the SYN-ACK does not take whole is announced by the stream itself.
Result<ConnectionId> Stack::Parts::accept_behind_length(Instant now, std::uint32_t index,
                                                        const AcceptReply& reply,
                                                        std::uint32_t room) {
  LengthAndData framed;
  AcceptReply longer = reply;
  longer.response_data = framed.put(reply.response_data);
  return accept_held(now, index, longer, room, Marking::in_stream);
}

ConnectionId Stack::Parts::finish_accept(std::uint32_t connection, std::uint32_t request,
                                         std::uint8_t dscp) {
  ConnectionSlot& slot = connections[connection];
  slot.announced = true;
  if (dscp != 0) set_dscp_of(slot, dscp);
  ++stats.requests_accepted;
  forget_request(request);
  settle(connection);
  return connections.id_of(connection);
}

// The client is connected already: the response data is stream, behind its length where marked.
Result<ConnectionId> Stack::Parts::accept_connected(Instant now, std::uint32_t index,
                                                    const AcceptReply& reply) {
  const PendingConnection& request = backlog[index];
  ConnectionSlot& slot = connections[request.connection];
  LengthAndData framed;
  const Bytes response = request.marked ? framed.put(reply.response_data) : reply.response_data;
  if (!response.empty()) {
    const auto sent = slot.tcp.send(now, response, false, ctx);
    if (!sent && sent.error().error == Error::no_buffer) return sent.error();
  }
  const bool keep = !listeners[request.listener].options.consume_caller_data && !request.marked;
  if (!keep) slot.tcp.skip(request.caller_data_bytes, ctx);
  leave_request(slot);
  return finish_accept(request.connection, index, reply.dscp);
}

// A verdict is spoken: the request leaves, and the next one of its listener may be indicated.
void Stack::Parts::forget_request(std::uint32_t index) {
  const std::uint32_t listener = backlog[index].listener;
  backlog.remove(index, listeners);
  ask_listener(listener);
}

void Stack::Parts::refuse(std::uint32_t index, bool reset) {
  const PendingConnection& request = backlog[index];
  if (request.has_connection) {
    const std::uint32_t connection = request.connection;
    drop_request_connection(connection, reset);
    forget_request(index);
    return settle(connection);
  }
  if (reset) {
    reply_segment(request.flow, reset_for_syn(request.irs, request.caller_data_bytes));
    ++stats.resets_out;
  }
  forget_request(index);
}

Status Stack::reject(Instant now, PendingId pending) {
  (void)now;
  const auto index = parts_->backlog.resolve(pending);
  if (!index) return index.error();
  ++parts_->stats.requests_rejected;
  parts_->refuse(*index, true);
  return {};
}

Status Stack::ignore(Instant now, PendingId pending) {
  (void)now;
  const auto index = parts_->backlog.resolve(pending);
  if (!index) return index.error();
  ++parts_->stats.requests_ignored;
  parts_->refuse(*index, false);
  return {};
}

Status Stack::defer(Instant now, PendingId pending) {
  (void)now;
  Parts& p = *parts_;
  const auto index = p.backlog.resolve(pending);
  if (!index) return index.error();
  const std::uint32_t listener = p.backlog[*index].listener;
  p.backlog.defer(*index, p.listeners[listener]);
  ++p.stats.requests_deferred;
  p.ask_listener(listener);
  return {};
}

Status Stack::challenge(Instant now, PendingId pending) {
  Parts& p = *parts_;
  const auto index = p.backlog.resolve(pending);
  if (!index) return index.error();
  const PendingConnection& request = p.backlog[*index];
  if (request.has_connection) return Failure{Error::invalid_argument};
  const Challenge challenge{request.flow, request.flow_hash, request.peer(), request.cookie,
                            request.marked && request.announced_bytes != 0};
  p.answer_with_cookie(now, p.listeners[request.listener], challenge);
  ++p.stats.requests_challenged;
  p.forget_request(*index);
  return {};
}

Status Stack::abandon(Instant now, PendingId pending) {
  const auto index = parts_->backlog.resolve(pending);
  if (!index) return index.error();
  const std::uint32_t listener = parts_->backlog[*index].listener;
  ++parts_->stats.requests_abandoned;
  const bool rejects =
      parts_->listeners[listener].options.default_verdict == DefaultVerdict::reject;
  return rejects ? reject(now, pending) : ignore(now, pending);
}

}  // namespace anteroom
