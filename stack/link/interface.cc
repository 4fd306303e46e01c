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
  // One object from here to the caller, filled in place (notes/002).
  Result<Inbound, DropReason> inbound(std::in_place);
  if (!is_ethernet()) {
    if (frame.empty()) {
      inbound.fail(DropReason::link_too_short);
    } else {
      inbound->type = frame[0] >> 4 == 6 ? kEtherTypeIpv6 : kEtherTypeIpv4;
      inbound->packet = frame;
    }
    return inbound;
  }
  if (frame.size() < kEthernetHeaderBytes) {
    inbound.fail(DropReason::link_too_short);
    return inbound;
  }
  const EthernetHeader header = read_ethernet(frame);
  inbound->link_broadcast = header.destination == MacAddress::broadcast();
  if (!inbound->link_broadcast && header.destination != config_.mac) {
    inbound.fail(DropReason::link_not_for_us);
    return inbound;
  }
  inbound->type = header.type;
  inbound->source = header.source;
  inbound->packet = frame.subspan(kEthernetHeaderBytes);
  return inbound;
}

}  // namespace anteroom
