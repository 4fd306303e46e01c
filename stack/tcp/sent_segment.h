// The record of one segment that was sent and is not acknowledged yet: RFC 8985 5.2.
#pragma once

#include <anteroom/time.h>

#include "stack/tcp/seq.h"

namespace anteroom {

struct SentSegment {
  Instant sent_at;  // of the last transmission
  Seq seq;
  std::uint32_t bytes = 0;  // of sequence space: data, and one for FIN
  // Counts the transmissions of the connection, wrapping: which of two was the later one. The time
  // does not tell, many leave at the same one.
  std::uint32_t order = 0;
  std::uint8_t transmissions = 1;
  bool sacked = false;
  bool lost = false;        // and not sent again yet
  bool resent = false;      // was lost, and is on its way again
  bool path_probe = false;  // longer than the path is known to take
  bool blameless =
      false;  // to be sent again for a reason that is not the path's: no sample, no signal

  Seq end() const { return seq + bytes; }
  bool sent_before(std::uint32_t other_order) const {
    return static_cast<std::int32_t>(order - other_order) < 0;
  }
  bool is_original() const { return transmissions == 1 && !blameless; }
};

}  // namespace anteroom
