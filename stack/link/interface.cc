// The networks are few: they are looked through.
#include "stack/link/interface.h"

#include "stack/wire/ndp.h"

namespace anteroom {
namespace {

// Read in place, in words: a header put together first would be loaded right behind its stores, and
// wait for them three times.
bool starts_with(Bytes frame, const MacAddress& mac) {
  const std::uint8_t* const own = mac.octets.data();
  return load_be32(frame.data()) == load_be32(own) &&
         load_be16(frame.data() + 4) == load_be16(own + 4);
}

}  // namespace

const IpAddress* Interface::own_beside(const IpAddress& address) const {
  for (const Prefix& own : config_.addresses) {
    if (own.contains(address)) return &own.address;
  }
  return nullptr;
}

IpAddress Interface::source_for(const IpAddress& destination, const IpAddress& next_hop) const {
  if (const IpAddress* const own = own_beside(destination)) return *own;
  const IpAddress* const beside_hop = own_beside(next_hop);
  if (beside_hop != nullptr && beside_hop->is_link_local() == destination.is_link_local()) {
    return *beside_hop;
  }
  IpAddress best;
  for (const Prefix& own : config_.addresses) {
    if (own.address.is_v4() != destination.is_v4()) continue;
    if (own.address.is_link_local() == destination.is_link_local()) return own.address;
    if (best.is_any()) best = own.address;
  }
  return best;
}

// All nodes, and the group of each of our addresses. IPv4 groups (RFC 1112) are not joined.
bool Interface::is_in_group(const IpAddress& group) const {
  for (const Prefix& own : config_.addresses) {
    if (own.address.is_v4()) continue;
    if (group == all_nodes() || group == solicited_node(own.address)) return true;
  }
  return false;
}

bool Interface::is_in_group(const MacAddress& group) const {
  if (group == MacAddress::broadcast()) return true;
  for (const Prefix& own : config_.addresses) {
    if (own.address.is_v4()) continue;
    if (group == multicast_mac(all_nodes()) || group == multicast_mac(solicited_node(own.address)))
      return true;
  }
  return false;
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
  if (!starts_with(frame, config_.mac)) [[unlikely]] {
    inbound->link_group = is_in_group(read_ethernet(frame).destination);
    if (!inbound->link_group) {
      inbound.fail(DropReason::link_not_for_us);
      return inbound;
    }
  }
  inbound->type = load_be16(frame.data() + 12);
  copy_bytes(inbound->source.octets, frame.subspan(6, 6));
  inbound->packet = frame.subspan(kEthernetHeaderBytes);
  return inbound;
}

}  // namespace anteroom
