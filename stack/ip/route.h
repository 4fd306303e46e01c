// Where a packet goes next: RFC 1122 3.3.1, longest prefix first.
#pragma once

#include <vector>

#include <anteroom/config.h>

namespace anteroom {

class RouteTable {
 public:
  // The networks of the interface's own addresses are on the link; `routes` come beside them.
  RouteTable(const InterfaceConfig& interface, const std::vector<RouteConfig>& routes);

  // The next hop towards `destination`; nothing where no route leads there.
  std::optional<IpAddress> next_hop(const IpAddress& destination) const;

 private:
  std::vector<RouteConfig> routes_;  // longest prefix first
};

}  // namespace anteroom
