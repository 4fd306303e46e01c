// The quotation starts with the header of the packet it is about.
#include "stack/ip/icmp.h"

#include <algorithm>

namespace anteroom {

bool may_send_icmp_error(const Ipv4Packet& about, bool broadcast) {
  if (broadcast || about.header.fragment_offset_bytes != 0) return false;
  if (about.header.protocol != kProtocolIcmp) return true;
  if (about.payload.empty()) return false;
  const std::uint8_t type = about.payload[0];
  return type == static_cast<std::uint8_t>(IcmpType::echo_request) ||
         type == static_cast<std::uint8_t>(IcmpType::echo_reply);
}

IcmpError make_icmp_error(IcmpType type, std::uint8_t code, const Ipv4Header& about,
                          Bytes payload) {
  std::array<std::uint8_t, kIpv4HeaderBytes + 8> quotation{};
  emit_ipv4(about, quotation);
  const std::size_t quoted = std::min<std::size_t>(8, payload.size());
  copy_bytes(MutableBytes(quotation).subspan(kIpv4HeaderBytes), payload.first(quoted));
  IcmpError error;
  const IcmpMessage message{static_cast<std::uint8_t>(type), code, 0,
                            Bytes(quotation).first(kIpv4HeaderBytes + quoted)};
  error.size = emit_icmpv4(message, error.bytes);
  return error;
}

std::optional<QuotedSegment> quoted_tcp(const IcmpMessage& message) {
  const auto packet = parse_ipv4_quoted(message.body);
  if (!packet || packet->header.protocol != kProtocolTcp || packet->payload.size() < 8 ||
      packet->header.fragment_offset_bytes != 0) {
    return std::nullopt;
  }
  const std::uint8_t* at = packet->payload.data();
  return QuotedSegment{packet->header, load_be16(at), load_be16(at + 2), load_be32(at + 4)};
}

bool is_hard_unreachable(const IcmpMessage& message) {
  return message.type == static_cast<std::uint8_t>(IcmpType::unreachable) &&
         (message.code == kUnreachableProtocol || message.code == kUnreachablePort);
}

}  // namespace anteroom
