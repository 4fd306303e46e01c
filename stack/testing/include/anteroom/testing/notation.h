// The one notation for TCP segments: `S. 0:0(0) ack 1 win 65535 <mss 1460,sackOK> "hello"`. Parsed,
// printed and compared; used in tests, traces, scripts and failure messages, so that one can be
// pasted as another.
//
//   [ect0]         the IP header's ECN field: noecn, ect0, ect1 or ce; left out: any
//   flags          F S R P . U E W A (AE), in this order where printed; `-` for none
//   seq:end(len)   len counts payload bytes, not SYN and FIN
//   ack N          exactly where the flags have `.`
//   win N          as on the wire; left out: any
//   urg N          urgent pointer, exactly where the flags have U
//   <...>          options; left out: any; `<>`: none
//   "..."          payload, \xHH and \\ \" escaped; left out: any bytes
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <anteroom/bytes.h>
#include <anteroom/result.h>

namespace anteroom::testing {

struct AccEcnNote {
  std::uint8_t kind = 172;
  std::vector<std::uint32_t> counters;  // up to three, in the order of the kind

  friend bool operator==(const AccEcnNote&, const AccEcnNote&) = default;
};

struct OptionsNote {
  std::optional<std::uint16_t> mss;
  std::optional<std::uint8_t> window_scale;
  bool sack_permitted = false;
  std::optional<std::pair<std::uint32_t, std::uint32_t>> timestamp;  // value, echo
  std::vector<std::pair<std::uint32_t, std::uint32_t>> sack;         // left, right
  std::optional<std::string> fast_open;                              // cookie as hex digits
  bool fast_open_experimental = false;                               // `FOEXP`: kind 254
  std::optional<std::uint16_t> connect_data;  // bytes; 65535: their number is in the stream
  std::optional<std::pair<std::uint8_t, std::string>> experimental;  // kind, data as hex digits
  std::optional<AccEcnNote> acc_ecn;  // `ECN e0b 1 ceb 0 e1b 1`, or the other way round

  friend bool operator==(const OptionsNote&, const OptionsNote&) = default;
};

struct SegmentNote {
  std::optional<std::uint8_t> ip_ecn;  // as in the IP header: 0 none, 1 ECT(1), 2 ECT(0), 3 CE
  std::uint16_t flags = 0;             // the twelve low bits of the header's word
  std::uint32_t seq = 0;
  std::uint32_t length = 0;
  std::uint32_t ack = 0;
  std::optional<std::uint16_t> window;
  std::uint16_t urgent_pointer = 0;
  std::optional<OptionsNote> options;
  std::optional<std::string> payload;
};

// Errors: a sentence that names what was not understood.
Result<SegmentNote, std::string> parse_segment(std::string_view text);
std::string to_string(const SegmentNote& segment);

// Empty where `actual` is what `expected` describes; else both, one below the other.
std::string difference(const SegmentNote& expected, const SegmentNote& actual);

// Reads a TCP segment (header, options, payload) as it is on the wire. Nothing where it is
// malformed.
std::optional<SegmentNote> note_of(Bytes tcp_segment);

}  // namespace anteroom::testing
