// The Fast Open cookies are those of the addresses here under the key that the suites set, and
// under a key of zeros.
#include "conformance/runner/ip_version.h"

namespace anteroom::runner {

std::optional<IpVersion> ip_version_named(std::string_view name) {
  if (name == "ipv4") return IpVersion::v4;
  if (name == "ipv6") return IpVersion::v6;
  if (name == "ipv4-mapped-ipv6" || name == "ipv4_mapped_ipv6") return IpVersion::mapped;
  return std::nullopt;
}

const char* word_of(IpVersion version) {
  switch (version) {
    case IpVersion::v4: return "ipv4";
    case IpVersion::v6: return "ipv6";
    case IpVersion::mapped: return "ipv4-mapped-ipv6";
  }
  return "";
}

DefaultAddresses default_addresses(IpVersion version, script::Dialect dialect) {
  if (version != IpVersion::v6) return {"192.168.0.1", "192.0.2.1"};
  if (dialect == script::Dialect::nplab) return {"fd3d:fa7b:d17d::1", "2001:db8::1"};
  return {"fd3d:0a0b:17d6::1", "fd3d:fa7b:d17d::1"};
}

std::uint8_t prefix_bits(IpVersion version) { return version == IpVersion::v6 ? 48 : 16; }

bool name_allows(const std::string& path, IpVersion version) {
  if (path.ends_with("v4.pkt")) return version != IpVersion::v6;
  return version == IpVersion::v6 || !path.ends_with("v6.pkt");
}

std::vector<std::pair<std::string, std::string>> defines_of(IpVersion version) {
  if (version == IpVersion::v6) {
    return {{"TFO_COOKIE", "c1d1e9742a47a9bc"},
            {"TFO_COOKIE_ZERO", "82af1a8f9a205c34"},
            {"CMSG_LEVEL_IP", "SOL_IPV6"},
            {"CMSG_TYPE_RECVERR", "IPV6_RECVERR"}};
  }
  return {{"TFO_COOKIE", "3021b9d889017eeb"},
          {"TFO_COOKIE_ZERO", "b7c12350a90dc8f5"},
          {"CMSG_LEVEL_IP", "SOL_IP"},
          {"CMSG_TYPE_RECVERR", "IP_RECVERR"},
          {"CODE", "host_unreachable"}};
}

}  // namespace anteroom::runner
