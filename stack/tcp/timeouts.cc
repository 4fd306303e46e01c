// The timers of a connection: when each runs, and what it does when it is due. RFC 6298 5, RFC 8985
// 6.3 and 7.2, RFC 9293 3.8.4 and 3.8.6.1.
#include <algorithm>

#include "stack/tcp/connection.h"

namespace anteroom {

std::pair<Instant, Timer> Connection::deadline() const {
  const std::pair<Instant, Timer> soonest = timers_.soonest();
  if (!outstanding_ || outstanding_->paced_until >= soonest.first) return soonest;
  return {outstanding_->paced_until, Timer::pacing};
}

void Connection::advance(Instant now, const TcpContext& ctx) {
  const auto [at, due] = deadline();
  if (due == Timer::none || at > now) return;
  timers_.clear(due);
  switch (due) {
    case Timer::reordering: on_reordering_timeout(now, ctx); return;
    case Timer::tail_loss_probe: owes_tail_probe_ = true; return;
    case Timer::retransmit:
      is_synchronized() ? on_retransmit_timeout(now, ctx) : on_syn_timeout(now, ctx);
      return;
    case Timer::persist:
      // The window may take something that silly-window avoidance holds back; else it is probed.
      if (is_given_up(now, unanswered_probes_, ctx.tcp.retries_max)) {
        owes_reset_ = true;
        fail(Error::timed_out, ctx);
        return;
      }
      override_ = true;
      owes_probe_ = true;
      return;
    case Timer::pacing: outstanding_->paced_until = kNever; return;  // next_segment() is asked
    case Timer::delayed_ack: rcv_.owe_ack(); return;
    case Timer::keepalive: on_keepalive_timeout(now, ctx); return;
    case Timer::time_wait:
    case Timer::fin_wait_2: finish(ctx); return;
    default: assertion_failed("a timer of the stack, not of a connection", __FILE__, __LINE__);
  }
}

// How long what is outstanding has waited for an answer: the first segment in flight, the SYN, or
// the probes of a closed window.
Duration Connection::waited(Instant now) const {
  if (!idle()) return now - outstanding_->waits_since;
  return std::chrono::milliseconds(wrapping_ms(now) - heard_at_ms_);
}

Duration Connection::since_sent(Instant now) const {
  return std::chrono::microseconds(wrapping_us(now) - sent_at_us_);
}

// RFC 9293 3.8.3: by the user timeout where there is one, else by R2.
bool Connection::is_given_up(Instant now, std::uint32_t retries, std::uint32_t retries_max) const {
  if (user_timeout_ms_ == 0) return retries >= retries_max;
  return waited(now) >= std::chrono::milliseconds(user_timeout_ms_);
}

Instant Connection::retransmit_at(Instant now) const {
  if (user_timeout_ms_ == 0) return now + rtt_.rto();
  const Duration left = std::chrono::milliseconds(user_timeout_ms_) - waited(now);
  return now + std::min(rtt_.rto(), std::max(left, Duration(1ms)));
}

// RFC 9293 3.8.3 [MUST-20], [SHLD-9], [SHLD-10]: beyond R1 the owner is told, and the stack asks
// whether the next hop is still there.
void Connection::note_unanswered(std::uint32_t times) {
  constexpr std::uint32_t kR1 = 3;
  if (times == kR1) signals_ |= kSignalSoftError;
}

void Connection::on_syn_timeout(Instant now, const TcpContext& ctx) {
  const std::uint32_t retries_max =
      passive_ ? ctx.tcp.syn_ack_retries_max : ctx.tcp.syn_retries_max;
  if (is_given_up(now, syn_transmissions_, retries_max + 1)) {
    fail(soft_error(), ctx);
    return;
  }
  note_unanswered(syn_transmissions_);
  const bool linear = !passive_ && syn_transmissions_ <= ctx.tcp.syn_linear_retries_max;
  if (!linear) rtt_.back_off(ctx.tcp);
  timers_.set(Timer::retransmit, retransmit_at(now));
  owes_syn_ = true;
}

void Connection::on_retransmit_timeout(Instant now, const TcpContext& ctx) {
  if (idle()) return;
  if (owes_tail_probe_ || timers_.at(Timer::tail_loss_probe) <= now) {
    // RFC 8985 7.2: where both are due the probe goes in its place, and starts it again.
    timers_.set(Timer::retransmit, retransmit_at(now));
    return;
  }
  if (is_given_up(now, retries_, ctx.tcp.retries_max)) {
    owes_reset_ = true;
    fail(soft_error(), ctx);
    return;
  }
  note_unanswered(++retries_);
  ++ctx.stats.retransmit_timeouts;
  rtt_.back_off(ctx.tcp);
  outstanding_->recovery.on_timeout(summary(now), retries_ > 1, outstanding_->flight, congestion_,
                                    reordering_);
  ecn_.on_reduced();
  judge_path_probe(now, false);
  note_black_hole(ctx);
  owes_tail_probe_ = false;
  timers_.set(Timer::retransmit, retransmit_at(now));
  arm_loss_timer(now);
}

// RFC 4821 7.7: full segments are lost time after time, and small ones are answered or not even
// there.
void Connection::note_black_hole(const TcpContext& ctx) {
  constexpr std::uint8_t kTimeouts = 4;  // in a row, of one segment
  const bool full = outstanding_->flight[0].bytes >= payload_max();
  if (!ctx.tcp.path_mtu_probing || retries_ < kTimeouts || !full) return;
  if (!path_mss_.on_black_hole()) return;
  ++ctx.stats.path_mtu_black_holes;
  outstanding_->flight.mark_longer_lost(payload_max());
}

// RACK's timer; with nothing in flight it is the end of the wait for late reports.
void Connection::on_reordering_timeout(Instant now, const TcpContext& ctx) {
  if (idle()) {
    if (snd_.queued_bytes() == 0) forget_outstanding(ctx.pool);
    return;
  }
  if (outstanding_->recovery.on_reordering_timeout(summary(now), outstanding_->flight, congestion_,
                                                   reordering_)) {
    ++ctx.stats.fast_retransmits;
    ecn_.on_reduced();
  }
  judge_path_probe(now, false);
  arm_loss_timer(now);
}

void Connection::on_keepalive_timeout(Instant now, const TcpContext& ctx) {
  if (!keepalive_.is_on() || !is_synchronized() || is_over()) return;
  // RFC 9293 3.8.4 [MUST-26]: while something is outstanding its retransmissions find out, and a
  // probe beyond a gap would get no answer.
  if (!idle()) {
    keepalive_.on_heard();
    timers_.set(Timer::keepalive, now + keepalive_.idle());
    return;
  }
  const Duration silence = std::chrono::milliseconds(wrapping_ms(now) - heard_at_ms_);
  if (keepalive_.probes() == 0 && silence < keepalive_.idle()) {  // heard of since it was set
    timers_.set(Timer::keepalive, now + keepalive_.idle() - silence);
    return;
  }
  if (keepalive_.is_exhausted()) {
    owes_reset_ = true;
    fail(Error::timed_out, ctx);
    return;
  }
  keepalive_.on_probe();
  owes_probe_ = true;
  timers_.set(Timer::keepalive, now + keepalive_.interval());
}

void Connection::restart_keepalive(Instant now) {
  if (keepalive_.is_on() && is_synchronized() && !is_over() && !timers_.is_set(Timer::keepalive) &&
      !timers_.is_set(Timer::fin_wait_2)) {
    timers_.set(Timer::keepalive, now + keepalive_.idle());
  }
}

void Connection::restart_retransmit_timer(Instant now) {
  if (idle()) {
    timers_.clear(Timer::retransmit);
  } else {
    timers_.set(Timer::retransmit, retransmit_at(now));
  }
}

// RFC 7765 4: where too little is left for duplicate acknowledgments to tell of a loss, the
// time-out counts from when the first segment in flight was sent and not from this acknowledgment.
void Connection::hasten_retransmit_timer(Instant now) {
  constexpr std::uint32_t kFewSegments = 4;
  if (idle()) return;
  const Flight& flight = outstanding_->flight;
  const std::uint32_t unsent = (snd_.unsent_bytes() + payload_max() - 1) / payload_max();
  const Duration left = rtt_.rto() - (now - flight[0].sent_at);
  if (flight.count() + unsent >= kFewSegments || left < 1ms) return;
  timers_.set(Timer::retransmit, std::min(now + left, timers_.at(Timer::retransmit)));
}

// RACK's timer where it waits for something, else the tail loss probe's: RFC 8985 6.3 and 7.2.
void Connection::arm_loss_timer(Instant now) {
  timers_.clear(Timer::reordering);
  timers_.clear(Timer::tail_loss_probe);
  if (!outstanding_ || !is_synchronized()) return;
  const Recovery& recovery = outstanding_->recovery;
  const Flight& flight = outstanding_->flight;
  if (flight.empty()) return;
  if (recovery.reordering_at() != Instant()) {
    timers_.set(Timer::reordering, recovery.reordering_at());
  } else if (agreed_.sack && !probed_ && recovery.may_probe() && flight.sacked_count() == 0 &&
             flight.lost_count() == 0) {
    const Duration wait = TailLossProbe::wait(rtt_.smoothed(), flight.count() == 1);
    timers_.set(Timer::tail_loss_probe, std::min(now + wait, timers_.at(Timer::retransmit)));
  }
}

void Connection::arm_persist(Instant now, const TcpContext& ctx) {
  if (!snd_.is_stuck(idle()) || !is_synchronized() || is_over()) {
    timers_.clear(Timer::persist);
    override_ = false;
    return;
  }
  if (!timers_.is_set(Timer::persist)) set_persist(now, ctx);
}

void Connection::set_persist(Instant now, const TcpContext& ctx) {
  // RFC 9293 3.8.6.1 [SHLD-29], [SHLD-30]: the first probe after a time-out, then ever more slowly.
  Duration wait = rtt_.rto();
  for (unsigned i = 0; i < retries_ && wait < ctx.tcp.rto_max; ++i) wait *= 2;
  timers_.set(Timer::persist, now + std::min(wait, ctx.tcp.rto_max));
}

}  // namespace anteroom
