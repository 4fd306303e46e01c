// The networks are few: they are looked through.
#include "stack/link/interface.h"

namespace anteroom {

bool Interface::is_on_link(const IpAddress& address) const {
  for (const Prefix& own : config_.addresses) {
    if (own.contains(address)) return true;
  }
  return false;
}

IpAddress Interface::source_for(const IpAddress& next_hop) const {
  for (const Prefix& own : config_.addresses) {
    if (own.contains(next_hop)) return own.address;
  }
  return config_.addresses.empty() ? IpAddress() : config_.addresses.front().address;
}

Result<Inbound, DropReason> Interface::admit(Bytes frame) const {
  if (!is_ethernet()) {
    if (frame.empty()) return DropReason::link_too_short;
    return Inbound{frame[0] >> 4 == 6 ? kEtherTypeIpv6 : kEtherTypeIpv4, false, {}, frame};
  }
  const auto header = parse_ethernet(frame);
  if (!header) return header.error();
  const bool broadcast = header->destination == MacAddress::broadcast();
  if (!broadcast && header->destination != config_.mac) return DropReason::link_not_for_us;
  return Inbound{header->type, broadcast, header->source, frame.subspan(kEthernetHeaderBytes)};
}

}  // namespace anteroom
