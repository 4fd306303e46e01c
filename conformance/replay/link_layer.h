// From a captured frame to the IP packet in it: Ethernet with VLAN tags and PPPoE, raw IP, Linux
// cooked 1 and 2, null and loopback. The shapes are those of libpcap's list of link types.
// Not here: files (capture.h), what is in the packet (segment.h).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>

#include <anteroom/bytes.h>
#include <anteroom/result.h>

namespace anteroom::replay {

// Why a packet of the capture was not played.
enum class Skip : std::uint8_t {
  empty,             // no byte of it was captured
  link_cut,          // the link's header is not whole
  not_ip,            // ARP and the like
  ip_version,        // neither 4 nor 6
  ip_extension,      // an IPv6 extension header that is not whole, or not to be passed over
  ip_cut,            // the IP header is not whole
  ip_header,         // lengths that contradict one another
  not_tcp,           // another protocol
  fragment_cut,      // a fragment whose bytes were not all captured
  fragment,          // malformed, overlapping or one too many
  fragment_missing,  // a datagram whose other fragments never came
  tcp_cut,           // the TCP header is not whole
  tcp_header,        // a data offset that cannot be
  same_ends,         // both ends are the same
  duplicate,         // the capture has the same packet more than once
  count_,
};
inline constexpr std::size_t kSkips = static_cast<std::size_t>(Skip::count_);
using SkipCounts = std::array<std::uint64_t, kSkips>;

// A few words for people; valid for ever.
const char* to_string(Skip skip);

// True for link types that ip_of() understands; these are libpcap's DLT_ numbers.
bool is_known_link_type(int link_type);
std::string name_of_link_type(int link_type);

// The IP packet inside: the rest of the frame, link padding included.
Result<Bytes, Skip> ip_of(int link_type, Bytes frame);

}  // namespace anteroom::replay
