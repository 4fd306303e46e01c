// The version is in the first four bits, RFC 791 3.1 and RFC 8200 3.
#include "stack/wire/ip.h"

#include "stack/wire/ipv4.h"
#include "stack/wire/ipv6.h"
#include "stack/wire/ipv6_extensions.h"

namespace anteroom {
namespace {

bool is_v6(Bytes packet) { return !packet.empty() && packet[0] >> 4 == 6; }

}  // namespace

Result<IpPacket, DropReason> parse_ip(Bytes packet) {
  if (!is_v6(packet)) return parse_ipv4(packet);
  auto parsed = parse_ipv6(packet);
  if (!parsed) return parsed;
  const ExtensionVerdict verdict = take_extensions(*parsed);
  if (verdict.refused) return *verdict.refused;
  return parsed;
}

Result<IpPacket, DropReason> parse_ip_quoted(Bytes packet) {
  if (!is_v6(packet)) return parse_ipv4_quoted(packet);
  auto parsed = parse_ipv6_quoted(packet);
  if (!parsed) return parsed;
  const ExtensionVerdict verdict = take_extensions(*parsed);
  if (verdict.refused) return *verdict.refused;
  return parsed;
}

std::size_t emit_ip(const IpHeader& header, MutableBytes out) {
  if (!header.is_v4()) return emit_ipv6(header, out);
  emit_ipv4(header, out);
  return kIpv4HeaderBytes;
}

}  // namespace anteroom
