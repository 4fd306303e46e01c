// Ethernet II frames, RFC 894. Not here: VLAN tags (a trunk port is not a host's link).
#pragma once

#include <anteroom/address.h>
#include <anteroom/bytes.h>
#include <anteroom/result.h>
#include <anteroom/stats.h>

#include "stack/base/bytes.h"

namespace anteroom {

inline constexpr std::size_t kEthernetHeaderBytes = 14;
inline constexpr std::uint16_t kEtherTypeIpv4 = 0x0800;
inline constexpr std::uint16_t kEtherTypeArp = 0x0806;
inline constexpr std::uint16_t kEtherTypeIpv6 = 0x86dd;

struct EthernetHeader {
  MacAddress destination;
  MacAddress source;
  std::uint16_t type = 0;

  friend bool operator==(const EthernetHeader&, const EthernetHeader&) = default;
};

// Of a frame that is long enough. The payload follows the header at kEthernetHeaderBytes.
inline EthernetHeader read_ethernet(Bytes frame) {
  EthernetHeader header;
  copy_bytes(header.destination.octets, frame.first(6));
  copy_bytes(header.source.octets, frame.subspan(6, 6));
  header.type = load_be16(frame.data() + 12);
  return header;
}

inline Result<EthernetHeader, DropReason> parse_ethernet(Bytes frame) {
  if (frame.size() < kEthernetHeaderBytes) return DropReason::link_too_short;
  return read_ethernet(frame);
}

// Writes kEthernetHeaderBytes bytes to the start of `out`.
inline void emit_ethernet(const EthernetHeader& header, MutableBytes out) {
  copy_bytes(out, header.destination.octets);
  copy_bytes(out.subspan(6), header.source.octets);
  store_be16(out.data() + 12, header.type);
}

}  // namespace anteroom
