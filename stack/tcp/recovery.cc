// One function per question: progress, duplicate, time-out.
#include "stack/tcp/recovery.h"

namespace anteroom {
namespace {

constexpr std::uint32_t kDuplicateThreshold = 3;

}  // namespace

bool Recovery::on_ack(const AckSummary& ack, Flight& flight, NewReno& congestion) {
  if (ack.acked_bytes != 0) on_progress(ack, flight, congestion);
  if (ack.sack) {
    const bool lost = ack.sacked_bytes != 0 && flight.mark_lost_by_sack(ack.mss);
    if (!lost || phase_ != Phase::open) return false;
    enter_fast(ack, flight, congestion);
    return true;
  }
  if (!ack.duplicate) return false;
  ++duplicate_acks_;
  // RFC 6582 3.2 (1): a second fast retransmit of the same window would be a false one.
  if (duplicate_acks_ != kDuplicateThreshold || phase_ != Phase::open || !ack.una.after(recover_)) {
    return false;
  }
  enter_fast(ack, flight, congestion);
  flight.mark_front_lost();
  return true;
}

void Recovery::enter_fast(const AckSummary& ack, Flight& flight, NewReno& congestion) {
  congestion.on_loss(flight.empty() ? 0 : ack.nxt.since(ack.una), ack.mss);
  recover_ = ack.nxt;
  phase_ = Phase::fast;
}

void Recovery::on_progress(const AckSummary& ack, Flight& flight, NewReno& congestion) {
  duplicate_acks_ = 0;
  const bool whole = ack.una.at_or_after(recover_);
  switch (phase_) {
    case Phase::open:
      if (ack.window_limited) congestion.on_ack(ack.acked_bytes, ack.mss);
      return;
    case Phase::fast:
      if (whole) {
        congestion.on_recovered(flight.pipe_bytes(), ack.mss);
        phase_ = Phase::open;
      } else if (!ack.sack) {
        flight.mark_front_lost();  // RFC 6582 3.2 (3), partial acknowledgment
      }
      return;
    case Phase::timeout:
      congestion.on_ack(ack.acked_bytes, ack.mss);
      if (whole) phase_ = Phase::open;
      return;
  }
}

void Recovery::on_timeout(Seq nxt, std::uint32_t mss, bool first, Flight& flight,
                          NewReno& congestion) {
  const std::uint32_t in_flight = flight.empty() ? 0 : nxt.since(flight[0].seq);
  congestion.on_timeout(in_flight, mss, first);
  flight.mark_all_lost();
  duplicate_acks_ = 0;
  recover_ = nxt;
  phase_ = Phase::timeout;
}

}  // namespace anteroom
