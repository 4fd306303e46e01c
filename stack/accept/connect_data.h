// How response data travels: how much of it one SYN-ACK takes. conditional-accept 3.
#pragma once

#include <anteroom/config.h>

#include "stack/accept/pending_connection.h"

namespace anteroom {

// The most response data, in bytes, that the SYN-ACK answering this request carries: what the
// peer's MSS less our options, its unscaled window and our own MTU take, and, towards an address
// that is not validated, what keeps the SYN-ACK within `amplification_factor_max` times the SYN (IP
// lengths).
std::uint32_t response_bytes_max(const PendingConnection& request, const TcpConfig& tcp,
                                 const Limits& limits, std::uint16_t mtu);

}  // namespace anteroom
