// How response data travels: how much of it one SYN-ACK takes. conditional-accept 3.
#pragma once

#include <array>

#include <anteroom/options.h>

#include "stack/accept/pending_connection.h"
#include "stack/base/bytes.h"

namespace anteroom {

// The length in front of marked data whose length no SYN-ACK has said.
inline constexpr std::uint32_t kLengthBytes = 2;

// Marked data behind its length. A copy, for the answers that do not fit a SYN-ACK or come after
// one: the send queue takes one run of bytes.
class LengthAndData {
 public:
  // Valid as long as this.
  Bytes put(Bytes data) {
    store_be16(bytes_.data(), static_cast<std::uint16_t>(data.size()));
    copy_bytes(MutableBytes(bytes_).subspan(kLengthBytes), data);
    return Bytes(bytes_).first(kLengthBytes + data.size());
  }

 private:
  std::array<std::uint8_t, kLengthBytes + kMarkedBytesMax> bytes_;
};

// The most response data, in bytes, that the SYN-ACK answering this request carries: what the
// peer's MSS less our options, its unscaled window and our own MTU take, and, towards an address
// that is not validated, what keeps the SYN-ACK within `amplification_factor_max` times the SYN (IP
// lengths).
std::uint32_t response_bytes_max(const PendingConnection& request, const TcpConfig& tcp,
                                 const Limits& limits, std::uint16_t mtu);

}  // namespace anteroom
