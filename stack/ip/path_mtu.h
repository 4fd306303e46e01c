// What each path takes, learned from ICMP "fragmentation needed" and "packet too big": RFC 1191 and
// RFC 8201, bounded and forgotten again. Not here: whether such a message is to be believed (RFC
// 5927 4.1: Connection::is_in_flight).
#pragma once

#include <vector>

#include <anteroom/address.h>
#include <anteroom/limits.h>

namespace anteroom {

class PathMtuCache {
 public:
  explicit PathMtuCache(const Limits& limits)
      : entries_max_(limits.path_mtu_entries_max), lifetime_(limits.path_mtu_lifetime) {}

  // The path's MTU in bytes, or 0 where nothing smaller than the interface's is known.
  std::uint16_t find(Instant now, const IpAddress& destination) const;
  // Takes what a router said, `next_hop_mtu`, or (RFC 1191 5) guesses from the packet that was too
  // long where it said nothing. Returns the new MTU, or 0 where this is no news: a path's MTU only
  // falls, and IPv6 has one that every path takes (RFC 8201 4).
  std::uint16_t on_too_big(Instant now, const IpAddress& destination, std::uint32_t next_hop_mtu,
                           std::uint32_t packet_bytes, std::uint16_t interface_mtu);

 private:
  struct Entry {
    IpAddress destination;
    std::uint16_t mtu = 0;
    Instant expires_at{};
  };

  std::uint32_t entries_max_;
  Duration lifetime_;
  std::vector<Entry> entries_;
};

}  // namespace anteroom
