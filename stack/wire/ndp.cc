// Target address, then options: type, length in units of eight bytes, and the rest.
#include "stack/wire/ndp.h"

#include "stack/wire/checksum.h"
#include "stack/wire/icmpv6.h"

namespace anteroom {
namespace {

constexpr std::size_t kTargetBytes = 16;
constexpr std::uint8_t kSourceLinkAddress = 1;
constexpr std::uint8_t kTargetLinkAddress = 2;
constexpr std::uint32_t kSolicited = 1u << 30;
constexpr std::uint32_t kOverride = 1u << 29;

// False where an option has no length, or is cut off.
bool read_options(Bytes options, std::uint8_t wanted, std::optional<MacAddress>& mac) {
  while (!options.empty()) {
    const std::size_t bytes = options.size() >= 8 ? options[1] * std::size_t{8} : 0;
    if (bytes == 0 || bytes > options.size()) return false;
    if (options[0] == wanted && bytes == 8) {
      mac.emplace();
      copy_bytes(mac->octets, options.subspan(2, 6));
    }
    options = options.subspan(bytes);
  }
  return true;
}

bool is_solicited_node(const IpAddress& address) { return address == solicited_node(address); }

}  // namespace

Result<NdpMessage, DropReason> parse_ndp(const IpHeader& ip, const IcmpMessage& message) {
  if (ip.hop_limit != kNdpHopLimit || message.code != 0 || message.body.size() < kTargetBytes) {
    return DropReason::ndp_malformed;
  }
  NdpMessage parsed;
  parsed.advertisement =
      message.type == static_cast<std::uint8_t>(Icmpv6Type::neighbor_advertisement);
  std::array<std::uint8_t, kTargetBytes> target;
  copy_bytes(target, message.body.first(kTargetBytes));
  parsed.target = IpAddress::v6(target);
  const std::uint8_t wanted = parsed.advertisement ? kTargetLinkAddress : kSourceLinkAddress;
  if (parsed.target.is_multicast() ||
      !read_options(message.body.subspan(kTargetBytes), wanted, parsed.mac)) {
    return DropReason::ndp_malformed;
  }
  if (parsed.advertisement) {
    parsed.solicited = (message.rest & kSolicited) != 0;
    parsed.overrides = (message.rest & kOverride) != 0;
    if (parsed.solicited && ip.destination.is_multicast()) return DropReason::ndp_malformed;
  } else if (ip.source.is_any() && (parsed.mac || !is_solicited_node(ip.destination))) {
    return DropReason::ndp_malformed;
  }
  return parsed;
}

std::size_t emit_ndp(const NdpMessage& message, const IpAddress& source,
                     const IpAddress& destination, MutableBytes out) {
  std::array<std::uint8_t, kNdpBytes - kIcmpHeaderBytes> body{};
  copy_bytes(body, message.target.octets());
  std::size_t size = kTargetBytes;
  if (message.mac) {
    body[size] = message.advertisement ? kTargetLinkAddress : kSourceLinkAddress;
    body[size + 1] = 1;
    copy_bytes(MutableBytes(body).subspan(size + 2), message.mac->octets);
    size += 8;
  }
  const auto type = message.advertisement ? Icmpv6Type::neighbor_advertisement
                                          : Icmpv6Type::neighbor_solicitation;
  std::uint32_t flags = message.solicited ? kSolicited : 0;
  if (message.overrides) flags |= kOverride;
  return emit_icmp(
      {static_cast<std::uint8_t>(type), 0, flags, Bytes(body).first(size)}, out,
      pseudo_header_sum(source, destination, kProtocolIcmpv6, kIcmpHeaderBytes + size));
}

}  // namespace anteroom
