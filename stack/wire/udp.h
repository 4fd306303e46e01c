// The UDP header, RFC 768: as much as a host without UDP sockets needs to refuse a datagram.
#pragma once

#include <anteroom/bytes.h>
#include <anteroom/result.h>
#include <anteroom/stats.h>

#include "stack/base/bytes.h"

namespace anteroom {

inline constexpr std::size_t kUdpHeaderBytes = 8;

struct UdpHeader {
  std::uint16_t source_port = 0;
  std::uint16_t destination_port = 0;
  std::uint16_t length = 0;  // header and data
  std::uint16_t checksum = 0;
};

inline Result<UdpHeader, DropReason> parse_udp(Bytes datagram) {
  if (datagram.size() < kUdpHeaderBytes) return DropReason::udp_malformed;
  const std::uint8_t* at = datagram.data();
  const UdpHeader header{load_be16(at), load_be16(at + 2), load_be16(at + 4), load_be16(at + 6)};
  if (header.length < kUdpHeaderBytes || header.length > datagram.size()) {
    return DropReason::udp_malformed;
  }
  return header;
}

}  // namespace anteroom
