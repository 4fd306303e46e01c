// RFC 8200 3, field by field, and the fragment header of 4.5.
#include "stack/wire/ipv6.h"

#include <algorithm>

#include "stack/base/bytes.h"
#include "stack/wire/ipv6_extensions.h"

namespace anteroom {
namespace {

IpAddress address_at(const std::uint8_t* at) {
  std::array<std::uint8_t, 16> octets;
  copy_bytes(octets, {at, octets.size()});
  return IpAddress::v6(octets);
}

void read_fields(const std::uint8_t* at, IpHeader& header) {
  const std::uint32_t first = load_be32(at);
  header.dscp = static_cast<std::uint8_t>(first >> 22 & 0x3f);
  header.ecn = static_cast<std::uint8_t>(first >> 20 & 3);
  header.flow_label = first & 0xfffff;
  header.payload_bytes = load_be16(at + 4);
  header.protocol = at[6];
  header.hop_limit = at[7];
  header.source = address_at(at + 8);
  header.destination = address_at(at + 24);
}

// One object from here to the caller, filled in place (notes/002).
Result<IpPacket, DropReason> take_apart(Bytes packet, bool quoted) {
  Result<IpPacket, DropReason> parsed(std::in_place);
  if (packet.size() < kIpv6HeaderBytes) {
    parsed.fail(DropReason::ip_too_short);
    return parsed;
  }
  if (packet[0] >> 4 != 6) {
    parsed.fail(DropReason::ip_version);
    return parsed;
  }
  read_fields(packet.data(), parsed->header);
  const std::size_t there = packet.size() - kIpv6HeaderBytes;
  const std::size_t stated = parsed->header.payload_bytes;
  if (!quoted && stated > there) {
    parsed.fail(DropReason::ip_total_length);
    return parsed;
  }
  parsed->headers = packet.first(kIpv6HeaderBytes);
  parsed->payload = packet.subspan(kIpv6HeaderBytes, std::min(stated, there));
  return parsed;
}

}  // namespace

Result<IpPacket, DropReason> parse_ipv6(Bytes packet) { return take_apart(packet, false); }

Result<IpPacket, DropReason> parse_ipv6_quoted(Bytes packet) { return take_apart(packet, true); }

std::size_t emit_ipv6(const IpHeader& header, MutableBytes out) {
  const std::size_t bytes = ip_header_bytes(header);
  const std::size_t extension = bytes - kIpv6HeaderBytes;
  std::uint8_t* at = out.data();
  store_be32(at, 6u << 28 | std::uint32_t{header.dscp} << 22 | std::uint32_t{header.ecn} << 20 |
                     (header.flow_label & 0xfffff));
  store_be16(at + 4, static_cast<std::uint16_t>(extension + header.payload_bytes));
  at[6] = extension != 0 ? kExtensionFragment : header.protocol;
  at[7] = header.hop_limit;
  copy_bytes(out.subspan(8), header.source.octets());
  copy_bytes(out.subspan(24), header.destination.octets());
  if (extension == 0) return bytes;
  at[40] = header.protocol;
  at[41] = 0;
  store_be16(at + 42, static_cast<std::uint16_t>(header.fragment_offset_bytes |
                                                 (header.more_fragments ? 1 : 0)));
  store_be32(at + 44, header.identification);
  return bytes;
}

}  // namespace anteroom
