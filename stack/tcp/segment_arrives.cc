// A segment arrives: RFC 9293 3.10.7.3 (SYN-SENT) and 3.10.7.4 (all other states), one function per
// numbered check, with the stricter checks of RFC 5961 and RFC 7323 where they belong.
// Not here: CLOSED and LISTEN (stateless.cc, accept/), what an acknowledgment moves
// (acknowledge.cc).
#include "stack/tcp/connection.h"

namespace anteroom {

Reply Connection::receive(Instant now, const Segment& segment, const TcpContext& ctx) {
  ++ctx.stats.segments_in;
  if (state_ == State::closed) return Reply::reset;
  if (state_ == State::syn_sent) return arrives_syn_sent(now, segment, ctx);
  return arrives_synchronized(now, segment, ctx);
}

// RFC 9293 3.10.7.3.
Reply Connection::arrives_syn_sent(Instant now, const Segment& segment, const TcpContext& ctx) {
  const bool has_ack = segment.has(tcp_flag::ack);
  if (has_ack && (!segment.ack.after(snd_.iss()) || segment.ack.after(snd_.max()))) {  // first
    ctx.drop(DropReason::tcp_ack_unacceptable);
    return segment.has(tcp_flag::rst) ? Reply::none : Reply::reset;
  }
  if (segment.has(tcp_flag::rst)) {  // second; without an acceptable ACK it proves nothing
    if (has_ack) {
      fail(Error::refused, ctx);
    } else {
      ctx.drop(DropReason::tcp_reset_unmatched);
    }
    return Reply::none;
  }
  if (!segment.has(tcp_flag::syn)) {  // fifth
    ctx.drop(DropReason::tcp_ack_missing);
    return Reply::none;
  }
  const PeerSyn peer = peer_syn(segment, flow_.local.address);  // fourth
  agree(peer.options, ctx.tcp, mss_of_mtu(ctx.mtu, flow_.local.address), ctx.receive_capacity,
        agreed_);
  if (ctx.tcp.receive_buffer_in_segments) rcv_.round_capacity(payload_max());
  rcv_.on_syn(peer.irs, agreed_.receive_scale);
  if (agreed_.timestamps) timestamps_.set_recent(peer.options.timestamp_value, now);
  snd_.set_first_window(segment.seq, has_ack ? segment.ack : snd_.iss(), segment.window);
  ecn_.on_agreed(has_ack ? ecn_answered_by(ecn_.mode(), segment.flags) : EcnMode::none, segment.ecn,
                 ctx.tcp);
  ecn_.note_option(segment.options);
  if (!has_ack) {  // simultaneous open, RFC 9293 3.5 [MUST-10]; its data comes again
    enter(now, State::syn_received, ctx);
    owes_syn_ = true;
    return Reply::none;
  }
  complete_handshake(now, segment, ctx);
  rcv_.owe_ack();
  if (state_ == State::closed) return Reply::none;
  const Seq before = rcv_.nxt();
  (void)process_text(now, segment, ctx);
  response_data_received_ =
      static_cast<std::uint16_t>(rcv_.nxt().since(before) - (rcv_.fin_received() ? 1 : 0));
  return Reply::none;
}

// RFC 9293 3.10.7.4.
Reply Connection::arrives_synchronized(Instant now, const Segment& segment, const TcpContext& ctx) {
  if (state_ == State::time_wait && may_reopen(now, segment)) {
    rcv_.owe_ack();  // where nobody listens, the connection stays and answers
    return Reply::new_listen;
  }
  using Check = Step (Connection::*)(Instant, const Segment&, const TcpContext&);
  constexpr Check kChecks[] = {&Connection::check_sequence,  // first
                               &Connection::check_reset,     // second
                               &Connection::check_syn,   // fourth; the third, security, is no more
                               &Connection::check_ack};  // fifth
  const std::uint32_t owed = rcv_.owed_acks();
  for (const Check check : kChecks) {
    const Step step = (this->*check)(now, segment, ctx);
    if (step != Step::proceed) return step == Step::reset ? Reply::reset : Reply::none;
  }
  note_timestamp(now, segment);
  check_urgent(segment);                              // sixth
  const Step step = process_text(now, segment, ctx);  // seventh and eighth
  rcv_.owe_at_most(owed + 1);  // RFC 5681 4.2: one for each segment, whatever else it asks for
  arm_persist(now, ctx);
  return step == Step::reset ? Reply::reset : Reply::none;
}

Connection::Step Connection::check_sequence(Instant now, const Segment& segment,
                                            const TcpContext& ctx) {
  if (state_ == State::syn_received && segment.has(tcp_flag::syn) && !segment.has(tcp_flag::ack) &&
      segment.seq == rcv_.irs()) {
    // The peer has not seen our SYN-ACK: the segment to send is that one, not a bare ACK.
    ctx.drop(DropReason::request_duplicate);
    ecn_.on_syn_again(segment);
    owes_syn_ = true;
    return Step::done;
  }
  if (check_timestamps(now, segment, ctx) == Step::done) return Step::done;
  // RFC 9293 3.8.6 [MUST-66]: behind a closed window a RST counts, whatever text it has.
  const bool at_closed_edge = rcv_.window_bytes() == 0 && segment.seq == rcv_.nxt();
  if (!rcv_.is_acceptable(segment) && !(at_closed_edge && segment.has(tcp_flag::rst))) {
    // A closed window still takes valid ACKs: RFC 9293 3.10.7.4, "special allowance".
    // So does an open one for those of a peer that does not count yet the byte of its probe that we
    // took: two such peers would answer each other for ever.
    const bool uncounted = segment.length() == 0 && segment.seq == rcv_.nxt() - 1;
    const bool probe =
        (at_closed_edge || uncounted) && !segment.has(tcp_flag::rst) && !segment.has(tcp_flag::syn);
    // RFC 9293 3.5, figure 8: of two ends that opened at once each SYN-ACK completes the other's
    // handshake, though its SYN is old.
    const bool crossed = state_ == State::syn_received && !passive_ && segment.seq == rcv_.irs() &&
                         segment.has(tcp_flag::syn) && !segment.has(tcp_flag::rst);
    if (crossed) (void)check_ack(now, segment, ctx);
    if (probe && segment.has(tcp_flag::ack) && check_ack(now, segment, ctx) == Step::proceed) {
      check_urgent(segment);
    }
    ctx.drop(DropReason::tcp_out_of_window);
    if (segment.has(tcp_flag::rst)) return Step::done;
    if (agreed_.sack) rcv_.on_duplicate(segment, ctx.pool);
    if (!segment.payload.empty() && segment.end().at_or_before(rcv_.nxt())) {
      ecn_.on_duplicate();
      (void)ecn_.on_segment(segment, ctx.tcp);  // it is acknowledged at once as it is
    }
    if (!passive_ && segment.has(tcp_flag::syn) && segment.seq == rcv_.irs()) {
      ecn_.on_syn_ack_again();
    }
    rcv_.owe_ack();
    if (state_ == State::time_wait && segment.has(tcp_flag::fin)) {
      timers_.set(Timer::time_wait, now + 2 * ctx.tcp.msl);
    }
    return Step::done;
  }
  heard_at_ms_ = wrapping_ms(now);
  if (segment.ecn == kCongestionExperienced) ++ctx.stats.ecn_marks_in;
  if (ecn_.on_segment(segment, ctx.tcp)) rcv_.owe_ack();
  unanswered_probes_ = 0;
  if (keepalive_.probes() != 0) {
    keepalive_.on_heard();
    timers_.clear(Timer::keepalive);
    restart_keepalive(now);
  }
  return Step::proceed;
}

// RFC 7323 5.3 (R1) and 3.2. A RST is not subject to either.
Connection::Step Connection::check_timestamps(Instant now, const Segment& segment,
                                              const TcpContext& ctx) {
  if (!agreed_.timestamps || segment.has(tcp_flag::rst)) return Step::proceed;
  if (!segment.options.has_timestamp) {
    if (!ctx.tcp.timestamps_required) return Step::proceed;
    ctx.drop(DropReason::tcp_timestamp_missing);
    return Step::done;
  }
  if (!timestamps_.is_old(segment.options.timestamp_value, now)) return Step::proceed;
  ctx.drop(DropReason::tcp_paws);
  rcv_.owe_ack();
  return Step::done;
}

// RFC 9293 3.10.7.4, second, as RFC 5961 3.2 has it.
Connection::Step Connection::check_reset(Instant now, const Segment& segment,
                                         const TcpContext& ctx) {
  if (!segment.has(tcp_flag::rst)) return Step::proceed;
  if (segment.seq != rcv_.nxt() && ctx.tcp.challenge_resets) {
    ctx.drop(DropReason::tcp_reset_challenged);
    challenge(now, ctx);
    return Step::done;
  }
  if (state_ == State::time_wait) {  // RFC 1337 3: a stray RST must not cut TIME-WAIT short
    ctx.drop(DropReason::tcp_reset_unmatched);
    return Step::done;
  }
  // Data that the peer never took is lost with it, but an orderly end stays one in the last states.
  const bool orderly = state_ == State::closing || state_ == State::last_ack;
  if (orderly && snd_.queued_bytes() == 0) {
    finish(ctx);
  } else {
    fail(state_ == State::syn_received && !passive_ ? Error::refused : Error::reset_by_peer, ctx);
  }
  return Step::done;
}

// RFC 9293 3.10.7.4, fourth, as RFC 5961 4.2 has it. Departs from RFC 9293 in SYN-RECEIVED after a
// passive OPEN, which would return to LISTEN: whoever guesses a number in the window could end
// every handshake so. A client that has really begun anew answers the challenge with RST.
Connection::Step Connection::check_syn(Instant now, const Segment& segment, const TcpContext& ctx) {
  if (!segment.has(tcp_flag::syn)) return Step::proceed;
  ctx.drop(DropReason::tcp_syn_challenged);
  if (ctx.tcp.challenge_syns || state_ == State::time_wait) {
    challenge(now, ctx);
  } else {
    owes_reset_ = true;
    fail(Error::reset_by_peer, ctx);
  }
  return Step::done;
}

Connection::Step Connection::check_ack(Instant now, const Segment& segment, const TcpContext& ctx) {
  if (!segment.has(tcp_flag::ack)) {
    ctx.drop(DropReason::tcp_ack_missing);
    return Step::done;
  }
  if (state_ == State::syn_received) {
    if (!segment.ack.after(snd_.una()) || segment.ack.after(snd_.max())) {
      ctx.drop(DropReason::tcp_ack_unacceptable);
      return Step::reset;
    }
    complete_handshake(now, segment, ctx);
    return state_ == State::closed ? Step::done : Step::proceed;
  }
  // RFC 5961 5.2: what is older than any window we had, or acknowledges the unsent, is forged.
  const bool ahead = segment.ack.after(snd_.max());
  const bool stale = segment.ack.before(snd_.una() - snd_.window_max_bytes());
  if (ahead || stale) {
    ctx.drop(DropReason::tcp_ack_unacceptable);
    challenge(now, ctx);
    return Step::done;
  }
  process_ack(now, segment, ctx);
  return state_ == State::closed ? Step::done : Step::proceed;
}

// RFC 7323 4.3 (2): only what reaches the left edge, so that a gap keeps the older echo; and, so
// that a forged segment makes nobody's timestamps old, only what passed RFC 5961.
void Connection::note_timestamp(Instant now, const Segment& segment) {
  if (agreed_.timestamps && segment.options.has_timestamp && !segment.has(tcp_flag::rst) &&
      segment.seq.at_or_before(rcv_.last_ack_sent())) {
    timestamps_.set_recent(segment.options.timestamp_value, now);
  }
}

void Connection::check_urgent(const Segment& segment) {
  if (!segment.has(tcp_flag::urg) || rcv_.fin_received()) return;
  // RFC 6093 3.1: the pointer names the byte after the urgent data.
  if (rcv_.on_urgent(segment.seq + segment.urgent_pointer)) signals_ |= kSignalUrgent;
}

Connection::Step Connection::process_text(Instant now, const Segment& segment,
                                          const TcpContext& ctx) {
  if (state_ == State::time_wait && segment.has(tcp_flag::fin)) {
    // RFC 9293 3.10.7.4, fifth: whatever FIN it is, it is acknowledged and the wait begins anew.
    rcv_.owe_ack();
    timers_.set(Timer::time_wait, now + 2 * ctx.tcp.msl);
  }
  const bool has_text = !segment.payload.empty() || segment.has(tcp_flag::fin);
  const bool takes_text =
      state_ == State::established || state_ == State::fin_wait_1 || state_ == State::fin_wait_2;
  if (!has_text || !takes_text) return Step::proceed;
  if (closed_by_owner_ && !segment.payload.empty() && segment.end().after(rcv_.nxt())) {
    // RFC 9293 3.6.1 [SHLD-3]: nobody will read it, and the peer must know.
    ctx.drop(DropReason::tcp_after_close);
    abort(Error::aborted, ctx);
    return Step::done;
  }
  const bool filled_gap = rcv_.has_gap();
  const std::uint64_t before = rcv_.received_bytes();
  switch (rcv_.on_text(segment, ctx.limits, ctx.pool)) {
    case Text::nothing: break;
    case Text::no_buffer: ctx.drop(DropReason::tcp_no_buffer); break;
    case Text::range_limit:
      ctx.drop(DropReason::tcp_out_of_order_limit);
      rcv_.owe_ack();
      break;
    case Text::out_of_order:
      ++ctx.stats.duplicate_acks_out;
      rcv_.owe_ack();
      break;
    case Text::in_order: {
      const auto bytes = static_cast<std::uint32_t>(rcv_.received_bytes() - before);
      rcv_.tune(now, rtt_.smoothed(), ctx.receive_capacity);
      // A segment that somebody put together from several is no larger than what we announced.
      const auto payload_bytes = std::min(static_cast<std::uint32_t>(segment.payload.size()),
                                          std::uint32_t{agreed_.receive_mss});
      if (bytes != 0) signals_ |= kSignalReadable;
      // RFC 5681 4.2: what fills a gap is acknowledged at once.
      if (filled_gap || rcv_.fin_received() || rcv_.delay_ack(bytes, payload_bytes)) {
        rcv_.owe_ack();
      } else if (!timers_.is_set(Timer::delayed_ack)) {
        timers_.set(Timer::delayed_ack, now + ctx.tcp.delayed_ack);
      }
      break;
    }
  }
  if (rcv_.fin_received()) process_fin(now, ctx);
  return Step::proceed;
}

// RFC 9293 3.10.7.4, eighth.
void Connection::process_fin(Instant now, const TcpContext& ctx) {
  signals_ |= kSignalPeerClosed;
  if (state_ == State::established) {
    enter(now, State::close_wait, ctx);
  } else if (state_ == State::fin_wait_2 || snd_.fin_acked()) {
    if (state_ == State::fin_wait_1) enter(now, State::fin_wait_2, ctx);
    enter(now, State::time_wait, ctx);
  } else {
    enter(now, State::closing, ctx);
  }
}

// RFC 9293 3.10.7.4, TIME-WAIT [MAY-2]: a SYN that cannot be of the old connection, by timestamps
// where both have them: RFC 6191 2.
bool Connection::may_reopen(Instant now, const Segment& segment) const {
  if (!segment.has(tcp_flag::syn) || segment.has(tcp_flag::ack) || segment.has(tcp_flag::rst)) {
    return false;
  }
  const TcpOptions& options = segment.options;
  if (!agreed_.timestamps && options.has_timestamp)
    return true;  // from now on PAWS tells them apart
  const bool both = agreed_.timestamps && options.has_timestamp;
  if (both && options.timestamp_value != timestamps_.recent()) {
    return !timestamps_.is_old(options.timestamp_value, now);
  }
  return segment.seq.after(rcv_.nxt());
}

void Connection::challenge(Instant now, const TcpContext& ctx) {
  if (!ctx.challenges.allow(now)) return;
  ++ctx.stats.challenge_acks_out;
  rcv_.owe_ack();
}

}  // namespace anteroom
