// The IPv4 header, RFC 791 3.1, with the differentiated services and ECN fields of RFC 2474 and RFC
// 3168. Not here: whether the packet is ours and welcome (ip/input.cc), fragments as a whole
// (ip/reassembly.cc).
#pragma once

#include <cstdint>

#include <anteroom/address.h>
#include <anteroom/bytes.h>
#include <anteroom/result.h>
#include <anteroom/stats.h>

namespace anteroom {

inline constexpr std::size_t kIpv4HeaderBytes = 20;  // without options

inline constexpr std::uint8_t kProtocolIcmp = 1;
inline constexpr std::uint8_t kProtocolTcp = 6;
inline constexpr std::uint8_t kProtocolUdp = 17;

struct Ipv4Header {
  IpAddress source;
  IpAddress destination;
  std::uint8_t protocol = 0;
  std::uint8_t hop_limit = 64;  // TTL
  std::uint8_t dscp = 0;
  std::uint8_t ecn = 0;
  std::uint16_t identification = 0;
  bool dont_fragment = false;
  bool more_fragments = false;
  std::uint16_t fragment_offset_bytes = 0;  // a multiple of 8
  std::uint16_t payload_bytes = 0;          // after header and options

  bool is_fragment() const { return more_fragments || fragment_offset_bytes != 0; }
  friend bool operator==(const Ipv4Header&, const Ipv4Header&) = default;
};

// A packet taken apart; the views live as long as the packet.
struct Ipv4Packet {
  Ipv4Header header;
  Bytes options;
  Bytes payload;
};

// Checks version, lengths and header checksum. Bytes after the total length (link padding) are
// ignored.
Result<Ipv4Packet, DropReason> parse_ipv4(Bytes packet);

// The same for the quotation inside an ICMP error, which may be cut short and whose checksum a
// router may have left stale: only version and header length count. The payload is what is there;
// payload_bytes is what there was.
Result<Ipv4Packet, DropReason> parse_ipv4_quoted(Bytes packet);

// Writes a header without options and with its checksum: kIpv4HeaderBytes bytes to the start of
// `out`.
void emit_ipv4(const Ipv4Header& header, MutableBytes out);

}  // namespace anteroom
