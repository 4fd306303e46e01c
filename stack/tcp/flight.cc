// Segments stand in order of sequence numbers, without gaps.
#include "stack/tcp/flight.h"

#include <algorithm>

namespace anteroom {

bool Flight::add(Instant now, Seq seq, std::uint32_t bytes, BufferPool& pool) {
  STACK_ASSERT(segments_.empty() || segments_.back().end() == seq);
  if (!segments_.push_back({now, seq, bytes, transmissions_}, pool)) return false;
  ++transmissions_;
  pipe_bytes_ += bytes;
  return true;
}

bool Flight::add_refused(Instant now, Seq seq, std::uint32_t bytes, BufferPool& pool) {
  if (!add(now, seq, bytes, pool)) return false;
  segments_.back().blameless = true;
  mark_lost(segments_.size() - 1);
  return true;
}

void Flight::mark_lost(std::uint32_t i) {
  SentSegment& segment = segments_[i];
  if (segment.lost || segment.sacked) return;
  forget_resent(segment);
  segment.lost = true;
  if (segment.path_probe) segment.blameless = true;
  if (!segment.blameless) ++blamed_;
  ++lost_count_;
  pipe_bytes_ -= segment.bytes;
}

// Out of the count of lost segments, not yet back in the pipe.
void Flight::unmark(SentSegment& segment) {
  segment.lost = false;
  --lost_count_;
}

void Flight::forget_resent(SentSegment& segment) {
  resent_count_ -= segment.resent;
  segment.resent = false;
}

void Flight::on_ack(Seq una, Delivery& delivery) {
  while (!segments_.empty() && segments_.front().seq.before(una)) {
    SentSegment& first = segments_.front();
    const bool whole = first.end().at_or_before(una);
    const std::uint32_t acked = whole ? first.bytes : una.since(first.seq);
    if (first.sacked) {
      sacked_bytes_ -= acked;
    } else {
      delivery.acked_bytes += acked;
      if (!first.lost) pipe_bytes_ -= acked;
    }
    if (!whole) {
      first.seq = una;
      first.bytes -= acked;
      break;
    }
    if (first.path_probe) delivery.path_probe_arrived = true;
    // What was sacked earlier arrived earlier: this acknowledgment says nothing new of it.
    if (!first.sacked) delivery.add(first, false);
    if (first.sacked) --sacked_count_;
    if (first.lost) unmark(first);
    forget_resent(first);
    segments_.pop_front();
  }
}

std::uint32_t Flight::first_ending_after(Seq seq) const {
  std::uint32_t low = 0, high = segments_.size();
  while (low < high) {
    const std::uint32_t middle = low + (high - low) / 2;
    if (segments_[middle].end().after(seq)) {
      high = middle;
    } else {
      low = middle + 1;
    }
  }
  return low;
}

void Flight::on_sack(const TcpOptions& options, Seq una, Seq nxt, Delivery& delivery) {
  for (std::size_t i = 0; i < options.sack_count; ++i) {
    const Seq left(options.sack[i].left), right(options.sack[i].right);
    // Blocks outside what is in flight say nothing here (RFC 2883 duplicates, old or forged ones).
    if (!left.before(right) || left.before(una) || right.after(nxt)) continue;
    for (std::uint32_t at = first_ending_after(left); at < segments_.size(); ++at) {
      SentSegment& segment = segments_[at];
      if (segment.end().after(right)) break;
      if (segment.seq.before(left) || segment.sacked) continue;
      delivery.add(segment, true);
      if (segment.path_probe) delivery.path_probe_arrived = true;
      if (segment.lost) {
        unmark(segment);
      } else {
        pipe_bytes_ -= segment.bytes;
      }
      forget_resent(segment);
      segment.sacked = true;
      ++sacked_count_;
      sacked_bytes_ += segment.bytes;
    }
  }
}

void Flight::mark_front_lost() {
  for (std::uint32_t at = 0; at < segments_.size(); ++at) {
    if (!segments_[at].sacked) return mark_lost(at);
  }
}

void Flight::mark_longer_lost(std::uint32_t bytes_max) {
  for (std::uint32_t at = 0; at < segments_.size(); ++at) {
    if (segments_[at].bytes <= bytes_max || segments_[at].sacked) continue;
    segments_[at].blameless = true;
    mark_lost(at);
  }
}

void Flight::mark_all_lost() {
  for (std::uint32_t at = 0; at < segments_.size(); ++at) mark_lost(at);
}

void Flight::forget_sacks() {
  for (std::uint32_t at = 0; at < segments_.size() && sacked_count_ != 0; ++at) {
    if (!segments_[at].sacked) continue;
    segments_[at].sacked = false;
    --sacked_count_;
    sacked_bytes_ -= segments_[at].bytes;
    pipe_bytes_ += segments_[at].bytes;
  }
}

void Flight::unmark_lost() {
  for (std::uint32_t at = 0; at < segments_.size() && presumed_lost_count() != 0; ++at) {
    forget_resent(segments_[at]);
    if (!segments_[at].lost || segments_[at].blameless) continue;
    unmark(segments_[at]);
    pipe_bytes_ += segments_[at].bytes;
  }
}

bool Flight::has_path_probe() const {
  for (std::uint32_t at = 0; at < segments_.size(); ++at) {
    if (segments_[at].path_probe && !segments_[at].lost) return true;
  }
  return false;
}

// Cuts the segment at `i` behind its first `bytes`.
bool Flight::cut(std::uint32_t i, std::uint32_t bytes, BufferPool& pool) {
  SentSegment rest = segments_[i];
  rest.seq = rest.seq + bytes;
  rest.bytes -= bytes;
  rest.path_probe = false;
  if (!segments_.insert(i + 1, rest, pool)) return false;
  segments_[i].bytes = bytes;
  if (rest.lost) ++lost_count_;
  if (rest.resent) ++resent_count_;
  if (rest.sacked) ++sacked_count_;
  return true;
}

const SentSegment* Flight::next_lost(std::uint32_t bytes_max, BufferPool& pool) {
  if (lost_count_ == 0) return nullptr;
  std::uint32_t at = 0;
  while (!segments_[at].lost) ++at;
  if (segments_[at].bytes > bytes_max && !cut(at, bytes_max, pool)) return nullptr;
  return &segments_[at];
}

const SentSegment* Flight::next_tail(std::uint32_t bytes_max, BufferPool& pool) {
  if (segments_.empty()) return nullptr;
  const std::uint32_t last = segments_.size() - 1;
  const std::uint32_t bytes = segments_[last].bytes;
  if (bytes > bytes_max && !cut(last, bytes - bytes_max, pool)) return nullptr;
  return &segments_.back();
}

void Flight::on_retransmit(Instant now, const SentSegment* segment) {
  SentSegment& sent = segments_[first_ending_after(segment->seq)];
  if (sent.lost) {
    unmark(sent);
    pipe_bytes_ += sent.bytes;
    sent.resent = !sent.blameless;
    resent_count_ += sent.resent;
  }
  sent.sent_at = now;
  sent.order = transmissions_++;
  sent.blameless = sent.path_probe = false;
  if (sent.transmissions != UINT8_MAX) ++sent.transmissions;
}

void Flight::clear(BufferPool& pool) {
  segments_.clear(pool);
  pipe_bytes_ = lost_count_ = resent_count_ = sacked_count_ = sacked_bytes_ = 0;
}

void Flight::check_invariants(Seq una, Seq nxt) const {
  std::uint32_t pipe = 0, lost = 0, resent = 0, sacked = 0, sacked_bytes = 0;
  Seq expected = segments_.empty() ? nxt : segments_.front().seq;
  STACK_ASSERT(expected.at_or_after(una));
  for (std::uint32_t at = 0; at < segments_.size(); ++at) {
    const SentSegment& segment = segments_[at];
    STACK_ASSERT(segment.seq == expected && segment.bytes != 0);
    STACK_ASSERT(segment.lost + segment.resent + segment.sacked <= 1);
    expected = segment.end();
    if (!segment.lost && !segment.sacked) pipe += segment.bytes;
    lost += segment.lost;
    resent += segment.resent;
    sacked += segment.sacked;
    if (segment.sacked) sacked_bytes += segment.bytes;
  }
  STACK_ASSERT(expected == nxt);
  STACK_ASSERT(pipe == pipe_bytes_ && lost == lost_count_ && resent == resent_count_);
  STACK_ASSERT(sacked == sacked_count_ && sacked_bytes == sacked_bytes_);
}

}  // namespace anteroom
