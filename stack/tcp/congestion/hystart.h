// HyStart++: leaves the first slow start when the round-trip time rises, by way of a conservative
// slow start that tells a full queue from jitter. RFC 9406.
// Not here: the window (algorithm.cc), later slow starts, which have a threshold.
#pragma once

#include <anteroom/time.h>

#include "stack/tcp/seq.h"

namespace anteroom {

class HyStart {
 public:
  // An acknowledgment up to `una`, `nxt` being sent; `rtt` is zero where it tells none. True where
  // slow start is over: the window becomes the threshold.
  bool on_ack(Seq una, Seq nxt, Duration rtt);

  // What the window grows by. RFC 9406 4.2: L is 8 segments, or there is no limit.
  std::uint32_t increase(std::uint32_t acked_bytes, std::uint32_t mss, bool unlimited) const;

  bool is_conservative() const { return baseline_us_ != kNoRtt; }

 private:
  static constexpr std::uint32_t kNoRtt = UINT32_MAX;

  void on_sample(std::uint32_t rtt_us);
  bool end_round(Seq nxt);

  Seq round_end_;                        // windowEnd
  std::uint32_t last_min_us_ = kNoRtt;   // lastRoundMinRTT
  std::uint32_t round_min_us_ = kNoRtt;  // currentRoundMinRTT
  std::uint32_t baseline_us_ = kNoRtt;   // cssBaselineMinRtt
  std::uint8_t samples_ = 0;             // rttSampleCount
  std::uint8_t conservative_rounds_ = 0;
  bool begun_ = false;
};

}  // namespace anteroom
