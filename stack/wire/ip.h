// An IP packet of either version as plain values: what transports, ICMP and reassembly see of it.
// Not here: the two formats (ipv4.cc; ipv6.cc, ipv6_extensions.cc).
#pragma once

#include <cstdint>

#include <anteroom/address.h>
#include <anteroom/bytes.h>
#include <anteroom/result.h>
#include <anteroom/stats.h>

namespace anteroom {

inline constexpr std::size_t kIpv4HeaderBytes = 20;  // without options
inline constexpr std::size_t kIpv6HeaderBytes = 40;  // without extension headers
inline constexpr std::size_t kIpv6FragmentHeaderBytes = 8;

inline constexpr std::uint8_t kProtocolIcmp = 1;
inline constexpr std::uint8_t kProtocolTcp = 6;
inline constexpr std::uint8_t kProtocolUdp = 17;
inline constexpr std::uint8_t kProtocolIcmpv6 = 58;

struct IpHeader {
  IpAddress source;
  IpAddress destination;
  std::uint8_t protocol = 0;    // IPv6: of the header that the payload starts with
  std::uint8_t hop_limit = 64;  // IPv4: TTL
  std::uint8_t dscp = 0;
  std::uint8_t ecn = 0;
  bool dont_fragment = false;  // IPv4 only: IPv6 routers never do
  bool more_fragments = false;
  std::uint16_t fragment_offset_bytes = 0;  // a multiple of 8
  std::uint16_t payload_bytes = 0;          // after header and options, or extension headers
  std::uint32_t identification = 0;         // IPv4: 16 bits; IPv6: of a fragment
  std::uint32_t flow_label = 0;             // IPv6: 20 bits

  bool is_v4() const { return source.is_v4(); }
  bool is_fragment() const { return more_fragments || fragment_offset_bytes != 0; }
  friend bool operator==(const IpHeader&, const IpHeader&) = default;
};

// A packet taken apart; the views live as long as the packet.
struct IpPacket {
  IpHeader header;
  // The header with its options or extension headers as they came; empty where the packet was put
  // together from fragments.
  Bytes headers;
  Bytes payload;

  Bytes ipv4_options() const {
    return headers.size() > kIpv4HeaderBytes ? headers.subspan(kIpv4HeaderBytes) : Bytes();
  }
};

// Of a header without options or extension headers, in the version of `address`.
constexpr std::size_t ip_header_bytes(const IpAddress& address) {
  return address.is_v4() ? kIpv4HeaderBytes : kIpv6HeaderBytes;
}
// What emit_ip() writes for this header.
inline std::size_t ip_header_bytes(const IpHeader& header) {
  const bool fragment_header = !header.is_v4() && header.is_fragment();
  return ip_header_bytes(header.source) + (fragment_header ? kIpv6FragmentHeaderBytes : 0);
}

// Takes apart a packet of either version, down to the payload behind the last extension header.
Result<IpPacket, DropReason> parse_ip(Bytes packet);
// The same for the quotation inside an ICMP error, which may be cut short: see parse_ipv4_quoted().
Result<IpPacket, DropReason> parse_ip_quoted(Bytes packet);
// Writes the header, without options, and for an IPv6 fragment its fragment header; the number of
// bytes written.
std::size_t emit_ip(const IpHeader& header, MutableBytes out);

}  // namespace anteroom
