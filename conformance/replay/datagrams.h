// From frames to segments: the link's header off, fragments put together as the stack does it, and
// what is no segment counted by its reason.
#pragma once

#include <optional>
#include <vector>

#include <anteroom/limits.h>

#include "conformance/replay/capture.h"
#include "conformance/replay/segment.h"
#include "stack/base/buffer_pool.h"
#include "stack/ip/reassembly.h"

namespace anteroom::replay {

class Datagrams {
 public:
  Datagrams(int link_type, const ReplayLimits& limits);

  // The segment that this frame is, or completes; nothing where it is none, which is counted, or
  // where other fragments are waited for.
  std::optional<Segment> take(const CapturedFrame& frame);
  // The capture is over: what is not whole yet never will be.
  void finish();

  const SkipCounts& skips() const { return skips_; }
  std::uint64_t reassembled() const { return reassembled_; }

 private:
  std::optional<Segment> skip(Skip reason);
  std::optional<Segment> take_fragment(const CapturedFrame& frame, IpPart ip);
  std::optional<Segment> take_whole(const CapturedFrame& frame, const IpPart& ip);
  void expire(Instant now);

  int link_type_;
  Limits limits_;
  BufferPool pool_;
  Reassembly reassembly_;
  SkipCounts skips_{};
  std::uint64_t reassembled_ = 0;
};

}  // namespace anteroom::replay
