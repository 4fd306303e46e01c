// Loss detection by time: RFC 8985 5 and 6 (RACK). A segment is lost when one that was sent
// sufficiently later has arrived. Not here: the tail loss probe (tail_loss_probe.h), what is done
// about a loss (recovery.cc).
#pragma once

#include "stack/tcp/flight.h"

namespace anteroom {

// What a connection keeps of the path's reordering when nothing is in flight: RFC 8985 5.3.
class Reordering {
 public:
  // Each round with a DSACK widens the window by a quarter of the shortest round trip, RFC 8985
  // 6.2 step 4.
  void on_dsack(Seq una, Seq nxt) {
    if (in_round_ && una.before(round_end_)) return;
    in_round_ = true;
    round_end_ = nxt;
    if (multiplier_ < UINT8_MAX) ++multiplier_;
    persists_ = kPersists;
  }
  void on_recovered() {
    if (multiplier_ == 1 || --persists_ != 0) return;
    multiplier_ = 1;
    persists_ = kPersists;
  }
  void on_seen() { seen_ = true; }

  bool seen() const { return seen_; }
  Duration window(Duration rtt_min, Duration smoothed_rtt) const {
    return std::min(multiplier_ * rtt_min / 4, smoothed_rtt);
  }

 private:
  static constexpr std::uint8_t kPersists = 16;

  Seq round_end_;
  std::uint8_t multiplier_ = 1;
  std::uint8_t persists_ = kPersists;  // recoveries until the window is small again
  bool seen_ = false;
  bool in_round_ = false;
};

class Rack {
 public:
  // RFC 8985 6.2 steps 2 and 3.
  void on_delivery(Instant now, const Delivery& delivery, Reordering& reordering);
  // Step 5: marks what is lost by now. Returns how long until the next segment would be, 0 where
  // that never is. `window` is step 4's.
  Duration mark_lost(Instant now, Duration window, Flight& flight) const;
  // RFC 8985 6.3: after a time-out the first segment and whatever is old enough.
  void mark_lost_on_timeout(Instant now, Duration window, Flight& flight) const;

 private:
  bool sent_before_newest(const SentSegment& segment) const { return segment.sent_before(order_); }

  Duration rtt_{};   // of the segment sent last among those delivered
  Seq forward_ack_;  // RACK.fack, the highest end delivered
  // Of that segment. Departs from RFC 8985 6.2 step 2 (RACK.xmit_ts, RACK.end_seq): where new data
  // and a retransmission left at the same instant, their sequence numbers do not tell which was
  // first, and a retransmission behind new data would count as lost as soon as that arrives.
  std::uint32_t order_ = 0;
  bool has_sample_ = false;
  bool has_forward_ack_ = false;
};

}  // namespace anteroom
