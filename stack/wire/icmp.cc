// Type, code, checksum, four bytes of the type's own, body: RFC 792, RFC 4443 2.1.
#include "stack/wire/icmp.h"

#include "stack/wire/checksum.h"

namespace anteroom {

Result<IcmpMessage, DropReason> parse_icmp(Bytes message, std::uint16_t pseudo_sum) {
  if (message.size() < kIcmpHeaderBytes) return DropReason::icmp_malformed;
  if (sum_of(ones_sum(message), pseudo_sum) != 0xffff) return DropReason::icmp_checksum;
  return IcmpMessage{message[0], message[1], load_be32(message.data() + 4),
                     message.subspan(kIcmpHeaderBytes)};
}

std::size_t emit_icmp(const IcmpMessage& message, MutableBytes out, std::uint16_t pseudo_sum) {
  const std::size_t bytes = kIcmpHeaderBytes + message.body.size();
  out[0] = message.type;
  out[1] = message.code;
  store_be16(out.data() + 2, 0);
  store_be32(out.data() + 4, message.rest);
  copy_bytes(out.subspan(kIcmpHeaderBytes), message.body);
  store_be16(out.data() + 2, checksum_field(sum_of(ones_sum(out.first(bytes)), pseudo_sum)));
  return bytes;
}

}  // namespace anteroom
