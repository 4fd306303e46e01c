// Every wire parser on arbitrary bytes; what parses is printed back and parsed again: equal.
#include <array>
#include <vector>

#include <anteroom/address.h>
#include <anteroom/testing/notation.h>

#include "stack/base/bytes.h"
#include "stack/wire/arp.h"
#include "stack/wire/checksum.h"
#include "stack/wire/ethernet.h"
#include "stack/wire/icmpv4.h"
#include "stack/wire/ip.h"
#include "stack/wire/ndp.h"
#include "stack/wire/tcp_header.h"
#include "stack/wire/udp.h"

namespace anteroom {
namespace {

void fuzz_ip(Bytes input) {
  const auto packet = parse_ip(input);
  if (!packet || !packet->ipv4_options().empty()) return;
  const std::size_t header_bytes = ip_header_bytes(packet->header);
  std::vector<std::uint8_t> out(header_bytes + packet->payload.size());
  STACK_ASSERT(emit_ip(packet->header, out) == header_bytes);
  copy_bytes(MutableBytes(out).subspan(header_bytes), packet->payload);
  auto again = parse_ip(out);
  // A fragment that is a whole datagram goes out as one (RFC 6946).
  if (again && !packet->header.is_fragment() && !packet->header.is_v4()) {
    again->header.identification = packet->header.identification;
  }
  STACK_ASSERT(again && again->header == packet->header);
}

void fuzz_ndp(Bytes input) {
  const auto packet = parse_ip(input);
  if (!packet || packet->header.protocol != kProtocolIcmpv6) return;
  const auto message = parse_icmp(
      packet->payload, pseudo_header_sum(packet->header.source, packet->header.destination,
                                         kProtocolIcmpv6, packet->payload.size()));
  if (!message) return;
  const auto parsed = parse_ndp(packet->header, *message);
  if (!parsed) return;
  std::array<std::uint8_t, kNdpBytes> out;
  STACK_ASSERT(emit_ndp(*parsed, packet->header.source, packet->header.destination, out) <=
               kNdpBytes);
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
  if (const auto message = parse_icmp(input)) {
    std::vector<std::uint8_t> out(input.size());
    STACK_ASSERT(emit_icmp(*message, out) == input.size());
    STACK_ASSERT(parse_icmp(out).has_value());
  }
  (void)parse_udp(input);
  (void)parse_ip_quoted(input);
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
  anteroom::fuzz_ip(input);
  anteroom::fuzz_ndp(input);
  anteroom::fuzz_tcp(input);
  anteroom::fuzz_text(anteroom::text_of(input));
  return 0;
}
