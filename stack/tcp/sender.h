// The sending direction: what is queued, what the peer's window allows, and how much to send now.
// RFC 9293 3.3.1 (send sequence variables), 3.8.6.2.1 (silly window avoidance), 3.7.4 (Nagle).
// Not here: what was sent (flight.cc), the congestion window (congestion/), retransmission
// (recovery.cc).
#pragma once

#include "stack/base/ring.h"
#include "stack/tcp/segment.h"

namespace anteroom {

// What the rest of the connection allows for the next segment of new data.
struct SendAllowance {
  std::uint32_t mss = 0;               // payload that a segment takes now
  std::uint32_t congestion_bytes = 0;  // room in the congestion window
  bool idle = false;                   // nothing is in flight
  bool no_delay = false;               // Nagle's algorithm is off
  bool corked = false;                 // full segments only, until the override
  bool override = false;               // the silly-window timer has expired
};

class Sender {
 public:
  explicit Sender(Seq iss) : una_(iss), nxt_(iss), max_(iss), queue_seq_(iss + 1) {}

  // Before the handshake is complete.
  Seq iss() const { return una_; }
  Seq una() const { return una_; }
  Seq nxt() const { return nxt_; }
  // One past the highest sequence number ever sent: probes run ahead of nxt.
  Seq max() const { return max_; }
  std::uint32_t window_bytes() const { return window_; }
  std::uint32_t window_max_bytes() const { return window_max_; }
  std::uint32_t queued_bytes() const { return queue_.size(); }
  std::uint32_t unsent_bytes() const { return queue_.size() - nxt_offset(); }
  bool fin_queued() const { return fin_queued_; }
  bool fin_sent() const { return fin_sent_; }
  bool fin_acked() const { return fin_sent_ && una_ == fin_end(); }

  // Queues as much as fits `capacity`; the number of bytes taken.
  std::uint32_t append(Bytes data, std::uint32_t capacity, BufferPool& pool);
  void queue_fin() { fin_queued_ = true; }
  // The last byte queued is urgent.
  void mark_urgent() {
    urgent_ = queue_seq_ + queue_.size();
    has_urgent_ = true;
  }

  // How much new data to send now; 0 where waiting is better or nothing may go.
  std::uint32_t next_data_bytes(const SendAllowance& allowance) const;
  // Only the congestion window is in the way of the next byte.
  bool is_congestion_limited(std::uint32_t congestion_bytes) const;
  // There is data, nothing that would bring an ACK is in flight, and the window does not take it.
  bool needs_probe(bool idle) const { return idle && unsent_bytes() != 0 && una_ == nxt_; }
  // The same where what is left to send may be a FIN alone: nothing but a timer brings it out.
  bool is_stuck(bool idle) const {
    return needs_probe(idle) || (idle && fin_queued_ && !fin_sent_ && una_ == nxt_);
  }
  // The FIN may go behind the next `bytes` bytes.
  bool fin_follows(std::uint32_t bytes) const {
    return fin_queued_ && !fin_sent_ && bytes == unsent_bytes();
  }

  // New sequence space went out, from nxt on.
  void on_sent(std::uint32_t bytes, bool fin);
  // A SYN went out with `payload_bytes` of the queue.
  void on_syn_sent(std::uint32_t payload_bytes);
  void on_probe_sent() { max_ = later_of(max_, nxt_ + 1); }
  // `ack` is acceptable: after una, not after max. Returns the data bytes that left the queue.
  std::uint32_t on_ack(Seq ack, BufferPool& pool);
  // The window of a SYN, which is never scaled and starts the count.
  void set_first_window(Seq seq, Seq ack, std::uint32_t window) {
    window_ = window_max_ = window;
    wl1_ = seq;
    wl2_ = ack;
  }
  // RFC 9293 3.10.7.4, fifth check: takes the window unless the segment is older than the last.
  // True where it changed.
  bool update_window(Seq seq, Seq ack, std::uint32_t window);

  // What the peer's window takes beyond nxt.
  std::uint32_t window_room() const;
  // Where a sequence number's byte is in the queue.
  std::uint32_t offset_of(Seq seq) const { return seq.since(queue_seq_); }
  void read(std::uint32_t offset, MutableBytes out) const { queue_.read_at(offset, out); }
  // The urgent pointer for a segment at `seq`, or 0: RFC 9293 3.8.5.
  std::uint16_t urgent_pointer(Seq seq) const;

  void clear(BufferPool& pool) { queue_.clear(pool); }

 private:
  std::uint32_t nxt_offset() const {
    const std::int32_t offset = nxt_.distance_from(queue_seq_);
    return std::min(offset < 0 ? 0u : static_cast<std::uint32_t>(offset), queue_.size());
  }
  Seq fin_end() const { return queue_seq_ + queue_.size() + 1; }

  Ring queue_;
  Seq una_;
  Seq nxt_;
  Seq max_;
  Seq queue_seq_;  // of the first byte queued
  Seq wl1_;        // SND.WL1, SND.WL2
  Seq wl2_;
  Seq urgent_;
  std::uint32_t window_ = 0;
  std::uint32_t window_max_ = 0;
  bool fin_queued_ = false;
  bool fin_sent_ = false;
  bool has_urgent_ = false;
};

}  // namespace anteroom
