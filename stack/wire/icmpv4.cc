// RFC 792: type, code, checksum, four bytes of the type's own, body.
#include "stack/wire/icmpv4.h"

#include "stack/wire/checksum.h"

namespace anteroom {

Result<IcmpMessage, DropReason> parse_icmpv4(Bytes message) {
  if (message.size() < kIcmpHeaderBytes) return DropReason::icmp_malformed;
  if (ones_sum(message) != 0xffff) return DropReason::icmp_checksum;
  return IcmpMessage{message[0], message[1], load_be32(message.data() + 4),
                     message.subspan(kIcmpHeaderBytes)};
}

std::size_t emit_icmpv4(const IcmpMessage& message, MutableBytes out) {
  const std::size_t bytes = kIcmpHeaderBytes + message.body.size();
  out[0] = message.type;
  out[1] = message.code;
  store_be16(out.data() + 2, 0);
  store_be32(out.data() + 4, message.rest);
  copy_bytes(out.subspan(kIcmpHeaderBytes), message.body);
  store_be16(out.data() + 2, checksum_field(ones_sum(out.first(bytes))));
  return bytes;
}

}  // namespace anteroom
