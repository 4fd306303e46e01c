// The IPv4 header, RFC 791 3.1, with the differentiated services and ECN fields of RFC 2474 and RFC
// 3168. Not here: whether the packet is ours and welcome (ip/input.cc), fragments as a whole
// (ip/reassembly.cc).
#pragma once

#include "stack/wire/ip.h"

namespace anteroom {

// Checks version, lengths and header checksum. Bytes after the total length (link padding) are
// ignored.
Result<IpPacket, DropReason> parse_ipv4(Bytes packet);

// The same for the quotation inside an ICMP error, which may be cut short and whose checksum a
// router may have left stale: only version and header length count. The payload is what is there;
// payload_bytes is what there was.
Result<IpPacket, DropReason> parse_ipv4_quoted(Bytes packet);

// Writes a header without options and with its checksum: kIpv4HeaderBytes bytes to the start of
// `out`.
void emit_ipv4(const IpHeader& header, MutableBytes out);

}  // namespace anteroom
