// What a replay found: of each connection, tier by tier, and of a capture. Values only.
// Not here: how it is found (judge.h), how it is printed (tools/anteroom/replay.cc).
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <anteroom/tap/problem.h>
#include <anteroom/time.h>

#include "conformance/replay/capture.h"
#include "conformance/replay/link_layer.h"

namespace anteroom::replay {

// What is compared, from what must be the same to what may well differ.
enum class Tier : std::uint8_t {
  stream,          // the bytes that each end gets
  acknowledgment,  // what is acknowledged
  handshake,       // the options of SYN and SYN-ACK
  close,           // FIN and RST
  retransmission,  // what is sent again, when a window is closed, what a window holds back
  boundaries,      // where segments end
  timing,          // when data and acknowledgments leave
  count_,
};
inline constexpr std::size_t kTiers = static_cast<std::size_t>(Tier::count_);
const char* to_string(Tier tier);
std::optional<Tier> tier_named(std::string_view name);

// Which tiers are meant, by number.
using TierSet = std::array<bool, kTiers>;
// Those that say whether the stack is right, not whether it has the same habits.
inline constexpr TierSet kDefaultTiers{true, true, true, true, false, false, false};

enum class Finding : std::uint8_t { held, diverged, unjudged };
const char* to_string(Finding finding);

enum class Side : std::uint8_t { client, server };
enum class Mode : std::uint8_t {
  oracle,  // packets arrive when the capture has them
  causal,  // packets arrive when the stack has sent what they acknowledge
};
const char* to_string(Side side);
const char* to_string(Mode mode);

struct Divergence {
  Tier tier{};
  std::uint64_t packet = 0;  // of the capture: the one that differs, or the last one before
  Duration at{};             // since the capture's first packet
  std::string captured{};    // in the notation; empty: the captured host sent nothing of the kind
  std::string stack{};       // the same of the stack
  std::string state{};       // of the stack's connection, then
  std::string why{};         // one sentence
  bool is_cause = false;     // the first of its connection; the others may follow from it
};

// What the peer's first packet had the condition function say.
struct VerdictNote {
  std::string verdict{};  // empty: no rule matched
  std::size_t caller_data_bytes = 0;
};

struct ConnectionReport {
  std::uint64_t number = 0;  // in the capture, by first packet
  std::string client{};      // ADDRESS:PORT
  std::string server{};
  Side as = Side::server;
  Mode mode = Mode::oracle;
  bool has_handshake = false;  // SYN and SYN-ACK are in the capture
  std::uint64_t packets = 0;
  std::uint64_t first_packet = 0;  // and last: as the capture counts
  std::uint64_t last_packet = 0;
  Duration first_at{};
  Duration last_at{};
  std::uint64_t bytes_out = 0;       // of the played host's stream, as captured
  std::uint64_t bytes_in = 0;        // of the other end's, as the stack's application read them
  std::uint64_t stand_in_bytes = 0;  // zeros for what the capture does not have
  std::vector<std::uint8_t> caller_data{};
  std::optional<VerdictNote> verdict{};
  std::array<Finding, kTiers> tiers{};
  std::vector<Divergence> divergences{};  // by time, the cause first
  std::uint64_t divergences_total = 0;
  std::string unjudged{};            // why nothing of it could be compared; empty where it was
  std::vector<std::string> notes{};  // what a reader should know: stand-ins, cut payload

  Finding finding(Tier tier) const { return tiers[static_cast<std::size_t>(tier)]; }
  // True where a tier of the set diverged.
  bool has_diverged(const TierSet& set) const;
  // What differs, a line each, for messages of tests and logs.
  std::string as_text() const;
  // The last tier up to which all hold; none where the first does not.
  std::optional<Tier> reached() const;
};

struct CaptureReport {
  std::string path{};
  tap::Trouble unusable{};  // nothing of it could be used
  tap::Trouble trouble{};   // the rest could not
  std::uint64_t packets = 0;
  std::uint64_t segments = 0;
  std::uint64_t reassembled = 0;
  SkipCounts skips{};
  TimeFaults time_faults{};
  std::uint64_t connections = 0;
  std::uint64_t replays = 0;  // one for each side that was played
  std::uint64_t diverged = 0;
  std::uint64_t unjudged = 0;
  std::uint64_t ended_early = 0;  // to make room, ReplayLimits::connections_max
  std::array<std::array<std::uint64_t, 3>, kTiers> tiers{};  // by Finding
};

}  // namespace anteroom::replay
