// Offsets are those of the RFCs' pictures.
#include "conformance/runner/live_packet.h"

#include <algorithm>
#include <array>

namespace anteroom::runner {
namespace {

constexpr std::size_t kIpBytes = 20;
constexpr std::size_t kIpV6Bytes = 40;
constexpr std::size_t kTcpBytes = 20;

std::uint16_t get16(Bytes bytes, std::size_t at) {
  return static_cast<std::uint16_t>(bytes[at] << 8 | bytes[at + 1]);
}
std::uint32_t get32(Bytes bytes, std::size_t at) {
  return std::uint32_t{get16(bytes, at)} << 16 | get16(bytes, at + 2);
}
void put16(std::vector<std::uint8_t>& out, std::size_t value) {
  out.push_back(static_cast<std::uint8_t>(value >> 8));
  out.push_back(static_cast<std::uint8_t>(value));
}
void put32(std::vector<std::uint8_t>& out, std::uint32_t value) {
  put16(out, value >> 16);
  put16(out, value & 0xffff);
}

std::uint64_t sum_of(Bytes bytes) {
  std::uint64_t sum = 0;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    sum += i % 2 == 0 ? std::uint64_t{bytes[i]} << 8 : bytes[i];
  }
  return sum;
}

std::uint16_t folded(std::uint64_t sum) {
  while (sum >> 16 != 0) sum = (sum & 0xffff) + (sum >> 16);
  return static_cast<std::uint16_t>(~sum);
}

// The last four bytes are all of an IPv4 address.
Bytes on_the_wire(const IpAddress& address) {
  return address.is_v4() ? Bytes(address.octets()).last(4) : Bytes(address.octets());
}

// RFC 9293 3.1, RFC 8200 8.1: sixteen-bit words, so that the order of the fields does not count.
std::uint64_t pseudo_sum(const LivePacket& packet, std::size_t bytes) {
  const std::uint8_t protocol =
      packet.protocol == kIcmp && !packet.is_v4() ? kIcmpV6 : packet.protocol;
  return sum_of(on_the_wire(packet.source)) + sum_of(on_the_wire(packet.destination)) + protocol +
         bytes;
}

bool read_options(Bytes bytes, std::vector<LiveOption>& options) {
  for (std::size_t at = 0; at < bytes.size();) {
    LiveOption option{bytes[at]};
    if (option.kind <= 1) {
      ++at;
    } else {
      if (at + 1 >= bytes.size() || bytes[at + 1] < 2 || at + bytes[at + 1] > bytes.size()) {
        return false;
      }
      const Bytes data = bytes.subspan(at + 2, bytes[at + 1] - 2u);
      option.data.assign(data.begin(), data.end());
      at += bytes[at + 1];
    }
    options.push_back(std::move(option));
  }
  return true;
}

const char* read_tcp(Bytes segment, LivePacket& packet) {
  if (segment.size() < kTcpBytes) return "its TCP header is cut short";
  const std::size_t header = (segment[12] >> 4) * 4u;
  if (header < kTcpBytes || header > segment.size()) return "its TCP data offset is wrong";
  packet.source_port = get16(segment, 0);
  packet.destination_port = get16(segment, 2);
  packet.tcp.seq = get32(segment, 4);
  packet.tcp.ack = get32(segment, 8);
  packet.tcp.flags = get16(segment, 12) & 0xfff;
  packet.tcp.window = get16(segment, 14);
  packet.tcp.urgent_pointer = get16(segment, 18);
  if (!read_options(segment.subspan(kTcpBytes, header - kTcpBytes), packet.tcp.options)) {
    return "a TCP option runs over the end";
  }
  if (folded(sum_of(segment) + pseudo_sum(packet, segment.size())) != 0) {
    return "its TCP checksum is wrong";
  }
  packet.payload.assign(segment.begin() + static_cast<std::ptrdiff_t>(header), segment.end());
  return nullptr;
}

const char* read_body(Bytes body, LivePacket& packet) {
  if (packet.protocol == kTcp) return read_tcp(body, packet);
  if (packet.protocol == kUdp) {
    if (body.size() < 8 || get16(body, 4) != body.size()) return "its UDP length is wrong";
    packet.source_port = get16(body, 0);
    packet.destination_port = get16(body, 2);
    packet.payload.assign(body.begin() + 8, body.end());
    return nullptr;
  }
  if (packet.protocol != (packet.is_v4() ? kIcmp : kIcmpV6)) {
    return "its protocol is none of TCP, UDP and ICMP";
  }
  const std::uint64_t pseudo = packet.is_v4() ? 0 : pseudo_sum(packet, body.size());
  if (body.size() < 8 || folded(sum_of(body) + pseudo) != 0) return "its ICMP message is damaged";
  packet.icmp_type = body[0];
  packet.icmp_code = body[1];
  packet.payload.assign(body.begin() + 4, body.end());
  return nullptr;
}

void set16(std::vector<std::uint8_t>& bytes, std::size_t at, std::uint16_t value) {
  bytes[at] = static_cast<std::uint8_t>(value >> 8);
  bytes[at + 1] = static_cast<std::uint8_t>(value);
}

std::vector<std::uint8_t> tcp_body(const LivePacket& packet) {
  std::vector<std::uint8_t> options;
  for (const LiveOption& option : packet.tcp.options) {
    if (!option.raw) options.push_back(option.kind);
    if (!option.raw && option.kind <= 1) continue;
    if (!option.raw) options.push_back(static_cast<std::uint8_t>(option.data.size() + 2));
    options.insert(options.end(), option.data.begin(), option.data.end());
  }
  std::vector<std::uint8_t> body;
  put16(body, packet.source_port);
  put16(body, packet.destination_port);
  put32(body, packet.tcp.seq);
  put32(body, packet.tcp.ack);
  put16(body, ((kTcpBytes + options.size()) / 4) << 12 | packet.tcp.flags);
  put16(body, packet.tcp.window);
  put16(body, 0);
  put16(body, packet.tcp.urgent_pointer);
  body.insert(body.end(), options.begin(), options.end());
  return body;
}

const char* read_v4(Bytes packet, LivePacket& live) {
  if (packet.size() < kIpBytes) return "it is cut short";
  if (packet[0] != 0x45) return "its IPv4 header has options";
  if (get16(packet, 2) != packet.size()) return "its IPv4 total length is wrong";
  if (folded(sum_of(packet.first(kIpBytes))) != 0) return "its IPv4 header checksum is wrong";
  if ((get16(packet, 6) & 0x3fff) != 0) return "it is a fragment";
  live.traffic_class = packet[1];
  live.hop_limit = packet[8];
  live.protocol = packet[9];
  live.source = IpAddress::v4(get32(packet, 12));
  live.destination = IpAddress::v4(get32(packet, 16));
  return read_body(packet.subspan(kIpBytes), live);
}

IpAddress get_v6(Bytes packet, std::size_t at) {
  std::array<std::uint8_t, 16> octets{};
  std::copy_n(packet.begin() + static_cast<std::ptrdiff_t>(at), octets.size(), octets.begin());
  return IpAddress::v6(octets);
}

const char* read_v6(Bytes packet, LivePacket& live) {
  if (packet.size() < kIpV6Bytes) return "it is cut short";
  if (get16(packet, 4) != packet.size() - kIpV6Bytes) return "its IPv6 payload length is wrong";
  const std::uint32_t first = get32(packet, 0);
  live.traffic_class = static_cast<std::uint8_t>(first >> 20);
  live.flow_label = first & 0xfffff;
  live.protocol = packet[6];
  live.hop_limit = packet[7];
  live.source = get_v6(packet, 8);
  live.destination = get_v6(packet, 24);
  if (live.source.is_v4() || live.destination.is_v4()) return "it has a mapped address";
  return read_body(packet.subspan(kIpV6Bytes), live);
}

std::vector<std::uint8_t> v4_header(const LivePacket& packet, std::size_t body_bytes) {
  std::vector<std::uint8_t> out{0x45, packet.traffic_class};
  put16(out, kIpBytes + body_bytes);
  put32(out, 0);  // identification, flags, fragment offset
  out.push_back(packet.hop_limit);
  out.push_back(packet.protocol);
  put16(out, 0);
  put32(out, packet.source.v4_bits());
  put32(out, packet.destination.v4_bits());
  set16(out, 10, folded(sum_of(out)));
  return out;
}

std::vector<std::uint8_t> v6_header(const LivePacket& packet, std::size_t body_bytes) {
  std::vector<std::uint8_t> out;
  put32(out, 6u << 28 | std::uint32_t{packet.traffic_class} << 20 | packet.flow_label);
  put16(out, body_bytes);
  out.push_back(packet.protocol == kIcmp ? kIcmpV6 : packet.protocol);
  out.push_back(packet.hop_limit);
  for (const IpAddress& address : {packet.source, packet.destination}) {
    out.insert(out.end(), address.octets().begin(), address.octets().end());
  }
  return out;
}

}  // namespace

