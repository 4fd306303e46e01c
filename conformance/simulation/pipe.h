// One direction of a link, with all that can go wrong there. Decides what becomes of a frame and
// when it arrives; keeps no frames. Not here: the frames in transit (world.cc).
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>

#include <anteroom/bytes.h>
#include <anteroom/time.h>

#include "conformance/simulation/dice.h"

namespace anteroom::simulation {

// Probabilities are of one frame, 0 to 1.
struct PipeOptions {
  Duration latency = 1ms;
  Duration jitter{};   // up to so much more, evenly drawn: frames may overtake
  double reorder = 0;  // held back by `reorder_delay`
  Duration reorder_delay{};
  double loss = 0;         // each frame for itself
  double burst_begin = 0;  // Gilbert's model: the good state becomes the bad one ...
  double burst_end = 1;    // ... and the bad one good again; in it frames are lost with ...
  double burst_loss = 0;   // ... this probability
  double duplicate = 0;
  double corrupt = 0;                   // up to 15 bits in a row: what RFC 1071 always sees
  std::uint64_t rate_bits_per_s = 0;    // 0: without limit
  std::uint32_t queue_frames_max = 64;  // waiting for the line; one more is lost
  std::uint32_t mark_frames = 0;        // RFC 3168: this long a queue marks ECT packets; 0: never
  std::uint16_t mtu = 0;                // longer packets do not pass; 0: all do
  bool mtu_honest = true;               // false: they vanish; true: RFC 1191 says so

  // The same pipe when nothing goes wrong any more.
  PipeOptions calm() const;
};

std::string to_string(const PipeOptions& options);

struct PipeStats {
  std::uint64_t frames = 0;
  std::uint64_t lost = 0;
  std::uint64_t overflowed = 0;
  std::uint64_t too_big = 0;
  std::uint64_t duplicated = 0;
  std::uint64_t corrupted = 0;
  std::uint64_t reordered = 0;
  std::uint64_t marked = 0;
};

enum class Fate : std::uint8_t { carried, corrupted, lost, overflowed, too_big };

const char* to_string(Fate fate);

// What becomes of one frame.
struct Passage {
  Fate fate = Fate::carried;
  Instant due{};                     // at the other end, where it was carried or corrupted
  std::optional<Instant> due_again;  // its duplicate
};

class Pipe {
 public:
  Pipe(const PipeOptions& options, Dice dice) : options_(options), dice_(std::move(dice)) {}

  // One Ethernet frame enters; corruption and ECN marks change it in place. Damaged already, it is
  // not damaged again: two bursts may cancel out in a checksum.
  Passage offer(Instant now, MutableBytes frame, bool damaged = false);

  void set_options(const PipeOptions& options) { options_ = options; }
  const PipeOptions& options() const { return options_; }
  const PipeStats& stats() const { return stats_; }

 private:
  bool is_lost();
  void corrupt(MutableBytes frame);
  void mark(MutableBytes frame);
  // The instant when the line has sent the frame; nothing where the queue is full.
  std::optional<Instant> through_queue(Instant now, MutableBytes frame);

  PipeOptions options_;
  Dice dice_;
  PipeStats stats_;
  bool in_burst_ = false;
  Instant line_free_at_ = Instant::min();
  std::deque<Instant> queue_;  // when each frame in it will have left
};

}  // namespace anteroom::simulation
