// One TCP connection: owns its parts and knows their order. User calls are RFC 9293 3.10.1
// to 3.10.6; arriving segments are in segment_arrives.cc, segments to send in next_segment.cc. Not
// here: tables, events of the stack, IP. A connection never learns that it is in a stack.
#pragma once

#include <anteroom/connection.h>

#include "stack/tcp/context.h"
#include "stack/tcp/ecn.h"
#include "stack/tcp/keepalive.h"
#include "stack/tcp/options.h"
#include "stack/tcp/outstanding.h"
#include "stack/tcp/path_mss.h"
#include "stack/tcp/receiver.h"
#include "stack/tcp/rtt.h"
#include "stack/tcp/sender.h"
#include "stack/tcp/timers.h"
#include "stack/tcp/timestamps.h"

namespace anteroom {

class Connection {
 public:
  Connection(const Birth& birth, const TcpContext& ctx);

  // --- Opening: exactly one of these, once. False: no buffer; open otherwise, or release(). ---
  // `on_syn` bytes of the caller data ride in the SYN, the rest follows.
  [[nodiscard]] bool open_active(Instant now, Bytes caller_data, std::uint16_t on_syn, SynData when,
                                 const TcpContext& ctx);
  [[nodiscard]] bool open_passive(Instant now, const PeerSyn& peer, const PassiveOpening& opening,
                                  const TcpContext& ctx);
  void assume_syn_ack_sent();  // after open_passive(): a SYN cookie went out in its place

  // --- User calls: RFC 9293 3.10.2 to 3.10.5 ---
  Result<std::size_t> send(Instant now, Bytes data, bool urgent, const TcpContext& ctx);
  Result<std::size_t> receive_into(MutableBytes out, const TcpContext& ctx);
  Status shutdown(Instant now, const TcpContext& ctx);
  void close(Instant now, const TcpContext& ctx);  // the owner will not read again
  void abort(Error why, const TcpContext& ctx);    // RST goes out with the next segment
  void vanish(const TcpContext& ctx);              // the peer is told nothing
  Bytes peek(std::uint32_t offset) const { return rcv_.peek(offset); }
  std::uint32_t readable_bytes() const { return rcv_.readable_bytes(); }
  void skip(std::uint32_t bytes, const TcpContext& ctx) { rcv_.skip(bytes, ctx.pool); }
  bool may_receive() const { return !failed_ && !rcv_.fin_received() && !is_over(); }
  Result<std::size_t> at_end() const;  // what reading says where there is nothing: would_block, 0
  void set_manner(Manner manner);
  void set_quick_ack(bool quick);
  void set_user_timeout(Duration user_timeout);
  void set_keepalive(Instant now, const std::optional<KeepaliveConfig>& keepalive);

  // --- Turn of the stack ---
  Reply receive(Instant now, const Segment& segment, const TcpContext& ctx);
  void advance(Instant now, const TcpContext& ctx);
  // Fills `out`, a new one, and returns true where there is something to send: one segment.
  bool next_segment(Instant now, OutgoingSegment& out, const TcpContext& ctx);
  void copy_payload(const OutgoingSegment& segment, MutableBytes out) const {
    snd_.read(segment.payload_offset, out.first(segment.payload_bytes));
  }

  // --- What the network layer learned ---
  bool is_in_flight(Seq seq) const;  // what an ICMP error quotes, RFC 5927 4.1
  void on_path_mtu(Instant now, std::uint16_t mtu);
  // RFC 9293 3.9.2.2: ends a connection that is not established; any other carries on.
  void on_unreachable(Error error, const TcpContext& ctx);
  void on_soft_error();
  // No route, or nobody answers for the next hop: nothing can be sent, a last RST neither.
  void on_no_way_out(Instant now, const TcpContext& ctx);