std::optional<LivePacket> take_apart(Bytes packet, std::string& problem) {
  LivePacket live;
  const unsigned version = packet.empty() ? 0 : packet[0] >> 4;
  const char* const wrong = version == 4   ? read_v4(packet, live)
                            : version == 6 ? read_v6(packet, live)
                                           : "it is no IP packet";
  if (wrong == nullptr) return live;
  problem = wrong;
  return std::nullopt;
}

std::vector<std::uint8_t> put_together(const LivePacket& packet) {
  std::vector<std::uint8_t> body;
  std::size_t checksum_at = 0;
  if (packet.protocol == kTcp) {
    body = tcp_body(packet);
    checksum_at = 16;
  } else if (packet.protocol == kUdp) {
    put16(body, packet.source_port);
    put16(body, packet.destination_port);
    put16(body, packet.payload.size() + 8);
    put16(body, 0);
    checksum_at = 6;
  } else {
    body = {packet.icmp_type, packet.icmp_code, 0, 0};
    checksum_at = 2;
  }
  body.insert(body.end(), packet.payload.begin(), packet.payload.end());
  const bool bare = packet.protocol == kIcmp && packet.is_v4();
  const std::uint64_t pseudo = bare ? 0 : pseudo_sum(packet, body.size());
  set16(body, checksum_at, folded(sum_of(body) + pseudo));
  std::vector<std::uint8_t> out =
      packet.is_v4() ? v4_header(packet, body.size()) : v6_header(packet, body.size());
  out.insert(out.end(), body.begin(), body.end());
  return out;
}

std::size_t option_bytes(const std::vector<LiveOption>& options) {
  std::size_t bytes = 0;
  for (const LiveOption& option : options) {
    bytes += option.raw ? option.data.size() : option.kind <= 1 ? 1 : option.data.size() + 2;
  }
  return bytes;
}

}  // namespace anteroom::runner
