// Answers that belong to no connection: resets, ICMP errors. Not here: when there is to be one, and
// what it says (tcp/stateless.h, ip/icmp.h).
#include "stack/parts.h"
#include "stack/tcp/stateless.h"
#include "stack/wire/checksum.h"

namespace anteroom {

// The header of an answer without a connection.
IpHeader Stack::Parts::answer_to(const IpHeader& header) {
  IpHeader answer;
  answer.source = header.destination;
  answer.destination = header.source;
  answer.protocol = header.protocol;
  answer.hop_limit = config.tcp.hop_limit;
  answer.identification = static_cast<std::uint32_t>(rng.next());
  if (header.is_v4()) answer.identification &= UINT16_MAX;
  return answer;
}

void Stack::Parts::reply_icmp_error(Instant now, IcmpCause cause, const IpPacket& about,
                                    bool to_group) {
  IcmpError error;
  if (!make_icmp_error(cause, about, to_group, error)) return drop(DropReason::icmp_rate_limit);
  reply_icmp_error(now, about.header, error);
}

void Stack::Parts::reply_icmp_error(Instant now, const IpHeader& about, const IcmpError& error) {
  if (!icmp_errors.allow(now)) return drop(DropReason::icmp_rate_limit);
  IpHeader header = answer_to(about);
  header.protocol = about.is_v4() ? kProtocolIcmp : kProtocolIcmpv6;
  if (!outbox.push(header, Bytes(error.bytes).first(error.size))) {
    return drop(DropReason::reply_queue_full);
  }
  ++stats.icmp_errors_out;
}

void Stack::Parts::reply_reset(const Flow& flow, const Segment& segment) {
  const auto reset = reset_for(segment);
  if (!reset) return;
  reply_segment(flow, *reset);
  ++stats.resets_out;
}

void Stack::Parts::reply_segment(const Flow& flow, const OutgoingSegment& segment) {
  std::array<std::uint8_t, kTcpHeaderBytesMax> bytes;
  const TcpHeader tcp{flow.local.port,
                      flow.remote.port,
                      segment.seq.value(),
                      segment.ack.value(),
                      segment.flags,
                      segment.window,
                      0,
                      0};
  const Written header_written = emit_tcp(tcp, segment.options, bytes);
  const MutableBytes written = MutableBytes(bytes).first(header_written.bytes);
  finish_tcp_checksum(
      written, header_written,
      pseudo_header_sum(flow.local.address, flow.remote.address, kProtocolTcp, written.size()));
  IpHeader header;
  header.source = flow.local.address;
  header.destination = flow.remote.address;
  header.protocol = kProtocolTcp;
  header.hop_limit = config.tcp.hop_limit;
  header.dont_fragment = true;
  if (!outbox.push(header, written)) return drop(DropReason::reply_queue_full);
  ++stats.segments_out;
}

}  // namespace anteroom