  // --- For the owner ---
  const Flow& flow() const { return flow_; }
  State state() const { return state_; }
  Manner manner() const { return manner_; }
  std::uint16_t syn_payload_bytes() const { return syn_payload_; }  // meant for our SYN
  void repeat_mark() { agreed_.marks = syn_payload_ != 0 && bytes_acked_ == 0; }
  std::uint8_t signals() const { return signals_; }
  Error soft_error() const { return told_unreachable_ ? Error::unreachable : Error::timed_out; }
  void clear_signal(Signal told) { signals_ &= static_cast<std::uint8_t>(~told); }
  std::optional<Error> failure() const {
    return failed_ ? std::optional<Error>(failure_) : std::nullopt;
  }
  bool is_finished() const { return state_ == State::closed && !owes_reset_; }  // and silent
  bool is_over() const { return state_ == State::closed || state_ == State::time_wait; }
  std::pair<Instant, Timer> deadline() const;
  ConnectionInfo info() const;
  void release(BufferPool& pool);  // all buffers, before destruction
  void check_invariants() const;

 private:
  enum class Step : std::uint8_t { proceed, done, reset };

  // segment_arrives.cc
  Reply arrives_syn_sent(Instant now, const Segment& segment, const TcpContext& ctx);
  Reply arrives_synchronized(Instant now, const Segment& segment, const TcpContext& ctx);
  Step check_sequence(Instant now, const Segment& segment, const TcpContext& ctx);
  Step check_timestamps(Instant now, const Segment& segment, const TcpContext& ctx);
  Step check_reset(Instant now, const Segment& segment, const TcpContext& ctx);
  Step check_syn(Instant now, const Segment& segment, const TcpContext& ctx);
  Step check_ack(Instant now, const Segment& segment, const TcpContext& ctx);
  void note_timestamp(Instant now, const Segment& segment);
  void check_urgent(const Segment& segment);
  Step process_text(Instant now, const Segment& segment, const TcpContext& ctx);
  void process_fin(Instant now, const TcpContext& ctx);
  bool may_reopen(Instant now, const Segment& segment) const;
  void challenge(Instant now, const TcpContext& ctx);
  // acknowledge.cc
  void complete_handshake(Instant now, const Segment& segment, const TcpContext& ctx);
  void settle_early(Instant now, const Segment& segment, bool lost_syn, const TcpContext& ctx);
  void process_ack(Instant now, const Segment& segment, const TcpContext& ctx);
  void take_acknowledged(Instant now, const Segment& segment, Delivery& delivery,
                         const TcpContext& ctx);
  void recover(Instant now, std::uint32_t flight_bytes, const AckKind& kind, const Echo& echo,
               const Delivery& delivery, const TcpContext& ctx);
  void settle_outstanding(Instant now, const TcpContext& ctx);
  void after_own_fin_acked(Instant now, const TcpContext& ctx);
  // next_segment.cc
  bool climb(Instant now, OutgoingSegment& out, const TcpContext& ctx);
  bool next_reset(OutgoingSegment& out, const TcpContext& ctx);
  bool next_syn(Instant now, OutgoingSegment& out, const TcpContext& ctx);
  bool next_paced(Instant now, OutgoingSegment& out, const TcpContext& ctx);
  bool next_lost(Instant now, OutgoingSegment& out, const TcpContext& ctx);
  bool next_tail_probe(Instant now, OutgoingSegment& out, const TcpContext& ctx);
  void resend(Instant now, const SentSegment* segment, OutgoingSegment& out, const TcpContext& ctx);
  bool send_new(Instant now, std::uint32_t bytes, OutgoingSegment& out, const TcpContext& ctx);
  bool next_data(Instant now, OutgoingSegment& out, const TcpContext& ctx);
  bool next_probe(Instant now, OutgoingSegment& out, const TcpContext& ctx);
  bool next_ack(Instant now, OutgoingSegment& out, const TcpContext& ctx);
  void fill(Instant now, Seq seq, std::uint32_t bytes, OutgoingSegment& out, const TcpContext& ctx);
  bool next_path_probe(Instant now, OutgoingSegment& out, const TcpContext& ctx);
  void judge_path_probe(Instant now, bool arrived);
  std::uint32_t payload_max() const, congestion_room() const;
  std::uint32_t window_step(const TcpContext& ctx) const;
  void note_window_limited();
  // connection.cc
  void enter(Instant now, State next, const TcpContext& ctx);
  void fail(Error error, const TcpContext& ctx);
  void start_congestion(const TcpContext& ctx);
  void finish(const TcpContext& ctx);
  void on_retransmit_timeout(Instant now, const TcpContext& ctx);
  void on_syn_timeout(Instant now, const TcpContext& ctx);
  void note_unanswered(std::uint32_t times);
  void note_black_hole(const TcpContext& ctx);
  void on_reordering_timeout(Instant now, const TcpContext& ctx);
  void on_keepalive_timeout(Instant now, const TcpContext& ctx);
  void restart_retransmit_timer(Instant now), hasten_retransmit_timer(Instant now);
  void arm_loss_timer(Instant now), restart_keepalive(Instant now);
  bool is_given_up(Instant now, std::uint32_t retries, std::uint32_t retries_max) const;
  Duration waited(Instant now) const, since_sent(Instant now) const;
  Instant retransmit_at(Instant now) const;
  AckSummary summary(Instant now) const;
  bool idle() const { return !outstanding_ || outstanding_->flight.empty(); }
  [[nodiscard]] bool reserve_outstanding(const TcpContext& ctx);
  void arm_persist(Instant now, const TcpContext& ctx);
  void set_persist(Instant now, const TcpContext& ctx);
  void forget_outstanding(BufferPool& pool);
  bool is_synchronized() const { return state_ >= State::established; }

