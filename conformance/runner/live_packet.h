// A packet on the wire taken apart, and put together: IPv4 or IPv6 with TCP, UDP or ICMP. Written
// without the stack's own codecs, because it judges what those make. RFC 791, RFC 8200, RFC 9293
// 3.1, RFC 768, RFC 792, RFC 4443. Not here: the numbers of a script (flow.h), what is expected
// (compare.cc).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <anteroom/address.h>
#include <anteroom/bytes.h>

namespace anteroom::runner {

inline constexpr std::uint8_t kIcmp = 1;
inline constexpr std::uint8_t kTcp = 6;
inline constexpr std::uint8_t kUdp = 17;
inline constexpr std::uint8_t kIcmpV6 = 58;

inline constexpr std::uint16_t kFin = 0x001;
inline constexpr std::uint16_t kSyn = 0x002;
inline constexpr std::uint16_t kRst = 0x004;
inline constexpr std::uint16_t kPsh = 0x008;
inline constexpr std::uint16_t kAck = 0x010;
inline constexpr std::uint16_t kUrg = 0x020;
inline constexpr std::uint16_t kEce = 0x040;
inline constexpr std::uint16_t kCwr = 0x080;
inline constexpr std::uint16_t kAe = 0x100;

// One option as on the wire; kinds 0 and 1 are one byte and have no data.
struct LiveOption {
  std::uint8_t kind = 0;
  std::vector<std::uint8_t> data{};
  bool raw = false;  // to send: `data` is all of it, kind and length included

  friend bool operator==(const LiveOption&, const LiveOption&) = default;
};

struct LiveTcp {
  std::uint32_t seq = 0;
  std::uint32_t ack = 0;
  std::uint16_t flags = 0;  // the twelve low bits
  std::uint16_t window = 0;
  std::uint16_t urgent_pointer = 0;
  std::vector<LiveOption> options{};
};

// Of the version of its addresses.
struct LivePacket {
  IpAddress source{};
  IpAddress destination{};
  std::uint8_t traffic_class = 0;
  std::uint32_t flow_label = 0;  // of IPv6
  std::uint8_t hop_limit = 255;
  std::uint8_t protocol = kTcp;
  std::uint16_t source_port = 0;
  std::uint16_t destination_port = 0;
  LiveTcp tcp{};
  std::uint8_t icmp_type = 0;
  std::uint8_t icmp_code = 0;
  std::vector<std::uint8_t> payload{};  // of ICMP: all behind type, code and checksum

  bool is_v4() const { return source.is_v4(); }
  bool is_icmp() const { return protocol == kIcmp || protocol == kIcmpV6; }
};

// Nothing, with the reason in `problem`, for what no receiver takes: lengths, the IPv4 header's
// checksum, options that run over. Fragments, IP options and extension headers are refused too.
std::optional<LivePacket> take_apart(Bytes packet, std::string& problem);

// With all checksums. `protocol` is kIcmp for ICMP of either version.
std::vector<std::uint8_t> put_together(const LivePacket& packet);

// Length in bytes of the options as written, without padding.
std::size_t option_bytes(const std::vector<LiveOption>& options);

}  // namespace anteroom::runner
