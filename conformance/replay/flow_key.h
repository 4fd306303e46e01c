// The two ends of a connection as one key, the same whichever of them sends.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <utility>

#include <anteroom/address.h>

namespace anteroom::replay {

using FlowKey = std::array<std::uint8_t, 36>;

inline FlowKey flow_key(const Endpoint& one, const Endpoint& other) {
  constexpr std::size_t kEndBytes = 18;
  std::array<std::uint8_t, kEndBytes> ends[2];
  const Endpoint* of[2] = {&one, &other};
  for (std::size_t i = 0; i < 2; ++i) {
    const auto& octets = of[i]->address.octets();
    std::copy(octets.begin(), octets.end(), ends[i].begin());
    ends[i][16] = static_cast<std::uint8_t>(of[i]->port >> 8);
    ends[i][17] = static_cast<std::uint8_t>(of[i]->port);
  }
  if (ends[1] < ends[0]) std::swap(ends[0], ends[1]);
  FlowKey key;
  std::copy(ends[0].begin(), ends[0].end(), key.begin());
  std::copy(ends[1].begin(), ends[1].end(), key.begin() + kEndBytes);
  return key;
}

}  // namespace anteroom::replay
