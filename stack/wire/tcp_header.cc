// RFC 9293 3.1, field by field.
#include "stack/wire/tcp_header.h"

#include "stack/base/bytes.h"
#include "stack/wire/checksum.h"

namespace anteroom {

Result<TcpView, DropReason> parse_tcp(Bytes segment) {
  // One object from here to the caller, filled in place (notes/002).
  Result<TcpView, DropReason> parsed(std::in_place);
  const std::uint8_t* at = segment.data();
  const std::size_t header_bytes =
      segment.size() < kTcpHeaderBytes ? 0 : std::size_t{at[12]} / 16 * 4;
  if (header_bytes < kTcpHeaderBytes || header_bytes > segment.size()) {
    parsed.fail(DropReason::tcp_header);
    return parsed;
  }
  TcpHeader& header = parsed->header;
  header.source_port = load_be16(at);
  header.destination_port = load_be16(at + 2);
  header.seq = load_be32(at + 4);
  header.ack = load_be32(at + 8);
  header.flags = static_cast<std::uint16_t>(load_be16(at + 12) & 0x0fff);
  header.window = load_be16(at + 14);
  header.checksum = load_be16(at + 16);
  header.urgent_pointer = load_be16(at + 18);
  parsed->options = segment.subspan(kTcpHeaderBytes, header_bytes - kTcpHeaderBytes);
  parsed->payload = segment.subspan(header_bytes);
  return parsed;
}

Written emit_tcp(const TcpHeader& header, const TcpOptions& options, MutableBytes out) {
  const Written after = emit_tcp_options(options, out.subspan(kTcpHeaderBytes));
  const std::size_t header_bytes = kTcpHeaderBytes + after.bytes;
  const std::uint32_t words[] = {std::uint32_t{header.source_port} << 16 | header.destination_port,
                                 header.seq, header.ack,
                                 static_cast<std::uint32_t>(header_bytes / 4) << 28 |
                                     std::uint32_t{header.flags} << 16 | header.window,
                                 header.urgent_pointer};
  std::uint64_t sum = after.sum;
  std::uint8_t* at = out.data();
  for (const std::uint32_t word : words) {
    store_be32(at, word);
    sum += word;
    at += 4;
  }
  return {header_bytes, fold_sum(sum)};
}

void finish_tcp_checksum(MutableBytes segment, const Written& header, std::uint16_t pseudo_sum) {
  const std::uint16_t payload_sum = ones_sum(segment.subspan(header.bytes));
  const std::uint16_t sum = sum_of(sum_of(header.sum, payload_sum), pseudo_sum);
  store_be16(segment.data() + 16, checksum_field(sum));
}

}  // namespace anteroom
