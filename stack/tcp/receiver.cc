// The ring's front is the first unread byte; stream offsets count from the byte after the SYN.
#include "stack/tcp/receiver.h"

#include <algorithm>

#include "stack/base/short_time.h"

namespace anteroom {

void Receiver::on_syn(Seq irs, std::uint8_t scale) {
  nxt_ = irs + 1;
  last_ack_sent_ = nxt_;
  scale_ = scale & 15;
  edge_ = free_edge(0);
}

bool Receiver::on_syn_data(Bytes data, bool kept, BufferPool& pool) {
  const auto bytes = static_cast<std::uint32_t>(data.size());
  if (kept && !ring_.append(data, Reserve::use, pool)) return false;
  nxt_ = nxt_ + bytes;
  received_ += bytes;
  edge_ = later_of(edge_, free_edge(0));
  return true;
}

// RFC 9293 3.4, table 6: the four cases of acceptability.
bool Receiver::is_acceptable(const Segment& segment) const {
  const std::uint32_t window = window_bytes();
  if (segment.length() == 0) {
    // Departs from RFC 9293 3.4, table 6: whoever has filled our window acknowledges from its right
    // edge, and with a hole in what we have of it that edge stays. Only its RST must be inside.
    const std::uint32_t edge = window == 0 || !segment.has(tcp_flag::rst) ? 1 : 0;
    return segment.seq.in(nxt_, window + edge);
  }
  if (window == 0) return false;
  return segment.seq.in(nxt_, window) || (segment.end() - 1).in(nxt_, window);
}

Text Receiver::on_text(const Segment& segment, const Limits& limits, BufferPool& pool) {
  // Cut to the window: what came before is known, what lies beyond was not asked for.
  Seq start = segment.data_seq();
  Bytes data = segment.payload;
  if (start.before(nxt_)) {
    const std::uint32_t known =
        std::min(nxt_.since(start), static_cast<std::uint32_t>(data.size()));
    note_duplicate(start, known, pool);
    data = data.subspan(known);
    start = start + known;
  } else if (disorder_ && !data.empty()) {  // RFC 2883 4: the first of what is here already
    const std::uint64_t offset = offset_of(start);
    const Range again = disorder_->ranges.first_overlap({offset, offset + data.size()});
    note_duplicate(seq_of(again.begin), static_cast<std::uint32_t>(again.end - again.begin), pool);
  }
  bool fin = segment.has(tcp_flag::fin);
  const std::uint32_t room = edge_.after(start) ? edge_.since(start) : 0;
  if (data.size() > room) {
    data = data.first(room);
    fin = false;
  }
  if (fin && !fin_seen_ && !start.before(nxt_)) {
    fin_seen_ = true;
    fin_seq_ = start + static_cast<std::uint32_t>(data.size());
  }
  Text result = Text::nothing;
  if (!data.empty()) result = store(offset_of(start), data, limits, pool);
  if (!fin_received_ && fin_seen_ && nxt_ == fin_seq_) {
    fin_received_ = true;
    nxt_ = nxt_ + 1;
    edge_ = later_of(edge_, nxt_);
    return Text::in_order;
  }
  if (result == Text::nothing && fin && fin_seq_.after(nxt_) && !fin_received_)
    return Text::out_of_order;
  return result;
}

Text Receiver::store(std::uint64_t offset, Bytes data, const Limits& limits, BufferPool& pool) {
  const std::uint64_t end = offset + data.size();
  const std::uint64_t front = received_ - ring_.size();
  if (!discarding_ &&
      !ring_.write_at(static_cast<std::uint32_t>(offset - front), data, Reserve::use, pool)) {
    return Text::no_buffer;
  }
  if (offset > received_) {
    if (!disorder_ && !disorder_.make(pool)) return Text::no_buffer;
    if (!disorder_->ranges.add({offset, end}, limits.out_of_order_ranges_max, pool)) {
      settle_disorder(pool);
      return Text::range_limit;
    }
    disorder_->newest = seq_of(offset);
    quick_acks_ = kQuickAcks;
    return Text::out_of_order;
  }
  advance_to(end, pool);
  return Text::in_order;
}

void Receiver::advance_to(std::uint64_t offset, BufferPool& pool) {
  if (disorder_) {
    if (const Range* joined = disorder_->ranges.find(offset)) offset = joined->end;
  }
  const auto bytes = static_cast<std::uint32_t>(offset - received_);
  if (!discarding_) ring_.extend(bytes);
  nxt_ = nxt_ + bytes;
  received_ = offset;
  if (!disorder_) return;
  disorder_->ranges.remove_below(offset, pool);
  settle_disorder(pool);
}

void Receiver::settle_disorder(BufferPool& pool) {
  if (disorder_ && disorder_->ranges.empty() && disorder_->duplicate_bytes == 0) {
    disorder_.release(pool);
  }
}

void Receiver::on_duplicate(const Segment& segment, BufferPool& pool) {
  if (!segment.seq.before(nxt_) || segment.end().after(nxt_)) return;
  note_duplicate(segment.data_seq(), static_cast<std::uint32_t>(segment.payload.size()), pool);
}

// Reported with the next acknowledgment; where there is no memory for it, it is not.
void Receiver::note_duplicate(Seq start, std::uint32_t bytes, BufferPool& pool) {
  if (bytes == 0 || (!disorder_ && !disorder_.make(pool))) return;
  disorder_->duplicate = start;
  disorder_->duplicate_bytes = bytes;
}

std::uint32_t Receiver::read(MutableBytes out, BufferPool& pool) {
  const auto bytes = static_cast<std::uint32_t>(std::min<std::size_t>(out.size(), ring_.size()));
  ring_.read_at(0, out.first(bytes));
  skip(bytes, pool);
  return bytes;
}

void Receiver::skip(std::uint32_t bytes, BufferPool& pool) {
  ring_.drop_front(bytes, pool);
  const Seq unread = nxt_ - ring_.size();
  if (has_urgent_ && unread.at_or_after(urgent_)) has_urgent_ = false;
}

void Receiver::discard(BufferPool& pool) {
  ring_.clear(pool);
  if (disorder_) disorder_->ranges.clear(pool);
  disorder_.release(pool);
  discarding_ = true;
}

void Receiver::tune(Instant now, Duration round_trip, std::uint32_t capacity_max) {
  const auto now_ms = static_cast<std::uint16_t>(wrapping_ms(now));
  const auto passed = static_cast<std::uint16_t>(now_ms - tuned_at_ms_);
  if (capacity_ >= capacity_max || std::chrono::milliseconds(passed) < round_trip) return;
  const std::uint32_t bytes = static_cast<std::uint32_t>(received_) - tuned_received_;
  tuned_at_ms_ = now_ms;
  tuned_received_ = static_cast<std::uint32_t>(received_);
  // What lies unread is no sign of a fast reader.
  if (ring_.size() > capacity_ / 2) return;
  while (capacity_ < capacity_max && bytes > capacity_ / 2) capacity_ *= 2;
}

// A full segment is what the peer makes of what we announced: less by the options that it sends, or
// by what its path takes.
bool Receiver::delay_ack(std::uint32_t bytes, std::uint32_t payload_bytes) {
  full_bytes_ = static_cast<std::uint16_t>(
      std::max<std::uint32_t>(full_bytes_, std::min(payload_bytes, std::uint32_t{UINT16_MAX})));
  if (quick_acks_ != 0) {
    --quick_acks_;
    return true;
  }
  delayed_bytes_ += std::max(bytes, 1u);
  return delayed_bytes_ >= 2u * full_bytes_;
}

// As far as the free buffer and the window field reach.
Seq Receiver::free_edge(std::uint8_t shift) const {
  const std::uint32_t said = takes_all_ ? UINT32_MAX : std::uint32_t{UINT16_MAX} << shift;
  return nxt_ + std::min(free_bytes(), said);
}

bool Receiver::owes_window_update(std::uint32_t mss) const {
  if (fin_received_) return false;
  const std::int32_t gain = free_edge(scale_).distance_from(edge_);
  // Any step that RFC 9293 3.8.6.2.2 allows while the peer may be stuck, else a large one: the
  // acknowledgments of further data carry the small ones.
  const bool stuck = window_bytes() < 2 * mss;
  // The window of the SYN was cut to 16 bits; the first acknowledgment of data says the rest.
  if (!stuck && !opened_) return false;
  const std::uint32_t step =
      stuck ? std::min(capacity_ / 2, mss) : std::max(capacity_ / 4, 2 * mss);
  return gain > 0 && static_cast<std::uint32_t>(gain) >= step;
}

std::uint16_t Receiver::advertise(std::uint32_t mss, bool syn) {
  const std::uint8_t shift = syn ? 0 : scale_;
  if (!syn) opened_ = true;
  const std::uint32_t field_max = std::uint32_t{UINT16_MAX} << shift;
  const Seq wanted = free_edge(shift);
  const std::int32_t gain = wanted.distance_from(edge_);
  // RFC 9293 3.8.6.2.2: the edge moves by steps of at least min(half the buffer, one segment).
  if (gain > 0 && static_cast<std::uint32_t>(gain) >= std::min(capacity_ / 2, mss)) edge_ = wanted;
  return static_cast<std::uint16_t>(std::min(window_bytes(), field_max) >> shift);
}

void Receiver::on_ack_sent(BufferPool& pool) {
  last_ack_sent_ = nxt_;
  delayed_bytes_ = 0;
  if (owed_acks_ != 0) --owed_acks_;
  if (!disorder_) {
    // Duplicates are signals one by one; with no gap left a single acknowledgment says it all.
    owed_acks_ = 0;
    return;
  }
  disorder_->duplicate_bytes = 0;  // reported once, RFC 2883 4 (1)
  if (disorder_->ranges.empty()) owed_acks_ = 0;
  settle_disorder(pool);
}

void Receiver::report_sack(TcpOptions& options) const {
  if (!disorder_) return;
  if (const std::uint32_t bytes = disorder_->duplicate_bytes) {
    const Seq start = disorder_->duplicate;
    options.sack[options.sack_count++] = {start.value(), (start + bytes).value()};
  }
  const RangeSet& ranges = disorder_->ranges;
  const std::uint32_t count = ranges.count();
  if (count == 0) return;
  std::uint32_t newest = 0;
  while (newest + 1 < count && seq_of(ranges[newest].end).at_or_before(disorder_->newest)) ++newest;
  // The block with the newest segment first, then its neighbours downwards, wrapping: each block is
  // reported several times as others take the first place.
  for (std::uint32_t i = 0; i < count && options.sack_count < kSackBlocksMax; ++i) {
    const Range& range = ranges[(newest + count - i) % count];
    options.sack[options.sack_count++] = {seq_of(range.begin).value(), seq_of(range.end).value()};
  }
}

bool Receiver::on_urgent(Seq urgent) {
  const Seq unread = nxt_ - ring_.size();
  if (!urgent.after(unread) || (has_urgent_ && !urgent.after(urgent_))) return false;
  urgent_ = urgent;
  has_urgent_ = true;
  return true;
}

void Receiver::check_invariants() const {
  STACK_ASSERT(edge_.at_or_after(nxt_));
  STACK_ASSERT(ring_.size() <= std::max<std::uint32_t>(capacity_, UINT16_MAX));
  if (!disorder_) return;
  disorder_->ranges.check_invariants();
  if (has_gap()) STACK_ASSERT(disorder_->ranges[0].begin > received_);
}

}  // namespace anteroom
