// Who has which link address: the neighbor cache, fed by ARP (RFC 826), with the states and the
// bounded retries of RFC 1122 2.3.2. What waits for an answer is parked here and comes back by
// resolve or failure. Not here: what the parked things are (stack.cc), ARP packets (wire/arp.h).
#pragma once

#include <optional>

#include <anteroom/address.h>
#include <anteroom/limits.h>

#include "stack/base/deadline_queue.h"
#include "stack/base/flat_index.h"
#include "stack/base/keyed_hash.h"
#include "stack/base/slab.h"

namespace anteroom {

struct Neighbor {
  enum class State : std::uint8_t { incomplete, reachable, stale };

  IpAddress address;
  MacAddress mac{};
  State state = State::incomplete;
  std::uint8_t queries = 0;  // unanswered
  bool query_owed = false;   // the owner has to send one
  std::uint16_t parked_packets = 0;
  HeapPosition timer = kNotQueued;
  std::uint32_t parked_flows = UINT32_MAX;  // heads of the owner's lists
  std::uint32_t parked_replies = UINT32_MAX;
};

class NeighborCache {
 public:
  static constexpr std::uint32_t kNone = UINT32_MAX;

  NeighborCache(const Limits& limits, const HashKey& key);

  // The entry to send by: made, and a query owed, where there is none. kNone at the limit.
  std::uint32_t want(Instant now, const IpAddress& address);
  // A sender named itself. Updates an entry, or makes one where `make` (it spoke to us). Returns
  // the entry if that answers a question that was open: its parked things may go.
  std::uint32_t learn(Instant now, const IpAddress& address, const MacAddress& mac, bool make);
  // Whoever is sent to hears nothing: the entry is used on, and confirmed with the next packet.
  void doubt(const IpAddress& address);
  bool is_resolved(std::uint32_t index) const {
    return entries_[index].state != Neighbor::State::incomplete;
  }

  // An entry whose query has to be sent now, or kNone; it counts as sent.
  std::uint32_t next_query();

  std::optional<Instant> next_deadline() const;
  // Serves one due entry; false where none is due. `failed` gets the entry that is given up, still
  // there until forget(), so that its parked things can be told.
  bool advance_one(Instant now, std::uint32_t& failed);
  void forget(std::uint32_t index);

  Neighbor& operator[](std::uint32_t index) { return entries_[index]; }

 private:
  std::uint64_t hash(const IpAddress& address) const { return keyed_hash(key_, address.octets()); }
  std::uint32_t find(const IpAddress& address, std::uint64_t hashed) const;
  std::uint32_t make(const IpAddress& address, std::uint64_t hashed);
  bool evict_one();
  void owe_query(Instant now, std::uint32_t index);
  auto positions() {
    return [this](std::uint32_t index) -> HeapPosition& { return entries_[index].timer; };
  }

  Limits limits_;
  HashKey key_;
  Slab<Neighbor, Id<Neighbor>> entries_;
  FlatIndex index_;
  DeadlineQueue timers_;
  std::uint32_t owed_ = 0;        // entries with query_owed
  std::uint32_t latest_ = kNone;  // found last: a host talks mostly through one
};

}  // namespace anteroom
