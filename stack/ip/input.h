// Whether a packet is welcome: RFC 1122 3.2.1 and RFC 4291 2. Not here: the headers' own lengths
// and checksum (wire/), fragments (reassembly.h).
#pragma once

#include <optional>

#include "stack/wire/ip.h"

namespace anteroom {

// What the interface knows of the packet's addresses.
struct Addressing {
  bool destination_own = false;
  bool destination_group = false;  // broadcast, or a multicast group that every host is in
  bool source_other = false;       // neither ourselves nor everybody
  bool link_group = false;
};

// The reason to drop it, or nothing.
std::optional<DropReason> refuse_ipv4(const IpPacket& packet, const Addressing& addressing);
std::optional<DropReason> refuse_ipv6(const IpPacket& packet, const Addressing& addressing);

}  // namespace anteroom
