// First the source, then the destination, then the options.
#include "stack/ip/input.h"

namespace anteroom {
namespace {

constexpr std::uint8_t kOptionEnd = 0;
constexpr std::uint8_t kOptionNop = 1;
constexpr std::uint8_t kLooseSourceRoute = 131;
constexpr std::uint8_t kStrictSourceRoute = 137;

// RFC 1122 3.2.1.8: a host may take options or leave them, but must not trip over them. Source
// routes are refused (RFC 7126 4.3 and 4.4).
std::optional<DropReason> refuse_options(Bytes options) {
  for (std::size_t at = 0; at < options.size();) {
    const std::uint8_t kind = options[at];
    if (kind == kOptionEnd) break;
    if (kind == kOptionNop) {
      ++at;
      continue;
    }
    if (at + 1 >= options.size() || options[at + 1] < 2 || at + options[at + 1] > options.size()) {
      return DropReason::ip_options_malformed;
    }
    if (kind == kLooseSourceRoute || kind == kStrictSourceRoute) return DropReason::ip_source_route;
    at += options[at + 1];
  }
  return std::nullopt;
}

// RFC 1122 3.3.6: a link broadcast that names a single host is somebody's mistake.
bool is_for_us(const Addressing& addressing) {
  return addressing.destination_group || (addressing.destination_own && !addressing.link_group);
}

}  // namespace

std::optional<DropReason> refuse_ipv4(const IpPacket& packet, const Addressing& addressing) {
  const IpAddress& source = packet.header.source;
  // RFC 1122 3.2.1.3: no group, no loopback from outside, no "this network", not ourselves.
  if (source.is_multicast() || source.is_loopback() || source.v4_bits() >> 24 == 0 ||
      !addressing.source_other || source.v4_bits() >> 28 == 0xf) {
    return DropReason::ip_source_invalid;
  }
  if (!is_for_us(addressing)) return DropReason::ip_not_for_us;
  return refuse_options(packet.ipv4_options());
}

std::optional<DropReason> refuse_ipv6(const IpPacket& packet, const Addressing& addressing) {
  const IpAddress& source = packet.header.source;
  // RFC 4291 2.5.3 and 2.7: no group, no loopback from outside, not ourselves. An IPv4 address in
  // its mapped form belongs on no wire, and would pass for IPv4 here (RFC 4942 2.2).
  if (source.is_multicast() || source.is_loopback() || source.is_v4() || !addressing.source_other) {
    return DropReason::ip_source_invalid;
  }
  // RFC 4291 2.5.2: the sender has no address yet and looks whether one is free (RFC 4862 5.4).
  if (source.is_any() && packet.header.protocol != kProtocolIcmpv6) {
    return DropReason::ip_source_invalid;
  }
  if (packet.header.destination.is_v4() || !is_for_us(addressing)) {
    return DropReason::ip_not_for_us;
  }
  return std::nullopt;
}

}  // namespace anteroom
