// Sums 64-bit words with end-around carry in two chains; the halves fold at the end, RFC 1071 2
// (C).
#include "stack/wire/checksum.h"

#include "stack/base/bytes.h"

namespace anteroom {
namespace {

// A word in the machine's own order: one's-complement sums do not care until the end, RFC 1071 2
// (B).
template <typename Word>
std::uint64_t load(const std::uint8_t* at) {
  Word value;
  copy_bytes({reinterpret_cast<std::uint8_t*>(&value), sizeof value}, {at, sizeof value});
  return value;
}

constexpr std::uint64_t add(std::uint64_t sum, std::uint64_t word) {
  sum += word;
  return sum + (sum < word ? 1 : 0);
}

}  // namespace

std::uint16_t ones_sum(Bytes data) {
  const std::uint8_t* at = data.data();
  std::size_t left = data.size();
  std::uint64_t a = 0, b = 0;
  for (; left >= 32; left -= 32, at += 32) {
    a = add(add(a, load<std::uint64_t>(at)), load<std::uint64_t>(at + 8));
    b = add(add(b, load<std::uint64_t>(at + 16)), load<std::uint64_t>(at + 24));
  }
  for (; left >= 8; left -= 8, at += 8) a = add(a, load<std::uint64_t>(at));
  if ((left & 4) != 0) b = add(b, load<std::uint32_t>(at)), at += 4;
  if ((left & 2) != 0) b = add(b, load<std::uint16_t>(at)), at += 2;
  if ((left & 1) != 0) b = add(b, *at);
  return __builtin_bswap16(fold_sum(add(a, b)));
}

std::uint16_t pseudo_header_sum(const IpAddress& source, const IpAddress& destination,
                                std::uint8_t protocol, std::size_t bytes) {
  std::uint64_t sum = std::uint64_t{protocol} + bytes;
  if (source.is_v4()) return fold_sum(sum + source.v4_bits() + destination.v4_bits());
  for (std::size_t i = 0; i < 16; i += 4) {
    sum += load_be32(source.octets().data() + i);
    sum += load_be32(destination.octets().data() + i);
  }
  return fold_sum(sum);
}

}  // namespace anteroom
