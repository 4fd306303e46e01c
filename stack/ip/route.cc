// A host has few routes: they are looked through in order.
#include "stack/ip/route.h"

#include <algorithm>

namespace anteroom {

RouteTable::RouteTable(const InterfaceConfig& interface, const std::vector<RouteConfig>& routes)
    : routes_(routes) {
  for (const Prefix& own : interface.addresses) routes_.push_back({own, std::nullopt});
  std::stable_sort(routes_.begin(), routes_.end(), [](const RouteConfig& a, const RouteConfig& b) {
    return a.destination.bits > b.destination.bits;
  });
}

}  // namespace anteroom
