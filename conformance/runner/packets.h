// Between a script's packets and those on the wire: composing what goes in, comparing what comes
// out, and printing either in the script's words and numbers.
#pragma once

#include <optional>
#include <string>

#include "conformance/runner/flow.h"
#include "conformance/runner/live_packet.h"
#include "conformance/script/script.h"

namespace anteroom::runner {

// What comparing needs to know besides the packets.
struct MatchRules {
  script::Dialect dialect = script::Dialect::google;
  std::int64_t stamp_tick_us = 0;       // 0: time-stamp values are not compared
  std::int64_t stamp_tolerance_us = 0;  // of their difference in time
  // The packet was put together from several. Linux marks PSH whatever it hands to its offload in
  // one piece, so a PSH that is expected may be missing.
  bool joined = false;
};

// --- In ---
// Ends and numbers are those of `flow`. Throws Failed or Skipped (outcome.h).
LivePacket compose(const script::Packet& packet, const Flow& flow);
// Its part for ICMP, of the version of `live`.
void compose_icmp(const script::IcmpPacket& icmp, const Flow& flow, LivePacket& live);

// --- Out ---
// Why `live` is not what was expected; nothing where it is.
std::optional<std::string> difference(const script::Packet& expected, const LivePacket& live,
                                      const Flow& flow, const MatchRules& rules);
// After a match: the time-stamp and the flow label that the script gives these values.
void note_names(const script::Packet& expected, const LivePacket& live, Flow& flow);

// --- Text ---
// `< S 0:0(0) win 1000 <mss 1460>`, in the numbers of the flow.
std::string text_of(const LivePacket& live, const Flow& flow, bool inbound);

// The options as on the wire; `inbound` decides whose numbers SACK blocks hold.
std::vector<LiveOption> live_options(const script::TcpPacket& tcp, const Flow& flow, bool inbound);

}  // namespace anteroom::runner
