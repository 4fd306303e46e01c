// Offsets are those of the RFCs' pictures.
#include "conformance/runner/live_packet.h"

#include <algorithm>

namespace anteroom::runner {
namespace {

constexpr std::size_t kIpBytes = 20;
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

std::uint64_t pseudo_sum(const LivePacket& packet, std::size_t bytes) {
  const auto half = [](std::uint32_t address) {
    return std::uint64_t{address >> 16} + (address & 0xffff);
  };
  return half(packet.source) + half(packet.destination) + packet.protocol + bytes;
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
  if (packet.protocol != kIcmp) return "its protocol is none of TCP, UDP and ICMP";
  if (body.size() < 8 || folded(sum_of(body)) != 0) return "its ICMP message is damaged";
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

}  // namespace

std::optional<LivePacket> take_apart(Bytes packet, std::string& problem) {
  const auto refuse = [&](const char* reason) {
    problem = reason;
    return std::nullopt;
  };
  if (packet.size() < kIpBytes || packet[0] >> 4 != 4) return refuse("it is no IPv4 packet");
  if (packet[0] != 0x45) return refuse("its IPv4 header has options");
  if (get16(packet, 2) != packet.size()) return refuse("its IPv4 total length is wrong");
  if (folded(sum_of(packet.first(kIpBytes))) != 0) {
    return refuse("its IPv4 header checksum is wrong");
  }
  if ((get16(packet, 6) & 0x3fff) != 0) return refuse("it is a fragment");
  LivePacket live;
  live.traffic_class = packet[1];
  live.hop_limit = packet[8];
  live.protocol = packet[9];
  live.source = get32(packet, 12);
  live.destination = get32(packet, 16);
  if (const char* wrong = read_body(packet.subspan(kIpBytes), live)) return refuse(wrong);
  return live;
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
  const std::uint64_t pseudo = packet.protocol == kIcmp ? 0 : pseudo_sum(packet, body.size());
  set16(body, checksum_at, folded(sum_of(body) + pseudo));

  std::vector<std::uint8_t> out{0x45, packet.traffic_class};
  put16(out, kIpBytes + body.size());
  put32(out, 0);  // identification, flags, fragment offset
  out.push_back(packet.hop_limit);
  out.push_back(packet.protocol);
  put16(out, 0);
  put32(out, packet.source);
  put32(out, packet.destination);
  set16(out, 10, folded(sum_of(out)));
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
