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
  if (rcv_.owes_duplicates() || state_ == State::syn_received) return next_ack(now, out);
  const bool any = next_lost(now, out, ctx) || next_data(now, out, ctx) ||
                   next_probe(now, out, ctx) || next_ack(now, out);
  arm_persist(now, ctx);
  return any;
}

// What a segment takes beside the options that every segment of this connection carries.
std::uint32_t Connection::payload_max() const {
  const std::uint32_t mss = std::min(agreed_.send_mss, path_mss_);
  return agreed_.timestamps ? mss - 12 : mss;
}

std::uint32_t Connection::congestion_room() const {
  const std::uint32_t left =
      std::min(flight_.pipe_bytes(), recovery_.left_network_bytes(payload_max()));
  const std::uint32_t pipe = flight_.pipe_bytes() - left;
  return congestion_.window_bytes() > pipe ? congestion_.window_bytes() - pipe : 0;
}

// A segment with ACK, our window and the usual options; `bytes` of the queue from `seq` on.
void Connection::fill(Instant now, Seq seq, std::uint32_t bytes, OutgoingSegment& segment) {
  segment = {};
  segment.seq = seq;
  segment.ack = rcv_.nxt();
  segment.flags = tcp_flag::ack;
  segment.window = rcv_.advertise(agreed_.receive_mss, false);
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
  // Blocks ride where they take no room from data.
  if (agreed_.sack && bytes + kTcpOptionBytesMax <= std::min(agreed_.send_mss, path_mss_)) {
    rcv_.report_sack(segment.options);
  }
  rcv_.on_ack_sent();
  timers_.clear(Timer::delayed_ack);
}

bool Connection::next_reset(OutgoingSegment& reset, const TcpContext& ctx) {
  owes_reset_ = false;
  ++ctx.stats.resets_out;
  reset = {};
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
  const bool with_data = syn_transmissions_ == 0 ||
                         (passive_ ? syn_transmissions_ < kDataTransmissions : repeat_syn_data_);
  segment = {};
  segment.seq = snd_.iss();
  segment.flags = tcp_flag::syn;
  segment.options = syn_options(agreed_);
  if (agreed_.timestamps) segment.options.timestamp_value = timestamps_.value(now);
  if (answer) {
    segment.flags |= tcp_flag::ack;
    segment.ack = rcv_.nxt();
    if (agreed_.timestamps) segment.options.timestamp_echo = timestamps_.recent();
    rcv_.on_ack_sent();
  }
  segment.window =
      answer
          ? rcv_.advertise(agreed_.receive_mss, true)
          : static_cast<std::uint16_t>(std::min<std::uint32_t>(ctx.receive_capacity, UINT16_MAX));
  segment.payload_bytes = with_data ? syn_payload_ : 0;
  owes_syn_ = false;
  if (syn_transmissions_ == 0) {
    sent_data_at_ = now;
  } else {
    ++retransmitted_;
    ++ctx.stats.segments_retransmitted;
  }
  if (syn_transmissions_ != UINT8_MAX) ++syn_transmissions_;
  snd_.on_syn_sent(segment.payload_bytes);
  if (!timers_.is_set(Timer::retransmit)) timers_.set(Timer::retransmit, now + rtt_.rto());
  return true;
}

bool Connection::next_lost(Instant now, OutgoingSegment& segment, const TcpContext& ctx) {
  if (!flight_.has_lost() || congestion_room() == 0) return false;
  const SentSegment* lost = flight_.next_lost(payload_max(), ctx.pool);
  if (lost == nullptr) return false;
  // The last sequence number of a segment that reaches nxt is the FIN's.
  const bool fin = snd_.fin_sent() && lost->end() == snd_.nxt();
  fill(now, lost->seq, lost->bytes - (fin ? 1 : 0), segment);
  if (fin) segment.flags |= tcp_flag::fin;
  flight_.on_retransmit(now, lost);
  ++retransmitted_;
  ++ctx.stats.segments_retransmitted;
  if (!timers_.is_set(Timer::retransmit)) restart_retransmit_timer(now);
  return true;
}

bool Connection::next_data(Instant now, OutgoingSegment& segment, const TcpContext& ctx) {
  if (snd_.fin_sent() || (snd_.unsent_bytes() == 0 && !snd_.fin_queued())) return false;
  const std::uint32_t room = congestion_room();
  const SendAllowance allowance{payload_max(), room, flight_.empty(), no_delay_, override_};
  const std::uint32_t bytes = snd_.next_data_bytes(allowance);
  const bool fin = snd_.fin_follows(bytes);
  if (snd_.is_congestion_limited(room)) window_limited_ = true;
  if (bytes == 0 && !fin) return false;
  // Without memory to remember it by, it is not sent; the persist timer asks again.
  const Seq seq = snd_.nxt();
  if (!flight_.add(now, seq, bytes + (fin ? 1 : 0), ctx.pool)) return false;
  fill(now, seq, bytes, segment);
  if (fin) segment.flags |= tcp_flag::fin;
  snd_.on_sent(bytes, fin);
  sent_data_at_ = now;
  override_ = owes_probe_ = false;
  timers_.clear(Timer::persist);
  if (congestion_room() < payload_max()) window_limited_ = true;
  if (!timers_.is_set(Timer::retransmit)) restart_retransmit_timer(now);
  return true;
}

bool Connection::next_probe(Instant now, OutgoingSegment& segment, const TcpContext& ctx) {
  if (!owes_probe_) return false;
  owes_probe_ = false;
  if (snd_.needs_probe(flight_.empty())) {
    probe_window(now, segment, ctx);
    return true;
  }
  // RFC 9293 3.8.4: an old sequence number, so that the peer must answer.
  fill(now, snd_.nxt() - 1, 0, segment);
  return true;
}

// RFC 9293 3.8.6.1: one byte of new data, which the flight does not count: the peer may throw it
// away.
void Connection::probe_window(Instant now, OutgoingSegment& segment, const TcpContext& ctx) {
  fill(now, snd_.nxt(), 1, segment);
  snd_.on_probe_sent();
  if (retries_ < ctx.tcp.retries_max) ++retries_;
  ++unanswered_probes_;
}

bool Connection::next_ack(Instant now, OutgoingSegment& segment) {
  if (rcv_.owed_acks() == 0 &&
      !(is_synchronized() && rcv_.owes_window_update(agreed_.receive_mss))) {
    return false;
  }
  fill(now, snd_.nxt(), 0, segment);
  return true;
}

}  // namespace anteroom
