// The tail loss probe, RFC 8985 7: when acknowledgments stop coming, one segment asks for one
// before the retransmission timer does, and what its answer says of a loss that it repaired by
// itself. Not here: which segment it is (next_segment.cc).
#pragma once

#include <algorithm>

#include <anteroom/time.h>

#include "stack/tcp/seq.h"

namespace anteroom {

class TailLossProbe {
 public:
  // RFC 8985 7.2: how long to wait for an acknowledgment. `smoothed_rtt` is 0 before the first
  // sample; `alone`: a single segment is in flight, whose acknowledgment the peer may delay.
  static Duration wait(Duration smoothed_rtt, bool alone) {
    if (smoothed_rtt == Duration::zero()) return 1s;
    constexpr Duration kDelayedAckMax = 200ms;
    return 2 * smoothed_rtt + (alone ? kDelayedAckMax : Duration::zero());
  }

  bool is_pending() const { return pending_; }
  void on_sent(Seq nxt, bool retransmission) {
    pending_ = true;
    end_ = nxt;
    retransmission_ = retransmission;
  }

  // RFC 8985 7.4.2. True where the probe has repaired a loss that nothing else told of.
  // `duplicate`: a duplicate acknowledgment without blocks; `dsack`: it reports a duplicate.
  bool on_ack(Seq ack, bool duplicate, bool dsack) {
    if (!pending_ || ack.before(end_)) return false;
    if (!retransmission_ || dsack || (duplicate && ack == end_)) {
      pending_ = false;
      return false;
    }
    if (!ack.after(end_)) return false;
    pending_ = false;
    return true;
  }
  // Recovery has begun in another way.
  void cancel() { pending_ = false; }

 private:
  Seq end_;  // TLP.end_seq
  bool pending_ = false;
  bool retransmission_ = false;
};

}  // namespace anteroom
