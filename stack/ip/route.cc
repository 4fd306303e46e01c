// A host has few routes: they are looked through in order.
#include "stack/ip/route.h"

#include <algorithm>

namespace anteroom {

RouteTable::RouteTable(const InterfaceConfig& interface, const std::vector<RouteConfig>& routes)
    : routes_(routes) {
  // RFC 4291 2.5.6: link-local addresses are on every link.
  const Prefix link_local{IpAddress::v6({0xfe, 0x80}), 10};
  for (const Prefix& own : interface.addresses) {
    routes_.push_back({own, std::nullopt});
    if (!own.address.is_v4()) routes_.push_back({link_local, std::nullopt});
  }
  std::stable_sort(routes_.begin(), routes_.end(), [](const RouteConfig& a, const RouteConfig& b) {
    return a.destination.bits > b.destination.bits;
  });
}

}  // namespace anteroom
