// What to send now, as a ladder of questions; each rung is one function that answers with a segment
// or with nothing. Not here: whether the peer's link address is known, IP headers (stack.cc).
#include <algorithm>

#include "stack/tcp/connection.h"

namespace anteroom {

bool Connection::next_segment(Instant now, OutgoingSegment& out, const TcpContext& ctx) {
  const bool any = climb(now, out, ctx);
  if (any) ++ctx.stats.segments_out;
  return any;
}

bool Connection::climb(Instant now, OutgoingSegment& out, const TcpContext& ctx) {
  if (owes_reset_) return next_reset(out, ctx);
  if (state_ == State::closed) return false;
  if (owes_syn_) return next_syn(now, out, ctx);
  if (state_ == State::syn_sent) return false;
  const bool half_open = state_ == State::syn_received && !early_;
  if (rcv_.owes_duplicates() || half_open) return next_ack(now, out, ctx);
  const bool any = next_tail_probe(now, out, ctx) || next_paced(now, out, ctx) ||
                   next_probe(now, out, ctx) || next_ack(now, out, ctx);
  arm_persist(now, ctx);
  return any;
}

// What a segment takes beside the options that every segment of this connection carries.
std::uint32_t Connection::payload_max() const {
  const std::uint32_t mss = std::min(agreed_.send_mss, path_mss_.bytes());
  return mss - agreed_.usual_bytes() - ecn_.usual_bytes();
}

std::uint32_t Connection::congestion_room() const {
  const std::uint32_t window = congestion_.window_bytes();
  if (!outstanding_) return window;
  const std::uint32_t pipe = outstanding_->flight.pipe_bytes();
  const std::uint32_t left = std::min(pipe, outstanding_->recovery.left_network_bytes());
  return window > pipe - left ? window - (pipe - left) : 0;
}

// The least by which the window's right edge moves.
std::uint32_t Connection::window_step(const TcpContext& ctx) const {
  const std::uint32_t mss = agreed_.receive_mss;
  if (!ctx.tcp.window_exact) return mss;
  return rcv_.free_bytes() < std::min(mss, rcv_.capacity_bytes() / 4) ? mss : 1;
}

void Connection::note_window_limited() {
  if (!outstanding_) return;
  window_limited_ = true;
  outstanding_->limited_until = snd_.nxt();
}

// A segment with ACK, our window and the usual options; `bytes` of the queue from `seq` on.
void Connection::fill(Instant now, Seq seq, std::uint32_t bytes, OutgoingSegment& segment,
                      const TcpContext& ctx) {
  segment.seq = seq;
  segment.ack = rcv_.nxt();
  segment.flags = tcp_flag::ack;
  segment.window = rcv_.advertise(window_step(ctx), false);
  segment.payload_bytes = bytes;
  if (bytes != 0) {
    segment.payload_offset = snd_.offset_of(seq);
    // RFC 9293 3.9.1.2 [MUST-61]: the last segment of what is queued pushes.
    if (segment.payload_offset + bytes == snd_.queued_bytes()) segment.flags |= tcp_flag::psh;
  }
  segment.urgent_pointer = snd_.urgent_pointer(seq);
  if (segment.urgent_pointer != 0) segment.flags |= tcp_flag::urg;
  if (agreed_.timestamps) {
    segment.options.has_timestamp = true;
    segment.options.timestamp_value = timestamps_.value(now);
    segment.options.timestamp_echo = timestamps_.recent();
  }
  if (agreed_.marks) {
    segment.options.has_connect_data = true;
    segment.options.connect_data_bytes = syn_payload_;
  }
  // Blocks ride where they take no room from data.
  if (agreed_.sack && bytes + kTcpOptionBytesMax <= std::min(agreed_.send_mss, path_mss_.bytes())) {
    rcv_.report_sack(segment.options);
  }
  ecn_.mark(segment, bytes != 0 && seq == snd_.nxt(), ctx.tcp);
  rcv_.on_ack_sent(ctx.pool);
  timers_.clear(Timer::delayed_ack);
}

bool Connection::next_reset(OutgoingSegment& reset, const TcpContext& ctx) {
  owes_reset_ = false;
  ++ctx.stats.resets_out;
  reset.seq = snd_.nxt();
  reset.ack = rcv_.nxt();
  reset.flags = tcp_flag::rst | tcp_flag::ack;
  return true;
}

// The SYN or the SYN-ACK, with the data that rides on it.
bool Connection::next_syn(Instant now, OutgoingSegment& segment, const TcpContext& ctx) {
  // conditional-accept 3: SYN-ACK retransmissions carry the data twice, then go without it.
  constexpr std::uint8_t kDataTransmissions = 3;
  const bool answer = state_ == State::syn_received;
  const std::uint8_t with_data_max = passive_                       ? kDataTransmissions
                                     : syn_data_ == SynData::always ? UINT8_MAX
                                                                    : syn_data_ == SynData::once;
  const bool with_data = syn_transmissions_ < with_data_max;
  segment.seq = snd_.iss();
  segment.flags = tcp_flag::syn;
  add_syn_options(agreed_, segment.options);
  if (agreed_.timestamps) segment.options.timestamp_value = timestamps_.value(now);
  if (answer) {
    segment.flags |= tcp_flag::ack;
    ecn_.mark_syn_ack(segment, syn_transmissions_, ctx.tcp);
    if (syn_payload_ != 0) segment.options.acc_ecn = {};  // its room is counted on
    segment.ack = rcv_.nxt();
    if (agreed_.timestamps) segment.options.timestamp_echo = timestamps_.recent();
    rcv_.on_ack_sent(ctx.pool);
  }
  // RFC 3168 6.1.1.1: a SYN that got no answer may have been dropped for it. RFC 9768 3.1.4.1 tries
  // once more at least.
  const std::uint32_t asked_max = ecn_.mode() == EcnMode::accurate
                                      ? std::max(ctx.tcp.ecn_syn_retries_max, 1u)
                                      : ctx.tcp.ecn_syn_retries_max;
  if (!answer && syn_transmissions_ > asked_max) ecn_.ask(EcnMode::none);
  if (!answer) segment.flags |= ecn_request_flags(ecn_.mode());
  segment.window = answer ? rcv_.advertise(agreed_.receive_mss, true)
                          : static_cast<std::uint16_t>(
                                std::min<std::uint32_t>(ctx.receive_capacity_initial, UINT16_MAX));
  segment.payload_bytes = with_data ? syn_payload_ : 0;
  owes_syn_ = false;
  if (syn_transmissions_ == 0) {
    sent_at_us_ = wrapping_us(now);
    heard_at_ms_ = wrapping_ms(now);
  } else {
    ++retransmitted_;
    ++ctx.stats.segments_retransmitted;
  }
  if (syn_transmissions_ != UINT8_MAX) ++syn_transmissions_;
  snd_.on_syn_sent(segment.payload_bytes);
  if (!timers_.is_set(Timer::retransmit)) timers_.set(Timer::retransmit, retransmit_at(now));
  return true;
}

// Lost or new data, at its pace.
bool Connection::next_paced(Instant now, OutgoingSegment& segment, const TcpContext& ctx) {
  const bool pacing = ctx.tcp.pacing && outstanding_;
  if (pacing && outstanding_->pacer.must_wait(now)) {
    const bool waits = outstanding_->flight.lost_count() != 0 || snd_.unsent_bytes() != 0;
    outstanding_->paced_until = waits ? outstanding_->pacer.next_send_at(now) : kNever;
    return false;
  }
  const bool new_first = outstanding_ && outstanding_->recovery.prefers_new_data();
  const bool any = (new_first && next_data(now, segment, ctx)) || next_lost(now, segment, ctx) ||
                   next_data(now, segment, ctx);
  if (any && ctx.tcp.pacing) {
    const std::uint32_t burst = initial_window(ctx.tcp.initial_window_segments, payload_max());
    outstanding_->pacer.on_sent(now, segment.payload_bytes,
                                pacing_rate(congestion_.window_bytes(), rtt_.smoothed(),
                                            congestion_.in_slow_start(), burst));
  }
  return any;
}

bool Connection::next_lost(Instant now, OutgoingSegment& segment, const TcpContext& ctx) {
  if (!outstanding_ || outstanding_->flight.lost_count() == 0 || congestion_room() == 0) {
    return false;
  }
  const SentSegment* lost = outstanding_->flight.next_lost(payload_max(), ctx.pool);
  if (lost == nullptr) return false;
  if (!lost->blameless) outstanding_->recovery.on_retransmit(now);
  resend(now, lost, segment, ctx);
  return true;
}

// RFC 8985 7.3: new data where there is some, else the last segment again. It goes whatever the
// congestion window says.
bool Connection::next_tail_probe(Instant now, OutgoingSegment& segment, const TcpContext& ctx) {
  if (!owes_tail_probe_) return false;
  owes_tail_probe_ = false;
  if (idle()) return false;
  const SendAllowance one{payload_max(), payload_max(), false, true, false, true};
  const std::uint32_t bytes = snd_.fin_sent() ? 0 : snd_.next_data_bytes(one);
  const bool new_data = bytes != 0 && send_new(now, bytes, segment, ctx);
  if (!new_data) {
    const SentSegment* tail = outstanding_->flight.next_tail(payload_max(), ctx.pool);
    if (tail == nullptr) return false;
    resend(now, tail, segment, ctx);
  }
  ++ctx.stats.tail_loss_probes;
  probed_ = true;
  outstanding_->recovery.on_probe_sent(snd_.nxt(), !new_data);
  restart_retransmit_timer(now);
  arm_loss_timer(now);
  return true;
}

void Connection::resend(Instant now, const SentSegment* sent, OutgoingSegment& segment,
                        const TcpContext& ctx) {
  // The last sequence number of a segment that reaches nxt is the FIN's.
  const bool fin = snd_.fin_sent() && sent->end() == snd_.nxt();
  fill(now, sent->seq, sent->bytes - (fin ? 1 : 0), segment, ctx);
  if (fin) segment.flags |= tcp_flag::fin;
  outstanding_->recovery.on_sent(sent->bytes);
  outstanding_->flight.on_retransmit(now, sent);
  ++retransmitted_;
  ++ctx.stats.segments_retransmitted;
  // The time-out measures the wait for the first segment's acknowledgment from its last
  // transmission: a round trip has passed before the loss was seen, and another must.
  if (segment.seq == snd_.una() || !timers_.is_set(Timer::retransmit))
    restart_retransmit_timer(now);
}

// RFC 4821 7.4: a longer segment of new data, where its loss would be noticed by what follows it
// and would cost nothing but itself.
bool Connection::next_path_probe(Instant now, OutgoingSegment& segment, const TcpContext& ctx) {
  if (!ctx.tcp.path_mtu_probing || !outstanding_ || snd_.fin_sent()) return false;
  const std::uint16_t most = std::min(agreed_.send_mss, mss_of_mtu(ctx.mtu, flow_.local.address));
  const std::uint16_t size = path_mss_.next_probe(now, most);
  if (size == 0 || !outstanding_->recovery.is_open() || !outstanding_->flight.may_probe_path()) {
    return false;
  }
  constexpr std::uint32_t kFollowers = 4;  // segments behind it: their reports tell of its loss
  const std::uint32_t bytes = size - agreed_.usual_bytes() - ecn_.usual_bytes();
  const std::uint32_t needed = bytes + kFollowers * payload_max();
  if (snd_.unsent_bytes() < needed || snd_.window_room() < needed || congestion_room() < needed) {
    return false;
  }
  if (!send_new(now, bytes, segment, ctx)) return false;
  outstanding_->flight.mark_path_probe();
  outstanding_->path_probe = size;
  ++ctx.stats.path_mtu_probes;
  arm_loss_timer(now);
  return true;
}

bool Connection::next_data(Instant now, OutgoingSegment& segment, const TcpContext& ctx) {
  if (snd_.fin_sent() || (snd_.unsent_bytes() == 0 && !snd_.fin_queued())) return false;
  const std::uint32_t room = congestion_room();
  const SendAllowance allowance{payload_max(),    room,           idle(),
                                manner_.no_delay, manner_.corked, override_};
  const std::uint32_t bytes = snd_.next_data_bytes(allowance);
  if (next_path_probe(now, segment, ctx)) return true;
  if (snd_.is_congestion_limited(room)) note_window_limited();
  if (bytes == 0 && !snd_.fin_follows(bytes)) return false;
  if (!send_new(now, bytes, segment, ctx)) return false;
  const std::uint32_t spare = ctx.tcp.half_used_window_grows && congestion_.in_slow_start()
                                  ? congestion_.window_bytes() / 2
                                  : payload_max();
  if (congestion_room() < spare) note_window_limited();
  arm_loss_timer(now);
  return true;
}

// `bytes` of what was not sent before, and the FIN if it follows. Without memory to remember it by,
// it is not sent; the persist timer asks again.
bool Connection::send_new(Instant now, std::uint32_t bytes, OutgoingSegment& segment,
                          const TcpContext& ctx) {
  const bool fin = snd_.fin_follows(bytes);
  const Seq seq = snd_.nxt();
  const std::uint32_t space = bytes + (fin ? 1 : 0);
  if (!reserve_outstanding(ctx) || !outstanding_->flight.add(now, seq, space, ctx.pool)) {
    return false;
  }
  if (outstanding_->flight.count() == 1) outstanding_->waits_since = now;
  outstanding_->recovery.on_sent(space);
  if (bytes != 0) rcv_.on_answer();
  fill(now, seq, bytes, segment, ctx);
  if (fin) segment.flags |= tcp_flag::fin;
  snd_.on_sent(bytes, fin);
  sent_at_us_ = wrapping_us(now);
  override_ = owes_probe_ = false;
  timers_.clear(Timer::persist);
  if (!timers_.is_set(Timer::retransmit)) restart_retransmit_timer(now);
  return true;
}

bool Connection::next_probe(Instant now, OutgoingSegment& segment, const TcpContext& ctx) {
  if (!owes_probe_) return false;
  owes_probe_ = false;
  if (!snd_.needs_probe(idle())) {
    // RFC 9293 3.8.4: an old sequence number, so that the peer must answer.
    fill(now, snd_.nxt() - 1, 0, segment, ctx);
    return true;
  }
  // RFC 9293 3.8.6.1: one byte of new data, which the flight does not count: the peer may throw it
  // away.
  fill(now, snd_.nxt(), 1, segment, ctx);
  segment.ip_ecn = kNotEct;  // RFC 3168 6.1.6
  snd_.on_probe_sent();
  if (retries_ < ctx.tcp.retries_max) ++retries_;
  ++unanswered_probes_;
  return true;
}

bool Connection::next_ack(Instant now, OutgoingSegment& segment, const TcpContext& ctx) {
  if (rcv_.owed_acks() == 0 &&
      !(is_synchronized() && rcv_.owes_window_update(agreed_.receive_mss))) {
    return false;
  }
  const bool fin = ctx.tcp.fin_on_every_ack && snd_.fin_sent() && !snd_.fin_acked();
  fill(now, fin ? snd_.nxt() - 1 : snd_.nxt(), 0, segment, ctx);
  if (fin) segment.flags |= tcp_flag::fin;
  return true;
}

}  // namespace anteroom
