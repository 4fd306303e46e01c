// ICMP as a host speaks it: echo, and errors about what it cannot deliver. RFC 792, RFC 1122 3.2.2.
#pragma once

#include <array>
#include <optional>

#include "stack/wire/icmpv4.h"
#include "stack/wire/ipv4.h"

namespace anteroom {

// RFC 1122 3.2.2: no error about an error, a broadcast, a fragment other than the first.
bool may_send_icmp_error(const Ipv4Packet& about, bool broadcast);

// An ICMP error, and room for its quotation: header and eight bytes, as RFC 792 has it. More is
// allowed (RFC 1812 4.3.2.3), but an answer should not be longer than its cause.
struct IcmpError {
  std::array<std::uint8_t, kIcmpHeaderBytes + kIpv4HeaderBytes + 8> bytes{};
  std::size_t size = 0;
};

IcmpError make_icmp_error(IcmpType type, std::uint8_t code, const Ipv4Header& about, Bytes payload);

// What an ICMP error quotes of a TCP segment of ours.
struct QuotedSegment {
  Ipv4Header header;
  std::uint16_t source_port = 0;
  std::uint16_t destination_port = 0;
  std::uint32_t seq = 0;
};

std::optional<QuotedSegment> quoted_tcp(const IcmpMessage& message);

// RFC 1122 3.2.2.1 and 4.2.3.9: protocol and port unreachable are hard errors.
bool is_hard_unreachable(const IcmpMessage& message);

}  // namespace anteroom
