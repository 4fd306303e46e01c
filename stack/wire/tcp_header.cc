// RFC 9293 3.1, field by field.
#include "stack/wire/tcp_header.h"

#include "stack/base/bytes.h"
#include "stack/wire/checksum.h"

namespace anteroom {

Result<TcpView, DropReason> parse_tcp(Bytes segment) {
  if (segment.size() < kTcpHeaderBytes) return DropReason::tcp_header;
  const std::uint8_t* at = segment.data();
  const std::size_t header_bytes = std::size_t{at[12]} / 16 * 4;
  if (header_bytes < kTcpHeaderBytes || header_bytes > segment.size())
    return DropReason::tcp_header;
  TcpView parsed;
  parsed.header = {load_be16(at),
                   load_be16(at + 2),
                   load_be32(at + 4),
                   load_be32(at + 8),
                   static_cast<std::uint16_t>(load_be16(at + 12) & 0x0fff),
                   load_be16(at + 14),
                   load_be16(at + 16),
                   load_be16(at + 18)};
  parsed.options = segment.subspan(kTcpHeaderBytes, header_bytes - kTcpHeaderBytes);
  parsed.payload = segment.subspan(header_bytes);
  return parsed;
}

std::size_t emit_tcp(const TcpHeader& header, const TcpOptions& options, MutableBytes out) {
  const std::size_t header_bytes =
      kTcpHeaderBytes + emit_tcp_options(options, out.subspan(kTcpHeaderBytes));
  std::uint8_t* at = out.data();
  store_be16(at, header.source_port);
  store_be16(at + 2, header.destination_port);
  store_be32(at + 4, header.seq);
  store_be32(at + 8, header.ack);
  store_be16(at + 12, static_cast<std::uint16_t>(header_bytes / 4 << 12 | header.flags));
  store_be16(at + 14, header.window);
  store_be16(at + 16, 0);
  store_be16(at + 18, header.urgent_pointer);
  return header_bytes;
}

void finish_tcp_checksum(MutableBytes segment, std::uint16_t pseudo_sum) {
  const std::uint16_t sum = sum_of(ones_sum(segment), pseudo_sum);
  store_be16(segment.data() + 16, checksum_field(sum));
}

}  // namespace anteroom
