// One header after the other; each says how long it is and what comes next.
#include "stack/wire/ipv6_extensions.h"

#include "stack/base/bytes.h"

namespace anteroom {
namespace {

constexpr std::uint32_t kNextHeaderField = 6;  // in the IPv6 header
constexpr std::uint32_t kPayloadLengthField = 4;

ExtensionVerdict malformed() { return {DropReason::ip_options_malformed, std::nullopt}; }

// Where in the packet the payload starts; of one put together, behind the IPv6 header.
std::uint32_t position_of(const IpPacket& packet) {
  const std::size_t before = packet.headers.empty() ? kIpv6HeaderBytes : packet.headers.size();
  return static_cast<std::uint32_t>(before);
}

// RFC 8200 4.2: the two highest bits of an option that we don't know say what to do about it.
ExtensionVerdict refuse_option(std::uint8_t type, std::uint32_t position) {
  const ParameterProblem problem{kProblemOption, position, type >> 6 == 2};
  switch (type >> 6) {
    case 0: return {};
    case 1: return {DropReason::ip_option_unknown, std::nullopt};
    default: return {DropReason::ip_option_unknown, problem};
  }
}

// The options of one header, from byte 2 on.
ExtensionVerdict check_options(Bytes header, std::uint32_t position) {
  constexpr std::uint8_t kPad1 = 0;
  constexpr std::uint8_t kPadN = 1;
  for (std::size_t at = 2; at < header.size();) {
    const std::uint8_t type = header[at];
    if (type == kPad1) {
      ++at;
      continue;
    }
    if (at + 2 > header.size() || at + 2 + header[at + 1] > header.size()) return malformed();
    if (type != kPadN) {
      const auto verdict = refuse_option(type, position + static_cast<std::uint32_t>(at));
      if (verdict.refused) return verdict;
    }
    at += 2u + header[at + 1];
  }
  return {};
}

// RFC 8200 4.4 and RFC 5095: whatever the type, nothing is routed on from here.
ExtensionVerdict check_routing(Bytes header, std::uint32_t position) {
  if (header[3] == 0) return {};
  return {DropReason::ip_source_route, ParameterProblem{kProblemErroneousField, position + 2}};
}

// Moves the view past `bytes` of its payload.
void step(IpPacket& packet, std::size_t bytes) {
  packet.header.protocol = packet.payload[0];
  packet.header.payload_bytes = static_cast<std::uint16_t>(packet.header.payload_bytes - bytes);
  if (!packet.headers.empty()) {
    packet.headers = Bytes(packet.headers.data(), packet.headers.size() + bytes);
  }
  packet.payload = packet.payload.subspan(bytes);
}

// RFC 8200 4.5. A fragment that is a whole datagram passes at once, RFC 6946 4.
ExtensionVerdict take_fragment(IpPacket& packet) {
  constexpr std::uint32_t kOffsetField = 2;
  const std::uint32_t position = position_of(packet);
  const std::uint16_t word = load_be16(packet.payload.data() + 2);
  packet.header.fragment_offset_bytes = word & 0xfff8;
  packet.header.more_fragments = (word & 1) != 0;
  packet.header.identification = load_be32(packet.payload.data() + 4);
  step(packet, kIpv6FragmentHeaderBytes);
  const IpHeader& header = packet.header;
  if (!header.is_fragment()) return {};
  if (header.more_fragments && header.payload_bytes % 8 != 0) {
    return {DropReason::fragment_malformed,
            ParameterProblem{kProblemErroneousField, kPayloadLengthField}};
  }
  if (std::uint32_t{header.fragment_offset_bytes} + header.payload_bytes > UINT16_MAX) {
    return {DropReason::fragment_malformed,
            ParameterProblem{kProblemErroneousField, position + kOffsetField}};
  }
  return {};
}

// Of the header that the payload starts with; 0 where it is not whole.
std::size_t extension_bytes(const IpPacket& packet) {
  const Bytes payload = packet.payload;
  if (payload.size() < 8) return 0;
  const std::size_t bytes =
      packet.header.protocol == kExtensionFragment ? 8u : (payload[1] + 1u) * 8u;
  return bytes <= payload.size() ? bytes : 0;
}

ExtensionVerdict take_one(IpPacket& packet, std::size_t bytes) {
  const Bytes header = packet.payload.first(bytes);
  const std::uint32_t position = position_of(packet);
  if (packet.header.protocol == kExtensionFragment) return take_fragment(packet);
  const ExtensionVerdict verdict = packet.header.protocol == kExtensionRouting
                                       ? check_routing(header, position)
                                       : check_options(header, position);
  if (!verdict.refused) step(packet, bytes);
  return verdict;
}

}  // namespace

std::uint32_t next_header_position(const IpPacket& packet) {
  std::uint8_t protocol = packet.headers.empty() ? kExtensionNone : packet.headers[6];
  std::size_t named_at = kNextHeaderField;
  for (std::size_t at = kIpv6HeaderBytes; at + 8 <= packet.headers.size();) {
    const bool fragment = protocol == kExtensionFragment;
    protocol = packet.headers[at];
    named_at = at;
    at += fragment ? 8u : (packet.headers[at + 1] + 1u) * 8u;
  }
  return static_cast<std::uint32_t>(named_at);
}

ExtensionVerdict take_extensions(IpPacket& packet) {
  std::uint32_t named_at = kNextHeaderField;
  const std::size_t start = packet.headers.size();
  while (!is_upper_layer(packet.header.protocol)) {
    // RFC 8200 4.1: right behind the IPv6 header only.
    const bool first = start == kIpv6HeaderBytes && packet.headers.size() == start;
    if (packet.header.protocol == kExtensionHopByHop && !first) {
      return {DropReason::ip_unknown_protocol, ParameterProblem{kProblemNextHeader, named_at}};
    }
    const std::size_t bytes = extension_bytes(packet);
    if (bytes == 0) return malformed();
    named_at = position_of(packet);
    const ExtensionVerdict verdict = take_one(packet, bytes);
    // What follows a fragment header is for when the datagram is whole.
    if (verdict.refused || packet.header.is_fragment()) return verdict;
  }
  return {};
}

}  // namespace anteroom
