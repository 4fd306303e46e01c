// A capture file being read, frame by frame: pcap and pcapng through libpcap, any link type that
// link_layer.h knows. Times never go back and never leap: what does is put right, and counted.
// Not here: what is in a frame (segment.h).
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include <anteroom/bytes.h>
#include <anteroom/tap/problem.h>
#include <anteroom/time.h>

#include "conformance/replay/limits.h"

namespace anteroom::replay {

struct CapturedFrame {
  std::uint64_t number = 0;        // from 1, as other tools count
  Duration at{};                   // since the first frame
  Bytes bytes{};                   // valid until the next call of next()
  std::size_t original_bytes = 0;  // longer than `bytes` where the capture cut the frame
};

// What was wrong with the times of a capture.
struct TimeFaults {
  std::uint64_t backwards = 0;  // before the frame in front of it: taken to be as late as that
  std::uint64_t leaps =
      0;  // far ahead, more than ReplayLimits::gap_max: cut to that, or to nothing
  std::uint64_t absurd = 0;  // no time at all: taken to be as late as the frame in front
};

class CaptureReader {
 public:
  // Errors: not there, no capture, a link type that nobody understands; with what to do.
  static tap::Outcome<CaptureReader> open(const std::string& path, const ReplayLimits& limits);
  CaptureReader(CaptureReader&&) noexcept;
  ~CaptureReader();

  int link_type() const;
  // The largest frame that the file may hold.
  std::size_t snap_bytes() const;
  // The next frame; none at the end of the file or where it is damaged, see trouble().
  std::optional<CapturedFrame> next();
  // Why the rest of the file could not be read.
  tap::Trouble trouble() const;
  const TimeFaults& time_faults() const;
  std::uint64_t frames() const;

 private:
  struct File;
  explicit CaptureReader(std::unique_ptr<File> file);
  std::unique_ptr<File> file_;
};

}  // namespace anteroom::replay
