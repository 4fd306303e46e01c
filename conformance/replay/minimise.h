// Cuts a capture down to the packets of one connection that still make it diverge, and writes them
// as a capture and as a script of the packetdrill language. Not here: the command line.
#pragma once

#include <string>
#include <vector>

#include "conformance/replay/replay.h"

namespace anteroom::replay {

struct Minimised {
  std::vector<Segment> segments{};
  ConnectionReport report{};  // of what is left
  Tier tier{};                // the one that diverges
  std::size_t packets_before = 0;
  std::size_t replays = 0;  // that it took
};

// The first connection that diverges in a tier of the set, cut down. Errors: the capture cannot be
// used, nothing diverges, the connection has too many packets.
tap::Outcome<Minimised> minimise(const std::string& path, const Options& options,
                                 const TierSet& tiers);

// Raw IP, at the times of the capture, what was cut off left out again.
tap::Trouble write_capture(const std::string& path, const std::vector<Segment>& segments);

// What `anteroom drill` runs: the captured host's segments are what it expects, so it fails where
// the stack does something else.
std::string script_of(const Minimised& minimised);

}  // namespace anteroom::replay
