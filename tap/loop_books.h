// The books of a loop: which connections live, which requests wait for the owner or for a time.
// Not here: what becomes of them (loop.cc).
#pragma once

#include <algorithm>
#include <utility>
#include <vector>

#include <anteroom/tap/loop.h>

namespace anteroom::tap {

// Connections by slot, so that adding one costs no allocation once the table has grown.
class Loop::Connections {
 public:
  void add(ConnectionId id) {
    if (id.index >= slots_.size()) slots_.resize(id.index + std::size_t{1});
    if (!slots_[id.index].is_set()) ++count_;
    slots_[id.index] = id;
  }
  void remove(ConnectionId id) {
    if (id.index >= slots_.size() || slots_[id.index] != id) return;
    slots_[id.index] = ConnectionId();
    --count_;
  }
  bool is_empty() const { return count_ == 0; }
  // A copy, because ending a connection changes the table.
  std::vector<ConnectionId> all() const {
    std::vector<ConnectionId> ids;
    ids.reserve(count_);
    std::copy_if(slots_.begin(), slots_.end(), std::back_inserter(ids),
                 [](ConnectionId id) { return id.is_set(); });
    return ids;
  }

 private:
  std::vector<ConnectionId> slots_;
  std::size_t count_ = 0;
};

// Requests that nobody has decided: in line for next_request(), or deferred until a time.
class Loop::Requests {
 public:
  void add_waiting(PendingId id) { waiting_.push_back(id); }
  std::size_t waiting() const { return waiting_.size() - taken_; }
  std::optional<PendingId> next_waiting() {
    if (taken_ == waiting_.size()) return std::nullopt;
    const PendingId id = waiting_[taken_++];
    if (taken_ == waiting_.size()) {
      waiting_.clear();
      taken_ = 0;
    }
    return id;
  }
  // Forgets the waiting ones for which `is_gone` holds.
  template <typename Predicate>
  void drop_waiting(Predicate is_gone) {
    waiting_.erase(waiting_.begin(), waiting_.begin() + static_cast<std::ptrdiff_t>(taken_));
    taken_ = 0;
    std::erase_if(waiting_, is_gone);
  }

  void add_deferred(Instant due, PendingId id) {
    deferred_.push_back({due, order_++, id});
    std::push_heap(deferred_.begin(), deferred_.end(), is_later);
  }
  std::optional<Instant> next_due() const {
    if (deferred_.empty()) return std::nullopt;
    return deferred_.front().due;
  }
  std::optional<PendingId> next_deferred(Instant now) {
    if (deferred_.empty() || deferred_.front().due > now) return std::nullopt;
    std::pop_heap(deferred_.begin(), deferred_.end(), is_later);
    const PendingId id = deferred_.back().id;
    deferred_.pop_back();
    return id;
  }

 private:
  struct Deferred {
    Instant due;
    std::uint64_t order;
    PendingId id;
  };
  static bool is_later(const Deferred& a, const Deferred& b) {
    return std::pair(a.due, a.order) > std::pair(b.due, b.order);
  }

  std::vector<PendingId> waiting_;
  std::size_t taken_ = 0;
  std::vector<Deferred> deferred_;
  std::uint64_t order_ = 0;
};

}  // namespace anteroom::tap
