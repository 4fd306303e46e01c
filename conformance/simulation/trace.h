// The log of a run, one line for each frame and verb: segments in the notation of the tests, with
// numbers relative to their flow. Costs nothing where nobody listens.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <utility>

#include <anteroom/address.h>
#include <anteroom/bytes.h>
#include <anteroom/time.h>

namespace anteroom::simulation {

class Trace {
 public:
  using Sink = std::function<void(std::string_view line)>;

  Trace() = default;
  explicit Trace(Sink sink) : sink_(std::move(sink)) {}

  bool is_on() const { return static_cast<bool>(sink_); }
  // `what` says who does what with the frame: "host 1 sends".
  void frame(Instant now, std::string_view what, Bytes frame, std::string_view remark);
  void note(Instant now, std::string_view text);

 private:
  using Direction = std::pair<std::string, std::string>;

  std::string tell(Bytes frame);
  std::string tell_segment(const IpAddress& source, const IpAddress& destination, Bytes segment);

  Sink sink_;
  std::map<Direction, std::uint32_t> first_;  // the sequence number that counts as 0
};

}  // namespace anteroom::simulation
