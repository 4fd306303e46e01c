// A corrupted frame is told as what it is now, as far as it still parses.
#include "conformance/simulation/trace.h"

#include <fmt/format.h>

#include <anteroom/testing/notation.h>

#include "stack/ip/icmp.h"
#include "stack/wire/arp.h"
#include "stack/wire/ethernet.h"
#include "stack/wire/ip.h"
#include "stack/wire/tcp_header.h"

namespace anteroom::simulation {

void Trace::frame(Instant now, std::string_view what, Bytes frame, std::string_view remark) {
  if (!is_on()) return;
  note(now, fmt::format("{} {}{}{}", what, tell(frame), remark.empty() ? "" : "   -- ", remark));
}

void Trace::note(Instant now, std::string_view text) {
  if (!is_on()) return;
  sink_(
      fmt::format("{:12.6f} {}", static_cast<double>(now.time_since_epoch().count()) / 1e9, text));
}

std::string Trace::tell(Bytes frame) {
  const auto ethernet = parse_ethernet(frame);
  if (!ethernet) return "a frame cut short";
  const Bytes packet_bytes = frame.subspan(kEthernetHeaderBytes);
  if (ethernet->type == kEtherTypeArp) {
    const auto arp = parse_arp(packet_bytes);
    if (!arp) return "ARP, malformed";
    return fmt::format("ARP {} {} to {}",
                       arp->operation == ArpOperation::request ? "question from" : "answer from",
                       to_string(arp->sender_ip), to_string(arp->target_ip));
  }
  if (ethernet->type != kEtherTypeIpv4 && ethernet->type != kEtherTypeIpv6) {
    return "a frame of no known type";
  }
  const auto packet = parse_ip(packet_bytes);
  if (!packet) return fmt::format("IP, {}", to_string(packet.error()));
  const IpHeader& header = packet->header;
  if (header.protocol == kProtocolTcp) {
    return tell_segment(header.source, header.destination, packet->payload);
  }
  std::string text =
      fmt::format("{} > {} ", to_string(header.source), to_string(header.destination));
  const auto icmp = parse_icmp(*packet);
  const std::uint8_t icmp_protocol = header.is_v4() ? kProtocolIcmp : kProtocolIcmpv6;
  if (header.protocol != icmp_protocol || !icmp) {
    return text + fmt::format("protocol {}", header.protocol);
  }
  return text + fmt::format("ICMP type {} code {} ({})", icmp->type, icmp->code, icmp->rest);
}

std::string Trace::tell_segment(const IpAddress& source, const IpAddress& destination,
                                Bytes segment) {
  const auto view = parse_tcp(segment);
  auto note = testing::note_of(segment);
  if (!view || !note) return "TCP, malformed";
  const TcpHeader& header = view->header;
  const Direction forward{to_string(Endpoint{source, header.source_port}),
                          to_string(Endpoint{destination, header.destination_port})};
  const Direction backward{forward.second, forward.first};
  const bool syn = (header.flags & tcp_flag::syn) != 0;
  const bool ack = (header.flags & tcp_flag::ack) != 0;
  if (syn && !ack) first_.erase(backward);  // a new connection, perhaps on an old flow
  if (syn) first_[forward] = header.seq;
  note->seq -= first_.try_emplace(forward, header.seq).first->second;
  if (ack) {
    const std::uint32_t peer_first = first_.try_emplace(backward, header.ack - 1).first->second;
    note->ack -= peer_first;
    if (note->options) {
      for (auto& [left, right] : note->options->sack) {
        left -= peer_first;
        right -= peer_first;
      }
    }
  }
  note->payload.reset();
  return fmt::format("{} > {} {}", forward.first, forward.second, testing::to_string(*note));
}

}  // namespace anteroom::simulation
