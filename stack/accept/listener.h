// A listener: its options, its queue of requests (conditional) or its accept queue (ordinary).
// Not here: the requests themselves (backlog.h), the handshake (tcp/).
#pragma once

#include <anteroom/stack.h>

#include "stack/accept/fast_open.h"
#include "stack/accept/pending_connection.h"

namespace anteroom {

struct Listener {
  explicit Listener(const ListenOptions& chosen) : options(chosen) {}

  // True where one more request may be indicated now: conditional-accept 1, the modes of
  // deferral.
  bool may_indicate() const {
    const bool blocked = (undecided != 0 && options.deferral != Deferral::unordered) ||
                         (deferred != 0 && options.deferral == Deferral::strict);
    return not_indicated != kNoRequest && !blocked;
  }

  ListenOptions options;
  // Requests in order of arrival, linked through the backlog.
  std::uint32_t head = kNoRequest;
  std::uint32_t tail = kNoRequest;
  std::uint32_t not_indicated = kNoRequest;  // the first of those
  std::uint32_t held = 0;
  std::uint32_t undecided = 0;  // indicated, neither decided nor deferred
  std::uint32_t deferred = 0;
  std::uint64_t caller_data_bytes = 0;
  // Connections of an ordinary listener: handshakes under way, and those that nobody took yet,
  // linked through their slots in order.
  std::uint32_t half_open = 0;
  std::uint32_t ready = 0;
  std::uint32_t first_ready = UINT32_MAX;
  std::uint32_t last_ready = UINT32_MAX;
  FastOpenPending fast_open_pending;  // of those, in SYN-RECEIVED
  Instant cookies_until{};            // when the last SYN cookie given expires
};

}  // namespace anteroom
