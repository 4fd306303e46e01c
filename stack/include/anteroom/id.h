// Names of things inside a stack. An id is a slot and a generation: a dead id never names a later
// thing.
#pragma once

#include <cstdint>

namespace anteroom {

template <typename Tag>
struct Id {
  std::uint32_t index = UINT32_MAX;
  std::uint32_t generation = 0;

  // False for an id that was never given out.
  constexpr bool is_set() const { return index != UINT32_MAX; }
  // One number for maps and logs.
  constexpr std::uint64_t number() const { return std::uint64_t{generation} << 32 | index; }
  friend constexpr bool operator==(const Id&, const Id&) = default;
};

using ListenerId = Id<struct ListenerTag>;
using PendingId = Id<struct PendingTag>;        // a request that waits for a verdict
using ConnectionId = Id<struct ConnectionTag>;  // from SYN-SENT or SYN-RECEIVED on

}  // namespace anteroom
