// What an acceptable acknowledgment moves: the handshake, the send window, the flight, recovery.
// RFC 9293 3.10.7.4, fifth check; RFC 5681 2 for what counts as a duplicate.
#include <algorithm>

#include "stack/tcp/connection.h"
#include "stack/tcp/sack_blocks.h"

namespace anteroom {

// From SYN-SENT or SYN-RECEIVED to ESTABLISHED. What rode behind our SYN and was thrown away is
// sent again at once, as an ordinary segment: that is not congestion and tells nothing of the round
// trip.
void Connection::complete_handshake(Instant now, const Segment& segment, const TcpContext& ctx) {
  const bool syn = segment.has(tcp_flag::syn);
  // RFC 7413 4.2.2: data that left behind the SYN-ACK is in the flight, which settles it.
  const bool early = !idle();
  if (syn_transmissions_ == 1 && !early) rtt_.on_sample(now, since_sent(now), ctx.tcp);
  const Seq acked = early ? snd_.iss() + 1 : segment.ack;
  const std::uint32_t taken = snd_.on_ack(acked, ctx.pool);
  if (!passive_) caller_data_taken_ = static_cast<std::uint16_t>(taken);
  bytes_acked_ += taken;
  snd_.set_first_window(segment.seq, segment.ack,
                        std::uint32_t{segment.window} << (syn ? 0 : agreed_.send_scale));
  // RFC 5681 3.1: after a lost SYN the initial window is one segment.
  const bool lost_syn = syn_transmissions_ > 1;
  if (!early) start_congestion(ctx);
  if (lost_syn) congestion_.set_window(payload_max());
  if (passive_) ecn_.on_handshake_ack(segment);
  if (lost_syn) rtt_.restart_after_lost_syn();
  retries_ = 0;
  owes_syn_ = told_unreachable_ = false;
  rcv_.grant_quick_acks(ctx.tcp.quick_acks);
  timers_.clear(Timer::retransmit);
  enter(now, State::established, ctx);
  const std::uint32_t refused = early ? 0 : snd_.nxt().since(segment.ack);
  if (refused != 0) {
    const bool kept = reserve_outstanding(ctx) &&
                      outstanding_->flight.add_refused(now, segment.ack, refused, ctx.pool);
    if (!kept) {
      owes_reset_ = true;
      fail(Error::no_buffer, ctx);
      return;
    }
    outstanding_->waits_since = now;
    if (passive_) ++ctx.stats.response_data_resent;
    restart_retransmit_timer(now);
  }
  if (snd_.fin_queued()) enter(now, State::fin_wait_1, ctx);
  heard_at_ms_ = wrapping_ms(now);
  restart_keepalive(now);
  if (early) settle_early(now, segment, lost_syn, ctx);
}

// What left before the handshake was complete is ordinary data from now on. A client that missed
// our first SYN-ACK has thrown away what came behind it, which is no sign of congestion.
void Connection::settle_early(Instant now, const Segment& segment, bool lost_syn,
                              const TcpContext& ctx) {
  restart_retransmit_timer(now);
  if (lost_syn) outstanding_->flight.mark_longer_lost(0);
  if (segment.ack.after(snd_.una())) {
    process_ack(now, segment, ctx);
  } else {
    arm_loss_timer(now);
  }
}

void Connection::process_ack(Instant now, const Segment& segment, const TcpContext& ctx) {
  if (state_ == State::time_wait) return;
  const bool progress = segment.ack.after(snd_.una());
  const std::uint32_t flight_bytes = snd_.nxt().since(snd_.una());
  const std::uint32_t window = std::uint32_t{segment.window} << agreed_.send_scale;
  const bool window_changed =
      !segment.ack.before(snd_.una()) && snd_.update_window(segment.seq, segment.ack, window);
  if (window_changed && window != 0) override_ = false;

  const bool has_echo = agreed_.timestamps && segment.options.has_timestamp;
  const Echo echo{timestamps_, segment.options.timestamp_echo, has_echo};
  // RFC 5681 2.
  const bool duplicate =
      segment.ack == snd_.una() && !idle() && segment.length() == 0 && !window_changed;
  AckKind kind{progress, duplicate, agreed_.sack && reports_duplicate(segment.options, segment.ack),
               agreed_.sack};
  Delivery delivery(now, rtt_.minimum(), echo);
  if (progress) take_acknowledged(now, segment, delivery, ctx);
  // RFC 9293 3.8.6.1 [MUST-37]: a peer that closes its window over what is in flight, and answers,
  // is there; retransmissions go on at the pace of probes.
  if (snd_.window_bytes() == 0) retries_ = 0;
  if (outstanding_) {
    if (agreed_.sack && segment.options.sack_count != 0) {
      outstanding_->flight.on_sack(segment.options, snd_.una(), snd_.nxt(), delivery);
    }
    kind.marked = ecn_.on_ack(segment, {delivery.segments, progress || delivery.any});
    recover(now, flight_bytes, kind, echo, delivery, ctx);
  }
  if (progress) {
    if (!outstanding_ || !outstanding_->limited_until.after(snd_.una())) window_limited_ = false;
    after_own_fin_acked(now, ctx);
  }
  if (state_ != State::closed) settle_outstanding(now, ctx);
}

void Connection::take_acknowledged(Instant now, const Segment& segment, Delivery& delivery,
                                   const TcpContext& ctx) {
  if (outstanding_) outstanding_->flight.on_ack(segment.ack, delivery);
  bytes_acked_ += snd_.on_ack(segment.ack, ctx.pool);
  if (bytes_acked_ != 0) agreed_.marks = false;
  const auto sample = delivery.sample();
  if (sample) {
    probed_ = false;
    rtt_.on_sample(now, *sample, ctx.tcp);
  } else if (agreed_.timestamps && segment.options.timestamp_echo != 0) {
    // Of a retransmitted segment only the echo tells which copy arrived, RFC 7323 4.1.
    const Duration age = timestamps_.age_of(segment.options.timestamp_echo, now);
    if (age >= Duration::zero()) {
      probed_ = false;
      rtt_.on_sample(now, age, ctx.tcp);
    }
  }
  retries_ = 0;
  told_unreachable_ = false;
  if (outstanding_) outstanding_->waits_since = now;
  restart_retransmit_timer(now);
  hasten_retransmit_timer(now);
  if (send_was_short_ && snd_.queued_bytes() <= ctx.send_capacity / 4 * 3) {
    send_was_short_ = false;
    signals_ |= kSignalWritable;
  }
}

AckSummary Connection::summary(Instant now) const {
  AckSummary at;
  at.now = now;
  at.una = snd_.una();
  at.nxt = snd_.nxt();
  at.mss = payload_max();
  at.flight_bytes = snd_.nxt().since(snd_.una());
  at.kind.sack = agreed_.sack;
  at.rtt_min = rtt_.minimum();
  at.smoothed_rtt = rtt_.smoothed();
  at.window_limited = window_limited_;
  return at;
}

// What the acknowledgment means for loss recovery and the congestion window.
void Connection::recover(Instant now, std::uint32_t flight_bytes, const AckKind& kind,
                         const Echo& echo, const Delivery& delivery, const TcpContext& ctx) {
  AckSummary ack = summary(now);
  ack.flight_bytes = flight_bytes;
  ack.kind = kind;
  ack.echo = echo;
  const RecoveryNews news =
      outstanding_->recovery.on_ack(ack, delivery, outstanding_->flight, congestion_, reordering_);
  delivered_ += delivery.segments;
  judge_path_probe(now, delivery.path_probe_arrived);
  ctx.stats.fast_retransmits += news.entered;
  ctx.stats.ecn_reductions += news.marked;
  if (news.entered || news.marked) ecn_.on_reduced();
  ctx.stats.spurious_recoveries += news.undone;
  ctx.stats.tail_loss_repairs += news.probe_loss;
  owes_tail_probe_ = false;
}

// RFC 4821 7.6: the probe has arrived, or what was sent after it and arrived tells that it was
// lost.
void Connection::judge_path_probe(Instant now, bool arrived) {
  const std::uint16_t size = outstanding_->path_probe;
  if (size == 0) return;
  if (arrived) {
    path_mss_.on_probe_arrived(now, size);
  } else if (outstanding_->flight.has_path_probe()) {
    return;
  } else {
    path_mss_.on_probe_lost(size);
  }
  outstanding_->path_probe = 0;
}

// With nothing outstanding, queued or left to learn the memory goes back; while a late report may
// still show that a retransmission was needless, it stays for one more time-out.
void Connection::settle_outstanding(Instant now, const TcpContext& ctx) {
  if (!outstanding_) return;
  if (!outstanding_->flight.empty()) return arm_loss_timer(now);
  timers_.clear(Timer::reordering);
  timers_.clear(Timer::tail_loss_probe);
  if (!outstanding_->recovery.is_quiet()) {
    timers_.set(Timer::reordering, now + rtt_.rto());
  } else if (snd_.queued_bytes() == 0) {
    forget_outstanding(ctx.pool);
  }
}

void Connection::after_own_fin_acked(Instant now, const TcpContext& ctx) {
  if (!snd_.fin_acked()) return;
  if (state_ == State::fin_wait_1) {
    enter(now, State::fin_wait_2, ctx);
  } else if (state_ == State::closing) {
    enter(now, State::time_wait, ctx);
  } else if (state_ == State::last_ack) {
    finish(ctx);
  }
}

}  // namespace anteroom
