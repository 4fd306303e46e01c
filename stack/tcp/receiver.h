// The receiving direction: RCV.NXT, the window, in-order and out-of-order data, and which
// acknowledgments are owed. RFC 9293 3.3.1, 3.8.6.2.2, 3.8.6.3; RFC 2018 for the blocks we report.
// Not here: what follows from a segment that is not acceptable (segment_arrives.cc).
#pragma once

#include <anteroom/limits.h>
#include <anteroom/stats.h>

#include "stack/base/pooled.h"
#include "stack/base/range_set.h"
#include "stack/base/ring.h"
#include "stack/tcp/segment.h"

namespace anteroom {

// What became of a segment's text.
enum class Text : std::uint8_t { nothing, in_order, out_of_order, no_buffer, range_limit };

// What arrived out of order, or twice.
struct Disorder {
  RangeSet ranges;  // offsets in the stream
  Seq newest;       // the out-of-order segment received last
  Seq duplicate;    // what is to be reported as received twice, RFC 2883 4
  std::uint32_t duplicate_bytes = 0;
};

class Receiver {
 public:
  static constexpr std::uint8_t kQuickAcks = 15;  // about what a kernel grants after a gap

  // `takes_all`: the window is all of the buffer, also what its field cannot say.
  explicit Receiver(std::uint32_t capacity, bool takes_all = false)
      : capacity_(capacity), takes_all_(takes_all) {}

  // The peer's SYN: numbering starts behind it. `scale` is what we announced; windows in SYNs are
  // not scaled.
  void on_syn(Seq irs, std::uint8_t scale);

  // Before a FIN was received.
  Seq irs() const { return nxt_ - static_cast<std::uint32_t>(received_) - 1; }
  Seq nxt() const { return nxt_; }
  std::uint32_t window_bytes() const { return edge_.since(nxt_); }
  std::uint32_t readable_bytes() const { return ring_.size(); }
  std::uint64_t received_bytes() const { return received_; }
  bool fin_received() const { return fin_received_; }
  // The last acknowledgment number sent (RFC 7323 4.3, Last.ACK.sent).
  Seq last_ack_sent() const { return last_ack_sent_; }

  // RFC 9293 3.4, table 6: some of it lies in the window.
  bool is_acceptable(const Segment& segment) const;
  // Takes an acceptable segment's payload and FIN.
  Text on_text(const Segment& segment, const Limits& limits, BufferPool& pool);
  // Caller data: the first bytes of the stream; not `kept` when the listener consumes them.
  [[nodiscard]] bool on_syn_data(Bytes data, bool kept, BufferPool& pool);
  std::uint32_t read(MutableBytes out, BufferPool& pool);
  // What is readable from `offset` on, as far as it lies in one piece; empty at the end.
  Bytes peek(std::uint32_t offset) const { return ring_.view_at(offset); }
  // Readable bytes that nobody wants.
  void skip(std::uint32_t bytes, BufferPool& pool);
  // Everything unread goes, and nothing more is kept.
  void discard(BufferPool& pool);

  // The buffer grows while the sender fills more than half of it in a round trip and the owner
  // keeps up; it never shrinks, and neither does the window.
  void tune(Instant now, Duration round_trip, std::uint32_t capacity_max);
  std::uint32_t capacity_bytes() const { return capacity_; }
  std::uint32_t free_bytes() const { return capacity_ - std::min(capacity_, ring_.size()); }
  // Up to whole segments of so many bytes.
  void round_capacity(std::uint32_t segment_bytes) {
    capacity_ = (capacity_ + segment_bytes - 1) / segment_bytes * segment_bytes;
  }

