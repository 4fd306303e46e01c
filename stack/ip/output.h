// A datagram cut to the size of the link: RFC 791 3.2, "An Example Fragmentation Procedure".
// TCP never needs it (its segments carry DF, RFC 1191); echo replies do.
#pragma once

#include "stack/wire/ipv4.h"

namespace anteroom {

struct Fragment {
  Ipv4Header header;
  std::size_t offset = 0;  // of its payload in the datagram's
  bool last = false;
};

// The fragment of `whole` that starts at `offset` bytes of its payload, for a link of `mtu` bytes.
Fragment fragment_at(const Ipv4Header& whole, std::size_t offset, std::uint16_t mtu);

}  // namespace anteroom
