// ICMP messages as such: RFC 792 for IPv4, RFC 4443 for IPv6, whose checksum covers a pseudo
// header. What the types mean is in icmpv4.h and icmpv6.h.
#pragma once

#include <cstdint>

#include <anteroom/bytes.h>
#include <anteroom/result.h>
#include <anteroom/stats.h>

#include "stack/base/bytes.h"

namespace anteroom {

inline constexpr std::size_t kIcmpHeaderBytes = 8;

struct IcmpMessage {
  std::uint8_t type = 0;
  std::uint8_t code = 0;
  std::uint32_t rest = 0;  // identifier and sequence, an MTU, a pointer: the type's own
  Bytes body;              // echo data, or the quoted packet; lives as long as the message
};

// Checks length and checksum; `pseudo_sum` is 0 for IPv4, else pseudo_header_sum().
Result<IcmpMessage, DropReason> parse_icmp(Bytes message, std::uint16_t pseudo_sum = 0);
// Writes header, body and checksum to the start of `out`; the number of bytes written.
std::size_t emit_icmp(const IcmpMessage& message, MutableBytes out, std::uint16_t pseudo_sum = 0);

}  // namespace anteroom
