// Neighbor solicitation and advertisement: RFC 4861 4.3 and 4.4, with the link address options of
// 4.6.1, and the multicast addresses that they go to. Not here: what a host answers
// (neighbor/ndp.h), routers and their messages (addresses and routes are configured).
#pragma once

#include <optional>

#include <anteroom/address.h>

#include "stack/wire/icmp.h"
#include "stack/wire/ip.h"

namespace anteroom {

// RFC 4861 7.1: nothing that a router has passed on counts.
inline constexpr std::uint8_t kNdpHopLimit = 255;
inline constexpr std::size_t kNdpBytes = 32;  // with a link address

struct NdpMessage {
  bool advertisement = false;
  bool solicited = false;  // these two of an advertisement
  bool overrides = false;
  IpAddress target;
  std::optional<MacAddress> mac;  // a solicitation's source, an advertisement's target

  friend bool operator==(const NdpMessage&, const NdpMessage&) = default;
};

// The checks of RFC 4861 7.1.1 and 7.1.2 on an ICMPv6 message whose checksum is right.
Result<NdpMessage, DropReason> parse_ndp(const IpHeader& ip, const IcmpMessage& message);

// Writes the ICMPv6 message, kNdpBytes at most, for a packet with these addresses; the number of
// bytes written.
std::size_t emit_ndp(const NdpMessage& message, const IpAddress& source,
                     const IpAddress& destination, MutableBytes out);

// RFC 4291 2.7.1.
constexpr IpAddress all_nodes() {
  return IpAddress::v6({0xff, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1});
}
constexpr IpAddress solicited_node(const IpAddress& address) {
  const auto& of = address.octets();
  return IpAddress::v6({0xff, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0xff, of[13], of[14], of[15]});
}

// The Ethernet address of an IPv6 multicast address, RFC 2464 7.
constexpr MacAddress multicast_mac(const IpAddress& group) {
  const auto& of = group.octets();
  return {{0x33, 0x33, of[12], of[13], of[14], of[15]}};
}

}  // namespace anteroom
