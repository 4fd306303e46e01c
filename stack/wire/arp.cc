// The fields in the order of RFC 826, "Packet format".
#include "stack/wire/arp.h"

namespace anteroom {
namespace {

constexpr std::uint16_t kHardwareEthernet = 1;
constexpr std::uint16_t kProtocolIpv4 = 0x0800;

}  // namespace

Result<ArpPacket, DropReason> parse_arp(Bytes packet) {
  if (packet.size() < kArpBytes) return DropReason::arp_malformed;
  const std::uint8_t* at = packet.data();
  const std::uint16_t operation = load_be16(at + 6);
  if (load_be16(at) != kHardwareEthernet || load_be16(at + 2) != kProtocolIpv4 || at[4] != 6 ||
      at[5] != 4 || (operation != 1 && operation != 2)) {
    return DropReason::arp_malformed;
  }
  ArpPacket parsed;
  parsed.operation = static_cast<ArpOperation>(operation);
  copy_bytes(parsed.sender_mac.octets, packet.subspan(8, 6));
  parsed.sender_ip = IpAddress::v4(load_be32(at + 14));
  copy_bytes(parsed.target_mac.octets, packet.subspan(18, 6));
  parsed.target_ip = IpAddress::v4(load_be32(at + 24));
  return parsed;
}

void emit_arp(const ArpPacket& packet, MutableBytes out) {
  store_be16(out.data(), kHardwareEthernet);
  store_be16(out.data() + 2, kProtocolIpv4);
  out[4] = 6;
  out[5] = 4;
  store_be16(out.data() + 6, static_cast<std::uint16_t>(packet.operation));
  copy_bytes(out.subspan(8), packet.sender_mac.octets);
  store_be32(out.data() + 14, packet.sender_ip.v4_bits());
  copy_bytes(out.subspan(18), packet.target_mac.octets);
  store_be32(out.data() + 24, packet.target_ip.v4_bits());
}

}  // namespace anteroom
