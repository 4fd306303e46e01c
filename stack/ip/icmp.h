// ICMP as a host speaks it: echo, and errors about what it cannot deliver. RFC 792 and RFC 1122
// 3.2.2 for IPv4, RFC 4443 for IPv6.
#pragma once

#include <array>
#include <optional>

#include "stack/wire/icmp.h"
#include "stack/wire/ip.h"
#include "stack/wire/ipv6_extensions.h"

namespace anteroom {

// What a message is to a host, whatever its version calls it.
enum class IcmpMeaning : std::uint8_t {
  ignored,
  echo_request,
  neighbor,          // RFC 4861
  too_big,           // RFC 1191, RFC 8201
  port_unreachable,  // these two are hard errors: RFC 1122 4.2.3.9
  protocol_unreachable,
  error,  // any other
};

IcmpMeaning meaning_of(const IpHeader& ip, const IcmpMessage& message);

// The checksum and the type of the message in `packet`.
Result<IcmpMessage, DropReason> parse_icmp(const IpPacket& packet);

// Turns a copy of an echo request round in place.
void make_echo_reply(const IpHeader& reply, MutableBytes message);

// Why a packet is not delivered.
enum class IcmpCause : std::uint8_t {
  protocol_unreachable,  // IPv6: a parameter problem
  port_unreachable,
  reassembly_time,
};

// An ICMP error, and room for its quotation. IPv4: header and eight bytes, as RFC 792 has it; more
// is allowed (RFC 1812 4.3.2.3), but an answer should not be longer than its cause. IPv6: as much
// as every link takes (RFC 4443 2.4 c).
struct IcmpError {
  static constexpr std::size_t kIpv6PacketMax = 1'280;  // RFC 8200 5
  std::array<std::uint8_t, kIpv6PacketMax - kIpv6HeaderBytes> bytes;
  std::size_t size = 0;
};

// Fills `error` for a packet that goes back to the source of `about`. False where there must be
// none: about an error, a fragment other than the first, or (but for some problems of RFC 4443 2.4
// e) what went to a group.
bool make_icmp_error(IcmpCause cause, const IpPacket& about, bool to_group, IcmpError& error);
bool make_icmp_error(const ParameterProblem& problem, const IpPacket& about, bool to_group,
                     IcmpError& error);

// What an ICMP error quotes of a TCP segment of ours.
struct QuotedSegment {
  IpHeader header;
  std::uint16_t source_port = 0;
  std::uint16_t destination_port = 0;
  std::uint32_t seq = 0;
  std::uint32_t packet_bytes = 0;  // of the whole packet that was quoted
};

std::optional<QuotedSegment> quoted_tcp(const IcmpMessage& message);

}  // namespace anteroom
