// The quotation starts with the header of the packet it is about.
#include "stack/ip/icmp.h"

#include <algorithm>

#include "stack/wire/checksum.h"
#include "stack/wire/icmpv4.h"
#include "stack/wire/icmpv6.h"

namespace anteroom {
namespace {

std::uint16_t pseudo_sum_of(const IpHeader& header, std::size_t bytes) {
  if (header.is_v4()) return 0;
  return pseudo_header_sum(header.source, header.destination, kProtocolIcmpv6, bytes);
}

IcmpMeaning meaning_of_v4(const IcmpMessage& message) {
  switch (static_cast<IcmpType>(message.type)) {
    case IcmpType::echo_request: return IcmpMeaning::echo_request;
    case IcmpType::time_exceeded:
    case IcmpType::parameter_problem: return IcmpMeaning::error;
    case IcmpType::unreachable: break;
    default: return IcmpMeaning::ignored;
  }
  switch (message.code) {
    case kUnreachableFragmentationNeeded: return IcmpMeaning::too_big;
    case kUnreachablePort: return IcmpMeaning::port_unreachable;
    case kUnreachableProtocol: return IcmpMeaning::protocol_unreachable;
    default: return IcmpMeaning::error;
  }
}

IcmpMeaning meaning_of_v6(const IcmpMessage& message) {
  switch (static_cast<Icmpv6Type>(message.type)) {
    case Icmpv6Type::echo_request: return IcmpMeaning::echo_request;
    case Icmpv6Type::neighbor_solicitation:
    case Icmpv6Type::neighbor_advertisement: return IcmpMeaning::neighbor;
    case Icmpv6Type::packet_too_big: return IcmpMeaning::too_big;
    case Icmpv6Type::time_exceeded: return IcmpMeaning::error;
    case Icmpv6Type::unreachable:
      return message.code == kUnreachable6Port ? IcmpMeaning::port_unreachable : IcmpMeaning::error;
    case Icmpv6Type::parameter_problem:
      return message.code == kProblemNextHeader ? IcmpMeaning::protocol_unreachable
                                                : IcmpMeaning::error;
    default: return IcmpMeaning::ignored;
  }
}

// RFC 1122 3.2.2: no error about an error; of echoes there may be.
bool is_icmp_error(const IpPacket& packet) {
  const std::uint8_t type = packet.payload.empty() ? 0 : packet.payload[0];
  if (packet.header.protocol == kProtocolIcmpv6) {
    return packet.payload.empty() || type < kIcmpv6InformationalMin ||
           type == static_cast<std::uint8_t>(Icmpv6Type::redirect);
  }
  if (packet.header.protocol != kProtocolIcmp) return false;
  return packet.payload.empty() || (type != static_cast<std::uint8_t>(IcmpType::echo_request) &&
                                    type != static_cast<std::uint8_t>(IcmpType::echo_reply));
}

bool may_tell(const IpPacket& about, bool to_group) {
  const IpHeader& header = about.header;
  return !to_group && header.fragment_offset_bytes == 0 && !header.source.is_any() &&
         !is_icmp_error(about);
}

void finish(IcmpMessage message, const IpPacket& about, IcmpError& error) {
  const bool v4 = about.header.is_v4();
  const std::size_t room = v4 ? kIpv4HeaderBytes + 8 : error.bytes.size() - kIcmpHeaderBytes;
  const MutableBytes quotation = MutableBytes(error.bytes).subspan(kIcmpHeaderBytes).first(room);
  std::size_t quoted = 0;
  if (v4 || about.headers.empty()) {
    quoted = emit_ip(about.header, quotation);
  } else {
    quoted = std::min(about.headers.size(), room);
    copy_bytes(quotation, about.headers.first(quoted));
  }
  const std::size_t rest = std::min(room - quoted, about.payload.size());
  copy_bytes(quotation.subspan(quoted), about.payload.first(rest));
  IpHeader back;
  back.source = about.header.destination;
  back.destination = about.header.source;
  message.body = quotation.first(quoted + rest);
  error.size =
      emit_icmp(message, error.bytes, pseudo_sum_of(back, kIcmpHeaderBytes + message.body.size()));
}

}  // namespace

IcmpMeaning meaning_of(const IpHeader& ip, const IcmpMessage& message) {
  return ip.is_v4() ? meaning_of_v4(message) : meaning_of_v6(message);
}

Result<IcmpMessage, DropReason> parse_icmp(const IpPacket& packet) {
  return parse_icmp(packet.payload, pseudo_sum_of(packet.header, packet.payload.size()));
}

void make_echo_reply(const IpHeader& reply, MutableBytes message) {
  message[0] = reply.is_v4() ? static_cast<std::uint8_t>(IcmpType::echo_reply)
                             : static_cast<std::uint8_t>(Icmpv6Type::echo_reply);
  store_be16(message.data() + 2, 0);
  const std::uint16_t sum = sum_of(ones_sum(message), pseudo_sum_of(reply, message.size()));
  store_be16(message.data() + 2, checksum_field(sum));
}

bool make_icmp_error(IcmpCause cause, const IpPacket& about, bool to_group, IcmpError& error) {
  if (!may_tell(about, to_group)) return false;
  const bool v4 = about.header.is_v4();
  const auto message = [](auto type, std::uint8_t code, std::uint32_t rest = 0) {
    return IcmpMessage{static_cast<std::uint8_t>(type), code, rest, {}};
  };
  switch (cause) {
    case IcmpCause::protocol_unreachable:
      // RFC 4443 3.4: the pointer is to the field that names it, in the last header before it.
      finish(v4 ? message(IcmpType::unreachable, kUnreachableProtocol)
                : message(Icmpv6Type::parameter_problem, kProblemNextHeader,
                          next_header_position(about)),
             about, error);
      return true;
    case IcmpCause::port_unreachable:
      finish(v4 ? message(IcmpType::unreachable, kUnreachablePort)
                : message(Icmpv6Type::unreachable, kUnreachable6Port),
             about, error);
      return true;
    case IcmpCause::reassembly_time:
      finish(v4 ? message(IcmpType::time_exceeded, kReassemblyTimeExceeded)
                : message(Icmpv6Type::time_exceeded, kReassemblyTimeExceeded),
             about, error);
      return true;
  }
  return false;
}

bool make_icmp_error(const ParameterProblem& problem, const IpPacket& about, bool to_group,
                     IcmpError& error) {
  if (!may_tell(about, to_group && !problem.even_to_group)) return false;
  finish(
      {static_cast<std::uint8_t>(Icmpv6Type::parameter_problem), problem.code, problem.pointer, {}},
      about, error);
  return true;
}

std::optional<QuotedSegment> quoted_tcp(const IcmpMessage& message) {
  const auto packet = parse_ip_quoted(message.body);
  if (!packet || packet->header.protocol != kProtocolTcp || packet->payload.size() < 8 ||
      packet->header.fragment_offset_bytes != 0) {
    return std::nullopt;
  }
  const std::uint8_t* at = packet->payload.data();
  const auto packet_bytes =
      static_cast<std::uint32_t>(packet->headers.size() + packet->header.payload_bytes);
  return QuotedSegment{packet->header, load_be16(at), load_be16(at + 2), load_be32(at + 4),
                       packet_bytes};
}

}  // namespace anteroom
