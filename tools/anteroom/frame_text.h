// Frames as lines of text: segments in the one notation with numbers relative to their flow; ARP,
// neighbor discovery, ICMP and UDP in a few words. Not here: captures (trace.cc).
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>

#include <anteroom/address.h>
#include <anteroom/bytes.h>
#include <anteroom/config.h>

#include "stack/wire/ip.h"

namespace anteroom::tools {

// One frame, told.
struct FrameText {
  std::string source;  // "192.0.2.2:40000"; the link address where there is no other
  std::string target;
  std::string what;  // "S. 0:0(0) ack 1 win 65535 <mss 1460>"
  bool is_segment = false;
};

// Remembers the first sequence number of each flow that it has seen.
class FrameTeller {
 public:
  // `excerpt_bytes_max`: of payload, behind the segment; 0 for none.
  FrameTeller(Medium medium, std::size_t excerpt_bytes_max)
      : medium_(medium), excerpt_bytes_max_(excerpt_bytes_max) {}

  FrameText tell(Bytes frame);

 private:
  // One direction of a flow: both addresses and ports, the sender first.
  using Direction = std::array<std::uint8_t, 36>;
  static Direction direction_of(const Endpoint& sender, const Endpoint& receiver);

  FrameText tell_packet(Bytes packet);
  std::string tell_segment(const IpHeader& ip, Bytes bytes);

  Medium medium_;
  std::size_t excerpt_bytes_max_;
  std::map<Direction, std::uint32_t> first_;  // the sequence number that counts as 0
};

}  // namespace anteroom::tools
