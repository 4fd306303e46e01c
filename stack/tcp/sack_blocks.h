// Reports of duplicates among SACK blocks, RFC 2883 4. Not here: the blocks of a gap (receiver.cc).
#pragma once

#include "stack/tcp/seq.h"
#include "stack/wire/tcp_options.h"

namespace anteroom {

// True where the first block reports a segment that had arrived before: it lies below the
// acknowledgment `ack`, or within the second block.
inline bool reports_duplicate(const TcpOptions& options, Seq ack) {
  if (options.sack_count == 0) return false;
  const Seq left(options.sack[0].left), right(options.sack[0].right);
  if (!left.before(right)) return false;
  if (right.at_or_before(ack)) return true;
  if (options.sack_count < 2) return false;
  const Seq second_left(options.sack[1].left), second_right(options.sack[1].right);
  return left.at_or_after(second_left) && right.at_or_before(second_right);
}

}  // namespace anteroom
