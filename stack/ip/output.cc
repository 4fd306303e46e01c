// All but the last carry a multiple of eight bytes.
#include "stack/ip/output.h"

#include <algorithm>

namespace anteroom {

Fragment fragment_at(const IpHeader& whole, std::size_t offset, std::uint16_t mtu) {
  // A datagram in pieces has an IPv6 fragment header in each of them.
  const std::size_t header_bytes = ip_header_bytes(whole.source);
  const bool one = offset == 0 && whole.payload_bytes <= mtu - header_bytes;
  const std::size_t extension = whole.is_v4() || one ? 0 : kIpv6FragmentHeaderBytes;
  const std::size_t most = mtu - header_bytes - extension;
  const std::size_t room = most & ~std::size_t{7};
  const std::size_t left = whole.payload_bytes - offset;
  const bool fits = left <= most;
  Fragment fragment{whole, offset, fits};
  fragment.header.fragment_offset_bytes = static_cast<std::uint16_t>(offset);
  fragment.header.more_fragments = !fits;
  fragment.header.payload_bytes = static_cast<std::uint16_t>(fits ? left : room);
  return fragment;
}

}  // namespace anteroom
