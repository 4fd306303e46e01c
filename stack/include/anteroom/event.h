// What a stack has to tell its owner, and which timer it waits for.
#pragma once

#include <cstdint>

#include <anteroom/address.h>
#include <anteroom/error.h>
#include <anteroom/id.h>
#include <anteroom/time.h>

namespace anteroom {

enum class EventKind : std::uint8_t {
  // `pending` waits for a verdict. Indicated once; the next one of its listener is indicated when
  // this
  // one has its verdict (or, in independent mode, was deferred).
  connection_requested,
  // `pending`, indicated before, is gone; `error` is one of the withdrawn_ errors. `listener` is
  // not set where its listener was closed before this is told.
  request_withdrawn,
  // `connection` of the ordinary listener `listener` waits in the accept queue: take() it.
  accept_ready,
  // `connection` has completed its handshake.
  connected,
  // `connection` has bytes to read that it did not have at the last such event.
  readable,
  // `connection` has room again, after a send() that took less than it was offered.
  writable,
  // The peer of `connection` sent its FIN: what is readable now is all there will be.
  peer_closed,
  // `connection` has urgent data ahead (RFC 9293 3.8.5).
  urgent,
  // The network says that the peer of `connection` cannot be reached (`error`: unreachable), or
  // three
  // retransmissions have had no answer (timed_out; RFC 9293 3.8.3, R1). Nothing is over: it may
  // mend.
  // RFC 9293 3.9.1.8 [MUST-47].
  soft_error,
  // `connection` is over, the last event of its id. `error` says how where `failed`, else both ends
  // closed in order. The id dies with the owner's close() or abort(), now if that was before.
  closed,
  // Another host on the link answers for our own `address` (RFC 5227 2.4).
  address_conflict,
};

struct Event {
  EventKind kind{};
  bool failed = false;  // `error` holds
  Error error{};
  ListenerId listener{};
  PendingId pending{};
  ConnectionId connection{};
  IpAddress address{};
};

enum class Timer : std::uint8_t {
  none,
  reordering,       // RFC 8985 6.3: what was overtaken for so long is lost
  tail_loss_probe,  // RFC 8985 7
  retransmit,       // RFC 6298
  persist,          // zero-window probe, RFC 9293 3.8.6.1
  delayed_ack,      // RFC 9293 3.8.6.3
  keepalive,        // RFC 9293 3.8.4
  time_wait,        // RFC 9293 3.4.1
  fin_wait_2,       // an orphan whose peer never closes
  pacing,           // the next segment may go, TcpConfig::pacing
  request_expiry,   // the client of a held request has surely given up
  neighbor,         // RFC 826 query repeated or given up
  reassembly,       // RFC 1122 3.3.2
};

// When the stack next wants advance(), and why.
struct Deadline {
  Instant at{};
  Timer timer = Timer::none;
  ConnectionId connection{};  // set where the timer is a connection's
};

const char* to_string(EventKind kind);
const char* to_string(Timer timer);

}  // namespace anteroom
