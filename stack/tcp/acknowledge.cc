// What an acceptable acknowledgment moves: the handshake, the send window, the flight, recovery.
// RFC 9293 3.10.7.4, fifth check; RFC 5681 2 for what counts as a duplicate.
#include <algorithm>

#include "stack/tcp/connection.h"

namespace anteroom {

// From SYN-SENT or SYN-RECEIVED to ESTABLISHED. What rode behind our SYN and was thrown away is
// sent again at once, as an ordinary segment: that is not congestion and tells nothing of the round
// trip.
void Connection::complete_handshake(Instant now, const Segment& segment, const TcpContext& ctx) {
  const bool syn = segment.has(tcp_flag::syn);
  if (syn_transmissions_ == 1) rtt_.on_sample(now - sent_data_at_, ctx.tcp);
  const std::uint32_t taken = snd_.on_ack(segment.ack, ctx.pool);
  if (!passive_) caller_data_taken_ = taken;
  bytes_acked_ += taken;
  snd_.set_first_window(segment.seq, segment.ack,
                        std::uint32_t{segment.window} << (syn ? 0 : agreed_.send_scale));
  // RFC 5681 3.1: after a lost SYN the initial window is one segment.
  const bool lost_syn = syn_transmissions_ > 1;
  congestion_ = NewReno(lost_syn ? 1 : ctx.tcp.initial_window_segments, payload_max());
  if (lost_syn) rtt_.restart_after_lost_syn();
  retries_ = 0;
  owes_syn_ = false;
  timers_.clear(Timer::retransmit);
  enter(now, State::established, ctx);
  const std::uint32_t refused = snd_.nxt().since(segment.ack);
  if (refused != 0) {
    if (!flight_.add_refused(now, segment.ack, refused, ctx.pool)) {
      owes_reset_ = true;
      fail(Error::no_buffer, ctx);
      return;
    }
    if (passive_) ++ctx.stats.response_data_resent;
    restart_retransmit_timer(now);
  }
  if (snd_.fin_queued()) enter(now, State::fin_wait_1, ctx);
  heard_at_ = now;
  restart_keepalive(now);
}

void Connection::process_ack(Instant now, const Segment& segment, const TcpContext& ctx) {
  if (state_ == State::time_wait) return;
  const bool progress = segment.ack.after(snd_.una());
  const std::uint32_t window = std::uint32_t{segment.window} << agreed_.send_scale;
  const bool window_changed =
      !segment.ack.before(snd_.una()) && snd_.update_window(segment.seq, segment.ack, window);
  if (window_changed && window != 0) override_ = false;

  AckSummary ack;
  ack.duplicate = !progress && is_duplicate_ack(segment, window_changed);
  ack.sack = agreed_.sack;
  ack.window_limited = window_limited_;
  ack.mss = payload_max();
  ack.acked_bytes = progress ? segment.ack.since(snd_.una()) : 0;
  if (agreed_.sack && segment.options.sack_count != 0) {
    ack.sacked_bytes =
        flight_.on_sack(segment.options, later_of(segment.ack, snd_.una()), snd_.nxt());
  }
  if (progress) take_acknowledged(now, segment, ctx);
  ack.una = snd_.una();
  ack.nxt = snd_.nxt();
  if (recovery_.on_ack(ack, flight_, congestion_)) ++ctx.stats.fast_retransmits;
  if (progress) {
    window_limited_ = false;
    after_own_fin_acked(now, ctx);
  }
}

bool Connection::is_duplicate_ack(const Segment& segment, bool window_changed) const {
  return segment.ack == snd_.una() && !flight_.empty() && segment.length() == 0 && !window_changed;
}

void Connection::take_acknowledged(Instant now, const Segment& segment, const TcpContext& ctx) {
  const std::optional<Instant> sent_at = flight_.on_ack(segment.ack, ctx.pool);
  bytes_acked_ += snd_.on_ack(segment.ack, ctx.pool);
  if (sent_at) {
    rtt_.on_sample(now - *sent_at, ctx.tcp);
  } else if (agreed_.timestamps && segment.options.timestamp_echo != 0) {
    // Of a retransmitted segment only the echo tells which copy arrived, RFC 7323 4.1.
    const Duration age = timestamps_.age_of(segment.options.timestamp_echo, now);
    if (age >= Duration::zero()) rtt_.on_sample(age, ctx.tcp);
  }
  retries_ = 0;
  restart_retransmit_timer(now);
  if (send_was_short_ && snd_.queued_bytes() <= ctx.send_capacity / 4 * 3) {
    send_was_short_ = false;
    signals_ |= kSignalWritable;
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
