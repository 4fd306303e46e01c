// Every wire parser on arbitrary bytes; what parses is printed back and parsed again: equal.
#include <vector>

#include <anteroom/address.h>
#include <anteroom/testing/notation.h>

#include "stack/base/bytes.h"
#include "stack/wire/arp.h"
#include "stack/wire/checksum.h"
#include "stack/wire/ethernet.h"
#include "stack/wire/icmpv4.h"
#include "stack/wire/ipv4.h"
#include "stack/wire/tcp_header.h"
#include "stack/wire/udp.h"

namespace anteroom {
namespace {

void fuzz_ipv4(Bytes input) {
  const auto packet = parse_ipv4(input);
  if (!packet || !packet->options.empty()) return;
  std::vector<std::uint8_t> out(kIpv4HeaderBytes + packet->payload.size());
  emit_ipv4(packet->header, out);
  copy_bytes(MutableBytes(out).subspan(kIpv4HeaderBytes), packet->payload);
  const auto again = parse_ipv4(out);
  STACK_ASSERT(again && again->header == packet->header);
}

void fuzz_tcp(Bytes input) {
  const auto view = parse_tcp(input);
  if (!view) return;
  const auto options = parse_tcp_options(view->options);
  if (!options) return;
  const auto noted = testing::note_of(input);
  STACK_ASSERT(noted);
  const auto read_back = testing::parse_segment(testing::to_string(*noted));
  STACK_ASSERT(read_back && testing::difference(*read_back, *noted).empty());
  // Together they may need more padding than one header has room for.
  const bool crowded = options->has_fast_open || options->has_connect_data ||
                       options->experimental.kind != 0 || options->sack_count > 2;
  if (crowded) return;
  std::vector<std::uint8_t> out(kTcpHeaderBytesMax);
  out.resize(emit_tcp(view->header, *options, out).bytes);
  const auto again = testing::note_of(out);
  STACK_ASSERT(again && again->options == noted->options && again->seq == noted->seq);
}

void fuzz_small(Bytes input) {
  if (const auto header = parse_ethernet(input)) {
    std::uint8_t out[kEthernetHeaderBytes];
    emit_ethernet(*header, out);
    STACK_ASSERT(parse_ethernet(out).value() == *header);
  }
  if (const auto packet = parse_arp(input)) {
    std::uint8_t out[kArpBytes];
    emit_arp(*packet, out);
    STACK_ASSERT(parse_arp(out).value() == *packet);
  }
  if (const auto message = parse_icmpv4(input)) {
    std::vector<std::uint8_t> out(input.size());
    STACK_ASSERT(emit_icmpv4(*message, out) == input.size());
    STACK_ASSERT(parse_icmpv4(out).has_value());
  }
  (void)parse_udp(input);
  (void)parse_ipv4_quoted(input);
  (void)ones_sum(input);
}

void fuzz_text(std::string_view text) {
  if (const auto address = IpAddress::parse(text)) {
    STACK_ASSERT(IpAddress::parse(to_string(*address)).value() == *address);
  }
  if (const auto prefix = Prefix::parse(text)) {
    STACK_ASSERT(Prefix::parse(to_string(*prefix)).value() == *prefix);
  }
  if (const auto endpoint = Endpoint::parse(text)) {
    STACK_ASSERT(Endpoint::parse(to_string(*endpoint)).value() == *endpoint);
  }
  if (const auto segment = testing::parse_segment(text)) {
    const auto again = testing::parse_segment(testing::to_string(*segment));
    STACK_ASSERT(again && testing::difference(*segment, *again).empty());
  }
}

}  // namespace
}  // namespace anteroom

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const anteroom::Bytes input(data, size);
  anteroom::fuzz_small(input);
  anteroom::fuzz_ipv4(input);
  anteroom::fuzz_tcp(input);
  anteroom::fuzz_text(anteroom::text_of(input));
  return 0;
}
