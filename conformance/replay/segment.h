// A captured TCP segment as a value, read leniently: checksums are not judged, because captures are
// taken in front of the card that computes them, and payload that was cut off is made of zeros.
// Not here: fragments (datagrams.h), whose segment it is (connections.h).
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <anteroom/address.h>
#include <anteroom/bytes.h>
#include <anteroom/result.h>
#include <anteroom/time.h>

#include "conformance/replay/link_layer.h"
#include "stack/wire/tcp_header.h"

namespace anteroom::replay {

namespace flag = tcp_flag;

// What an IP header says, of either version.
struct IpPart {
  IpAddress source{};
  IpAddress destination{};
  std::uint8_t traffic_class = 0;
  std::uint8_t hop_limit = 64;
  std::uint8_t protocol = 0;
  std::uint32_t identification = 0;  // IPv6: of a fragment
  std::uint16_t fragment_offset_bytes = 0;
  bool more_fragments = false;
  Bytes payload{};                // as far as it was captured
  std::size_t payload_bytes = 0;  // as sent

  bool is_fragment() const { return more_fragments || fragment_offset_bytes != 0; }
};

// The options that a replay looks at; the others stay in Segment::options.
struct ReadOptions {
  std::optional<std::uint16_t> mss{};
  std::optional<std::uint8_t> window_scale{};
  bool sack_permitted = false;
  bool has_timestamp = false;
  std::uint32_t timestamp_value = 0;
  std::uint32_t timestamp_echo = 0;
  std::optional<std::uint8_t> fast_open_bytes{};  // of the cookie; 0: it is asked for
};

struct Segment {
  std::uint64_t number = 0;  // of its packet in the capture; 0: it was in none
  Duration at{};             // since the capture's first packet
  Endpoint source{};
  Endpoint destination{};
  std::uint8_t traffic_class = 0;
  std::uint8_t hop_limit = 64;
  std::uint16_t identification = 0;
  std::uint32_t seq = 0;
  std::uint32_t ack = 0;
  std::uint16_t flags = 0;  // the twelve low bits
  std::uint16_t window = 0;
  std::uint16_t urgent_pointer = 0;
  std::array<std::uint8_t, kTcpOptionBytesMax> options{};  // as on the wire
  std::uint8_t option_bytes = 0;
  ReadOptions read{};
  bool is_cut = false;  // options or payload were not all captured
  // A reset in the name of a host that goes on as if it had not sent it: somebody else's.
  bool is_foreign = false;
  std::vector<std::uint8_t> payload{};
  std::size_t real_bytes = 0;  // of the payload; zeros stand for the others

  bool has(std::uint16_t flags_wanted) const { return (flags & flags_wanted) == flags_wanted; }
  bool is_syn() const { return has(flag::syn) && !has(flag::ack); }
  bool is_syn_ack() const { return has(flag::syn | flag::ack); }
  // In sequence space.
  std::uint32_t length() const {
    return static_cast<std::uint32_t>(payload.size()) + has(flag::syn) + has(flag::fin);
  }
  std::uint32_t data_seq() const { return seq + has(flag::syn); }
  std::uint32_t end() const { return seq + length(); }
  Bytes option_view() const { return Bytes(options).first(option_bytes); }
};

// Reads an IP header; `original_bytes` is the packet's length before the capture cut it. A total
// length of zero means all there is: the card was to cut the packet up. IPv6 extension headers are
// passed over as the stack does, down to the transport or a fragment.
Result<IpPart, Skip> read_ip(Bytes packet, std::size_t original_bytes);
// The extension headers inside an IPv6 datagram that was put together from fragments.
Result<IpPart, Skip> read_reassembled(IpPart ip);

// Reads the TCP segment inside; `number` and `at` are the caller's.
Result<Segment, Skip> read_segment(const IpPart& ip);

// Reads the options again after `options` was written to.
void read_options(Segment& segment);

// The segment as a packet of their version between these two ends, with all checksums; `payload` in
// the place of its own.
void write_packet(const Segment& segment, const Endpoint& source, const Endpoint& destination,
                  Bytes payload, std::vector<std::uint8_t>& out);

// In the notation of scripts, with numbers counted from these: `< P. 1:6(5) ack 1 win 229`.
// The payload's bytes are not looked at, only their number.
struct Origin {
  std::uint32_t seq = 0;
  std::uint32_t ack = 0;
};
std::string notation(const Segment& segment, std::size_t payload_bytes, const Origin& origin,
                     bool inbound);

}  // namespace anteroom::replay
