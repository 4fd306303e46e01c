// Birth, user calls and end of a connection. Not here: timers (timeouts.cc).
#include "stack/tcp/connection.h"

#include <algorithm>

namespace anteroom {
namespace {

// RFC 9293 3.3.2, figure 5, and 3.5: where each state may go.
bool is_transition(State from, State to) {
  using enum State;
  switch (from) {
    case closed: return to == syn_sent || to == syn_received;
    case syn_sent: return to == syn_received || to == established || to == closed;
    case syn_received:
      return to == established || to == fin_wait_1 || to == close_wait || to == closed;
    case established: return to == fin_wait_1 || to == close_wait || to == closed;
    case fin_wait_1: return to == fin_wait_2 || to == closing || to == time_wait || to == closed;
    case fin_wait_2: return to == time_wait || to == closed;
    case close_wait: return to == last_ack || to == closed;
    case closing: return to == time_wait || to == closed;
    case last_ack: return to == closed;
    case time_wait: return to == closed;
    case listen: return false;
  }
  return false;
}

std::uint16_t mss_of_path(const Birth& birth, const TcpContext& ctx) {
  const bool known = birth.path_mtu != 0 && birth.path_mtu < ctx.mtu;
  return mss_of_mtu(known ? birth.path_mtu : ctx.mtu, birth.flow.local.address);
}

}  // namespace

Connection::Connection(const Birth& birth, const TcpContext& ctx)
    : snd_(birth.numbers.iss),
      rcv_(ctx.receive_capacity_initial, ctx.tcp.window_exact),
      congestion_(birth.congestion),
      rtt_(ctx.tcp),
      timestamps_(birth.numbers.timestamp_offset),
      keepalive_(ctx.tcp.keepalive),
      path_mss_(mss_of_path(birth, ctx)),
      flow_(birth.flow) {
  manner_.no_delay = ctx.tcp.no_delay;
  set_user_timeout(ctx.tcp.user_timeout);
  agreed_.receive_mss = mss_of_mtu(ctx.mtu, flow_.local.address);
}

bool Connection::open_active(Instant now, Bytes caller_data, std::uint16_t on_syn, SynData when,
                             const TcpContext& ctx) {
  if (snd_.append(caller_data, ctx.send_capacity, ctx.pool) != caller_data.size()) return false;
  syn_payload_ = on_syn;
  syn_data_ = when;
  agreed_ = offer(ctx.tcp, agreed_.receive_mss, ctx.receive_capacity);
  ecn_.ask(ecn_mode_of(ctx.tcp.ecn));
  path_mss_.begin(now);
  enter(now, State::syn_sent, ctx);
  owes_syn_ = true;
  return true;
}

bool Connection::open_passive(Instant now, const PeerSyn& peer, const PassiveOpening& opening,
                              const TcpContext& ctx) {
  agree(peer.options, ctx.tcp, agreed_.receive_mss, ctx.receive_capacity, agreed_);
  if (ctx.tcp.receive_buffer_in_segments) rcv_.round_capacity(payload_max());
  rcv_.on_syn(peer.irs, agreed_.receive_scale);
  const Bytes response_data = opening.response_data;
  const bool stored =
      rcv_.on_syn_data(opening.caller_data, opening.keep_caller_data, ctx.pool) &&
      snd_.append(response_data, ctx.send_capacity, ctx.pool) == response_data.size();
  if (!stored) return false;
  passive_ = true;
  ecn_.on_agreed(ctx.tcp.ecn == EcnUse::off ? EcnMode::none : peer.ecn, peer.ip_ecn, ctx.tcp);
  syn_payload_ = static_cast<std::uint16_t>(opening.in_syn_ack);
  snd_.set_first_window(peer.irs, snd_.iss(), peer.window);
  if (agreed_.timestamps) timestamps_.set_recent(peer.options.timestamp_value, now);
  path_mss_.begin(now);
  enter(now, State::syn_received, ctx);
  if (rcv_.readable_bytes() != 0) signals_ |= kSignalReadable;
  owes_syn_ = true;
  early_ = opening.early;
  if (early_) {
    signals_ |= kSignalConnected;
    start_congestion(ctx);
  }
  return true;
}

// It is not counted as a transmission of ours: there is no round trip to measure, none was lost.
void Connection::assume_syn_ack_sent() {
  owes_syn_ = false;
  snd_.on_syn_sent(0);
}

// RFC 5681 3.1, RFC 6928: the initial window.
void Connection::start_congestion(const TcpContext& ctx) {
  congestion_ = Congestion({.algorithm = congestion_.algorithm(),
                            .paced = ctx.tcp.pacing,
                            .unlimited_slow_start = ctx.tcp.unlimited_slow_start,
                            .window_segments = ctx.tcp.initial_window_segments,
                            .mss = payload_max()});
}

Result<std::size_t> Connection::send(Instant now, Bytes data, bool urgent, const TcpContext& ctx) {
  if (failed_) return Failure{failure_};
  if (snd_.fin_queued() || closed_by_owner_ || is_over()) return Failure{Error::direction_closed};
  // RFC 7661, RFC 5681 4.1: a pause longer than a time-out makes the window doubtful.
  if (idle() && snd_.unsent_bytes() == 0 && since_sent(now) > rtt_.rto()) {
    congestion_.on_idle(now, payload_max());
  }
  const std::uint32_t room = ctx.send_capacity - std::min(ctx.send_capacity, snd_.queued_bytes());
  send_was_short_ = room < data.size();
  if (data.empty()) return std::size_t{0};
  if (room == 0) return Failure{Error::would_block};
  // First what it is remembered by: data that fills the pool to its end could never leave.
  if (!reserve_outstanding(ctx)) return Failure{Error::no_buffer};
  const std::uint32_t taken = snd_.append(data, ctx.send_capacity, ctx.pool);
  if (taken == 0) return Failure{Error::no_buffer};
  if (urgent) snd_.mark_urgent();
  return std::size_t{taken};
}

Result<std::size_t> Connection::receive_into(MutableBytes out, const TcpContext& ctx) {
  const std::uint32_t taken = rcv_.read(out, ctx.pool);
  if (taken != 0 || out.empty()) return std::size_t{taken};
  return at_end();
}

Result<std::size_t> Connection::at_end() const {
  if (failed_) return Failure{failure_};
  if (may_receive()) return Failure{Error::would_block};
  return std::size_t{0};
}

Status Connection::shutdown(Instant now, const TcpContext& ctx) {
  if (failed_) return Failure{failure_};
  if (snd_.fin_queued() || is_over()) return Failure{Error::direction_closed};
  if (state_ == State::syn_sent) {  // RFC 9293 3.10.4: nothing was ever established
    finish(ctx);
    return {};
  }
  snd_.queue_fin();
  if (state_ == State::established || state_ == State::syn_received) {
    // From SYN-RECEIVED the FIN follows once the handshake is complete: see complete_handshake().
    if (state_ == State::established) enter(now, State::fin_wait_1, ctx);
  } else if (state_ == State::close_wait) {
    enter(now, State::last_ack, ctx);
  }
  return {};
}

void Connection::close(Instant now, const TcpContext& ctx) {
  if (closed_by_owner_) return;
  // RFC 9293 3.6.1 [SHLD-3]: the peer must learn that data was lost.
  const bool unread = rcv_.readable_bytes() != 0 && !failed_;
  closed_by_owner_ = true;
  if (unread && state_ != State::syn_sent) {
    abort(Error::aborted, ctx);
    return;
  }
  rcv_.discard(ctx.pool);
  if (!snd_.fin_queued() && !is_over()) (void)shutdown(now, ctx);
  if (state_ == State::fin_wait_2) timers_.set(Timer::fin_wait_2, now + 2 * ctx.tcp.msl);
}

void Connection::abort(Error why, const TcpContext& ctx) {
  if (is_over()) {
    closed_by_owner_ = true;
    finish(ctx);
    return;
  }
  closed_by_owner_ = true;
  // RFC 9293 3.10.5: no RST where the peer knows nothing of us.
  owes_reset_ =
      state_ != State::syn_sent && !(state_ == State::syn_received && syn_transmissions_ == 0);
  fail(why, ctx);
}

void Connection::vanish(const TcpContext& ctx) {
  abort(Error::aborted, ctx);
  owes_reset_ = false;
}

void Connection::set_keepalive(Instant now, const std::optional<KeepaliveConfig>& keepalive) {
  keepalive_ = Keepalive(keepalive);
  timers_.clear(Timer::keepalive);
  heard_at_ms_ = wrapping_ms(now);
  restart_keepalive(now);
}

void Connection::set_user_timeout(Duration user_timeout) {
  const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(user_timeout).count();
  const std::int64_t least = user_timeout > Duration::zero() ? 1 : 0;
  user_timeout_ms_ = static_cast<std::uint32_t>(std::clamp<std::int64_t>(ms, least, UINT32_MAX));
}

void Connection::enter(Instant now, State next, const TcpContext& ctx) {
  STACK_ASSERT(is_transition(state_, next));
  state_ = next;
  if (next == State::established) {
    ++ctx.stats.connections_opened;
    if (!early_) signals_ |= kSignalConnected;
    if (snd_.queued_bytes() < ctx.send_capacity && send_was_short_) signals_ |= kSignalWritable;
  }
  if (next == State::fin_wait_2 && closed_by_owner_) {
    timers_.set(Timer::fin_wait_2, now + 2 * ctx.tcp.msl);
  }
  if (next == State::time_wait) {
    timers_.clear_all();
    timers_.set(Timer::time_wait, now + 2 * ctx.tcp.msl);
    ++ctx.stats.connections_closed;
    signals_ |= kSignalClosed;
  }
}

void Connection::finish(const TcpContext& ctx) {
  if (state_ == State::closed) return;
  const bool told = state_ == State::time_wait;
  state_ = State::closed;
  timers_.clear_all();
  forget_outstanding(ctx.pool);
  snd_.clear(ctx.pool);
  owes_syn_ = owes_probe_ = owes_tail_probe_ = false;
  if (told) return;
  signals_ |= kSignalClosed;
  ++(failed_ ? ctx.stats.connections_failed : ctx.stats.connections_closed);
}

void Connection::fail(Error error, const TcpContext& ctx) {
  failed_ = true;
  failure_ = error;
  finish(ctx);
}

// Room for a scoreboard and its first records.
bool Connection::reserve_outstanding(const TcpContext& ctx) {
  if (outstanding_) return true;
  if (!outstanding_.make(ctx.pool, snd_.una())) return false;
  if (outstanding_->flight.reserve(ctx.pool)) return true;
  outstanding_.release(ctx.pool);
  return false;
}

void Connection::forget_outstanding(BufferPool& pool) {
  if (!outstanding_) return;
  outstanding_->flight.clear(pool);
  outstanding_.release(pool);
}

bool Connection::is_in_flight(Seq seq) const {
  return seq.at_or_after(snd_.una()) && seq.before(snd_.max());
}

// What waits goes now; the next so many don't wait, or all do.
void Connection::set_quick_ack(bool quick) {
  rcv_.grant_quick_acks(quick ? Receiver::kQuickAcks : 0);
  if (!quick || !timers_.is_set(Timer::delayed_ack)) return;
  timers_.clear(Timer::delayed_ack);
  rcv_.owe_ack();
}

void Connection::on_path_mtu(Instant now, std::uint16_t mtu) {
  path_mss_.on_told(now, mss_of_mtu(mtu, flow_.local.address));
  // What was too long for the path is lost, and this is no sign of congestion (RFC 1191 6.5).
  if (outstanding_) outstanding_->flight.mark_longer_lost(payload_max());
}

void Connection::set_manner(Manner manner) {
  // Whoever draws the cork, or asks for no delay, wants what was held back to go.
  const bool lets_go = (manner_.corked && !manner.corked) || (manner.no_delay && !manner_.no_delay);
  if (lets_go && snd_.unsent_bytes() != 0) override_ = true;
  manner_ = manner;
}

void Connection::on_unreachable(Error error, const TcpContext& ctx) {
  if (!ctx.tcp.unreachable_ends_opening) return;
  const bool opening = state_ == State::syn_sent || state_ == State::syn_received;
  if (opening) fail(error, ctx);
}

// RFC 9293 3.9.2.2 [MUST-54]: the owner hears of it, and that is all.
void Connection::on_soft_error() {
  if (is_over()) return;
  told_unreachable_ = true;
  signals_ |= kSignalSoftError;
}

void Connection::on_no_way_out(Instant now, const TcpContext& ctx) {
  owes_reset_ = false;
  on_unreachable(Error::unreachable, ctx);
  if (!snd_.is_stuck(idle()) || !is_synchronized() || is_over()) return;
  // What has never left has no retransmission timer to bring it back. It counts as an attempt, so
  // that there is an end to them (RFC 9293 3.8.3, R2).
  if (retries_ < ctx.tcp.retries_max) ++retries_;
  ++unanswered_probes_;
  set_persist(now, ctx);
}

void Connection::release(BufferPool& pool) {
  snd_.clear(pool);
  rcv_.discard(pool);
  forget_outstanding(pool);
}

ConnectionInfo Connection::info() const {
  ConnectionInfo info;
  info.state = state_;
  info.flow = flow_;
  info.caller_data_taken_bytes = caller_data_taken_;
  info.response_data_bytes = response_data_received_;
  info.send_mss = static_cast<std::uint16_t>(payload_max());
  info.receive_mss = agreed_.receive_mss;
  info.send_window_bytes = snd_.window_bytes();
  info.receive_window_bytes = rcv_.window_bytes();
  info.receive_buffer_bytes = rcv_.capacity_bytes();
  info.congestion = congestion_.algorithm();
  info.congestion_window_bytes = congestion_.window_bytes();
  info.slow_start_threshold_bytes = congestion_.threshold_bytes();
  info.smoothed_rtt = rtt_.smoothed();
  info.rtt_variance = rtt_.variance();
  info.retransmission_timeout = rtt_.rto();
  info.unacknowledged_bytes = snd_.nxt().since(snd_.una());
  info.send_queued_bytes = snd_.queued_bytes();
  info.receive_queued_bytes = rcv_.readable_bytes();
  info.rtt_minimum = rtt_.minimum();
  info.segments_retransmitted = retransmitted_;
  info.segments_delivered = delivered_;
  info.reordering_seen = reordering_.seen();
  if (outstanding_) {
    info.segments_in_flight = outstanding_->flight.count();
    info.segments_sacked = outstanding_->flight.sacked_count();
    info.segments_lost = outstanding_->flight.presumed_lost_count();
    info.recovery = outstanding_->recovery.phase(outstanding_->flight);
  }
  info.retries = retries_;
  info.unanswered_probes = unanswered_probes_;
  info.bytes_sent = bytes_acked_;
  info.bytes_received = rcv_.received_bytes();
  info.timestamps = agreed_.timestamps;
  info.sack = agreed_.sack;
  info.window_scale = agreed_.window_scale;
  info.send_scale = agreed_.send_scale;
  info.receive_scale = agreed_.receive_scale;
  info.ecn = ecn_.mode();
  info.segments_marked = ecn_.delivered_ce();
  info.bytes_marked = ecn_.delivered_ce_bytes();
  info.urgent_ahead = rcv_.urgent_ahead();
  info.urgent_offset_bytes = rcv_.urgent_offset_bytes();
  return info;
}

void Connection::check_invariants() const {
  STACK_ASSERT(snd_.una().at_or_before(snd_.nxt()) && snd_.nxt().at_or_before(snd_.max()));
  rcv_.check_invariants();
  if (state_ == State::closed) {
    STACK_ASSERT(timers_.soonest().second == Timer::none);
    return;
  }
  if (!is_synchronized()) return;
  if (outstanding_) {
    outstanding_->flight.check_invariants(snd_.una(), snd_.nxt());
  } else {
    STACK_ASSERT(snd_.una() == snd_.nxt());
  }
  STACK_ASSERT(state_ == State::time_wait || congestion_.window_bytes() != 0);
  if (!idle()) STACK_ASSERT(timers_.is_set(Timer::retransmit));
}

}  // namespace anteroom
