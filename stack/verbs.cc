// What the owner does with listeners and connections. Every verb that touches a connection settles
// it. Not here: verdicts (verdicts.cc), what arrives (inbound.cc), what leaves (stack.cc).
#include <algorithm>

#include "stack/parts.h"

namespace anteroom {
namespace {

constexpr Failure kStale{Error::stale_id};

// Whether a listener takes what comes to any address of this version.
bool takes_all(const ListenOptions& options, bool v4) {
  const IpAddress& address = options.local.address;
  if (v4) return address == IpAddress::v4(0) || (address == IpAddress() && !options.v6_only);
  return address == IpAddress();
}

bool takes_both(const ListenOptions& options) {
  return takes_all(options, true) && takes_all(options, false);
}

bool is_taken(const ListenOptions& other, const ListenOptions& wanted) {
  if (other.local.port != wanted.local.port) return false;
  if (other.local.address == wanted.local.address && !wanted.local.address.is_any()) return true;
  return (takes_all(other, true) && takes_all(wanted, true)) ||
         (takes_all(other, false) && takes_all(wanted, false));
}

}  // namespace

// --- Listeners ---

Result<ListenerId> Stack::listen(const ListenOptions& options) {
  Parts& p = *parts_;
  const Endpoint& local = options.local;
  const bool judged_only = options.handshake_first || options.marked || options.save_syn;
  if (local.port == 0 || options.backlog_max == 0 || (judged_only && !options.conditional)) {
    return Failure{Error::invalid_argument};
  }
  if (!local.address.is_any() && !p.interface.is_own(local.address)) {
    return Failure{Error::address_not_ours};
  }
  for (std::uint32_t i = 0; i < p.listeners.slots_made(); ++i) {
    if (p.listeners.live(i) && is_taken(p.listeners[i].options, options)) {
      return Failure{Error::address_in_use};
    }
  }
  if (p.listeners.full()) return Failure{Error::limit_reached, p.config.limits.listeners_max};
  return p.listeners.emplace(options);
}

std::uint32_t Stack::Parts::find_listener(const Endpoint& local) const {
  std::uint32_t found = kNoSlot;
  for (std::uint32_t i = 0; i < listeners.slots_made(); ++i) {
    if (!listeners.live(i)) continue;
    const ListenOptions& options = listeners[i].options;
    if (options.local.port != local.port) continue;
    if (options.local.address == local.address) return i;  // the exact address goes before any
    // ... and all of one version before all of both.
    const bool wide = found == kNoSlot || takes_both(listeners[found].options);
    if (takes_all(options, local.address.is_v4()) && wide) found = i;
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
    if (slot.has_request && slot.listener == listener) {
      p.withdraw(slot.next_accept, Error::withdrawn_listener_closed);
      continue;
    }
    const bool untaken = slot.ordinary && slot.listener == listener && !slot.taken;
    if (!untaken || slot.released) continue;
    slot.tcp.abort(Error::aborted, p.ctx);
    slot.released = slot.told_closed = true;
    p.settle(i);
  }
  p.backlog.on_listener_closed(listener.index);
  p.listeners.erase(listener.index);
  return {};
}

Status Stack::set_fast_open(ListenerId listener, FastOpen fast_open, std::uint32_t pending_max) {
  Listener* slot = parts_->listeners.find(listener);
  if (slot == nullptr) return kStale;
  slot->options.fast_open = fast_open;
  slot->options.fast_open_pending_max = pending_max;
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
  const bool usable = options.remote.port != 0 && !remote.is_any() && !remote.is_multicast() &&
                      p.interface.role_of(remote) == Role::other;
  const bool one_version =
      options.local.address.is_any() || options.local.address.is_v4() == remote.is_v4();
  const bool sensible =
      one_version && options.dscp <= kDscpMax && (options.marked || !options.require_marked);
  if (!usable || !sensible) return Failure{Error::invalid_argument};
  const IpAddress* const hop = p.routes.next_hop(remote);
  if (hop == nullptr) return Failure{Error::no_route};
  Endpoint local = options.local;
  if (local.address.is_any()) local.address = p.interface.source_for(remote, *hop);
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
  const Bytes data = options.caller_data_in_syn_only ? options.caller_data.first(plan->on_syn)
                                                     : options.caller_data;
  if (!slot.tcp.open_active(now, data, plan->on_syn, plan->syn_data, p.ctx)) {
    p.erase_connection(*made);
    return Failure{Error::no_buffer};
  }
  slot.fast_open_option = plan->option;
  slot.fast_open_waits = plan->fast_open;
  if (options.marked) slot.connect_data.marking = Marking::asked;
  slot.connect_data.required = options.require_marked;
  set_dscp_of(slot, options.dscp);
  const bool early_data = plan->on_syn != 0 && plan->syn_data != SynData::never;
  if (plan->fast_open && early_data) ++p.stats.fast_open_sent;
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
  if (!parts_->pass_connect_data(*slot)) return Failure{Error::would_block};
  auto received = slot->tcp.receive_into(out, parts_->ctx);
  parts_->settle(connection.index);
  return received;
}

Result<std::size_t> Stack::peek(ConnectionId connection, std::uint32_t offset,
                                MutableBytes out) const {
  const ConnectionSlot* slot = parts_->find_owned(connection);
  if (slot == nullptr) return kStale;
  if (!parts_->is_connect_data_whole(*slot)) return Failure{Error::would_block};
  std::size_t taken = 0;
  while (taken < out.size()) {  // twice at most: the end of the ring and its start
    const auto from = static_cast<std::uint32_t>(slot->connect_data.bytes + offset + taken);
    const Bytes run = slot->tcp.peek(from);
    if (run.empty()) break;
    const std::size_t bytes = std::min(run.size(), out.size() - taken);
    copy_bytes(out.subspan(taken), run.first(bytes));
    taken += bytes;
  }
  if (taken != 0 || out.empty()) return taken;
  return slot->tcp.at_end();
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
  slot->tcp.abort(Error::aborted, parts_->ctx);
  parts_->settle(connection.index);
  return {};
}

template <typename Change>
Status Stack::Parts::change_manner(ConnectionId connection, Change change) {
  ConnectionSlot* slot = find_owned(connection);
  if (slot == nullptr) return kStale;
  Manner manner = slot->tcp.manner();
  change(manner);
  slot->tcp.set_manner(manner);
  settle(connection.index);
  return {};
}

Status Stack::set_quick_ack(Instant now, ConnectionId connection, bool quick) {
  (void)now;
  ConnectionSlot* slot = parts_->find_owned(connection);
  if (slot == nullptr) return kStale;
  slot->tcp.set_quick_ack(quick);
  parts_->settle(connection.index);
  return {};
}

Status Stack::set_no_delay(Instant now, ConnectionId connection, bool no_delay) {
  (void)now;
  return parts_->change_manner(connection, [&](Manner& manner) { manner.no_delay = no_delay; });
}

Status Stack::set_corked(Instant now, ConnectionId connection, bool corked) {
  (void)now;
  return parts_->change_manner(connection, [&](Manner& manner) { manner.corked = corked; });
}

Status Stack::set_dscp(Instant now, ConnectionId connection, std::uint8_t dscp) {
  (void)now;
  if (dscp > kDscpMax) return Failure{Error::invalid_argument};
  return parts_->change_manner(connection, [&](Manner& manner) { manner.dscp = dscp & kDscpMax; });
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
  info.marked = slot->connect_data.marking >= Marking::agreed;
  info.receive_queued_bytes -=
      std::min<std::uint32_t>(info.receive_queued_bytes, slot->connect_data.bytes);
  return info;
}

}  // namespace anteroom
