// Where a packet goes next: RFC 1122 3.3.1, longest prefix first.
#pragma once

#include <vector>

#include <anteroom/config.h>

namespace anteroom {

class RouteTable {
 public:
  // The networks of the interface's own addresses are on the link; `routes` come beside them.
  RouteTable(const InterfaceConfig& interface, const std::vector<RouteConfig>& routes);

  // The next hop towards `destination`, which may be itself; null where no route leads there. Lives
  // as long as the table and the argument.
  const IpAddress* next_hop(const IpAddress& destination) const {
    for (const RouteConfig& route : routes_) {
      if (!route.destination.contains(destination)) continue;
      return route.gateway ? &*route.gateway : &destination;
    }
    return nullptr;
  }

 private:
  std::vector<RouteConfig> routes_;  // longest prefix first
};

}  // namespace anteroom
