// What is sent and not yet acknowledged: when, how often, which parts the peer has (SACK, RFC 2018)
// and which are taken for lost. RFC 6675 4 calls this the scoreboard. Not here: what is lost
// (rack.cc, recovery.cc).
#pragma once

#include "stack/base/block_deque.h"
#include "stack/tcp/delivery.h"
#include "stack/wire/tcp_options.h"

namespace anteroom {

class Flight {
 public:
  bool empty() const { return segments_.empty(); }
  std::uint32_t count() const { return segments_.size(); }
  const SentSegment& operator[](std::uint32_t i) const { return segments_[i]; }

  // Bytes taken to be in the network: sent, neither acknowledged, selectively acknowledged nor
  // lost.
  std::uint32_t pipe_bytes() const { return pipe_bytes_; }
  std::uint32_t lost_count() const { return lost_count_; }
  // Those too that were sent again since, and of which nothing was heard.
  std::uint32_t presumed_lost_count() const { return lost_count_ + resent_count_; }
  std::uint32_t sacked_count() const { return sacked_count_; }
  std::uint32_t sacked_bytes() const { return sacked_bytes_; }

  // Takes the memory for the first records. False where the pool is exhausted.
  [[nodiscard]] bool reserve(BufferPool& pool) { return segments_.reserve(pool); }
  // A segment goes out for the first time. False where the pool is exhausted: do not send it then.
  [[nodiscard]] bool add(Instant now, Seq seq, std::uint32_t bytes, BufferPool& pool);
  // Bytes that went out with the SYN and were thrown away: to be sent again, without blame.
  [[nodiscard]] bool add_refused(Instant now, Seq seq, std::uint32_t bytes, BufferPool& pool);

  // Everything before `una` arrived.
  void on_ack(Seq una, Delivery& delivery);
  // Blocks that the peer reports, those outside [una, nxt] left out.
  void on_sack(const TcpOptions& options, Seq una, Seq nxt, Delivery& delivery);

  // The segment sent last tries the path's MTU: should it be lost, it has told what it was to tell.
  void mark_path_probe() { segments_.back().path_probe = true; }
  // It is still on its way.
  bool has_path_probe() const;
  // Nothing is under way that would make its loss ambiguous.
  bool may_probe_path() const { return lost_count_ == 0 && sacked_count_ == 0; }
  // How many segments were ever taken for lost with blame: congestion may be the cause.
  std::uint32_t blamed() const { return blamed_; }

  // Takes the segment at `i` for lost, unless the peer has it.
  void mark_lost(std::uint32_t i);
  // The first one that the peer does not have.
  void mark_front_lost();
  // Those longer than the path takes: lost without blame.
  void mark_longer_lost(std::uint32_t bytes_max);
  void mark_all_lost();
  // The peer withdrew its reports, as RFC 2018 8 allows.
  void forget_sacks();
  // Nothing was lost after all: what is not sent again yet is on its way.
  void unmark_lost();

  // The first lost segment, or null. At most `bytes_max` bytes of it: a longer one is cut in two.
  const SentSegment* next_lost(std::uint32_t bytes_max, BufferPool& pool);
  // The last segment, to be sent again as a probe; at most `bytes_max` bytes of its end.
  const SentSegment* next_tail(std::uint32_t bytes_max, BufferPool& pool);
  // That segment has been sent again.
  void on_retransmit(Instant now, const SentSegment* segment);

  void clear(BufferPool& pool);
  void check_invariants(Seq una, Seq nxt) const;

 private:
  void unmark(SentSegment& segment);
  void forget_resent(SentSegment& segment);
  bool cut(std::uint32_t i, std::uint32_t bytes, BufferPool& pool);
  std::uint32_t first_ending_after(Seq seq) const;

  BlockDeque<SentSegment> segments_;
  std::uint32_t pipe_bytes_ = 0;
  std::uint32_t lost_count_ = 0;
  std::uint32_t resent_count_ = 0;
  std::uint32_t sacked_count_ = 0;
  std::uint32_t sacked_bytes_ = 0;
  std::uint32_t blamed_ = 0;
  std::uint32_t transmissions_ = 0;  // the order of the next one
};

}  // namespace anteroom
