// incomplete: asked, not answered. reachable: confirmed lately. stale: used, and asked again.
#include "stack/neighbor/cache.h"

namespace anteroom {

NeighborCache::NeighborCache(const Limits& limits, const HashKey& key)
    : limits_(limits), key_(key), entries_(limits.neighbors_max), index_(limits.neighbors_max) {}

std::uint32_t NeighborCache::find(const IpAddress& address, std::uint64_t hashed) const {
  return index_.find(hashed, [&](std::uint32_t i) { return entries_[i].address == address; });
}

std::uint32_t NeighborCache::make(const IpAddress& address, std::uint64_t hashed) {
  if (entries_.full() && !evict_one()) return kNone;
  const std::uint32_t index = entries_.emplace().index;
  entries_[index].address = address;
  index_.insert(hashed, index);
  return index;
}

// Any resolved entry can be asked for again; one with things parked cannot go.
bool NeighborCache::evict_one() {
  for (std::uint32_t i = 0; i < entries_.slots_made(); ++i) {
    if (entries_.live(i) && is_resolved(i)) {
      forget(i);
      return true;
    }
  }
  return false;
}

void NeighborCache::owe_query(Instant now, std::uint32_t index) {
  Neighbor& entry = entries_[index];
  if (!entry.query_owed) ++owed_;
  entry.query_owed = true;
  ++entry.queries;
  timers_.set(index, now + limits_.neighbor_query_interval, positions());
}

std::uint32_t NeighborCache::want(Instant now, const IpAddress& address) {
  if (entries_.live(latest_) && entries_[latest_].address == address &&
      entries_[latest_].state == Neighbor::State::reachable) {
    return latest_;
  }
  const std::uint64_t hashed = hash(address);
  std::uint32_t index = find(address, hashed);
  if (index == kNone) {
    index = make(address, hashed);
    if (index == kNone) return kNone;
    owe_query(now, index);
  } else if (entries_[index].state == Neighbor::State::stale && entries_[index].queries == 0) {
    owe_query(now, index);
  }
  latest_ = index;
  return index;
}

std::uint32_t NeighborCache::learn(Instant now, const IpAddress& address, const MacAddress& mac,
                                   bool make_entry) {
  const std::uint64_t hashed = hash(address);
  std::uint32_t index = find(address, hashed);
  if (index == kNone) {
    if (!make_entry) return kNone;
    index = make(address, hashed);
    if (index == kNone) return kNone;
  }
  Neighbor& entry = entries_[index];
  const bool was_open = entry.state == Neighbor::State::incomplete;
  entry.mac = mac;
  entry.state = Neighbor::State::reachable;
  entry.queries = 0;
  if (entry.query_owed) --owed_;
  entry.query_owed = false;
  timers_.set(index, now + limits_.neighbor_reachable_time, positions());
  return was_open ? index : kNone;
}

void NeighborCache::doubt(const IpAddress& address) {
  const std::uint32_t index = find(address, hash(address));
  if (index == kNone || entries_[index].state != Neighbor::State::reachable) return;
  entries_[index].state = Neighbor::State::stale;
  timers_.clear(index, positions());
}

std::uint32_t NeighborCache::next_query() {
  if (owed_ == 0) return kNone;
  for (std::uint32_t i = 0; i < entries_.slots_made(); ++i) {
    if (!entries_.live(i) || !entries_[i].query_owed) continue;
    entries_[i].query_owed = false;
    --owed_;
    return i;
  }
  assertion_failed("an owed query is somewhere", __FILE__, __LINE__);
  return kNone;
}

std::optional<Instant> NeighborCache::next_deadline() const {
  if (timers_.empty()) return std::nullopt;
  return timers_.front().at;
}

bool NeighborCache::advance_one(Instant now, std::uint32_t& failed) {
  if (timers_.empty() || timers_.front().at > now) return false;
  const std::uint32_t index = timers_.front().owner;
  timers_.clear(index, positions());
  Neighbor& entry = entries_[index];
  if (entry.state == Neighbor::State::reachable) {
    entry.state = Neighbor::State::stale;
  } else if (entry.queries < limits_.neighbor_queries_max) {
    owe_query(now, index);
  } else {
    entry.state = Neighbor::State::incomplete;
    failed = index;
  }
  return true;
}

void NeighborCache::forget(std::uint32_t index) {
  Neighbor& entry = entries_[index];
  if (entry.query_owed) --owed_;
  timers_.clear(index, positions());
  index_.erase(hash(entry.address), index);
  entries_.erase(index);
}

}  // namespace anteroom
