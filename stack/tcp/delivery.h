// What one acknowledgment newly delivers, gathered segment by segment, because loss detection needs
// it as a whole: RFC 8985 6.2 steps 1 to 3, RFC 6298 3 (Karn's rule).
// Not here: what follows from it (rack.cc, recovery.cc).
#pragma once

#include <algorithm>
#include <optional>

#include "stack/tcp/sent_segment.h"
#include "stack/tcp/timestamps.h"

namespace anteroom {

// The timestamp echo of a segment, beside the clock that made it.
struct Echo {
  Timestamps clock;
  std::uint32_t value = 0;
  bool valid = false;

  // True where the echo is older than a transmission at `sent_at`: an earlier copy is answered.
  bool is_before(Instant sent_at) const {
    return valid && static_cast<std::int32_t>(value - clock.value(sent_at)) < 0;
  }
};

class Delivery {
 public:
  // `rtt_min` is the shortest round trip seen, or 0.
  Delivery(Instant now, Duration rtt_min, const Echo& echo)
      : now_(now), rtt_min_(rtt_min), echo_(echo) {}

  // `segment` is delivered as a whole: selectively, or by the cumulative acknowledgment.
  void add(const SentSegment& segment, bool selectively) {
    if (selectively) sacked_bytes += segment.bytes;
    any = true;
    highest_end = segments++ == 0 ? segment.end() : later_of(highest_end, segment.end());
    if (segment.is_original()) {
      const bool lower = !has_original || segment.end().before(lowest_original_end);
      if (lower) lowest_original_end = segment.end();
      if (!sample_sent_at || segment.sent_at > *sample_sent_at) sample_sent_at = segment.sent_at;
      has_original = true;
    } else {
      has_retransmitted = true;
    }
    take_newest(segment);
  }

  // The round trip of the newest segment that was sent only once.
  std::optional<Duration> sample() const {
    return sample_sent_at ? std::optional<Duration>(now_ - *sample_sent_at) : std::nullopt;
  }

  std::uint32_t acked_bytes = 0;   // cumulatively, those sacked before not counted
  std::uint32_t sacked_bytes = 0;  // selectively
  std::uint32_t segments = 0;
  bool any = false;
  bool path_probe_arrived = false;
  Seq highest_end;
  bool has_original = false;  // one that was sent only once
  Seq lowest_original_end;
  bool has_retransmitted = false;
  // The segment sent last among those that certainly were delivered in their last transmission.
  bool has_newest = false;
  Instant newest_sent_at{};
  std::uint32_t newest_order = 0;
  std::optional<Instant> sample_sent_at;

 private:
  void take_newest(const SentSegment& segment) {
    if (segment.blameless) return;
    // RFC 8985 6.2 step 2: of a retransmitted segment an earlier copy may have arrived.
    if (segment.transmissions > 1 &&
        (echo_.is_before(segment.sent_at) || now_ - segment.sent_at < rtt_min_)) {
      return;
    }
    if (has_newest && segment.sent_before(newest_order)) return;
    has_newest = true;
    newest_sent_at = segment.sent_at;
    newest_order = segment.order;
  }

  Instant now_;
  Duration rtt_min_;
  Echo echo_;
};

}  // namespace anteroom
