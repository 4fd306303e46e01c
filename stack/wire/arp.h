// ARP for IPv4 over Ethernet, RFC 826.
#pragma once

#include <anteroom/address.h>
#include <anteroom/result.h>
#include <anteroom/stats.h>

#include "stack/base/bytes.h"

namespace anteroom {

inline constexpr std::size_t kArpBytes = 28;

enum class ArpOperation : std::uint16_t { request = 1, reply = 2 };

struct ArpPacket {
  ArpOperation operation = ArpOperation::request;
  MacAddress sender_mac;
  IpAddress sender_ip;
  MacAddress target_mac;
  IpAddress target_ip;

  friend bool operator==(const ArpPacket&, const ArpPacket&) = default;
};

Result<ArpPacket, DropReason> parse_arp(Bytes packet);
// Writes kArpBytes bytes to the start of `out`.
void emit_arp(const ArpPacket& packet, MutableBytes out);

}  // namespace anteroom
