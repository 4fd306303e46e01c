// Whether an IPv4 packet is welcome: RFC 1122 3.2.1. Not here: the header's own lengths and
// checksum (wire/ipv4.cc), fragments (reassembly.h).
#pragma once

#include <optional>

#include "stack/wire/ipv4.h"

namespace anteroom {

// What the interface knows of the packet's addresses.
struct Addressing {
  bool destination_own = false;
  bool destination_broadcast = false;
  bool source_other = false;  // neither ourselves nor everybody
  bool link_broadcast = false;
};

// The reason to drop it, or nothing.
std::optional<DropReason> refuse_ipv4(const Ipv4Packet& packet, const Addressing& addressing);

}  // namespace anteroom
