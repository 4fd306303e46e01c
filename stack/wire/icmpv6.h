// The ICMP types that an IPv6 host sends or heeds: RFC 4443, with the neighbors of RFC 4861.
#pragma once

#include "stack/wire/icmp.h"

namespace anteroom {

enum class Icmpv6Type : std::uint8_t {
  unreachable = 1,
  packet_too_big = 2,  // the MTU in IcmpMessage::rest
  time_exceeded = 3,
  parameter_problem = 4,  // the pointer in IcmpMessage::rest
  echo_request = 128,
  echo_reply = 129,
  neighbor_solicitation = 135,
  neighbor_advertisement = 136,
  redirect = 137,
};

// RFC 4443 2.1: errors have the high bit clear.
inline constexpr std::uint8_t kIcmpv6InformationalMin = 128;

// Codes of `unreachable`, RFC 4443 3.1.
inline constexpr std::uint8_t kUnreachable6NoRoute = 0;
inline constexpr std::uint8_t kUnreachable6Prohibited = 1;
inline constexpr std::uint8_t kUnreachable6BeyondScope = 2;
inline constexpr std::uint8_t kUnreachable6Address = 3;
inline constexpr std::uint8_t kUnreachable6Port = 4;

}  // namespace anteroom