  // --- Acknowledgments ---
  // Each is one segment of its own: an out-of-order segment earns its duplicate, RFC 5681 3.2.
  void owe_ack() {
    if (owed_acks_ != UINT16_MAX) ++owed_acks_;
  }
  std::uint32_t owed_acks() const { return owed_acks_; }
  void owe_at_most(std::uint32_t acks) {
    owed_acks_ = static_cast<std::uint16_t>(std::min<std::uint32_t>(owed_acks_, acks));
  }
  // Some of them are duplicates, which the peer only counts when they carry no data.
  bool owes_duplicates() const { return owed_acks_ != 0 && has_gap(); }
  bool has_gap() const { return disorder_ && !disorder_->ranges.empty(); }
  // In-order data waits for a second full segment or the timer, RFC 9293 3.8.6.3 [MUST-58],
  // [MUST-59].
  // After a loss it does not wait: each acknowledgment helps the sender's recovery on.
  // After in-order text of `bytes` from a segment with `payload_bytes`: true where the
  // acknowledgment must go now.
  bool delay_ack(std::uint32_t bytes, std::uint32_t payload_bytes);
  // The next so many in-order segments are acknowledged at once; an answer of ours ends that.
  void grant_quick_acks(std::uint8_t count) { quick_acks_ = count & 15; }
  void on_answer() {
    if (received_ != 0) quick_acks_ = 0;
  }
  // The window has opened so far that the peer must hear of it.
  bool owes_window_update(std::uint32_t mss) const;

  // Moves the right edge where silly-window avoidance lets it, and returns the window field.
  std::uint16_t advertise(std::uint32_t mss, bool syn);
  // An acknowledgment of everything received so far went out.
  void on_ack_sent(BufferPool& pool);
  // The blocks to report: a duplicate first (RFC 2883 4), then the newest (RFC 2018 4).
  void report_sack(TcpOptions& options) const;
  // A segment brought what is here already.
  void on_duplicate(const Segment& segment, BufferPool& pool);

  // --- Urgent data, RFC 9293 3.8.5 ---
  // True where this is news.
  bool on_urgent(Seq urgent);
  bool urgent_ahead() const { return has_urgent_; }
  std::uint32_t urgent_offset_bytes() const {
    return has_urgent_ ? urgent_.since(nxt_ - ring_.size()) : 0;
  }

  void check_invariants() const;

 private:
  // What counts as a full segment at least: RFC 9293 3.7.1 has every path carry that.
  static constexpr std::uint16_t kFullBytesMin = 536;
  std::uint64_t offset_of(Seq seq) const {
    return received_ + static_cast<std::uint64_t>(std::int64_t{seq.distance_from(nxt_)});
  }
  Seq seq_of(std::uint64_t offset) const {
    return nxt_ + static_cast<std::uint32_t>(offset - received_);
  }
  Seq free_edge(std::uint8_t shift) const;
  Text store(std::uint64_t offset, Bytes data, const Limits& limits, BufferPool& pool);
  void advance_to(std::uint64_t offset, BufferPool& pool);
  void note_duplicate(Seq start, std::uint32_t bytes, BufferPool& pool);
  void settle_disorder(BufferPool& pool);

  Ring ring_;                   // unread data, and out-of-order data behind a gap
  Pooled<Disorder> disorder_;   // only while there is a gap or a duplicate to report
  std::uint64_t received_ = 0;  // stream offset of nxt
  std::uint32_t capacity_;
  Seq nxt_;
  Seq edge_;  // right edge of the window promised: it never moves left
  Seq last_ack_sent_;
  Seq urgent_;
  Seq fin_seq_;  // where the stream ends, once a FIN has told
  std::uint32_t delayed_bytes_ = 0;
  std::uint32_t tuned_received_ = 0;  // received_ when the round trip began, modulo 2^32
  std::uint16_t owed_acks_ = 0;
  std::uint16_t tuned_at_ms_ = 0;             // when that was, modulo 65 s
  std::uint16_t full_bytes_ = kFullBytesMin;  // of the largest segment so far
  std::uint8_t scale_ : 4 = 0;
  std::uint8_t quick_acks_ : 4 = 0;  // segments that are acknowledged at once
  bool fin_seen_ : 1 = false;
  bool fin_received_ : 1 = false;
  bool has_urgent_ : 1 = false;
  bool discarding_ : 1 = false;
  bool opened_ : 1 = false;  // a scaled window was announced
  bool takes_all_ : 1 = false;
};

}  // namespace anteroom
