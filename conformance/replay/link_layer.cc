// Headers are stepped over; what they say besides the protocol is of no interest.
#include "conformance/replay/link_layer.h"

#include <algorithm>

#include <pcap/pcap.h>

namespace anteroom::replay {
namespace {

constexpr std::uint16_t kTypeIpv4 = 0x0800;
constexpr std::uint16_t kTypeIpv6 = 0x86dd;
constexpr std::uint16_t kTypePppoe = 0x8864;
constexpr std::size_t kEthernetBytes = 14;
constexpr std::size_t kCooked1Bytes = 16;
constexpr std::size_t kCooked2Bytes = 20;
constexpr std::size_t kNullBytes = 4;
constexpr std::size_t kTagsMax = 8;
// A raw IP file may have any of these; libpcap keeps what the file says.
constexpr int kLinkTypeRawInFile = 101;

std::uint16_t word(Bytes bytes, std::size_t at) {
  return static_cast<std::uint16_t>(bytes[at] << 8 | bytes[at + 1]);
}

// 802.1Q, 802.1ad and what came before it.
bool is_tag(std::uint16_t type) {
  return type == 0x8100 || type == 0x88a8 || type == 0x9100 || type == 0x9200;
}

// What follows a type field at `at`.
Result<Bytes, Skip> behind_type(Bytes frame, std::size_t at) {
  for (std::size_t tags = 0; tags <= kTagsMax; ++tags) {
    if (frame.size() < at + 2) return Skip::link_cut;
    const std::uint16_t type = word(frame, at);
    at += 2;
    if (type == kTypeIpv4 || type == kTypeIpv6) return frame.subspan(at);
    if (type == kTypePppoe) {
      // Six bytes of RFC 2516 4, then the protocol of RFC 1661 2: 0x0021 and 0x0057 are IP.
      if (frame.size() < at + 8) return Skip::link_cut;
      const std::uint16_t protocol = word(frame, at + 6);
      if (protocol != 0x0021 && protocol != 0x0057) return Skip::not_ip;
      return frame.subspan(at + 8);
    }
    if (!is_tag(type)) return Skip::not_ip;
    at += 2;
  }
  return Skip::not_ip;
}

// Four bytes with the number of an address family, in the order of the host that captured. IPv6 has
// a different number on each system, so only the packet itself is asked.
Result<Bytes, Skip> behind_family(Bytes frame) {
  if (frame.size() < kNullBytes) return Skip::link_cut;
  const std::uint32_t big = std::uint32_t{word(frame, 0)} << 16 | word(frame, 2);
  const std::uint32_t family = std::min(big, __builtin_bswap32(big));
  constexpr std::uint32_t kFamilies[] = {2, 10, 24, 28, 30};
  if (std::find(std::begin(kFamilies), std::end(kFamilies), family) == std::end(kFamilies)) {
    return Skip::not_ip;
  }
  return frame.subspan(kNullBytes);
}

Result<Bytes, Skip> behind_cooked_2(Bytes frame) {
  if (frame.size() < kCooked2Bytes) return Skip::link_cut;
  const std::uint16_t type = word(frame, 0);
  if (type == kTypeIpv4 || type == kTypeIpv6) return frame.subspan(kCooked2Bytes);
  if (!is_tag(type)) return Skip::not_ip;
  return behind_type(frame, kCooked2Bytes + 2);
}

}  // namespace

const char* to_string(Skip skip) {
  switch (skip) {
    case Skip::empty: return "no byte of the packet was captured";
    case Skip::link_cut: return "the link header is cut short";
    case Skip::not_ip: return "no IP packet";
    case Skip::ip_version: return "an IP version that is neither 4 nor 6";
    case Skip::ip_extension: return "IPv6 extension headers that a host refuses, or cut short";
    case Skip::ip_cut: return "the IP header is cut short";
    case Skip::ip_header: return "the lengths in the IP header contradict one another";
    case Skip::not_tcp: return "no TCP segment";
    case Skip::fragment_cut: return "a fragment that was not captured whole";
    case Skip::fragment: return "a fragment that is malformed or overlaps another";
    case Skip::fragment_missing: return "a datagram whose fragments did not all come";
    case Skip::tcp_cut: return "the TCP header is cut short";
    case Skip::tcp_header: return "a TCP data offset that cannot be";
    case Skip::same_ends: return "both ends have the same address and port";
    case Skip::duplicate: return "in the capture more than once";
    case Skip::count_: break;
  }
  return "";
}

bool is_known_link_type(int link_type) {
  switch (link_type) {
    case DLT_EN10MB:
    case DLT_RAW:
    case kLinkTypeRawInFile:
    case DLT_IPV4:
    case DLT_IPV6:
    case DLT_LINUX_SLL:
    case DLT_LINUX_SLL2:
    case DLT_NULL:
    case DLT_LOOP: return true;
    default: return false;
  }
}

std::string name_of_link_type(int link_type) {
  const char* name = pcap_datalink_val_to_name(link_type);
  return name != nullptr ? name : "number " + std::to_string(link_type);
}

Result<Bytes, Skip> ip_of(int link_type, Bytes frame) {
  if (frame.empty()) return Skip::empty;
  switch (link_type) {
    case DLT_EN10MB: return behind_type(frame, kEthernetBytes - 2);
    case DLT_LINUX_SLL: return behind_type(frame, kCooked1Bytes - 2);
    case DLT_LINUX_SLL2: return behind_cooked_2(frame);
    case DLT_NULL:
    case DLT_LOOP: return behind_family(frame);
    default: return frame;
  }
}

}  // namespace anteroom::replay
