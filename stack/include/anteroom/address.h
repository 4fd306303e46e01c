// Addresses as values: link addresses, IPv4 and IPv6 addresses, prefixes, endpoints, flows.
// An IPv4 address is kept in its IPv4-mapped form (RFC 4291 2.5.5.2), so that one type serves both.
#pragma once

#include <array>
#include <bit>
#include <cstdint>
#include <string>
#include <string_view>

#include <anteroom/result.h>

namespace anteroom {

struct MacAddress {
  std::array<std::uint8_t, 6> octets{};

  static constexpr MacAddress broadcast() { return {{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}}; }
  constexpr bool is_group() const { return (octets[0] & 1) != 0; }
  friend constexpr bool operator==(const MacAddress&, const MacAddress&) = default;
};

class IpAddress {
 public:
  // The unspecified address of no family; also what "any" means to listen().
  constexpr IpAddress() = default;

  static constexpr IpAddress v4(std::uint32_t host_order) {
    // Made as words, not byte by byte: wide loads of what narrow stores wrote stall the fast path.
    const std::uint64_t bits =
        kLittle ? std::uint64_t{__builtin_bswap32(host_order)} << 32 : host_order;
    IpAddress address;
    address.octets_ = std::bit_cast<std::array<std::uint8_t, 16>>(Words{0, kMappedBits | bits});
    return address;
  }
  static constexpr IpAddress v4(std::uint8_t a, std::uint8_t b, std::uint8_t c, std::uint8_t d) {
    return v4(std::uint32_t{a} << 24 | std::uint32_t{b} << 16 | std::uint32_t{c} << 8 | d);
  }
  static constexpr IpAddress v6(const std::array<std::uint8_t, 16>& octets) {
    IpAddress address;
    address.octets_ = octets;
    return address;
  }
  // Reads "192.0.2.1" or "2001:db8::1"; invalid_argument for anything else.
  static Result<IpAddress> parse(std::string_view text);

  constexpr bool is_v4() const {
    const Words words = as_words();
    return words.high == 0 && (words.low & kMappedMask) == kMappedBits;
  }
  constexpr bool is_any() const { return *this == IpAddress() || *this == v4(0); }
  constexpr bool is_multicast() const {
    return is_v4() ? v4_bits() >> 28 == 0xe : octets_[0] == 0xff;
  }
  constexpr bool is_loopback() const {
    return is_v4() ? v4_bits() >> 24 == 127
                   : *this == v6({0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1});
  }
  // RFC 4291 2.5.6: fe80::/10. Of IPv4 no address counts as one.
  constexpr bool is_link_local() const { return octets_[0] == 0xfe && (octets_[1] & 0xc0) == 0x80; }
  // The 32 bits of an IPv4 address in host order; meaningless for IPv6.
  constexpr std::uint32_t v4_bits() const {
    const std::uint64_t low = as_words().low;
    return kLittle ? __builtin_bswap32(static_cast<std::uint32_t>(low >> 32))
                   : static_cast<std::uint32_t>(low);
  }
  constexpr const std::array<std::uint8_t, 16>& octets() const { return octets_; }

  // Sixteen bytes as two words: compilers make a call of comparing them one by one.
  friend constexpr bool operator==(const IpAddress& a, const IpAddress& b) {
    const Words x = a.as_words(), y = b.as_words();
    return ((x.high ^ y.high) | (x.low ^ y.low)) == 0;
  }

 private:
  struct Words {
    std::uint64_t high = 0;
    std::uint64_t low = 0;
  };
  static constexpr bool kLittle = std::endian::native == std::endian::little;
  static constexpr std::uint64_t kMappedMask = kLittle ? 0x00000000ffffffff : 0xffffffff00000000;
  static constexpr std::uint64_t kMappedBits = kLittle ? 0x00000000ffff0000 : 0x0000ffff00000000;

  constexpr Words as_words() const { return std::bit_cast<Words>(octets_); }

  std::array<std::uint8_t, 16> octets_{};
};

// An address and how many of its leading bits name the network.
struct Prefix {
  IpAddress address;
  std::uint8_t bits = 0;  // 0..32 for IPv4, 0..128 for IPv6

  // Reads "192.0.2.1/24"; without a slash all bits count.
  static Result<Prefix> parse(std::string_view text);
  constexpr bool contains(const IpAddress& other) const {
    if (!address.is_v4()) return contains_v6(other);
    return other.is_v4() && ((address.v4_bits() ^ other.v4_bits()) & ~host_mask()) == 0;
  }
  // The all-ones host address of an IPv4 network of at most 30 bits.
  constexpr bool is_broadcast(const IpAddress& other) const {
    return address.is_v4() && bits <= 30 && other.is_v4() &&
           other.v4_bits() == (address.v4_bits() | host_mask());
  }
  friend bool operator==(const Prefix&, const Prefix&) = default;

 private:
  // Of an IPv4 network: the bits that name the host.
  constexpr std::uint32_t host_mask() const { return bits >= 32 ? 0 : UINT32_MAX >> bits; }
  bool contains_v6(const IpAddress& other) const;
};

struct Endpoint {
  IpAddress address;
  std::uint16_t port = 0;

  // Reads "192.0.2.1:80" or "[2001:db8::1]:80".
  static Result<Endpoint> parse(std::string_view text);
  friend bool operator==(const Endpoint&, const Endpoint&) = default;
};

// The two ends of a connection as this host sees them.
struct Flow {
  Endpoint local;
  Endpoint remote;

  friend bool operator==(const Flow&, const Flow&) = default;
};

std::string to_string(const MacAddress& address);
std::string to_string(const IpAddress& address);
std::string to_string(const Prefix& prefix);
std::string to_string(const Endpoint& endpoint);

}  // namespace anteroom
