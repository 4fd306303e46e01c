// ICMP messages that a host sends or heeds: RFC 792, with the next-hop MTU of RFC 1191 4.
#pragma once

#include <cstdint>

#include <anteroom/bytes.h>
#include <anteroom/result.h>
#include <anteroom/stats.h>

#include "stack/base/bytes.h"

namespace anteroom {

inline constexpr std::size_t kIcmpHeaderBytes = 8;

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

struct IcmpMessage {
  std::uint8_t type = 0;
  std::uint8_t code = 0;
  std::uint32_t rest = 0;  // identifier and sequence, or the next-hop MTU in the low half
  Bytes body;              // echo data, or the quoted packet; lives as long as the message
};

// Checks length and checksum.
Result<IcmpMessage, DropReason> parse_icmpv4(Bytes message);
// Writes header, body and checksum to the start of `out`; the number of bytes written.
std::size_t emit_icmpv4(const IcmpMessage& message, MutableBytes out);

}  // namespace anteroom
