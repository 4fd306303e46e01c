// Offsets are those of RFC 791 3.1, RFC 8200 3 and RFC 9293 3.1.
#include "conformance/replay/segment.h"

#include <algorithm>

#include "conformance/runner/packets.h"
#include "stack/wire/checksum.h"
#include "stack/wire/ipv6.h"
#include "stack/wire/ipv6_extensions.h"

namespace anteroom::replay {
namespace {

constexpr std::size_t kIpBytes = kIpv4HeaderBytes;
constexpr std::size_t kTcpBytes = 20;

std::uint16_t word(Bytes bytes, std::size_t at) {
  return static_cast<std::uint16_t>(bytes[at] << 8 | bytes[at + 1]);
}
std::uint32_t long_word(Bytes bytes, std::size_t at) {
  return std::uint32_t{word(bytes, at)} << 16 | word(bytes, at + 2);
}
void put_word(std::uint8_t* out, std::size_t value) {
  out[0] = static_cast<std::uint8_t>(value >> 8);
  out[1] = static_cast<std::uint8_t>(value);
}
void put_long(std::uint8_t* out, std::uint32_t value) {
  put_word(out, value >> 16);
  put_word(out + 2, value & 0xffff);
}

Result<IpPart, Skip> read_ipv4(Bytes packet, std::size_t original_bytes) {
  if (packet.size() < kIpBytes) return Skip::ip_cut;
  const std::size_t header_bytes = (packet[0] & 0xf) * 4u;
  if (header_bytes < kIpBytes) return Skip::ip_header;
  if (packet.size() < header_bytes) return Skip::ip_cut;
  std::size_t total = word(packet, 2);
  if (total == 0) total = original_bytes;
  if (total < header_bytes) return Skip::ip_header;
  // More than there ever was: cut by a tool that did not say so, where most of it is there; else
  // the header is damaged.
  if (total > original_bytes && original_bytes < total / 2 + kIpBytes + kTcpBytes) {
    return Skip::ip_header;
  }
  IpPart ip;
  ip.source = IpAddress::v4(long_word(packet, 12));
  ip.destination = IpAddress::v4(long_word(packet, 16));
  ip.traffic_class = packet[1];
  ip.hop_limit = packet[8];
  ip.protocol = packet[9];
  ip.identification = word(packet, 4);
  ip.fragment_offset_bytes = static_cast<std::uint16_t>((word(packet, 6) & 0x1fff) * 8);
  ip.more_fragments = (word(packet, 6) & 0x2000) != 0;
  ip.payload_bytes = total - header_bytes;
  ip.payload = packet.subspan(header_bytes);
  ip.payload = ip.payload.first(std::min(ip.payload.size(), ip.payload_bytes));
  return ip;
}

// Moves the payload past extension headers.
Result<IpPart, Skip> past_extensions(IpPacket& packet, IpPart ip) {
  const std::size_t before = packet.payload.size();
  if (take_extensions(packet).refused) return Skip::ip_extension;
  ip.protocol = packet.header.protocol;
  ip.identification = packet.header.identification;
  ip.fragment_offset_bytes = packet.header.fragment_offset_bytes;
  ip.more_fragments = packet.header.more_fragments;
  ip.payload = packet.payload;
  ip.payload_bytes -= before - packet.payload.size();
  return ip;
}

Result<IpPart, Skip> read_ipv6(Bytes packet, std::size_t original_bytes) {
  if (packet.size() < kIpv6HeaderBytes) return Skip::ip_cut;
  // What was cut off is not missed.
  auto parsed = parse_ipv6_quoted(packet);
  if (!parsed) return Skip::ip_header;
  IpPart ip;
  ip.source = parsed->header.source;
  ip.destination = parsed->header.destination;
  ip.traffic_class = static_cast<std::uint8_t>(parsed->header.dscp << 2 | parsed->header.ecn);
  ip.hop_limit = parsed->header.hop_limit;
  ip.payload_bytes = parsed->header.payload_bytes;
  const std::size_t there = std::max(original_bytes, packet.size()) - kIpv6HeaderBytes;
  if (ip.payload_bytes == 0) {
    ip.payload_bytes = there;
    parsed->payload = packet.subspan(kIpv6HeaderBytes);
  }
  if (ip.payload_bytes > there && there < ip.payload_bytes / 2 + kTcpBytes) return Skip::ip_header;
  return past_extensions(*parsed, ip);
}

void take_option(std::uint8_t kind, Bytes data, ReadOptions& read) {
  switch (kind) {
    case 2:
      if (data.size() == 2) read.mss = word(data, 0);
      break;
    case 3:
      if (data.size() == 1) read.window_scale = data[0];
      break;
    case 4: read.sack_permitted = true; break;
    case 8:
      if (data.size() != 8) break;
      read.has_timestamp = true;
      read.timestamp_value = long_word(data, 0);
      read.timestamp_echo = long_word(data, 4);
      break;
    case 34: read.fast_open_bytes = static_cast<std::uint8_t>(data.size()); break;
    case 254:
      // RFC 7413 before it had a kind of its own.
      if (data.size() >= 2 && word(data, 0) == 0xf989) {
        read.fast_open_bytes = static_cast<std::uint8_t>(data.size() - 2);
      }
      break;
    default: break;
  }
}

}  // namespace

void read_options(Segment& segment) {
  segment.read = {};
  const Bytes bytes = segment.option_view();
  for (std::size_t at = 0; at < bytes.size();) {
    if (bytes[at] == 0) return;
    if (bytes[at] == 1) {
      ++at;
      continue;
    }
    const std::size_t length = at + 1 < bytes.size() ? bytes[at + 1] : 0;
    if (length < 2 || at + length > bytes.size()) return;
    take_option(bytes[at], bytes.subspan(at + 2, length - 2), segment.read);
    at += length;
  }
}

Result<IpPart, Skip> read_ip(Bytes packet, std::size_t original_bytes) {
  if (packet.empty()) return Skip::ip_cut;
  switch (packet[0] >> 4) {
    case 4: return read_ipv4(packet, original_bytes);
    case 6: return read_ipv6(packet, original_bytes);
    default: return Skip::ip_version;
  }
}

Result<IpPart, Skip> read_reassembled(IpPart ip) {
  ip.more_fragments = false;
  ip.fragment_offset_bytes = 0;
  if (ip.source.is_v4()) return ip;
  IpPacket packet;
  packet.header.source = ip.source;
  packet.header.destination = ip.destination;
  packet.header.protocol = ip.protocol;
  packet.header.payload_bytes = static_cast<std::uint16_t>(ip.payload_bytes);
  packet.payload = ip.payload;
  return past_extensions(packet, ip);
}

Result<Segment, Skip> read_segment(const IpPart& ip) {
  const Bytes bytes = ip.payload;
  if (ip.payload_bytes < kTcpBytes || bytes.size() < kTcpBytes) return Skip::tcp_cut;
  const std::size_t header_bytes = (bytes[12] >> 4) * 4u;
  if (header_bytes < kTcpBytes || header_bytes > ip.payload_bytes) return Skip::tcp_header;
  Segment segment;
  segment.source = {ip.source, word(bytes, 0)};
  segment.destination = {ip.destination, word(bytes, 2)};
  if (segment.source == segment.destination) return Skip::same_ends;
  segment.traffic_class = ip.traffic_class;
  segment.hop_limit = ip.hop_limit;
  segment.identification = static_cast<std::uint16_t>(ip.identification);
  segment.seq = long_word(bytes, 4);
  segment.ack = long_word(bytes, 8);
  segment.flags = word(bytes, 12) & 0xfff;
  segment.window = word(bytes, 14);
  segment.urgent_pointer = word(bytes, 18);
  // Options that were cut off end with the last whole one; padding is made of no-operations.
  const Bytes there = bytes.subspan(kTcpBytes, std::min(bytes.size(), header_bytes) - kTcpBytes);
  segment.option_bytes = static_cast<std::uint8_t>(header_bytes - kTcpBytes);
  segment.is_cut = bytes.size() < ip.payload_bytes;
  std::copy(there.begin(), there.end(), segment.options.begin());
  if (bytes.size() < header_bytes) {
    std::size_t whole = 0;
    while (whole < there.size()) {
      const std::size_t left = there.size() - whole;
      const std::size_t length = there[whole] <= 1 ? 1 : left < 2 ? left + 1 : there[whole + 1];
      if (length == 0 || whole + length > there.size()) break;
      whole += length;
    }
    std::fill(segment.options.begin() + static_cast<std::ptrdiff_t>(whole),
              segment.options.begin() + segment.option_bytes, std::uint8_t{1});
  }
  read_options(segment);
  const Bytes payload = bytes.subspan(std::min(bytes.size(), header_bytes));
  segment.payload.assign(payload.begin(), payload.end());
  segment.real_bytes = payload.size();
  segment.payload.resize(ip.payload_bytes - header_bytes);
  return segment;
}

void write_packet(const Segment& segment, const Endpoint& source, const Endpoint& destination,
                  Bytes payload, std::vector<std::uint8_t>& out) {
  const std::size_t header_bytes = kTcpBytes + segment.option_bytes;
  const std::size_t ip_bytes = ip_header_bytes(source.address);
  out.resize(ip_bytes + header_bytes + payload.size());
  IpHeader ip;
  ip.source = source.address;
  ip.destination = destination.address;
  ip.protocol = kProtocolTcp;
  ip.hop_limit = segment.hop_limit;
  ip.dscp = segment.traffic_class >> 2;
  ip.ecn = segment.traffic_class & 3;
  ip.identification = segment.identification;
  ip.payload_bytes = static_cast<std::uint16_t>(header_bytes + payload.size());
  emit_ip(ip, out);
  std::uint8_t* tcp = out.data() + ip_bytes;
  put_word(tcp, source.port);
  put_word(tcp + 2, destination.port);
  put_long(tcp + 4, segment.seq);
  put_long(tcp + 8, segment.ack);
  put_word(tcp + 12, header_bytes / 4 << 12 | (segment.flags & 0xfff));
  put_word(tcp + 14, segment.window);
  put_word(tcp + 16, 0);
  put_word(tcp + 18, segment.urgent_pointer);
  std::copy_n(segment.options.begin(), segment.option_bytes, tcp + kTcpBytes);
  std::copy(payload.begin(), payload.end(), tcp + header_bytes);
  const Bytes whole(tcp, header_bytes + payload.size());
  const std::uint16_t pseudo =
      pseudo_header_sum(source.address, destination.address, kProtocolTcp, whole.size());
  put_word(tcp + 16, checksum_field(sum_of(pseudo, ones_sum(whole))));
}

std::string notation(const Segment& segment, std::size_t payload_bytes, const Origin& origin,
                     bool inbound) {
  runner::LivePacket packet;
  packet.traffic_class = segment.traffic_class;
  packet.tcp.seq = segment.seq - origin.seq;
  packet.tcp.ack = segment.ack - origin.ack;
  packet.tcp.flags = segment.flags;
  packet.tcp.window = segment.window;
  packet.tcp.urgent_pointer = segment.urgent_pointer;
  packet.payload.resize(payload_bytes);
  const Bytes bytes = segment.option_view();
  for (std::size_t at = 0; at < bytes.size();) {
    runner::LiveOption option{bytes[at]};
    std::size_t length = 1;
    if (option.kind > 1) {
      length = at + 1 < bytes.size() ? bytes[at + 1] : 0;
      if (length < 2 || at + length > bytes.size()) break;
      const Bytes data = bytes.subspan(at + 2, length - 2);
      option.data.assign(data.begin(), data.end());
      for (std::size_t i = 0; option.kind == 5 && i + 4 <= data.size(); i += 4) {
        put_long(option.data.data() + i, long_word(data, i) - origin.ack);
      }
    }
    packet.tcp.options.push_back(std::move(option));
    at += length;
  }
  return runner::text_of(packet, {}, inbound);
}

}  // namespace anteroom::replay
