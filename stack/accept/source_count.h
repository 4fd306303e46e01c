// How many requests each source network holds: IPv4 /24, IPv6 /56. conditional-accept 4.
#pragma once

#include <anteroom/address.h>

#include "stack/base/flat_index.h"
#include "stack/base/keyed_hash.h"
#include "stack/base/slab.h"

namespace anteroom {

class SourceCount {
 public:
  // Counts at most `sources_max` networks at once; 0 switches the counting off.
  SourceCount(std::uint32_t sources_max, const HashKey& key);

  std::uint32_t of(std::uint32_t listener, const IpAddress& source) const;
  void add(std::uint32_t listener, const IpAddress& source);
  void remove(std::uint32_t listener, const IpAddress& source);

 private:
  struct Source {
    std::uint64_t network = 0;  // leading bits of the address
    std::uint32_t listener = 0;
    std::uint32_t count = 0;
  };

  static std::uint64_t network_of(const IpAddress& source);
  std::uint64_t hash(const Source& source) const;
  std::uint32_t find(const Source& source) const;

  HashKey key_;
  FlatIndex index_;
  Slab<Source, Id<Source>> sources_;
};

}  // namespace anteroom
