// Sums 32-bit words into 64 bits: the carries fold at the end, and compilers make vectors of the
// loop.
#include "stack/wire/checksum.h"

#include "stack/base/bytes.h"

namespace anteroom {
namespace {

constexpr std::uint16_t fold(std::uint64_t sum) {
  sum = (sum & 0xffffffff) + (sum >> 32);
  sum = (sum & 0xffffffff) + (sum >> 32);
  sum = (sum & 0xffff) + (sum >> 16);
  sum = (sum & 0xffff) + (sum >> 16);
  return static_cast<std::uint16_t>(sum);
}

std::uint32_t load_host32(const std::uint8_t* at) {
  std::uint32_t value;
  copy_bytes({reinterpret_cast<std::uint8_t*>(&value), 4}, {at, 4});
  return value;
}

}  // namespace

std::uint16_t ones_sum(Bytes data) {
  // One's-complement sums do not care about byte order until the end, RFC 1071 2 (B).
  const std::uint8_t* at = data.data();
  std::size_t left = data.size();
  std::uint64_t a = 0, b = 0, c = 0, d = 0;
  for (; left >= 16; left -= 16, at += 16) {
    a += load_host32(at);
    b += load_host32(at + 4);
    c += load_host32(at + 8);
    d += load_host32(at + 12);
  }
  for (; left >= 4; left -= 4, at += 4) a += load_host32(at);
  std::uint32_t tail = 0;
  copy_bytes({reinterpret_cast<std::uint8_t*>(&tail), 4}, {at, left});
  return __builtin_bswap16(fold(a + b + c + d + tail));
}

std::uint16_t pseudo_header_sum(const IpAddress& source, const IpAddress& destination,
                                std::uint8_t protocol, std::size_t bytes) {
  std::uint64_t sum = std::uint64_t{protocol} + bytes;
  if (source.is_v4()) return fold(sum + source.v4_bits() + destination.v4_bits());
  for (std::size_t i = 0; i < 16; i += 4) {
    sum += load_be32(source.octets().data() + i);
    sum += load_be32(destination.octets().data() + i);
  }
  return fold(sum);
}

}  // namespace anteroom
