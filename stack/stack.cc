// The six doors, and time. Not here: the way in (inbound.cc), the way out (outbound.cc), the
// owner's verbs (verbs.cc).
#include <algorithm>
#include <bit>

#include <anteroom/stack.h>

#include "stack/parts.h"

namespace anteroom {
namespace {

// Purposes of the keys made from the seed.
enum Purpose : std::uint8_t {
  kFlows = 1,
  kNeighbors = 2,
  kSources = 3,
  kRandom = 4,
  kFastOpen = 5,
  kSynCookies = 6,
};

// Below this a window would not hold a few segments.
constexpr std::uint32_t kBufferMin = 4u << 10;

std::uint32_t buffer_capacity(std::uint32_t bytes) {
  return std::bit_ceil(std::clamp(bytes, kBufferMin, BufferPool::kBlockMax));
}

FastOpenCookies cookies_of(const Config& config) {
  if (config.fast_open_key) return FastOpenCookies(*config.fast_open_key);
  return {derive_key(config.seed, kFastOpen), config.limits.fast_open_key_period};
}

}  // namespace

Stack::Parts::Parts(const Config& chosen)
    : config(chosen),
      flow_key(derive_key(chosen.seed, kFlows)),
      rng(derive_key(chosen.seed, kRandom)),
      pool(chosen.limits.buffer_bytes_max),
      challenges(chosen.limits.challenge_acks_per_second),
      icmp_errors(chosen.limits.icmp_errors_per_second),
      interface(chosen.interface),
      routes(chosen.interface, chosen.routes),
      neighbors(chosen.limits, derive_key(chosen.seed, kNeighbors)),
      path_mtu(chosen.limits),
      reassembly(chosen.limits, pool),
      outbox(chosen.limits),
      ctx{config.tcp,
          config.limits,
          chosen.interface.mtu,
          buffer_capacity(chosen.limits.send_buffer_bytes_max),
          buffer_capacity(chosen.limits.receive_buffer_bytes_max),
          buffer_capacity(std::min(chosen.limits.receive_buffer_bytes_initial,
                                   chosen.limits.receive_buffer_bytes_max)),
          pool,
          stats,
          challenges},
      connections(chosen.limits.connections_max),
      flows(chosen.limits.connections_max),
      listeners(chosen.limits.listeners_max),
      backlog(chosen.limits, derive_key(chosen.seed, kSources)),
      fast_open_cookies(cookies_of(chosen)),
      fast_open_servers(chosen.limits),
      syn_cookies(derive_key(chosen.seed, kSynCookies)) {}

Stack::Parts::~Parts() {
  for (std::uint32_t i = 0; i < connections.slots_made(); ++i) {
    if (connections.live(i)) connections[i].tcp.release(pool);
  }
}

Stack::Stack(const Config& config) {
  STACK_ASSERT(check_config(config).empty());
  parts_ = std::make_unique<Parts>(config);
}

Stack::~Stack() = default;

void Stack::receive(Instant now, Bytes frame) { parts_->receive(now, frame); }
void Stack::advance(Instant now) { parts_->advance(now); }
std::size_t Stack::next_frame(Instant now, MutableBytes out) {
  return parts_->next_frame(now, out);
}
std::optional<Event> Stack::next_event() { return parts_->next_event(); }
std::optional<Deadline> Stack::next_deadline() const { return parts_->next_deadline(); }
std::size_t Stack::frame_bytes_max() const { return parts_->interface.frame_bytes_max(); }
const Config& Stack::config() const { return parts_->config; }

std::vector<ConnectionInfo> Stack::connection_table() const {
  std::vector<ConnectionInfo> table;
  const auto& connections = parts_->connections;
  for (std::uint32_t i = 0; i < connections.slots_made(); ++i) {
    if (!connections.live(i)) continue;
    table.push_back(*connection_info(connections.id_of(i)));
  }
  return table;
}

void Stack::configure(const TcpConfig& tcp) {
  Config changed = parts_->config;
  changed.tcp = tcp;
  STACK_ASSERT(check_config(changed).empty());
  parts_->config.tcp = tcp;
}

const Stats& Stack::stats() const {
  parts_->stats.requests_held = parts_->backlog.held();
  parts_->stats.connections = parts_->connections.size();
  parts_->stats.buffer_bytes = parts_->pool.bytes_taken();
  return parts_->stats;
}

void Stack::check_invariants() const {
  const Parts& parts = *parts_;
  parts.backlog.check_invariants(parts.listeners);
  for (std::uint32_t i = 0; i < parts.connections.slots_made(); ++i) {
    if (parts.connections.live(i)) parts.connections[i].tcp.check_invariants();
  }
  STACK_ASSERT(parts.flows.size() <= parts.connections.size());
}

// --- Time ---

void Stack::Parts::advance(Instant now) {
  for (std::uint32_t i = 0; i < config.limits.timers_per_advance; ++i) {
    if (!advance_one(now)) return;
  }
}

bool Stack::Parts::advance_one(Instant now) {
  if (!deadlines.empty() && deadlines.front().at <= now) {
    const std::uint32_t index = deadlines.front().owner;
    connections[index].tcp.advance(now, ctx);
    if ((connections[index].tcp.signals() & kSignalSoftError) != 0) doubt_next_hop(index);
    if (connections[index].fast_open_waits) learn_fast_open(now, index, nullptr);
    settle(index);
    return true;
  }
  if (const auto expiry = backlog.next_expiry(); expiry && *expiry <= now) {
    withdraw(backlog.next_to_expire(), Error::withdrawn_expired);
    return true;
  }
  std::uint32_t failed = NeighborCache::kNone;
  if (neighbors.advance_one(now, failed)) {
    if (failed != NeighborCache::kNone) give_up_neighbor(now, failed);
    return true;
  }
  std::optional<ReassemblyTimeout> timeout;
  if (!reassembly.expire_one(now, timeout)) return false;
  drop(DropReason::fragment_expired);
  if (timeout) {
    const IpPacket about{timeout->header, {}, timeout->quoted};
    reply_icmp_error(now, IcmpCause::reassembly_time, about, false);
  }
  return true;
}

std::optional<Deadline> Stack::Parts::next_deadline() const {
  std::optional<Deadline> soonest;
  const auto consider = [&](Instant at, Timer timer, ConnectionId connection) {
    if (!soonest || at < soonest->at) soonest = Deadline{at, timer, connection};
  };
  if (!deadlines.empty()) {
    const auto& front = deadlines.front();
    consider(front.at, connections[front.owner].tcp.deadline().second,
             connections.id_of(front.owner));
  }
  if (const auto at = backlog.next_expiry()) consider(*at, Timer::request_expiry, {});
  if (const auto at = neighbors.next_deadline()) consider(*at, Timer::neighbor, {});
  if (const auto at = reassembly.next_deadline()) consider(*at, Timer::reassembly, {});
  return soonest;
}

}  // namespace anteroom
