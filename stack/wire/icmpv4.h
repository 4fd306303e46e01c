// The ICMP types that an IPv4 host sends or heeds: RFC 792, with the next-hop MTU of RFC 1191 4 in
// the low half of IcmpMessage::rest.
#pragma once

#include "stack/wire/icmp.h"

namespace anteroom {

enum class IcmpType : std::uint8_t {
  echo_reply = 0,
  unreachable = 3,
  echo_request = 8,
  time_exceeded = 11,
  parameter_problem = 12,
};

// Codes of `unreachable`, RFC 792 and RFC 1122 3.2.2.1.
inline constexpr std::uint8_t kUnreachableNetwork = 0;
inline constexpr std::uint8_t kUnreachableHost = 1;
inline constexpr std::uint8_t kUnreachableProtocol = 2;
inline constexpr std::uint8_t kUnreachablePort = 3;
inline constexpr std::uint8_t kUnreachableFragmentationNeeded = 4;
// Of `time_exceeded`.
inline constexpr std::uint8_t kReassemblyTimeExceeded = 1;

}  // namespace anteroom
