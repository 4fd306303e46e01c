// The IPv6 header, RFC 8200 3. Not here: what follows it (ipv6_extensions.h), whether the packet is
// ours and welcome (ip/input.cc).
#pragma once

#include "stack/wire/ip.h"

namespace anteroom {

// Checks version and lengths. The payload starts with what header.protocol names, be it an
// extension header or the transport's. Bytes after the payload length (link padding) are ignored.
Result<IpPacket, DropReason> parse_ipv6(Bytes packet);

// The same for the quotation inside an ICMP error: the payload is what is there, payload_bytes what
// there was.
Result<IpPacket, DropReason> parse_ipv6_quoted(Bytes packet);

// Writes the header, and a fragment header where it is a fragment's; the number of bytes written.
// header.payload_bytes is what follows both.
std::size_t emit_ipv6(const IpHeader& header, MutableBytes out);

}  // namespace anteroom
