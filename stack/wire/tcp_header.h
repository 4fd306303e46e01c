// The TCP header, RFC 9293 3.1. Not here: options (tcp_options.h), what the numbers mean (tcp/).
#pragma once

#include <cstdint>

#include <anteroom/bytes.h>
#include <anteroom/result.h>
#include <anteroom/stats.h>

#include "stack/wire/tcp_options.h"

namespace anteroom {

inline constexpr std::size_t kTcpHeaderBytes = 20;  // without options
inline constexpr std::size_t kTcpHeaderBytesMax = kTcpHeaderBytes + kTcpOptionBytesMax;

// The control bits, RFC 9293 3.1, in their places of the twelve low bits.
namespace tcp_flag {
inline constexpr std::uint16_t fin = 0x001;
inline constexpr std::uint16_t syn = 0x002;
inline constexpr std::uint16_t rst = 0x004;
inline constexpr std::uint16_t psh = 0x008;
inline constexpr std::uint16_t ack = 0x010;
inline constexpr std::uint16_t urg = 0x020;
inline constexpr std::uint16_t ece = 0x040;
inline constexpr std::uint16_t cwr = 0x080;
inline constexpr std::uint16_t ae = 0x100;  // RFC 9768
}  // namespace tcp_flag

struct TcpHeader {
  std::uint16_t source_port = 0;
  std::uint16_t destination_port = 0;
  std::uint32_t seq = 0;
  std::uint32_t ack = 0;
  std::uint16_t flags = 0;  // tcp_flag
  std::uint16_t window = 0;
  std::uint16_t checksum = 0;
  std::uint16_t urgent_pointer = 0;
};

// A segment taken apart; the views live as long as the segment.
struct TcpView {
  TcpHeader header;
  Bytes options;
  Bytes payload;
};

// Checks the lengths; not the checksum, which needs the addresses (pseudo_header_sum).
Result<TcpView, DropReason> parse_tcp(Bytes segment);

// Writes header and options, checksum field zero: a multiple of 4 bytes. The payload belongs right
// behind them, then finish_tcp_checksum().
Written emit_tcp(const TcpHeader& header, const TcpOptions& options, MutableBytes out);

// Puts the checksum into a whole segment that starts with what emit_tcp() has written; `pseudo_sum`
// is its pseudo header's.
void finish_tcp_checksum(MutableBytes segment, const Written& header, std::uint16_t pseudo_sum);

}  // namespace anteroom
