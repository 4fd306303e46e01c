// One acknowledgment at a time: what it delivered, whether that undoes or ends a recovery, whether
// something is lost, and what the window becomes.
#include "stack/tcp/recovery.h"

namespace anteroom {
namespace {

constexpr std::uint32_t kDuplicateThreshold = 3;  // RFC 5681 3.2, RFC 8985 6.2 step 4

// What a reduction is of: the flight, or the window where that was what held us back, as RFC 9438
// 4.6 allows. The flight alone is wrong in both directions: where several acknowledgments are read
// before anything is sent, those before the one that tells of the loss have shrunk it; and what was
// sent for reported segments while a gap waited to be judged does not count (RFC 5681 3.2 (2)).
std::uint32_t used_window(const AckSummary& ack, const Congestion& congestion) {
  const std::uint32_t window = congestion.window_bytes();
  return ack.window_limited ? window : std::min(ack.flight_bytes, window);
}

}  // namespace

// RFC 8985 6.2 step 4.
Duration Recovery::reordering_window(const AckSummary& ack, const Flight& flight,
                                     const Reordering& reordering) const {
  const bool sure = phase_ != Phase::open || flight.sacked_count() >= kDuplicateThreshold;
  if (!reordering.seen() && sure) return Duration::zero();
  return reordering.window(ack.rtt_min, ack.smoothed_rtt);
}

// Bytes that this acknowledgment tells have arrived, RFC 9937 6: without SACK each duplicate stands
// for one segment, and what advances later was counted then.
std::uint32_t Recovery::delivered_bytes(const AckSummary& ack, const Delivery& delivery) {
  if (ack.kind.sack) return delivery.acked_bytes + delivery.sacked_bytes;
  if (ack.kind.duplicate) {
    left_bytes_ += ack.mss;
    return ack.mss;
  }
  // The segment that filled the gap was not among those that the duplicates stood for.
  const std::uint32_t behind = delivery.acked_bytes > ack.mss ? delivery.acked_bytes - ack.mss : 0;
  const std::uint32_t known = std::min(left_bytes_, behind);
  left_bytes_ -= known;
  return delivery.acked_bytes - known;
}

RecoveryNews Recovery::on_ack(const AckSummary& ack, const Delivery& delivery, Flight& flight,
                              Congestion& congestion, Reordering& reordering) {
  RecoveryNews news;
  const std::uint32_t delivered = delivered_bytes(ack, delivery);
  rack_.on_delivery(ack.now, delivery, reordering);
  if (ack.kind.dsack) reordering.on_dsack(ack.una, ack.nxt);
  if (probe_.on_ack(ack.una, ack.kind.duplicate && !ack.kind.sack, ack.kind.dsack)) {
    news.probe_loss = true;
    congestion.on_congestion(used_window(ack, congestion), ack.mss, CongestionCause::loss);
    congestion.on_recovered();
  }
  news.undone = undo(ack, delivery, flight, congestion);
  if (phase_ != Phase::open && ack.una.at_or_after(recover_)) leave(ack, congestion, reordering);

  const bool lost = detect(ack, delivery.acked_bytes, flight, reordering);
  if (lost && phase_ == Phase::open) {
    enter_fast(ack, delivery.acked_bytes + delivery.sacked_bytes, flight, congestion);
    news.entered = true;
  }
  // RFC 3168 6.1.2: once for each window of data, and not on top of a recovery.
  if (ack.kind.marked && ack.una.at_or_after(reduced_)) {
    reduced_ = ack.nxt;
    news.marked = true;
    if (phase_ == Phase::open) {
      congestion.on_congestion(used_window(ack, congestion), ack.mss, CongestionCause::ecn);
    }
  }
  if (phase_ == Phase::fast) {
    congestion.set_window(prr_.on_ack(delivered, pipe_of(flight), congestion.threshold_bytes(),
                                      ack.mss, ack.kind.progress && !lost));
  } else if (ack.kind.progress && delivery.acked_bytes != 0) {
    congestion.on_ack({.now = ack.now,
                       .acked_bytes = delivered,
                       .mss = ack.mss,
                       .rtt = delivery.sample().value_or(Duration::zero()),
                       .smoothed_rtt = ack.smoothed_rtt,
                       .una = ack.una,
                       .nxt = ack.nxt,
                       .window_limited = ack.window_limited || phase_ == Phase::timeout});
  }
  if (ack.kind.progress) duplicate_acks_ = 0;
  return news;
}

// RFC 4015 3, 4: everything as it was before.
bool Recovery::undo(const AckSummary& ack, const Delivery& delivery, Flight& flight,
                    Congestion& congestion) {
  if (!spurious_.on_ack(delivery, ack.echo, ack.kind)) return false;
  congestion.undo();
  flight.unmark_lost();
  left_bytes_ = 0;
  phase_ = Phase::open;
  return true;
}

void Recovery::leave(const AckSummary& ack, Congestion& congestion, Reordering& reordering) {
  if (phase_ == Phase::fast) congestion.on_recovered();
  if (ack.kind.sack) reordering.on_recovered();
  phase_ = Phase::open;
  left_bytes_ = 0;
}

bool Recovery::detect(const AckSummary& ack, std::uint32_t acked, Flight& flight,
                      const Reordering& reordering) {
  reordering_at_ = Instant();
  if (!ack.kind.sack) return detect_without_sack(ack, acked, flight);
  // In order and nothing sent twice: nobody overtook anybody.
  if (flight.sacked_count() == 0 && phase_ == Phase::open) return false;
  const std::uint32_t before = flight.blamed();
  const Duration wait =
      rack_.mark_lost(ack.now, reordering_window(ack, flight, reordering), flight);
  if (wait != Duration::zero()) reordering_at_ = ack.now + wait;
  return flight.blamed() > before;
}

bool Recovery::detect_without_sack(const AckSummary& ack, std::uint32_t acked, Flight& flight) {
  if (ack.kind.duplicate) {
    // RFC 6582 3.2 (1): a second fast retransmit of the same window would be a false one.
    if (++duplicate_acks_ != kDuplicateThreshold || phase_ != Phase::open ||
        !ack.una.after(recover_)) {
      return false;
    }
  } else if (phase_ != Phase::fast || acked == 0) {
    return false;  // RFC 6582 3.2 (3): in recovery a partial acknowledgment tells of the next hole
  }
  const std::uint32_t before = flight.blamed();
  flight.mark_front_lost();
  return flight.blamed() > before;
}

void Recovery::enter_fast(const AckSummary& ack, std::uint32_t reported, Flight& flight,
                          Congestion& congestion) {
  // What left the network before this acknowledgment is no part of the reduction, RFC 9937 6.
  const std::uint32_t outstanding =
      (flight.empty() ? 0 : ack.nxt.since(flight[0].seq)) - flight.sacked_bytes() + reported;
  congestion.on_congestion(used_window(ack, congestion), ack.mss, CongestionCause::loss);
  prr_ = Prr(outstanding);
  recover_ = ack.nxt;
  phase_ = Phase::fast;
  probe_.cancel();
  spurious_.on_recovery(recover_, false);
}

bool Recovery::on_reordering_timeout(const AckSummary& at, Flight& flight, Congestion& congestion,
                                     const Reordering& reordering) {
  if (!detect(at, 0, flight, reordering) || phase_ != Phase::open) return false;
  enter_fast(at, 0, flight, congestion);
  congestion.set_window(
      prr_.on_ack(0, pipe_of(flight), congestion.threshold_bytes(), at.mss, false));
  return true;
}

void Recovery::on_timeout(const AckSummary& at, bool repeated, Flight& flight,
                          Congestion& congestion, const Reordering& reordering) {
  // RFC 2018 8: a peer that has the first segment would have acknowledged it.
  if (!flight.empty() && flight[0].sacked) flight.forget_sacks();
  // A loss that was paid for already is not paid for again.
  const bool first = phase_ == Phase::open || at.una.at_or_after(recover_);
  congestion.on_timeout(used_window(at, congestion), at.mss, first && !repeated);
  if (at.kind.sack && !repeated) {
    rack_.mark_lost_on_timeout(at.now, reordering_window(at, flight, reordering), flight);
  } else {
    flight.mark_all_lost();
  }
  // What is still believed to be on its way does not stop the one segment of the loss window.
  if (flight.pipe_bytes() != 0) congestion.set_window(flight.pipe_bytes() + at.mss);
  duplicate_acks_ = left_bytes_ = 0;
  reordering_at_ = Instant();
  recover_ = at.nxt;
  phase_ = Phase::timeout;
  probe_.cancel();
  if (first) spurious_.on_recovery(recover_, true);
  if (!first || repeated) spurious_.stop();
}

}  // namespace anteroom
