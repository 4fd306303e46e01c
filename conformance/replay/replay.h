// A whole capture: file in, one report for each connection as it ends, one for the capture.
// Not here: many captures at once (batch.h).
#pragma once

#include <functional>
#include <string>

#include "conformance/replay/connections.h"
#include "conformance/replay/datagrams.h"

namespace anteroom::replay {

struct Sinks {
  // Called for each connection as it ends.
  std::function<void(const ConnectionReport&)> on_connection{};
  // Called now and then with the packets read so far.
  std::function<void(std::uint64_t packets)> on_progress{};
  Observer* observer = nullptr;
};

CaptureReport replay_capture(const std::string& path, const Options& options, const Sinks& sinks);

}  // namespace anteroom::replay
