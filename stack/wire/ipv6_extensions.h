// What may stand between the IPv6 header and the transport's: RFC 8200 4. Not here: fragments as a
// whole (ip/reassembly.cc).
#pragma once

#include <optional>

#include "stack/wire/ip.h"

namespace anteroom {

inline constexpr std::uint8_t kExtensionHopByHop = 0;
inline constexpr std::uint8_t kExtensionRouting = 43;
inline constexpr std::uint8_t kExtensionFragment = 44;
inline constexpr std::uint8_t kExtensionNone = 59;
inline constexpr std::uint8_t kExtensionDestination = 60;

// RFC 4443 3.4.
inline constexpr std::uint8_t kProblemErroneousField = 0;
inline constexpr std::uint8_t kProblemNextHeader = 1;
inline constexpr std::uint8_t kProblemOption = 2;

// What the sender of a packet is to be told.
struct ParameterProblem {
  std::uint8_t code = 0;
  std::uint32_t pointer = 0;   // bytes from the start of the packet
  bool even_to_group = false;  // although the packet went to a multicast address
};

struct ExtensionVerdict {
  std::optional<DropReason> refused;
  std::optional<ParameterProblem> problem;  // only where it is refused
};

// Moves the view past the extension headers, in their order, and takes what they say:
// header.protocol and payload become the transport's, or a fragment's. `packet` is as from
// parse_ipv6() or reassembly; one that is refused is not to be used.
ExtensionVerdict take_extensions(IpPacket& packet);

// Where the packet names its payload's protocol, in bytes from its start; of one put together, in
// the IPv6 header.
std::uint32_t next_header_position(const IpPacket& packet);

// Whether this protocol is none of the extension headers that take_extensions() knows.
constexpr bool is_upper_layer(std::uint8_t protocol) {
  return protocol != kExtensionHopByHop && protocol != kExtensionRouting &&
         protocol != kExtensionFragment && protocol != kExtensionDestination;
}

}  // namespace anteroom
