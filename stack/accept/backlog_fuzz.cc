// Backlog operations against a model that is too simple to be wrong: a list of requests in order.
#include "stack/accept/backlog.h"

#include <algorithm>

namespace anteroom {
namespace {

struct ModelRequest {
  std::uint16_t port;
  std::uint32_t irs;
  std::size_t data_bytes;
  bool indicated = false;
  bool deferred = false;
  PendingId id{};
};

class Duel {
 public:
  explicit Duel(Deferral deferral)
      : backlog_(limits(), HashKey{}), listeners_(1), deferral_(deferral) {
    ListenOptions options;
    options.conditional = true;
    options.deferral = deferral;
    options.backlog_max = 6;
    (void)listeners_.emplace(options);
  }

  void turn(std::uint8_t what, std::uint8_t which) {
    now_ += std::chrono::milliseconds(which * 4);
    switch (what % 6) {
      case 0:
      case 1: syn(which % 16, which / 16 % 2, what / 6 % 8); break;
      case 2: reset(which % 16); break;
      case 3: indicate(); break;
      case 4: decide(which, what / 6 % 2 == 0); break;
      default: expire();
    }
    while (backlog_.next_withdrawn()) {
    }
    backlog_.check_invariants(listeners_);
    STACK_ASSERT(backlog_.held() == model_.size());
  }

 private:
  static Limits limits() {
    Limits limits;
    limits.requests_max = 8;
    limits.requests_per_source_max = 5;
    limits.caller_data_bytes_per_listener_max = 20;
    return limits;
  }
  static Flow flow(std::uint16_t port) {
    return {{IpAddress::v4(192, 0, 2, 1), 80}, {IpAddress::v4(192, 0, 2, 2), port}};
  }
  auto find(std::uint16_t port) {
    return std::find_if(model_.begin(), model_.end(),
                        [&](const auto& r) { return r.port == port; });
  }

  void syn(std::uint16_t port, std::uint32_t irs, std::size_t data_bytes) {
    const std::uint8_t data[8] = {};
    Segment segment;
    segment.seq = Seq(irs * 1000);
    segment.flags = tcp_flag::syn;
    segment.payload = Bytes(data).first(data_bytes);
    const auto known = find(port);
    const std::uint32_t found = backlog_.find(port, flow(port));
    STACK_ASSERT((found != kNoRequest) == (known != model_.end()));
    if (known != model_.end() && known->irs == irs) {
      backlog_.on_repeat(now_, found, segment, listeners_);
      const bool fits = bytes() + data_bytes <= 20;
      if (known->data_bytes == 0 && !known->indicated && fits) known->data_bytes = data_bytes;
      STACK_ASSERT(backlog_[found].data().size() == known->data_bytes);
      return;
    }
    if (known != model_.end()) {
      backlog_.withdraw(found, Error::withdrawn_replaced, listeners_);
      model_.erase(known);
    }
    const Flow of = flow(port);
    const auto added = backlog_.add(now_, {of, port, 0}, segment, listeners_);
    // Tombstones count in the slab but every turn tells of them, so that there are none here but
    // one.
    const bool fits = model_.size() < 5 && bytes() + data_bytes <= 20;
    STACK_ASSERT(added.has_value() == fits);
    if (added) model_.push_back({port, irs, data_bytes, false, false, *added});
  }

  void reset(std::uint16_t port) {
    const auto known = find(port);
    if (known == model_.end()) return;
    const std::uint32_t found = backlog_.find(port, flow(port));
    STACK_ASSERT(backlog_.matches_reset(found, Seq(known->irs * 1000 + 1)));
    STACK_ASSERT(!backlog_.matches_reset(found, Seq(known->irs * 1000 + 500)));
    backlog_.withdraw(found, Error::withdrawn_reset, listeners_);
    model_.erase(known);
  }

  void indicate() {
    const auto next =
        std::find_if(model_.begin(), model_.end(), [](const auto& r) { return !r.indicated; });
    const bool blocked = std::any_of(model_.begin(), model_.end(), [&](const auto& r) {
      return r.indicated && (!r.deferred || deferral_ == Deferral::strict);
    });
    const std::uint32_t shown = backlog_.indicate(listeners_[0]);
    STACK_ASSERT((shown == kNoRequest) == (blocked || next == model_.end()));
    if (shown == kNoRequest) return;
    STACK_ASSERT(backlog_.id_of(shown) == next->id);
    next->indicated = true;
  }

  void decide(std::uint8_t which, bool defer) {
    if (model_.empty()) return;
    const auto at = model_.begin() + which % static_cast<int>(model_.size());
    const auto index = backlog_.resolve(at->id);
    STACK_ASSERT(index.has_value() == at->indicated);
    if (!index) return;
    if (defer) {
      backlog_.defer(*index, listeners_[0]);
      at->deferred = true;
      return;
    }
    const PendingId id = at->id;
    backlog_.remove(*index, listeners_);
    model_.erase(at);
    STACK_ASSERT(backlog_.resolve(id).error().error == Error::stale_id);
  }

  void expire() {
    while (backlog_.next_expiry() && *backlog_.next_expiry() <= now_) {
      const std::uint32_t index = backlog_.next_to_expire();
      const auto known = find(backlog_[index].flow.remote.port);
      STACK_ASSERT(known != model_.end());
      model_.erase(known);
      backlog_.withdraw(index, Error::withdrawn_expired, listeners_);
    }
  }

  std::size_t bytes() const {
    std::size_t sum = 0;
    for (const ModelRequest& request : model_) sum += request.data_bytes;
    return sum;
  }

  Backlog backlog_;
  Listeners listeners_;
  Deferral deferral_;
  Instant now_{1s};
  std::vector<ModelRequest> model_;
};

}  // namespace
}  // namespace anteroom

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  for (const auto deferral : {anteroom::Deferral::strict, anteroom::Deferral::independent}) {
    anteroom::Duel duel(deferral);
    for (std::size_t i = 0; i + 1 < size; i += 2) duel.turn(data[i], data[i + 1]);
  }
  return 0;
}
