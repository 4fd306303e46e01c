// RFC 791 3.1, field by field.
#include "stack/wire/ipv4.h"

#include <optional>

#include "stack/base/bytes.h"
#include "stack/wire/checksum.h"

namespace anteroom {
namespace {

constexpr std::uint16_t kDontFragment = 0x4000;
constexpr std::uint16_t kMoreFragments = 0x2000;
constexpr std::uint16_t kOffsetMask = 0x1fff;

void read_fields(const std::uint8_t* at, IpHeader& header) {
  header.dscp = at[1] >> 2;
  header.ecn = at[1] & 3;
  header.identification = load_be16(at + 4);
  const std::uint16_t fragment = load_be16(at + 6);
  header.dont_fragment = (fragment & kDontFragment) != 0;
  header.more_fragments = (fragment & kMoreFragments) != 0;
  header.fragment_offset_bytes = static_cast<std::uint16_t>((fragment & kOffsetMask) * 8);
  header.hop_limit = at[8];
  header.protocol = at[9];
  header.source = IpAddress::v4(load_be32(at + 12));
  header.destination = IpAddress::v4(load_be32(at + 16));
}

std::size_t header_bytes_of(Bytes packet) { return std::size_t{packet[0] & 15u} * 4; }

// What is wrong with the header's start, whoever quotes it.
std::optional<DropReason> refuse_start(Bytes packet) {
  if (packet.size() < kIpv4HeaderBytes) return DropReason::ip_too_short;
  if (packet[0] >> 4 != 4) return DropReason::ip_version;
  const std::size_t header_bytes = header_bytes_of(packet);
  if (header_bytes < kIpv4HeaderBytes || header_bytes > packet.size()) {
    return DropReason::ip_header_length;
  }
  return std::nullopt;
}

// Of a header without options: five words.
std::uint16_t usual_header_sum(const std::uint8_t* at) {
  return fold_sum(std::uint64_t{load_be32(at)} + load_be32(at + 4) + load_be32(at + 8) +
                  load_be32(at + 12) + load_be32(at + 16));
}

std::optional<DropReason> refuse_whole(Bytes packet) {
  if (const auto wrong = refuse_start(packet)) return wrong;
  const std::size_t header_bytes = header_bytes_of(packet);
  const std::size_t total_bytes = load_be16(packet.data() + 2);
  if (total_bytes < header_bytes || total_bytes > packet.size()) return DropReason::ip_total_length;
  const std::uint16_t sum = header_bytes == kIpv4HeaderBytes ? usual_header_sum(packet.data())
                                                             : ones_sum(packet.first(header_bytes));
  if (sum != 0xffff) return DropReason::ip_checksum;
  return std::nullopt;
}

// One object from here to the caller, filled in place (notes/002).
Result<IpPacket, DropReason> take_apart(Bytes packet, std::optional<DropReason> refused,
                                        bool quoted) {
  using Parsed = Result<IpPacket, DropReason>;
  Parsed parsed = refused ? Parsed(*refused) : Parsed(std::in_place);
  if (refused) return parsed;
  const std::size_t header_bytes = header_bytes_of(packet);
  const std::size_t total_bytes = load_be16(packet.data() + 2);
  const std::size_t stated = total_bytes > header_bytes ? total_bytes - header_bytes : 0;
  read_fields(packet.data(), parsed->header);
  parsed->header.payload_bytes = static_cast<std::uint16_t>(stated);
  parsed->headers = packet.first(header_bytes);
  parsed->payload = quoted ? packet.subspan(header_bytes) : packet.subspan(header_bytes, stated);
  return parsed;
}

}  // namespace

Result<IpPacket, DropReason> parse_ipv4(Bytes packet) {
  return take_apart(packet, refuse_whole(packet), false);
}

Result<IpPacket, DropReason> parse_ipv4_quoted(Bytes packet) {
  return take_apart(packet, refuse_start(packet), true);
}

void emit_ipv4(const IpHeader& header, MutableBytes out) {
  std::uint32_t fragment = header.fragment_offset_bytes / 8u;
  if (header.dont_fragment) fragment |= kDontFragment;
  if (header.more_fragments) fragment |= kMoreFragments;
  const std::uint32_t first = 0x45u << 24 | std::uint32_t{header.dscp} << 18 |
                              std::uint32_t{header.ecn} << 16 |
                              static_cast<std::uint32_t>(kIpv4HeaderBytes + header.payload_bytes);
  const std::uint32_t second = header.identification << 16 | fragment;
  const std::uint32_t third = std::uint32_t{header.hop_limit} << 24 | std::uint32_t{header.protocol}
                                                                          << 16;
  const std::uint32_t source = header.source.v4_bits();
  const std::uint32_t destination = header.destination.v4_bits();
  // Summed from the fields: reading them again right behind the stores would stall.
  const std::uint16_t sum = fold_sum(std::uint64_t{first} + second + third + source + destination);
  std::uint8_t* at = out.data();
  store_be32(at, first);
  store_be32(at + 4, second);
  store_be32(at + 8, third | checksum_field(sum));
  store_be32(at + 12, source);
  store_be32(at + 16, destination);
}

}  // namespace anteroom
