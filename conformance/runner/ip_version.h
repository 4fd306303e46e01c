// Which version of IP a script runs over, and what follows: addresses, and the names and sizes that
// the runners of the public suites give with each. Not here: packets (live_packet.h).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "conformance/script/script.h"

namespace anteroom::runner {

enum class IpVersion : std::uint8_t {
  v4,
  v6,
  mapped,  // AF_INET6 sockets that talk IPv4
};

// "ipv4", "ipv6", "ipv4-mapped-ipv6"; nothing for any other word.
std::optional<IpVersion> ip_version_named(std::string_view name);
const char* word_of(IpVersion version);

// Where a script names none.
struct DefaultAddresses {
  const char* local;
  const char* remote;
};
DefaultAddresses default_addresses(IpVersion version, script::Dialect dialect);
// Of the network that the local address is in.
std::uint8_t prefix_bits(IpVersion version);

// A file `*v4.pkt` is for IPv4 in both its forms, `*v6.pkt` for IPv6.
bool name_allows(const std::string& path, IpVersion version);

// What the public runners define for each version, so that one text fits all of them: TFO_COOKIE
// and the like. IPv6 has a larger MTU there, so that segments have the same size.
std::vector<std::pair<std::string, std::string>> defines_of(IpVersion version);
inline constexpr const char* kMtuOfV6 = "1520";

}  // namespace anteroom::runner
