// All requests of a stack: the bounded queue, the index by flow, expiry, withdrawal.
// conditional-accept 1, 2 and 4. Not here: connections, segments to send, the application.
#pragma once

#include <vector>

#include <anteroom/stack.h>

#include "stack/accept/listener.h"
#include "stack/accept/source_count.h"
#include "stack/base/flat_index.h"
#include "stack/base/slab.h"
#include "stack/base/small_pool.h"

namespace anteroom {

using Listeners = Slab<Listener, ListenerId>;

class Backlog {
 public:
  Backlog(const Limits& limits, const HashKey& source_key);

  // --- Segments of a flow that no connection has ---
  // The request of this flow, or kNoRequest.
  std::uint32_t find(std::uint64_t flow_hash, const Flow& flow) const;
  // A SYN for a flow without a request: it is held, or waits for its handshake. The reason where a
  // limit says no.
  Result<PendingId, DropReason> add(Instant now, const Arrival& arrival, const Segment& syn,
                                    Listeners& listeners);
  // Why a SYN with so much data would not be taken.
  std::optional<DropReason> check_limits(const Arrival& arrival, std::size_t data_bytes,
                                         const Listener& chosen) const;
  // The handshake is complete: the request joins its listener's queue, with that much caller data.
  void on_handshake_complete(std::uint32_t index, std::uint16_t caller_data_bytes,
                             Listeners& listeners);
  // The same SYN again: conditional-accept 2.
  void on_repeat(Instant now, std::uint32_t index, const Segment& syn, Listeners& listeners);
  // RFC 5961 exactness: what the client would send next, whether or not its data counts as sent.
  bool matches_reset(std::uint32_t index, Seq seq) const;
  // The request is gone. One that was indicated stays as a tombstone until next_withdrawn() tells
  // of it.
  void withdraw(std::uint32_t index, Error why, Listeners& listeners);

  // --- The owner's side ---
  // The next request to indicate for this listener, or kNoRequest.
  std::uint32_t indicate(Listener& listener);
  struct Withdrawn {
    PendingId pending;
    std::uint32_t listener;  // kNoRequest where it was closed
    Error why;
  };
  std::optional<Withdrawn> next_withdrawn();
  // Withdrawals of this listener that are not told yet are nobody's: its slot may be used again.
  void on_listener_closed(std::uint32_t listener);
  // The live request of this id; else why there is none.
  Result<std::uint32_t> resolve(PendingId pending) const;
  void defer(std::uint32_t index, Listener& listener);
  // The verdict is spoken: the request leaves, its id is dead.
  void remove(std::uint32_t index, Listeners& listeners);

  // --- Time ---
  std::optional<Instant> next_expiry() const;
  // The request that expires at next_expiry().
  std::uint32_t next_to_expire() const { return expiries_.front().owner; }
  Instant gives_up_at(std::uint32_t index) const;

  const PendingConnection& operator[](std::uint32_t index) const { return requests_[index]; }
  PendingId id_of(std::uint32_t index) const { return requests_.id_of(index); }
  std::uint32_t held() const { return held_; }
  void check_invariants(const Listeners& listeners) const;

  static constexpr std::size_t request_bytes() {
    return Slab<PendingConnection, PendingId>::slot_bytes();
  }

 private:
  void mark(PendingConnection& request, const Segment& syn) const;
  void keep(PendingConnection& request, Bytes data, Bytes headers, Listener& listener);
  void add_data(PendingConnection& request, Bytes data, Listener& listener);
  void drop_data(PendingConnection& request, Listener& listener);
  void link(std::uint32_t index, Listener& listener);
  void leave_queue(std::uint32_t index, Listener& listener);
  void unlink(std::uint32_t index, Listeners& listeners);
  void set_expiry(std::uint32_t index, Duration gap);
  auto positions() {
    return [this](std::uint32_t index) -> HeapPosition& { return requests_[index].expiry; };
  }

  const Limits limits_;
  Slab<PendingConnection, PendingId> requests_;
  FlatIndex flows_;
  SourceCount sources_;
  SmallPool data_;
  DeadlineQueue expiries_;
  std::uint32_t held_ = 0;                      // in the queues of their listeners
  std::uint32_t first_withdrawn_ = kNoRequest;  // tombstones, linked by `next`
  std::uint32_t last_withdrawn_ = kNoRequest;
  // Why the request that a slot held last is gone, by slot: an id that was not told yet can still
  // ask.
  std::vector<Error> reasons_;
};

}  // namespace anteroom
