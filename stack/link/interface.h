// The interface of a stack: its medium, its addresses, and whether a frame is for it. RFC 894, RFC
// 1122 2. Not here: who has which link address (neighbor/), the device (tap/).
#pragma once

#include <anteroom/config.h>

#include "stack/wire/ethernet.h"

namespace anteroom {

// What a frame carries, and how it was addressed on the link.
struct Inbound {
  std::uint16_t type = 0;   // EtherType
  bool link_group = false;  // broadcast or multicast
  MacAddress source{};      // zero on a medium without link addresses
  Bytes packet{};
};

// What an address is to this host. `group`: one of the networks' broadcast addresses,
// 255.255.255.255, or an IPv6 multicast group that the host is in (RFC 4291 2.8).
enum class Role : std::uint8_t { other, own, group };

class Interface {
 public:
  explicit Interface(const InterfaceConfig& config) : config_(config) {}

  bool is_ethernet() const { return config_.medium == Medium::ethernet; }
  const MacAddress& mac() const { return config_.mac; }
  std::uint16_t mtu() const { return config_.mtu; }
  std::size_t header_bytes() const { return is_ethernet() ? kEthernetHeaderBytes : 0; }
  std::size_t frame_bytes_max() const { return header_bytes() + config_.mtu; }

  Role role_of(const IpAddress& address) const {
    for (const Prefix& own : config_.addresses) {
      if (own.address == address) return Role::own;
      if (own.is_broadcast(address)) return Role::group;
    }
    if (address == IpAddress::v4(UINT32_MAX)) return Role::group;
    return address.is_multicast() && is_in_group(address) ? Role::group : Role::other;
  }
  bool is_own(const IpAddress& address) const { return role_of(address) == Role::own; }
  // In one of the networks of the own addresses.
  bool is_on_link(const IpAddress& address) const { return own_beside(address) != nullptr; }
  // The own address to speak from towards `destination`: the one of its network, or of the next
  // hop's; else the first of its version, and of its scope before that (RFC 6724 5). Unspecified
  // where there is none.
  IpAddress source_for(const IpAddress& destination, const IpAddress& next_hop) const;

  // Takes a frame apart.
  Result<Inbound, DropReason> admit(Bytes frame) const;

 private:
  const IpAddress* own_beside(const IpAddress& address) const;
  bool is_in_group(const IpAddress& group) const;
  bool is_in_group(const MacAddress& group) const;

  InterfaceConfig config_;
};

}  // namespace anteroom
