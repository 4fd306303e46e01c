// All but the last carry a multiple of eight bytes.
#include "stack/ip/output.h"

#include <algorithm>

namespace anteroom {

Fragment fragment_at(const Ipv4Header& whole, std::size_t offset, std::uint16_t mtu) {
  const std::size_t room = (mtu - kIpv4HeaderBytes) & ~std::size_t{7};
  const std::size_t left = whole.payload_bytes - offset;
  const bool fits = left <= mtu - kIpv4HeaderBytes;
  Fragment fragment{whole, offset, fits};
  fragment.header.fragment_offset_bytes = static_cast<std::uint16_t>(offset);
  fragment.header.more_fragments = !fits;
  fragment.header.payload_bytes = static_cast<std::uint16_t>(fits ? left : room);
  return fragment;
}

}  // namespace anteroom
