// Every request is in the slab, in the flow index, in its listener's queue and in the expiry heap,
// or (withdrawn, not told yet) in the slab and the list of tombstones alone.
#include "stack/accept/backlog.h"

#include <algorithm>
#include <array>

#include "stack/accept/connect_data.h"
#include "stack/base/short_time.h"

namespace anteroom {
namespace {

// A bounded number of sources needs counting only where the limit can bite.
std::uint32_t sources_counted(const Limits& limits) {
  return limits.requests_per_source_max < limits.requests_max ? limits.requests_max : 0;
}

}  // namespace

Backlog::Backlog(const Limits& limits, const HashKey& source_key)
    : limits_(limits),
      requests_(limits.requests_max),
      flows_(limits.requests_max),
      sources_(sources_counted(limits), source_key) {}

std::uint32_t Backlog::find(std::uint64_t flow_hash, const Flow& flow) const {
  if (flows_.size() == 0) return kNoRequest;
  return flows_.find(flow_hash, [&](std::uint32_t i) { return requests_[i].flow == flow; });
}

// Where a client can prove its address, a quarter of what there is waits for those who do: a flood
// of forged SYNs leaves them their place.
std::optional<DropReason> Backlog::check_limits(const Arrival& arrival, std::size_t data_bytes,
                                                const Listener& chosen) const {
  const ListenOptions& options = chosen.options;
  const bool provable =
      options.overload == OverloadPolicy::challenge || options.fast_open != FastOpen::off;
  const bool keeps_off = provable && !arrival.address_validated;
  const auto within = [keeps_off](std::uint64_t used, std::uint64_t most) {
    return used <= most - (keeps_off ? most / 4 : 0);
  };
  if (!within(requests_.size() + 1, requests_.slots_max()) ||
      !within(chosen.held + chosen.half_open + 1, options.backlog_max)) {
    return DropReason::request_limit;
  }
  if (data_bytes > limits_.caller_data_bytes_max) return DropReason::request_data_too_large;
  if (!within(chosen.caller_data_bytes + data_bytes, limits_.caller_data_bytes_per_listener_max)) {
    return DropReason::request_bytes_limit;
  }
  if (sources_.of(arrival.listener, arrival.flow.remote.address) >=
      limits_.requests_per_source_max) {
    return DropReason::request_source_limit;
  }
  return std::nullopt;
}

Result<PendingId, DropReason> Backlog::add(Instant now, const Arrival& arrival, const Segment& syn,
                                           Listeners& listeners) {
  Listener& chosen = listeners[arrival.listener];
  const bool held = arrival.connection == kNoRequest;
  const Bytes data = held ? syn.payload : Bytes();
  if (const auto refused = check_limits(arrival, data.size(), chosen)) return *refused;
  const PendingId id = requests_.emplace(now, arrival, syn);
  PendingConnection& request = requests_[id.index];
  if (chosen.options.marked) mark(request, syn);
  keep(request, data, chosen.options.save_syn ? syn.headers : Bytes(), chosen);
  sources_.add(arrival.listener, arrival.flow.remote.address);
  if (!held) {  // a handshake, and marked data behind it, that never comes to its end
    expiries_.set(id.index, now + limits_.request_lifetime_max, positions());
    return id;
  }
  flows_.insert(arrival.flow_hash, id.index);
  link(id.index, chosen);
  set_expiry(id.index, limits_.request_gap_assumed);
  return id;
}

// Connect data is whole or not there yet; anything else is no marking of ours.
void Backlog::mark(PendingConnection& request, const Segment& syn) const {
  const TcpOptions& options = syn.options;
  if (!options.has_connect_data || options.connect_data_bytes > kMarkedBytesMax) return;
  const bool whole = syn.payload.size() == options.connect_data_bytes;
  if (!whole && !syn.payload.empty() && !request.has_connection) return;
  request.marked = true;
  request.announced_bytes = options.connect_data_bytes;
}

void Backlog::on_handshake_complete(std::uint32_t index, std::uint16_t caller_data_bytes,
                                    Listeners& listeners) {
  PendingConnection& request = requests_[index];
  request.handshaking = false;
  request.address_validated = true;
  request.caller_data_bytes = caller_data_bytes;
  expiries_.clear(index, positions());
  link(index, listeners[request.listener]);
}

void Backlog::keep(PendingConnection& request, Bytes data, Bytes headers, Listener& listener) {
  const std::size_t bytes = data.size() + headers.size();
  if (bytes == 0) return;
  request.caller_data = data_.take(bytes);
  copy_bytes({request.caller_data, bytes}, data);
  if (!headers.empty()) {
    request.syn_header_bytes = static_cast<std::uint8_t>(headers.size());
    copy_bytes({request.caller_data + data.size(), headers.size()}, headers);
  }
  if (request.has_connection) return;
  request.caller_data_bytes = static_cast<std::uint16_t>(data.size());
  listener.caller_data_bytes += data.size();
}

void Backlog::drop_data(PendingConnection& request, Listener& listener) {
  if (request.caller_data == nullptr) return;
  const std::size_t bytes = request.data().size();
  listener.caller_data_bytes -= bytes;
  data_.give_back(request.caller_data, bytes + request.syn_header_bytes);
  request.caller_data = nullptr;
  request.caller_data_bytes = 0;
  request.syn_header_bytes = 0;
}

void Backlog::on_repeat(Instant now, std::uint32_t index, const Segment& syn,
                        Listeners& listeners) {
  PendingConnection& request = requests_[index];
  // A copy that the network made comes early and says nothing of the client's patience.
  request.gap_ms = std::max(request.gap_ms, wrapping_ms(now) - wrapping_ms(request.seen_at));
  request.seen_at = now;
  if (request.repeats != UINT16_MAX) ++request.repeats;
  if (request.has_timestamp && syn.options.has_timestamp) {
    request.timestamp_value = syn.options.timestamp_value;
  }
  Listener& listener = listeners[request.listener];
  const Bytes known = request.data();
  if (!syn.payload.empty() && known.empty()) {
    // Shown without data, it stays without: the condition function has judged what it saw.
    const bool fits = syn.payload.size() <= limits_.caller_data_bytes_max &&
                      listener.caller_data_bytes + syn.payload.size() <=
                          limits_.caller_data_bytes_per_listener_max;
    const bool unmarked = !request.marked || syn.payload.size() == request.announced_bytes;
    if (!request.indicated && fits && unmarked) add_data(request, syn.payload, listener);
  } else if (!syn.payload.empty()) {
    const std::size_t common = std::min(known.size(), syn.payload.size());
    if (!std::equal(known.begin(), known.begin() + static_cast<std::ptrdiff_t>(common),
                    syn.payload.begin())) {
      request.caller_data_changed = true;
    }
  }
  set_expiry(index, std::chrono::milliseconds(request.gap_ms));
}

// Data that the first copy did not have: the saved headers stay those of the first.
void Backlog::add_data(PendingConnection& request, Bytes data, Listener& listener) {
  std::array<std::uint8_t, UINT8_MAX> headers;
  const std::size_t header_bytes = request.syn_header_bytes;
  copy_bytes(headers, request.syn_headers());
  drop_data(request, listener);
  keep(request, data, Bytes(headers).first(header_bytes), listener);
}

void Backlog::set_expiry(std::uint32_t index, Duration gap) {
  const Duration lifetime = std::clamp(gap * limits_.request_gap_factor,
                                       limits_.request_lifetime_min, limits_.request_lifetime_max);
  expiries_.set(index, requests_[index].seen_at + lifetime, positions());
}

Instant Backlog::gives_up_at(std::uint32_t index) const {
  if (requests_[index].has_connection) return Instant::max();
  return expiries_.at(requests_[index].expiry);
}

bool Backlog::matches_reset(std::uint32_t index, Seq seq) const {
  const PendingConnection& request = requests_[index];
  const Seq after_syn = request.irs + 1;
  return seq == after_syn || seq == after_syn + request.caller_data_bytes;
}

void Backlog::link(std::uint32_t index, Listener& listener) {
  PendingConnection& request = requests_[index];
  request.previous = listener.tail;
  if (listener.tail != kNoRequest) requests_[listener.tail].next = index;
  listener.tail = index;
  if (listener.head == kNoRequest) listener.head = index;
  if (listener.not_indicated == kNoRequest) listener.not_indicated = index;
  ++listener.held;
  ++held_;
}

// Takes a request out of everything but the slab.
void Backlog::unlink(std::uint32_t index, Listeners& listeners) {
  PendingConnection& request = requests_[index];
  Listener& listener = listeners[request.listener];
  if (!request.handshaking) leave_queue(index, listener);
  drop_data(request, listener);
  sources_.remove(request.listener, request.flow.remote.address);
  expiries_.clear(index, positions());
  if (!request.has_connection) flows_.erase(request.flow_hash, index);
}

void Backlog::leave_queue(std::uint32_t index, Listener& listener) {
  PendingConnection& request = requests_[index];
  if (listener.not_indicated == index) listener.not_indicated = request.next;
  (request.previous == kNoRequest ? listener.head : requests_[request.previous].next) =
      request.next;
  (request.next == kNoRequest ? listener.tail : requests_[request.next].previous) =
      request.previous;
  request.previous = request.next = kNoRequest;
  --listener.held;
  --held_;
  if (request.deferred) {
    --listener.deferred;
  } else if (request.indicated) {
    --listener.undecided;
  }
}

void Backlog::withdraw(std::uint32_t index, Error why, Listeners& listeners) {
  unlink(index, listeners);
  PendingConnection& request = requests_[index];
  if (!request.indicated) {
    requests_.erase(index);
    return;
  }
  request.withdrawn = true;
  request.withdrawal = why;
  (last_withdrawn_ == kNoRequest ? first_withdrawn_ : requests_[last_withdrawn_].next) = index;
  last_withdrawn_ = index;
}

std::optional<Backlog::Withdrawn> Backlog::next_withdrawn() {
  if (first_withdrawn_ == kNoRequest) return std::nullopt;
  const std::uint32_t index = first_withdrawn_;
  const PendingConnection& request = requests_[index];
  const Withdrawn told{requests_.id_of(index), request.listener, request.withdrawal};
  first_withdrawn_ = request.next;
  if (first_withdrawn_ == kNoRequest) last_withdrawn_ = kNoRequest;
  if (reasons_.size() <= index) reasons_.resize(index + 1, Error::stale_id);
  reasons_[index] = told.why;
  requests_.erase(index);
  return told;
}

void Backlog::on_listener_closed(std::uint32_t listener) {
  for (std::uint32_t i = first_withdrawn_; i != kNoRequest; i = requests_[i].next) {
    if (requests_[i].listener == listener) requests_[i].listener = kNoRequest;
  }
}

std::uint32_t Backlog::indicate(Listener& listener) {
  if (!listener.may_indicate()) return kNoRequest;
  const std::uint32_t index = listener.not_indicated;
  PendingConnection& request = requests_[index];
  listener.not_indicated = request.next;
  request.indicated = true;
  ++listener.undecided;
  return index;
}

Result<std::uint32_t> Backlog::resolve(PendingId pending) const {
  const PendingConnection* request = requests_.find(pending);
  if (request != nullptr) {
    if (!request->indicated) return Failure{Error::stale_id};  // nobody was given this id yet
    if (request->withdrawn) return Failure{request->withdrawal};
    return std::uint32_t{pending.index};
  }
  // The slot's last request, told as withdrawn, and its slot not used again since.
  const bool last = pending.index < reasons_.size() && !requests_.live(pending.index) &&
                    requests_.id_of(pending.index).generation == pending.generation + 1;
  return Failure{last ? reasons_[pending.index] : Error::stale_id};
}

void Backlog::defer(std::uint32_t index, Listener& listener) {
  PendingConnection& request = requests_[index];
  if (request.deferrals != UINT16_MAX) ++request.deferrals;
  if (request.deferred) return;
  --listener.undecided;
  request.deferred = true;
  ++listener.deferred;
}

void Backlog::remove(std::uint32_t index, Listeners& listeners) {
  unlink(index, listeners);
  if (index < reasons_.size()) reasons_[index] = Error::stale_id;
  requests_.erase(index);
}

std::optional<Instant> Backlog::next_expiry() const {
  if (expiries_.empty()) return std::nullopt;
  return expiries_.front().at;
}

void Backlog::check_invariants(const Listeners& listeners) const {
  std::uint64_t held = 0, waiting = 0;  // those that a SYN alone stands for
  for (std::uint32_t l = 0; l < listeners.slots_made(); ++l) {
    if (!listeners.live(l)) continue;
    const Listener& listener = listeners[l];
    std::uint64_t bytes = 0;
    std::uint32_t count = 0, undecided = 0, deferred = 0, connected = 0;
    for (std::uint32_t i = listener.head; i != kNoRequest; i = requests_[i].next) {
      const PendingConnection& request = requests_[i];
      STACK_ASSERT(request.listener == l && !request.withdrawn);
      bytes += request.data().size();
      ++count;
      connected += request.has_connection;
      undecided += request.indicated && !request.deferred;
      deferred += request.deferred;
    }
    STACK_ASSERT(bytes == listener.caller_data_bytes && count == listener.held);
    STACK_ASSERT(undecided == listener.undecided && deferred == listener.deferred);
    STACK_ASSERT(!listener.may_indicate() || listener.head != kNoRequest);
    held += count;
    waiting += count - connected;
  }
  STACK_ASSERT(held == held_ && waiting == flows_.size() && waiting <= expiries_.size());
}

}  // namespace anteroom
