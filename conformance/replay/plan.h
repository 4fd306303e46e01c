// What is known of a connection before it is played, from its first segments: who is who, the
// initial sequence numbers, what the handshake pins, and what has to be made up.
// Not here: playing (player.h).
#pragma once

#include <deque>
#include <functional>
#include <optional>

#include <anteroom/config.h>
#include <anteroom/tap/verdict.h>

#include "conformance/replay/limits.h"
#include "conformance/replay/report.h"
#include "conformance/replay/segment.h"

namespace anteroom::replay {

struct Options {
  ReplayLimits limits{};
  bool as_server = true;
  bool as_client = false;
  std::optional<Mode> mode{};  // else oracle where the handshake is in the capture, whole
  Duration tolerance = 50ms;   // of the timing tier
  // The captured host may look so late at its clock, where a packet comes meanwhile.
  Duration timer_lateness = 10ms;
  // What --rule says; it is asked about every first packet of a client, and not obeyed.
  tap::Condition condition{};
};

struct Plan {
  std::uint64_t number = 0;  // of the connection in its capture
  Side as = Side::server;
  Mode mode = Mode::oracle;
  Endpoint subject{};  // the end that the stack plays
  Endpoint peer{};
  std::optional<Segment> syn{};
  std::optional<Segment> syn_ack{};
  bool has_handshake = false;
  // The client's SYN got a reset for its only answer: nobody listened.
  bool is_refused = false;
  bool subject_absent = false;  // no packet of it is in the capture
  bool peer_absent = false;
  bool is_cut = false;  // payload is missing in what was read ahead
  // The handshake's packets of the peer that the capture lacks and the connection needs.
  bool makes_syn = false;
  bool makes_syn_ack = false;
  std::uint32_t subject_initial = 0;
  std::uint32_t peer_initial = 0;
  bool uses_timestamps = false;
  std::uint32_t peer_timestamp = 0;  // the first one seen
  // The SYN's data was acknowledged by the SYN-ACK, or the SYN-ACK has data: the listener must be a
  // conditional one.
  bool is_conditional = false;
  bool gives_cookies = false;  // the SYN-ACK has one, RFC 7413
  Config config{};
};

// `ahead` are the connection's first segments; at least one.
Plan make_plan(const std::deque<Segment>& ahead, Side as, const Options& options);

// The address that an end has instead of its own while it is played, of the same version.
IpAddress played_address(const IpAddress& captured, bool is_subject);

// Which end opened the connection, as far as these tell: by SYN, by SYN-ACK, else by port.
Endpoint client_of(const std::deque<Segment>& ahead);

}  // namespace anteroom::replay
