// One walk over the flight each, in order of sequence numbers.
#include "stack/tcp/rack.h"

namespace anteroom {

void Rack::on_delivery(Instant now, const Delivery& delivery, Reordering& reordering) {
  if (!delivery.any) return;
  if (delivery.has_newest) {
    const bool newer =
        !has_sample_ || static_cast<std::int32_t>(delivery.newest_order - order_) > 0;
    if (newer) order_ = delivery.newest_order;
    has_sample_ = true;
    rtt_ = now - delivery.newest_sent_at;
  }
  const bool late = has_forward_ack_ && delivery.has_original &&
                    delivery.lowest_original_end.before(forward_ack_);
  if (late) reordering.on_seen();
  forward_ack_ =
      has_forward_ack_ ? later_of(forward_ack_, delivery.highest_end) : delivery.highest_end;
  has_forward_ack_ = true;
}

Duration Rack::mark_lost(Instant now, Duration window, Flight& flight) const {
  Duration wait{};
  if (!has_sample_) return wait;
  for (std::uint32_t i = 0; i < flight.count(); ++i) {
    const SentSegment& segment = flight[i];
    if (segment.sacked || segment.lost) continue;
    if (!sent_before_newest(segment)) {
      // What follows was first sent even later.
      if (segment.transmissions == 1) break;
      continue;
    }
    const Duration left = segment.sent_at + rtt_ + window - now;
    if (left <= Duration::zero()) {
      flight.mark_lost(i);
    } else {
      wait = std::max(wait, left);
    }
  }
  return wait;
}

void Rack::mark_lost_on_timeout(Instant now, Duration window, Flight& flight) const {
  for (std::uint32_t i = 0; i < flight.count(); ++i) {
    if (i == 0 || flight[i].sent_at + rtt_ + window <= now) flight.mark_lost(i);
  }
}

}  // namespace anteroom