  // 448 bytes, by this order: what follows a part with the attribute fills the padding of that.
  Sender snd_;
  Receiver rcv_;
  Pooled<Outstanding> outstanding_;
  std::uint64_t bytes_acked_ = 0;
  [[no_unique_address]] TimerTable timers_;
  std::uint32_t user_timeout_ms_ = 0;  // RFC 5482; 0: retries_max decides
  Congestion congestion_;
  Ecn ecn_;
  Rtt rtt_;
  Timestamps timestamps_;
  Reordering reordering_;
  std::uint32_t retransmitted_ = 0, delivered_ = 0;  // segments
  std::uint32_t heard_at_ms_ = 0;  // the last segment received; before that our SYN
  std::uint32_t sent_at_us_ = 0;   // the SYN or new data, RFC 5681 4.1; wraps after 71 minutes
  [[no_unique_address]] Keepalive keepalive_;
  std::uint16_t caller_data_taken_ = 0, response_data_received_ = 0;  // by and from the SYN-ACK
  std::uint16_t syn_payload_ = 0;  // bytes of the queue that ride in our SYN
  PathMss path_mss_;
  Flow flow_;
  Agreed agreed_;
  std::uint8_t syn_transmissions_ = 0, retries_ = 0;  // of one segment, or of unanswered probes
  std::uint8_t unanswered_probes_ = 0, signals_ = 0;  // probes: of a closed window
  Manner manner_;
  State state_ : 4 = State::closed;
  bool failed_ : 1 = false;
  bool passive_ : 1 = false;
  bool closed_by_owner_ : 1 = false;
  bool owes_reset_ : 1 = false;
  std::uint8_t : 0;  // apart: a store here is not to hold up a load there
  Error failure_ : 5 = {};
  bool owes_syn_ : 1 = false;
  bool owes_probe_ : 1 = false;  // of a window or of a silent peer
  bool owes_tail_probe_ : 1 = false;
  std::uint8_t : 0;
  bool override_ : 1 = false;        // silly-window avoidance has waited long enough
  bool send_was_short_ : 1 = false;  // the owner wants to hear of room
  SynData syn_data_ : 2 = SynData::always;
  bool window_limited_ : 1 = false;              // by congestion, see Outstanding::limited_until
  bool early_ : 1 = false, probed_ : 1 = false;  // PassiveOpening::early; no sample since a probe
  bool told_unreachable_ : 1 = false;            // by ICMP, since something was acknowledged
};

}  // namespace anteroom
