// The Internet checksum, RFC 1071, with the pseudo header of RFC 9293 3.1 (IPv4) and RFC 8200 8.1
// (IPv6).
#pragma once

#include <cstdint>

#include <anteroom/address.h>
#include <anteroom/bytes.h>

namespace anteroom {

// The one's-complement sum of the bytes as 16-bit words in network order, folded to 16 bits. An odd
// last byte is padded with zero. Sums of parts of even length add up with sum_of().
std::uint16_t ones_sum(Bytes data);

// A sum of 16-bit or 32-bit words in host order, gathered in 64 bits, folded to 16 bits.
constexpr std::uint16_t fold_sum(std::uint64_t sum) {
  sum = (sum & 0xffffffff) + (sum >> 32);
  sum = (sum & 0xffffffff) + (sum >> 32);
  sum = (sum & 0xffff) + (sum >> 16);
  sum = (sum & 0xffff) + (sum >> 16);
  return static_cast<std::uint16_t>(sum);
}

// Two sums as one.
constexpr std::uint16_t sum_of(std::uint16_t a, std::uint16_t b) {
  const std::uint32_t sum = std::uint32_t{a} + b;
  return static_cast<std::uint16_t>((sum & 0xffff) + (sum >> 16));
}

// What goes into a checksum field over data with the given sum (the field itself counted as zero).
constexpr std::uint16_t checksum_field(std::uint16_t sum) {
  return static_cast<std::uint16_t>(~sum);
}

// Sum of the pseudo header for an upper-layer packet of `bytes` bytes.
std::uint16_t pseudo_header_sum(const IpAddress& source, const IpAddress& destination,
                                std::uint8_t protocol, std::size_t bytes);

}  // namespace anteroom
