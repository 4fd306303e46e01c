// Segments stand in order of sequence numbers, without gaps.
#include "stack/tcp/flight.h"

#include <algorithm>

namespace anteroom {
namespace {

constexpr std::uint32_t kDuplicateThreshold = 3;  // RFC 6675 2, DupThresh

}  // namespace

bool Flight::add(Instant now, Seq seq, std::uint32_t bytes, BufferPool& pool) {
  STACK_ASSERT(segments_.empty() || segments_.back().end() == seq);
  if (!segments_.push_back({now, seq, bytes}, pool)) return false;
  pipe_bytes_ += bytes;
  return true;
}

bool Flight::add_refused(Instant now, Seq seq, std::uint32_t bytes, BufferPool& pool) {
  if (!add(now, seq, bytes, pool)) return false;
  mark_lost(segments_.back());
  return true;
}

void Flight::mark_lost(SentSegment& segment) {
  if (segment.lost || segment.sacked) return;
  segment.lost = true;
  ++lost_count_;
  pipe_bytes_ -= segment.bytes;
}

std::optional<Instant> Flight::on_ack(Seq una, BufferPool& pool) {
  std::optional<Instant> sample;
  while (!segments_.empty() && segments_.front().seq.before(una)) {
    SentSegment& first = segments_.front();
    const bool whole = first.end().at_or_before(una);
    const std::uint32_t acked = whole ? first.bytes : una.since(first.seq);
    if (!first.sacked && !first.lost) pipe_bytes_ -= acked;
    if (!whole) {
      first.seq = una;
      first.bytes -= acked;
      break;
    }
    // A segment that was sacked earlier arrived earlier: its time is no round trip.
    if (first.transmissions == 1 && !first.sacked) sample = first.sent_at;
    if (first.lost) --lost_count_;
    segments_.pop_front(pool);
  }
  return sample;
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

std::uint32_t Flight::on_sack(const TcpOptions& options, Seq una, Seq nxt) {
  std::uint32_t news = 0;
  for (std::size_t i = 0; i < options.sack_count; ++i) {
    const Seq left(options.sack[i].left), right(options.sack[i].right);
    // Blocks outside what is in flight say nothing (DSACK, old or forged ones).
    if (!left.before(right) || left.before(una) || right.after(nxt)) continue;
    for (std::uint32_t at = first_ending_after(left); at < segments_.size(); ++at) {
      SentSegment& segment = segments_[at];
      if (segment.end().after(right)) break;
      if (segment.seq.before(left) || segment.sacked) continue;
      if (segment.lost) {
        segment.lost = false;
        --lost_count_;
      } else {
        pipe_bytes_ -= segment.bytes;
      }
      segment.sacked = true;
      news += segment.bytes;
    }
  }
  return news;
}

bool Flight::mark_lost_by_sack(std::uint32_t mss) {
  std::uint32_t sacked_bytes = 0, sacked_segments = 0;
  bool found = false;
  for (std::uint32_t at = segments_.size(); at-- > 0;) {
    SentSegment& segment = segments_[at];
    if (segment.sacked) {
      sacked_bytes += segment.bytes;
      ++sacked_segments;
      continue;
    }
    const bool lost =
        sacked_segments >= kDuplicateThreshold || sacked_bytes > (kDuplicateThreshold - 1) * mss;
    // What was sent again already is judged by the time-out alone (until RACK judges it by time).
    if (!lost || segment.lost || segment.transmissions > 1) continue;
    mark_lost(segment);
    found = true;
  }
  return found;
}

void Flight::mark_front_lost() {
  for (std::uint32_t at = 0; at < segments_.size(); ++at) {
    if (segments_[at].sacked) continue;
    mark_lost(segments_[at]);
    return;
  }
}

void Flight::mark_longer_lost(std::uint32_t bytes_max) {
  for (std::uint32_t at = 0; at < segments_.size(); ++at) {
    if (segments_[at].bytes > bytes_max) mark_lost(segments_[at]);
  }
}

void Flight::mark_all_lost() {
  for (std::uint32_t at = 0; at < segments_.size(); ++at) {
    if (segments_[at].sacked) {
      segments_[at].sacked = false;
      pipe_bytes_ += segments_[at].bytes;
    }
    mark_lost(segments_[at]);
  }
}

const SentSegment* Flight::next_lost(std::uint32_t bytes_max, BufferPool& pool) {
  if (lost_count_ == 0) return nullptr;
  std::uint32_t at = 0;
  while (!segments_[at].lost) ++at;
  if (segments_[at].bytes > bytes_max) {
    SentSegment rest = segments_[at];
    rest.seq = rest.seq + bytes_max;
    rest.bytes -= bytes_max;
    if (!segments_.insert(at + 1, rest, pool)) return nullptr;
    segments_[at].bytes = bytes_max;
    ++lost_count_;
  }
  return &segments_[at];
}

void Flight::on_retransmit(Instant now, const SentSegment* segment) {
  const std::uint32_t at = first_ending_after(segment->seq);
  SentSegment& sent = segments_[at];
  STACK_ASSERT(sent.lost);
  sent.lost = false;
  --lost_count_;
  sent.sent_at = now;
  pipe_bytes_ += sent.bytes;
  if (sent.transmissions != UINT8_MAX) ++sent.transmissions;
}

void Flight::clear(BufferPool& pool) {
  segments_.clear(pool);
  pipe_bytes_ = lost_count_ = 0;
}

void Flight::check_invariants(Seq una, Seq nxt) const {
  std::uint32_t pipe = 0, lost = 0;
  Seq expected = segments_.empty() ? nxt : segments_.front().seq;
  STACK_ASSERT(expected.at_or_after(una));
  for (std::uint32_t at = 0; at < segments_.size(); ++at) {
    const SentSegment& segment = segments_[at];
    STACK_ASSERT(segment.seq == expected && segment.bytes != 0);
    STACK_ASSERT(!(segment.lost && segment.sacked));
    expected = segment.end();
    if (!segment.lost && !segment.sacked) pipe += segment.bytes;
    lost += segment.lost;
  }
  STACK_ASSERT(expected == nxt);
  STACK_ASSERT(pipe == pipe_bytes_ && lost == lost_count_);
}

}  // namespace anteroom
