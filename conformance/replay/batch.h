// Many captures: which files they are, played on several threads, each on one.
#pragma once

#include <string>
#include <vector>

#include "conformance/replay/replay.h"

namespace anteroom::replay {

struct BatchSinks {
  // Called as things end, on any thread, never twice at once.
  std::function<void(const std::string& path, const ConnectionReport&)> on_connection{};
  std::function<void(const CaptureReport&)> on_capture{};
  // Before a capture is played, likewise: who sees its segments, on that capture's thread.
  std::function<Observer*(const std::string& path)> observer_of{};
  // Packets read so far, of all captures.
  std::function<void(std::uint64_t packets)> on_progress{};
};

// The files named, and every capture below the folders named (.pcap, .pcapng, .cap), sorted and
// once. Nothing, with a sentence in `problem`, where one does not exist.
std::vector<std::string> captures_below(const std::vector<std::string>& places,
                                        std::string& problem);

void replay_all(const std::vector<std::string>& paths, const Options& options, unsigned jobs,
                const BatchSinks& sinks);

}  // namespace anteroom::replay
