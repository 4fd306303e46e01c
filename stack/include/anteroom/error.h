// What a verb can answer when the caller or a limit is in the way.
// Not here: what the network does wrong (DropReason in stats.h), how a connection ended (event.h).
#pragma once

#include <cstdint>

namespace anteroom {

enum class Error : std::uint8_t {
  // The id is dead: never given out, already released, or its request was already decided.
  stale_id,
  // The request is gone: the client sent RST.
  withdrawn_reset,
  // The request is gone: the client sent a SYN with a new initial sequence number on the same flow.
  withdrawn_replaced,
  // The request is gone: the client has surely given up by now.
  withdrawn_expired,
  // The request is gone: its listener was closed.
  withdrawn_listener_closed,
  // The data does not fit; Failure::detail says how many bytes would.
  too_large,
  // Nothing to do now; an event says when to try again.
  would_block,
  // A limit of Limits is reached; Failure::detail is the limit.
  limit_reached,
  // The buffer memory of Limits::buffer_bytes_max is used up.
  no_buffer,
  // Another listener or connection holds this address and port.
  address_in_use,
  // The local address is not one of the stack's own.
  address_not_ours,
  // No route leads to the remote address.
  no_route,
  // Every port of the ephemeral range is taken towards this remote endpoint.
  no_port,
  // This direction was closed before: by shutdown, close or the peer's FIN.
  direction_closed,
  // The connection ended: the peer reset it.
  reset_by_peer,
  // The connection ended: the peer refused it.
  refused,
  // The connection ended: the peer no longer answers.
  timed_out,
  // The connection ended: the network said so (ICMP).
  unreachable,
  // The connection ended: this end aborted it.
  aborted,
  // The connection ended: the peer does not mark connect data, and ConnectOptions::require_marked.
  not_marked,
  // An argument is outside its documented range.
  invalid_argument,
};

// The name of the error as it stands above, for messages and logs; valid for ever.
const char* to_string(Error error);

// True for the four ways in which a request can be gone.
constexpr bool is_withdrawn(Error error) {
  return error >= Error::withdrawn_reset && error <= Error::withdrawn_listener_closed;
}

}  // namespace anteroom
