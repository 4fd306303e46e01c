// Answers without a TCB: the RST for a segment that no connection and no listener takes,
// RFC 9293 3.10.7.1, which is also the verdict "reject" on a held SYN.
#pragma once

#include <optional>

#include "stack/tcp/segment.h"

namespace anteroom {

// Nothing for a segment that is itself a RST.
std::optional<OutgoingSegment> reset_for(const Segment& segment);

// The RST that refuses a SYN and the `data_bytes` it carried.
OutgoingSegment reset_for_syn(Seq irs, std::uint32_t data_bytes);

}  // namespace anteroom
