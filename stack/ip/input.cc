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

}  // namespace

std::optional<DropReason> refuse_ipv4(const Ipv4Packet& packet, const Addressing& addressing) {
  const IpAddress& source = packet.header.source;
  // RFC 1122 3.2.1.3: no group, no loopback from outside, no "this network", not ourselves.
  if (source.is_multicast() || source.is_loopback() || source.v4_bits() >> 24 == 0 ||
      !addressing.source_other || source.v4_bits() >> 28 == 0xf) {
    return DropReason::ip_source_invalid;
  }
  if (!addressing.destination_own && !addressing.destination_broadcast) {
    return DropReason::ip_not_for_us;
  }
  // RFC 1122 3.3.6: a link broadcast that names a single host is somebody's mistake.
  if (addressing.link_broadcast && !addressing.destination_broadcast)
    return DropReason::ip_not_for_us;
  return refuse_options(packet.options);
}

}  // namespace anteroom
