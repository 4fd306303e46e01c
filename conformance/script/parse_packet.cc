// What is common to all packets, and those that are not TCP's.
#include <array>
#include <utility>

#include "conformance/script/grammar.h"

namespace anteroom::script {
namespace {

// A packet has at most six headers, its own IP and transport headers among them; so in the tools.
constexpr std::size_t kOuterMax = 6;
constexpr std::size_t kOuterTokensMax = 200;

std::optional<EcnField> ecn_field(const Token& token) {
  constexpr std::array<std::pair<std::string_view, EcnField>, 5> kNames = {
      {{"noecn", EcnField::not_ect},
       {"ect0", EcnField::ect0},
       {"ect1", EcnField::ect1},
       {"ce", EcnField::ce},
       {"ect01", EcnField::ect01}}};
  for (const auto& [name, field] : kNames) {
    if (token.is(name)) return field;
  }
  return std::nullopt;
}

// RFC 2474, RFC 2597, RFC 3246, RFC 5865, RFC 8622.
std::optional<std::uint8_t> code_point(std::string_view name) {
  constexpr std::array<std::pair<std::string_view, std::uint8_t>, 23> kNames = {
      {{"cs0", 0},   {"cs1", 8},   {"cs2", 16},         {"cs3", 24},  {"cs4", 32},  {"cs5", 40},
       {"cs6", 48},  {"cs7", 56},  {"af11", 10},        {"af12", 12}, {"af13", 14}, {"af21", 18},
       {"af22", 20}, {"af23", 22}, {"af31", 26},        {"af32", 28}, {"af33", 30}, {"af41", 34},
       {"af42", 36}, {"af43", 38}, {"voice-admit", 44}, {"ef", 46},   {"le", 1}}};
  for (const auto& [known, value] : kNames) {
    if (name == known) return value;
  }
  return std::nullopt;
}

EcnField parse_ecn_name(Reader& in) {
  const std::optional<EcnField> field = ecn_field(in.peek());
  if (!field) in.fail("noecn, ect0, ect1, ect01 or ce");
  in.take();
  return *field;
}

std::uint8_t parse_code_point(Reader& in) {
  if (!in.at(TokenKind::word))
    return static_cast<std::uint8_t>(in.integer("a code point or its name", 0, 63));
  const std::optional<std::uint8_t> value = code_point(in.peek().text);
  if (!value) in.fail("a code point: cs0 to cs7, af11 to af43, ef, voice-admit or le");
  in.take();
  return *value;
}

void parse_ip_item(Reader& in, IpInfo& ip) {
  if (ecn_field(in.peek())) {
    ip.ecn = parse_ecn_name(in);
  } else if (in.take_if("ecn")) {
    ip.ecn = parse_ecn_name(in);
  } else if (in.take_if("tos") || in.take_if("class")) {
    ip.traffic_class = in.integer8("a byte");
  } else if (in.take_if("dscp")) {
    ip.dscp = parse_code_point(in);
  } else if (in.take_if("ttl") || in.take_if("hlim")) {
    ip.hop_limit = in.integer8("a number of hops");
  } else if (in.take_if("flowlabel")) {
    ip.flow_label = static_cast<std::uint32_t>(in.integer("a flow label", 0, 0xfffff));
  } else {
    in.fail("noecn, ect0, ect1, ect01, ce, ecn, tos, class, dscp, ttl, hlim or flowlabel");
  }
}

void parse_ip_info(Reader& in, IpInfo& ip) {
  if (!in.at('(') && !in.at('[')) return;
  const char closing = in.take().is('(') ? ')' : ']';
  do {
    parse_ip_item(in, ip);
  } while (in.take_if(','));
  in.expect(closing, std::string("',' or '") + closing + "'");
}

bool at_outer(Reader& in) {
  return in.at("ipv4") || in.at("ipv6") || in.at("gre") || in.at("mpls") || in.at("psp");
}

// Headers outside of the packet's own, each with a `:` behind it. What they hold is not kept.
void parse_outer(Reader& in, Packet& packet) {
  while (at_outer(in)) {
    if (packet.outer.size() == kOuterMax) in.fail("at most six headers outside");
    packet.outer.emplace_back(in.take().text);
    std::size_t tokens = 0;
    while (!in.at(':')) {
      const bool is_beyond = in.at(TokenKind::end) || in.at(TokenKind::command) ||
                             in.at(TokenKind::code) || in.at('<') || ++tokens > kOuterTokensMax;
      if (is_beyond) in.fail("':' behind the header " + packet.outer.back());
      in.take();
    }
    in.take();
  }
}

// encap psp spi N [, vc N]
void parse_encapsulation(Reader& in, Packet& packet) {
  if (!in.take_if("encap")) return;
  if (!in.take_if("psp")) in.fail("psp");
  packet.outer.emplace_back("psp");
  if (!in.take_if("spi")) in.fail("spi");
  in.integer32("an index");
  if (!in.take_if(',')) return;
  if (!in.take_if("vc")) in.fail("vc");
  in.expect(TokenKind::integer, "a cookie");
}

// (LENGTH), or (LENGTH, COVERAGE) of UDP-Lite.
void parse_length(Reader& in, bool lite, std::uint32_t& length, std::uint32_t& coverage) {
  in.expect('(', "'(' and the length");
  length = in.integer16("a length");
  if (lite) {
    in.expect(',', "',' and the checksum's coverage");
    coverage = in.integer16("a coverage");
  }
  in.expect(')', "')' behind the length");
}

UdpPacket parse_udp(Reader& in, Packet& packet) {
  UdpPacket udp;
  udp.lite = in.take().text == "udplite";
  if (in.at(TokenKind::integer)) packet.ports = parse_ports(in);
  parse_length(in, udp.lite, udp.length, udp.coverage);
  return udp;
}

Quoted parse_quoted(Reader& in) {
  Quoted quoted;
  in.take();
  if (in.at("sctp")) in.fail_at(in.peek().place, "SCTP packets are not supported");
  if (in.at("udp") || in.at("udplite") || in.at("raw")) {
    const Token word = in.take();
    quoted.kind = word.is("raw") ? Quoted::Kind::raw : Quoted::Kind::udp;
    quoted.lite = word.is("udplite");
    parse_length(in, quoted.lite, quoted.length, quoted.coverage);
  } else {
    parse_sequence(in, quoted.seq, quoted.length);
    quoted.udp_ports = parse_udp_suffix(in);
  }
  in.expect(']', "']' behind the quoted packet");
  return quoted;
}

IcmpPacket parse_icmp(Reader& in) {
  IcmpPacket icmp;
  in.take();
  icmp.type = in.expect(TokenKind::word, "a type of ICMP").text;
  if (in.at(TokenKind::word) && !in.at("mtu") && !in.at("id")) icmp.code = in.take().text;
  if (in.take_if("mtu")) icmp.mtu = in.integer32("an MTU");
  if (in.take_if("id")) icmp.id = in.integer32("an identifier");
  if (in.at('[')) icmp.quoted = parse_quoted(in);
  return icmp;
}

}  // namespace

Packet parse_packet(Reader& in) {
  Packet packet;
  packet.inbound = in.take().is('<');
  parse_outer(in, packet);
  parse_ip_info(in, packet.ip);
  parse_encapsulation(in, packet);
  if (in.at("sctp")) in.fail_at(in.peek().place, "SCTP packets are not supported");
  if (in.at("icmp")) {
    packet.body = parse_icmp(in);
  } else if (in.at("udp") || in.at("udplite")) {
    packet.body = parse_udp(in, packet);
  } else {
    packet.body = parse_tcp(in, packet);
  }
  return packet;
}

}  // namespace anteroom::script
