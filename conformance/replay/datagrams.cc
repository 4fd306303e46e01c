// Time for fragments is the capture's.
#include "conformance/replay/datagrams.h"

#include "stack/wire/ipv6_extensions.h"

namespace anteroom::replay {
namespace {

Limits reassembly_limits(const ReplayLimits& limits) {
  Limits out;
  out.reassemblies_max = limits.reassemblies_max;
  out.reassembly_bytes_max = limits.reassembly_bytes_max;
  // Captures have fragments of eight bytes; a whole datagram may be made of them.
  out.fragments_per_datagram_max = 8'192;
  return out;
}

}  // namespace

Datagrams::Datagrams(int link_type, const ReplayLimits& limits)
    : link_type_(link_type),
      limits_(reassembly_limits(limits)),
      pool_(std::uint64_t{limits.reassembly_bytes_max} * 2),
      reassembly_(limits_, pool_) {}

std::optional<Segment> Datagrams::skip(Skip reason) {
  ++skips_[static_cast<std::size_t>(reason)];
  return std::nullopt;
}

void Datagrams::expire(Instant now) {
  std::optional<ReassemblyTimeout> unused;
  while (reassembly_.next_deadline() && *reassembly_.next_deadline() <= now) {
    unused.reset();
    if (!reassembly_.expire_one(now, unused)) break;
    skip(Skip::fragment_missing);
  }
}

void Datagrams::finish() { expire(Instant::max()); }

std::optional<Segment> Datagrams::take(const CapturedFrame& frame) {
  expire(Instant(frame.at));
  const auto packet = ip_of(link_type_, frame.bytes);
  if (!packet) return skip(packet.error());
  const std::size_t link_bytes = frame.bytes.size() - packet->size();
  const auto ip = read_ip(*packet, frame.original_bytes - link_bytes);
  if (!ip) return skip(ip.error());
  // Only a whole datagram is worth putting together, and only of segments.
  const bool may_hold_one =
      !ip->source.is_v4() && ip->is_fragment() && !is_upper_layer(ip->protocol);
  if (ip->protocol != kProtocolTcp && !may_hold_one) return skip(Skip::not_tcp);
  if (ip->is_fragment()) return take_fragment(frame, *ip);
  return take_whole(frame, *ip);
}

std::optional<Segment> Datagrams::take_fragment(const CapturedFrame& frame, IpPart ip) {
  if (ip.payload.size() < ip.payload_bytes) return skip(Skip::fragment_cut);
  IpHeader header;
  header.source = ip.source;
  header.destination = ip.destination;
  header.protocol = ip.protocol;
  header.hop_limit = ip.hop_limit;
  header.dscp = ip.traffic_class >> 2;
  header.ecn = ip.traffic_class & 3;
  header.identification = ip.identification;
  header.more_fragments = ip.more_fragments;
  header.fragment_offset_bytes = ip.fragment_offset_bytes;
  header.payload_bytes = static_cast<std::uint16_t>(ip.payload_bytes);
  const auto whole = reassembly_.add(Instant(frame.at), header, ip.payload);
  if (!whole) return skip(Skip::fragment);
  if (!*whole) return std::nullopt;
  ++reassembled_;
  ip.payload = (*whole)->payload;
  ip.payload_bytes = ip.payload.size();
  ip.protocol = (*whole)->header.protocol;
  const auto inner = read_reassembled(ip);
  if (!inner) return skip(inner.error());
  if (inner->protocol != kProtocolTcp) return skip(Skip::not_tcp);
  return take_whole(frame, *inner);
}

std::optional<Segment> Datagrams::take_whole(const CapturedFrame& frame, const IpPart& ip) {
  auto segment = read_segment(ip);
  if (!segment) return skip(segment.error());
  segment->number = frame.number;
  segment->at = frame.at;
  return std::move(*segment);
}

}  // namespace anteroom::replay
