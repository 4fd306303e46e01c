// What the owner does: listeners, verdicts, connections. Every verb that touches a connection
// settles it. Not here: what arrives (inbound.cc), what leaves (stack.cc).
#include <algorithm>

#include "stack/accept/connect_data.h"
#include "stack/parts.h"
#include "stack/tcp/stateless.h"

namespace anteroom {
namespace {

constexpr Failure kStale{Error::stale_id};

}  // namespace

// --- Listeners ---

Result<ListenerId> Stack::listen(const ListenOptions& options) {
  Parts& p = *parts_;
  const Endpoint& local = options.local;
  const bool unknown_way = options.conditional && options.overload == OverloadPolicy::syn_cookies;
  if (local.port == 0 || options.backlog_max == 0 || unknown_way) {
    return Failure{Error::invalid_argument};
  }
  if (!local.address.is_any() && !p.interface.is_own(local.address)) {
    return Failure{Error::address_not_ours};
  }
  for (std::uint32_t i = 0; i < p.listeners.slots_made(); ++i) {
    if (!p.listeners.live(i)) continue;
    const Endpoint& other = p.listeners[i].options.local;
    const bool same =
        other.port == local.port &&
        (other.address == local.address || (other.address.is_any() && local.address.is_any()));
    if (same) return Failure{Error::address_in_use};
  }
  if (p.listeners.full()) return Failure{Error::limit_reached, p.config.limits.listeners_max};
  return p.listeners.emplace(options);
}

std::uint32_t Stack::Parts::find_listener(const Endpoint& local) const {
  std::uint32_t found = kNoSlot;
  for (std::uint32_t i = 0; i < listeners.slots_made(); ++i) {
    if (!listeners.live(i)) continue;
    const Endpoint& own = listeners[i].options.local;
    if (own.port != local.port) continue;
    if (own.address == local.address) return i;  // the exact address goes before any
    if (own.address.is_any()) found = i;
  }
  return found;
}

Status Stack::close(Instant now, ListenerId listener) {
  (void)now;
  Parts& p = *parts_;
  Listener* closed = p.listeners.find(listener);
  if (closed == nullptr) return kStale;
  while (closed->head != kNoRequest) p.withdraw(closed->head, Error::withdrawn_listener_closed);
  for (std::uint32_t i = 0; i < p.connections.slots_made(); ++i) {
    if (!p.connections.live(i)) continue;
    ConnectionSlot& slot = p.connections[i];
    const bool untaken = slot.ordinary && slot.listener == listener && !slot.taken;
    if (!untaken || slot.released) continue;
    slot.tcp.abort(p.ctx);
    slot.released = slot.told_closed = true;
    p.settle(i);
  }
  p.listeners.erase(listener.index);
  return {};
}

Result<ConnectionId> Stack::take(ListenerId listener) {
  Parts& p = *parts_;
  Listener* from = p.listeners.find(listener);
  if (from == nullptr) return kStale;
  SlotList queue{from->first_ready, from->last_ready};
  const std::uint32_t index = p.pop(queue, &ConnectionSlot::next_accept);
  if (index == kNoSlot) return Failure{Error::would_block};
  from->first_ready = queue.first;
  from->last_ready = queue.last;
  --from->ready;
  p.connections[index].taken = true;
  return p.connections.id_of(index);
}

// --- Requests ---

void Stack::Parts::describe(Instant now, std::uint32_t index, Request& request) const {
  const PendingConnection& pending = backlog[index];
  request.id = backlog.id_of(index);
  request.listener = listeners.id_of(pending.listener);
  request.flow = pending.flow;
  request.caller_data = pending.data();
  request.caller_data_changed = pending.caller_data_changed;
  request.address_validated = pending.address_validated;
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
  return std::min(response_bytes_max(pending, config.tcp, config.limits, interface.mtu()),
                  ctx.send_capacity);
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
  const PendingConnection& request = p.backlog[*index];
  const std::uint32_t room = p.response_room(request);
  if (reply.response_data.size() > room && !reply.overflow_to_stream) {
    return Failure{Error::too_large, room};
  }
  if (reply.response_data.size() > p.ctx.send_capacity) {
    return Failure{Error::too_large, p.ctx.send_capacity};
  }
  const auto in_syn_ack =
      static_cast<std::uint32_t>(std::min<std::size_t>(reply.response_data.size(), room));
  const auto made = p.make_connection(now, request.flow, request.flow_hash,
                                      p.listeners[request.listener].options.congestion);
  if (!made) return made.error();
  ConnectionSlot& slot = p.connections[*made];
  slot.listener = p.listeners.id_of(request.listener);
  slot.announced = true;
  const bool keep = !p.listeners[request.listener].options.consume_caller_data;
  const PassiveOpening opening{request.data(), keep, reply.response_data, in_syn_ack};
  if (!slot.tcp.open_passive(now, request.peer(), opening, p.ctx)) {
    p.erase_connection(*made);
    return Failure{Error::no_buffer};
  }
  if (request.fast_open) {
    slot.fast_open_option = request.cookie;
    slot.fast_open = request.address_validated && request.caller_data_bytes != 0;
  }
  const std::uint32_t listener = request.listener;
  p.backlog.remove(*index, p.listeners);
  ++p.stats.requests_accepted;
  p.stats.response_data_bytes += in_syn_ack;
  p.ask_listener(listener);
  p.settle(*made);
  return p.connections.id_of(*made);
}

Status Stack::reject(Instant now, PendingId pending) {
  (void)now;
  Parts& p = *parts_;
  const auto index = p.backlog.resolve(pending);
  if (!index) return index.error();
  const PendingConnection& request = p.backlog[*index];
  p.reply_segment(request.flow, reset_for_syn(request.irs, request.caller_data_bytes));
  ++p.stats.resets_out;
  const std::uint32_t listener = request.listener;
  p.backlog.remove(*index, p.listeners);
  ++p.stats.requests_rejected;
  p.ask_listener(listener);
  return {};
}

Status Stack::ignore(Instant now, PendingId pending) {
  (void)now;
  Parts& p = *parts_;
  const auto index = p.backlog.resolve(pending);
  if (!index) return index.error();
  const std::uint32_t listener = p.backlog[*index].listener;
  p.backlog.remove(*index, p.listeners);
  ++p.stats.requests_ignored;
  p.ask_listener(listener);
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

// --- Connections ---

std::uint32_t Stack::Parts::find_connection(std::uint64_t hash, const Flow& flow) const {
  return flows.find(hash, [&](std::uint32_t i) { return connections[i].tcp.flow() == flow; });
}

Result<std::uint32_t> Stack::Parts::make_connection(Instant now, const Flow& flow,
                                                    std::uint64_t hash,
                                                    std::optional<CongestionAlgorithm> congestion,
                                                    std::optional<Seq> iss) {
  if (connections.full() && !evict_time_wait()) {
    return Failure{Error::limit_reached, config.limits.connections_max};
  }
  InitialNumbers numbers = initial_numbers(hash, now);
  if (iss) numbers.iss = *iss;
  const Birth birth{flow, numbers, path_mtu.find(now, flow.remote.address),
                    congestion.value_or(config.tcp.congestion)};
  const std::uint32_t index = connections.emplace(birth, ctx).index;
  connections[index].flow_tag = static_cast<std::uint32_t>(hash);
  flows.insert(hash, index);
  return index;
}

// TIME-WAIT protects against rare mishaps (RFC 1337), a full table refuses everybody. A bounded
// look from where the last one ended.
bool Stack::Parts::evict_time_wait() {
  constexpr std::uint32_t kLook = 64;
  for (std::uint32_t i = 0; i < kLook; ++i) {
    clock_hand = (clock_hand + 1) % connections.slots_made();
    ConnectionSlot& slot = connections[clock_hand];
    const bool spare = connections.live(clock_hand) && slot.tcp.state() == State::time_wait &&
                       slot.released && slot.told_closed && !slot.listed && !slot.has_event;
    if (!spare) continue;
    erase_connection(clock_hand);
    return true;
  }
  return false;
}

// RFC 6056 3.3.1: a random start, then one after the other.
Result<std::uint16_t> Stack::Parts::choose_port(const Endpoint& local, const Endpoint& remote) {
  const std::uint32_t count = config.ephemeral_port_max - config.ephemeral_port_min + 1u;
  const auto start = static_cast<std::uint32_t>(rng.below(count));
  for (std::uint32_t i = 0; i < count; ++i) {
    const auto port = static_cast<std::uint16_t>(config.ephemeral_port_min + (start + i) % count);
    const Flow flow{{local.address, port}, remote};
    const std::uint64_t hash = hash_of(flow);
    const bool taken =
        find_connection(hash, flow) != FlatIndex::kNone || find_listener(flow.local) != kNoSlot;
    if (!taken) return port;
  }
  return Failure{Error::no_port};
}

Result<ConnectionId> Stack::connect(Instant now, const ConnectOptions& options) {
  Parts& p = *parts_;
  const IpAddress& remote = options.remote.address;
  const bool usable = options.remote.port != 0 && remote.is_v4() && !remote.is_any() &&
                      !remote.is_multicast() && p.interface.role_of(remote) == Role::other;
  if (!usable) return Failure{Error::invalid_argument};
  const IpAddress* const hop = p.routes.next_hop(remote);
  if (hop == nullptr) return Failure{Error::no_route};
  Endpoint local = options.local;
  if (local.address.is_any()) local.address = p.interface.source_for(*hop);
  if (!p.interface.is_own(local.address)) return Failure{Error::address_not_ours};
  const auto plan = p.plan_syn(now, options);
  if (!plan) return plan.error();
  if (local.port == 0) {
    const auto port = p.choose_port(local, options.remote);
    if (!port) return port.error();
    local.port = *port;
  }
  const Flow flow{local, options.remote};
  const std::uint64_t hash = p.hash_of(flow);
  if (p.find_connection(hash, flow) != FlatIndex::kNone ||
      p.backlog.find(hash, flow) != kNoRequest) {
    return Failure{Error::address_in_use};
  }
  const auto made = p.make_connection(now, flow, hash, options.congestion);
  if (!made) return made.error();
  ConnectionSlot& slot = p.connections[*made];
  slot.announced = true;
  if (!slot.tcp.open_active(now, options.caller_data, plan->on_syn, plan->repeat_data, p.ctx)) {
    p.erase_connection(*made);
    return Failure{Error::no_buffer};
  }
  slot.fast_open_option = plan->option;
  slot.fast_open_waits = plan->fast_open;
  if (plan->fast_open && plan->on_syn != 0) ++p.stats.fast_open_sent;
  p.settle(*made);
  return p.connections.id_of(*made);
}

ConnectionSlot* Stack::Parts::find_owned(ConnectionId connection) {
  ConnectionSlot* slot = connections.find(connection);
  return slot != nullptr && !slot->released ? slot : nullptr;
}

Result<std::size_t> Stack::send(Instant now, ConnectionId connection, Bytes data) {
  ConnectionSlot* slot = parts_->find_owned(connection);
  if (slot == nullptr) return kStale;
  auto sent = slot->tcp.send(now, data, false, parts_->ctx);
  parts_->settle(connection.index);
  return sent;
}

Result<std::size_t> Stack::send_urgent(Instant now, ConnectionId connection, Bytes data) {
  ConnectionSlot* slot = parts_->find_owned(connection);
  if (slot == nullptr) return kStale;
  auto sent = slot->tcp.send(now, data, true, parts_->ctx);
  parts_->settle(connection.index);
  return sent;
}

Result<std::size_t> Stack::receive_into(Instant now, ConnectionId connection, MutableBytes out) {
  (void)now;
  ConnectionSlot* slot = parts_->find_owned(connection);
  if (slot == nullptr) return kStale;
  auto received = slot->tcp.receive_into(out, parts_->ctx);
  parts_->settle(connection.index);
  return received;
}

Status Stack::shutdown(Instant now, ConnectionId connection) {
  ConnectionSlot* slot = parts_->find_owned(connection);
  if (slot == nullptr) return kStale;
  Status status = slot->tcp.shutdown(now, parts_->ctx);
  parts_->settle(connection.index);
  return status;
}

Status Stack::close(Instant now, ConnectionId connection) {
  ConnectionSlot* slot = parts_->find_owned(connection);
  if (slot == nullptr) return kStale;
  slot->released = true;
  slot->tcp.close(now, parts_->ctx);
  parts_->settle(connection.index);
  return {};
}

Status Stack::abort(Instant now, ConnectionId connection) {
  (void)now;
  // Also one that its owner has closed and that lingers.
  ConnectionSlot* slot = parts_->connections.find(connection);
  if (slot == nullptr) return kStale;
  slot->released = true;
  slot->tcp.abort(parts_->ctx);
  parts_->settle(connection.index);
  return {};
}

Status Stack::set_no_delay(Instant now, ConnectionId connection, bool no_delay) {
  (void)now;
  ConnectionSlot* slot = parts_->find_owned(connection);
  if (slot == nullptr) return kStale;
  slot->tcp.set_no_delay(no_delay);
  parts_->settle(connection.index);
  return {};
}

Status Stack::set_keepalive(Instant now, ConnectionId connection,
                            std::optional<KeepaliveConfig> keepalive) {
  ConnectionSlot* slot = parts_->find_owned(connection);
  if (slot == nullptr) return kStale;
  slot->tcp.set_keepalive(now, keepalive);
  parts_->settle(connection.index);
  return {};
}

Status Stack::set_user_timeout(Instant now, ConnectionId connection, Duration user_timeout) {
  (void)now;
  ConnectionSlot* slot = parts_->find_owned(connection);
  if (slot == nullptr) return kStale;
  slot->tcp.set_user_timeout(user_timeout);
  parts_->settle(connection.index);
  return {};
}

Result<ConnectionInfo> Stack::connection_info(ConnectionId connection) const {
  const ConnectionSlot* slot = parts_->connections.find(connection);
  if (slot == nullptr) return kStale;
  ConnectionInfo info = slot->tcp.info();
  info.listener = slot->listener;
  info.fast_open = slot->fast_open;
  return info;
}

}  // namespace anteroom
