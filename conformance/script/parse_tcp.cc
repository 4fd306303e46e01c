// TCP packets: ports, flags, numbers. The options have a file of their own.
#include <limits>
#include <utility>

#include "conformance/script/grammar.h"

namespace anteroom::script {
namespace {

constexpr std::string_view kFlagLetters = "FSRP.UEWA";  // bit 0 on
constexpr std::uint16_t kAceBits = 0x1c0;

constexpr std::string_view kFlagsExpected =
    "flags: letters of FSRPUEWA, a digit of 0-7, '.' for ACK, or '-' for none";

struct Flags {
  std::uint16_t bits = 0;
  std::optional<std::uint8_t> ace{};
  bool is_empty = true;  // nothing seen yet
};

void add_flag(Reader& in, const Token& token, char letter, Flags& flags) {
  flags.is_empty = false;
  if (letter >= '0' && letter <= '7') {
    if (flags.ace) in.fail_at(token.place, "found a second digit in the flags; expected one");
    flags.ace = static_cast<std::uint8_t>(letter - '0');
  } else {
    const std::size_t bit = kFlagLetters.find(letter);
    if (bit == kFlagLetters.npos) {
      in.fail_at(token.place,
                 "found " + to_string(token) + "; expected " + std::string(kFlagsExpected));
    }
    flags.bits = static_cast<std::uint16_t>(flags.bits | 1u << bit);
  }
  if (flags.ace && (flags.bits & kAceBits) != 0) {
    in.fail_at(token.place, "found a digit and E, W or A in the flags; expected only one of them");
  }
}

// Is the next token of the flags, and not the sequence number?
bool at_flags(Reader& in, const Flags& flags) {
  if (in.at('.') || in.at(TokenKind::word) || in.at(TokenKind::decimal)) return true;
  // A lone digit needs its dot.
  return flags.is_empty && in.at(TokenKind::integer) && in.peek(1).is('.');
}

// Blanks may stand between the letters: `F .` is one of the corpora's.
void parse_flags(Reader& in, TcpPacket& packet) {
  if (in.take_if('-')) return;
  Flags flags;
  while (at_flags(in, flags)) {
    const Token token = in.take();
    for (const char letter : token.text) add_flag(in, token, letter, flags);
  }
  if (flags.is_empty) in.fail(kFlagsExpected);
  packet.flags = flags.bits;
  packet.ace = flags.ace;
}

void parse_numbers(Reader& in, TcpPacket& packet) {
  if (in.take_if("ack")) {
    packet.ack = ScriptNumber{in.integer32("an acknowledgment number"), false};
    packet.ack->literal = in.take_if('!');
  }
  if (in.take_if("win")) packet.window = in.integer16("a window");
  if (in.take_if("urg")) packet.urgent_pointer = in.integer16("an urgent pointer");
}

// [code n, pen m]
void parse_reset_cause(Reader& in, TcpPacket& packet) {
  in.take();
  std::pair<std::uint16_t, std::uint32_t> cause{};
  if (!in.take_if("code")) in.fail("code");
  in.take_if('=');
  cause.first = in.integer16("a code");
  in.expect(',', "',' and pen");
  if (!in.take_if("pen")) in.fail("pen");
  in.take_if('=');
  cause.second = in.integer32("a private enterprise number");
  in.expect(']', "']' behind the cause of the reset");
  packet.reset_cause = cause;
}

void parse_payload(Reader& in, TcpPacket& packet) {
  const Place place = in.peek().place;
  packet.payload = in.string();
  if (packet.payload->size() != packet.length) {
    in.fail_at(place, "found a payload of " + std::to_string(packet.payload->size()) +
                          " bytes; expected " + std::to_string(packet.length) +
                          ", the length of the packet");
  }
}

void parse_tcp_sequence(Reader& in, TcpPacket& packet) {
  if (!in.take_if_kind(TokenKind::ellipsis)) {
    parse_sequence(in, packet.seq, packet.length);
    return;
  }
  packet.any_seq = true;
  in.expect('(', "'(' and the length");
  packet.length = in.integer16("a length");
  in.expect(')', "')' behind the length");
}

}  // namespace

void parse_sequence(Reader& in, ScriptNumber& seq, std::uint32_t& length) {
  seq.value = in.integer32("a sequence number: START:END(LENGTH)");
  in.expect(':', "':' and the end of the sequence range");
  const Place place = in.peek().place;
  const std::uint32_t end = in.integer32("the end of the sequence range");
  in.expect('(', "'(' and the length");
  length = in.integer16("a length");
  in.expect(')', "')' behind the length");
  if (seq.value + length != end) {
    in.fail_at(place, "found the end " + std::to_string(end) + "; expected " +
                          std::to_string(seq.value + length) + ", which is start and length");
  }
  seq.literal = in.take_if('!');
}

std::pair<std::uint16_t, std::uint16_t> parse_ports(Reader& in) {
  const std::uint16_t source = in.integer16("a source port");
  in.expect('>', "'>' and the destination port");
  return {source, in.integer16("a destination port")};
}

std::optional<std::pair<std::uint16_t, std::uint16_t>> parse_udp_suffix(Reader& in) {
  if (!in.take_if('/')) return std::nullopt;
  if (!in.take_if("udp")) in.fail("udp");
  in.expect('(', "'(' and two ports");
  const auto ports = parse_ports(in);
  in.expect(')', "')' behind the ports");
  return ports;
}

TcpPacket parse_tcp(Reader& in, Packet& packet) {
  TcpPacket tcp;
  if (in.at(TokenKind::integer) && in.peek(1).is('>')) packet.ports = parse_ports(in);
  parse_flags(in, tcp);
  parse_tcp_sequence(in, tcp);
  parse_numbers(in, tcp);
  if (packet.inbound && !tcp.window) in.fail("win and a window: what is sent to the stack has one");
  const Place place = in.peek().place;
  if (in.take_if('<')) parse_tcp_options(in, tcp);
  if (packet.inbound && tcp.any_options) {
    in.fail_at(place, "found <...>; expected options that can be sent to the stack");
  }
  if (in.at('[')) parse_reset_cause(in, tcp);
  tcp.udp_ports = parse_udp_suffix(in);
  if (in.at(TokenKind::string)) parse_payload(in, tcp);
  return tcp;
}

}  // namespace anteroom::script
