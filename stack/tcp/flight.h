// What is sent and not yet acknowledged: when, how often, which parts the peer has (SACK, RFC 2018)
// and which are taken for lost. RFC 6675 4 calls this the scoreboard. Not here: when to enter or
// leave recovery (recovery.cc).
#pragma once

#include <optional>

#include <anteroom/time.h>

#include "stack/base/block_deque.h"
#include "stack/tcp/seq.h"
#include "stack/wire/tcp_options.h"

namespace anteroom {

struct SentSegment {
  Instant sent_at;  // of the last transmission
  Seq seq;
  std::uint32_t bytes = 0;  // of sequence space: data, and one for FIN
  std::uint8_t transmissions = 1;
  bool sacked = false;
  bool lost = false;  // and not sent again yet

  Seq end() const { return seq + bytes; }
};

class Flight {
 public:
  bool empty() const { return segments_.empty(); }
  std::uint32_t count() const { return segments_.size(); }
  const SentSegment& operator[](std::uint32_t i) const { return segments_[i]; }

  // Bytes taken to be in the network: sent, neither acknowledged, selectively acknowledged nor
  // lost.
  std::uint32_t pipe_bytes() const { return pipe_bytes_; }
  bool has_lost() const { return lost_count_ != 0; }

  // A segment goes out for the first time. False where the pool is exhausted: do not send it then.
  [[nodiscard]] bool add(Instant now, Seq seq, std::uint32_t bytes, BufferPool& pool);
  // Bytes that went out with the SYN and were thrown away: to be sent again, without blame.
  [[nodiscard]] bool add_refused(Instant now, Seq seq, std::uint32_t bytes, BufferPool& pool);

  // Everything before `una` arrived. Returns the send time of the newest segment acknowledged whole
  // that was sent only once: the one a round-trip time may be taken from (Karn, RFC 6298 3).
  std::optional<Instant> on_ack(Seq una, BufferPool& pool);
  // Blocks that the peer reports. Returns the bytes that this is news of.
  std::uint32_t on_sack(const TcpOptions& options, Seq una, Seq nxt);

  // Marks what RFC 6675 4 IsLost() calls lost. True where something was.
  bool mark_lost_by_sack(std::uint32_t mss);
  // Marks the first segment that is not there yet.
  void mark_front_lost();
  // Marks what is longer than the path takes.
  void mark_longer_lost(std::uint32_t bytes_max);
  // After a time-out everything is lost, and reports of the peer may be withdrawn (RFC 2018 8).
  void mark_all_lost();

  // The first lost segment, or null. At most `bytes_max` bytes of it: a longer one is cut in two.
  const SentSegment* next_lost(std::uint32_t bytes_max, BufferPool& pool);
  // That segment has been sent again.
  void on_retransmit(Instant now, const SentSegment* segment);

  void clear(BufferPool& pool);
  void check_invariants(Seq una, Seq nxt) const;

 private:
  void mark_lost(SentSegment& segment);
  std::uint32_t first_ending_after(Seq seq) const;

  BlockDeque<SentSegment> segments_;
  std::uint32_t pipe_bytes_ = 0;
  std::uint32_t lost_count_ = 0;
};

}  // namespace anteroom
