// Few paths ever shrink: they are looked through. A full cache forgets the entry that expires
// first.
#include "stack/ip/path_mtu.h"

#include <algorithm>

namespace anteroom {
namespace {

// Nobody's path is narrower in practice, and an attacker gains by making us believe it
// (RFC 5927 7.3; 552 is what common kernels take for least).
constexpr std::uint16_t kPathMtuMin = 552;
// RFC 8200 5: every link takes that much; who says less is not heeded (RFC 8201 4).
constexpr std::uint16_t kIpv6MtuMin = 1'280;

// RFC 1191 7, table 7-1: the plateaus below a packet that did not pass.
std::uint16_t plateau_below(std::uint32_t bytes) {
  constexpr std::uint16_t kPlateaus[] = {32000, 17914, 8166, 4352, 2002, 1492, 1006};
  for (const std::uint16_t plateau : kPlateaus) {
    if (plateau < bytes) return plateau;
  }
  return kPathMtuMin;
}

}  // namespace

std::uint16_t PathMtuCache::find(Instant now, const IpAddress& destination) const {
  for (const Entry& entry : entries_) {
    if (entry.destination == destination) return entry.expires_at > now ? entry.mtu : 0;
  }
  return 0;
}

std::uint16_t PathMtuCache::on_too_big(Instant now, const IpAddress& destination,
                                       std::uint32_t next_hop_mtu, std::uint32_t packet_bytes,
                                       std::uint16_t interface_mtu) {
  const std::uint16_t known = find(now, destination);
  const std::uint16_t current = known == 0 ? interface_mtu : known;
  if (!destination.is_v4() && next_hop_mtu < kIpv6MtuMin) return 0;
  const std::uint32_t said = next_hop_mtu != 0 ? next_hop_mtu : plateau_below(packet_bytes);
  if (said >= current) return 0;
  const auto mtu = static_cast<std::uint16_t>(std::max<std::uint32_t>(said, kPathMtuMin));
  if (mtu >= current) return 0;
  auto at = std::find_if(entries_.begin(), entries_.end(),
                         [&](const Entry& entry) { return entry.destination == destination; });
  if (at == entries_.end() && entries_.size() >= entries_max_) {
    at = std::min_element(entries_.begin(), entries_.end(), [](const Entry& a, const Entry& b) {
      return a.expires_at < b.expires_at;
    });
  }
  if (at == entries_.end()) {
    if (entries_max_ == 0) return 0;
    at = entries_.insert(entries_.end(), Entry());
  }
  *at = {destination, mtu, now + lifetime_};
  return mtu;
}

}  // namespace anteroom
