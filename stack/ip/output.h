// A datagram cut to the size of the link: RFC 791 3.2, "An Example Fragmentation Procedure", and
// RFC 8200 4.5. TCP never needs it (its segments carry DF, RFC 1191); echo replies do.
#pragma once

#include "stack/wire/ip.h"

namespace anteroom {

struct Fragment {
  IpHeader header;
  std::size_t offset = 0;  // of its payload in the datagram's
  bool last = false;
};

// The fragment of `whole` that starts at `offset` bytes of its payload, for a link of `mtu` bytes.
Fragment fragment_at(const IpHeader& whole, std::size_t offset, std::uint16_t mtu);

}  // namespace anteroom
