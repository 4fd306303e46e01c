// TCP options: RFC 9768 (accurate ECN), RFC 9293 3.2 (end, no-operation, MSS), RFC 7323 (window
// scale, timestamps), RFC 2018 (SACK), RFC 7413 (Fast Open), RFC 6994 (experimental, told apart by
// ExID). Not here: which options a connection offers and agrees on (tcp/options.cc).
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>

#include <anteroom/bytes.h>
#include <anteroom/result.h>
#include <anteroom/stats.h>

namespace anteroom {

inline constexpr std::size_t kTcpOptionBytesMax = 40;
inline constexpr std::size_t kSackBlocksMax = 4;
inline constexpr std::size_t kFastOpenCookieMax = 16;
inline constexpr std::uint8_t kWindowScaleMax = 14;  // RFC 7323 2.3
// Fast Open before it had a kind of its own: kind 254 with this ExID (RFC 6994 3).
inline constexpr std::uint16_t kFastOpenExId = 0xf989;
// Marked connect data: kind 253 with this ExID, then a length of 16 bits. In a SYN and in a SYN-ACK
// (conditional-accept 3): so many bytes at the start of the stream are not the stream's.
inline constexpr std::uint32_t kConnectDataExId = 0x616e7465;
inline constexpr std::size_t kConnectDataOptionBytes = 8;
// In place of the length: it is not known yet, and stands in the first two bytes of the stream.
inline constexpr std::uint16_t kConnectDataInStream = 0xffff;

struct SackBlock {
  std::uint32_t left;   // first sequence number of the block
  std::uint32_t right;  // one past its last

  friend bool operator==(const SackBlock&, const SackBlock&) = default;
};

struct FastOpenCookie {
  FastOpenCookie() {}  // the bytes beyond `size` are nothing
  FastOpenCookie(std::uint8_t bytes_used, const std::array<std::uint8_t, kFastOpenCookieMax>& from)
      : size(bytes_used), bytes(from) {}

  std::uint8_t size = 0;      // 0 asks for a cookie; else 4 to 16, even
  bool experimental = false;  // as kind 254 with the ExID, not as kind 34
  std::array<std::uint8_t, kFastOpenCookieMax> bytes;

  friend bool operator==(const FastOpenCookie& a, const FastOpenCookie& b) {
    return a.size == b.size && a.experimental == b.experimental &&
           std::equal(a.bytes.begin(), a.bytes.begin() + a.size, b.bytes.begin());
  }
};

// The first experimental option of a segment that is none of the above, undecoded. `data` follows
// kind and length; its first two or four bytes are the ExID. It lives as long as the segment.
struct ExperimentalOption {
  const std::uint8_t* first = nullptr;
  std::uint8_t kind = 0;  // 253 or 254; 0: none
  std::uint8_t size = 0;

  ExperimentalOption() = default;
  ExperimentalOption(std::uint8_t of_kind, Bytes data)
      : first(data.data()), kind(of_kind), size(static_cast<std::uint8_t>(data.size())) {}
  Bytes data() const { return {first, size}; }
};

// Byte counters of accurate ECN, RFC 9768 3.2.3: 24 bits each, and how many of them are there.
struct AccEcnOption {
  std::uint8_t kind = 0;  // 172 (E0B, CEB, E1B) or 174 (E1B, CEB, E0B); 0: no option
  std::uint8_t fields = 0;
  std::uint32_t ect0_bytes = 0;
  std::uint32_t ce_bytes = 0;
  std::uint32_t ect1_bytes = 0;

  bool has_ce_bytes() const { return fields >= 2; }
  friend bool operator==(const AccEcnOption&, const AccEcnOption&) = default;
};

struct TcpOptions {
  // SACK blocks beyond the count are nothing: each segment, in and out, has one of these.
  TcpOptions() {}

  bool has_mss = false;
  bool has_window_scale = false;
  bool sack_permitted = false;
  bool has_timestamp = false;
  bool has_fast_open = false;
  bool has_connect_data = false;
  bool scale_first = false;  // to emit: the order of a SYN's options, see emit_tcp_options()
  std::uint8_t window_scale = 0;
  std::uint8_t sack_count = 0;
  std::uint16_t mss = 0;
  std::uint16_t connect_data_bytes = 0;  // or kConnectDataInStream
  std::uint32_t timestamp_value = 0;
  std::uint32_t timestamp_echo = 0;
  std::array<SackBlock, kSackBlocksMax> sack;
  FastOpenCookie fast_open;
  ExperimentalOption experimental{};
  AccEcnOption acc_ecn{};
};

// Strict: an option whose length is illegal or runs over the end makes the whole segment malformed
// (RFC 9293 3.1 [MUST-7]); unknown kinds are skipped [MUST-6]. Of a repeated option the last
// counts.
Result<TcpOptions, DropReason> parse_tcp_options(Bytes options);

// Bytes that were written, and their one's-complement sum, so that nobody has to read them again.
struct Written {
  std::size_t bytes = 0;
  std::uint16_t sum = 0;
};

// Writes the options padded with no-operations to a multiple of 4 bytes.
// An accurate ECN option that does not fit is left out. In the order that middleboxes know from
// Linux: MSS, SACK-permitted, timestamps, window scale, Fast Open, connect data, experimental, SACK
// blocks, accurate ECN; with `scale_first` a SYN's window scale goes behind its MSS, and its SACK-
// permitted without timestamps is padded with end-of-options. SACK blocks that do not fit are left
// out, the last first.
Written emit_tcp_options(const TcpOptions& options, MutableBytes out);

}  // namespace anteroom
