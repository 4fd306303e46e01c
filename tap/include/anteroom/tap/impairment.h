// A bad link around a link: loses, delays, reorders, duplicates, corrupts and marks frames in both
// directions. Same seed, same frames, same times: the same mishaps. Not here: what TCP makes of it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include <anteroom/tap/link.h>
#include <anteroom/tap/problem.h>

namespace anteroom::tap {

// Probabilities are of one frame, 0 to 1; each direction has its own dice and its own queue.
struct ImpairmentOptions {
  double loss = 0;
  double duplicate = 0;
  double corrupt = 0;  // one bit, anywhere in the frame
  double mark = 0;     // congestion experienced, RFC 3168 5, where the sender understands it
  double reorder = 0;  // kept back until one to three later frames have passed, or 2 ms
  Duration delay{};    // of every frame
  Duration jitter{};   // up to so much more, evenly drawn; frames may overtake
  std::uint64_t rate_bits_per_s = 0;     // 0: without limit
  std::size_t queue_frames_max = 4'096;  // kept in one direction; one more is lost
  std::uint64_t seed = 1;
};

// Reads
// "loss=1%,delay=5ms,jitter=1ms,reorder=2%,duplicate=1%,corrupt=0.1%,mark=1%,rate=100mbit,queue=1000,
// seed=7"; any of them, in any order. Fractions with or without "%", times in ns, us, ms or s.
Outcome<ImpairmentOptions> parse_impairment(std::string_view text);

struct ImpairmentStats {
  std::uint64_t frames = 0;  // offered, both directions
  std::uint64_t lost = 0;
  std::uint64_t duplicated = 0;
  std::uint64_t corrupted = 0;
  std::uint64_t marked = 0;
  std::uint64_t reordered = 0;
  std::uint64_t overflowed = 0;  // lost because the queue was full
};

class Impairment final : public Link {
 public:
  // `inner` must outlive this object.
  Impairment(Link& inner, const ImpairmentOptions& options);
  ~Impairment() override;

  std::size_t receive(Instant now, MutableBytes out) override;
  bool send(Instant now, Bytes frame) override;
  int descriptor() const override { return inner_.descriptor(); }
  std::optional<Instant> next_deadline() const override;
  bool is_gone() const override { return inner_.is_gone(); }
  Medium medium() const override { return inner_.medium(); }

  const ImpairmentStats& stats() const { return stats_; }

 private:
  class Direction;

  void send_due(Instant now);

  Link& inner_;
  ImpairmentOptions options_;
  ImpairmentStats stats_;
  std::vector<std::uint8_t> scratch_;
  std::unique_ptr<Direction> inbound_;
  std::unique_ptr<Direction> outbound_;
};

}  // namespace anteroom::tap
