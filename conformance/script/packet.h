// The packets of a script, as written: numbers are not mapped to the live ones yet.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "conformance/script/expression.h"

namespace anteroom::script {

enum class EcnField : std::uint8_t { not_ect, ect1, ect0, ce, ect01 };

// What is given is set, or compared.
struct IpInfo {
  std::optional<EcnField> ecn{};
  std::optional<std::uint8_t> traffic_class{};  // tos, class: all eight bits
  std::optional<std::uint8_t> dscp{};
  std::optional<std::uint8_t> hop_limit{};  // ttl, hlim
  std::optional<std::uint32_t> flow_label{};
};

// A number of the sequence space as written.
struct ScriptNumber {
  std::uint32_t value = 0;
  bool literal = false;  // `!` behind it: as it is, no mapping to the live one
};

enum class OptionKind : std::uint8_t {
  end,
  no_operation,
  mss,           // numbers: bytes
  window_scale,  // numbers: shift
  sack_permitted,
  sack,       // numbers: left, right, left, right ...
  timestamp,  // numbers: value, echo
  md5,        // bytes: digest; none: `md5 valid`
  fast_open,  // bytes: cookie
  fast_open_experimental,
  acc_ecn0,  // kind 172; numbers: e0b, ceb, e1b as far as given
  acc_ecn1,  // kind 174; numbers: e1b, ceb, e0b as far as given
  acc_ecn0_experimental,
  acc_ecn1_experimental,
  ack_rate,              // exp-tarr; numbers: none or the rate
  connect_data,          // ours: marked connect data (`cdata N`); numbers: bytes
  generic,               // gen-K: `wire_kind`, bytes
  generic_experimental,  // exp-XXXX: kind 254; numbers: ExID; bytes
  raw,                   // <HEX>: bytes as they are, kind and length included
};

struct TcpOptionItem {
  OptionKind kind = OptionKind::end;
  Place place{};
  std::uint8_t wire_kind = 0;
  std::vector<std::uint32_t> numbers{};
  std::vector<std::uint8_t> bytes{};
  bool any_value = false;     // timestamp: `val ...`
  bool literal_echo = false;  // timestamp: `ecr N!`
};

struct TcpPacket {
  std::uint16_t flags = 0;            // the twelve low bits of the header's word, ACE aside
  std::optional<std::uint8_t> ace{};  // digit in place of AE, CWR and ECE
  bool any_seq = false;               // `...(len)`
  ScriptNumber seq{};
  std::uint32_t length = 0;
  std::optional<ScriptNumber> ack{};
  std::optional<std::uint16_t> window{};
  std::optional<std::uint16_t> urgent_pointer{};
  bool any_options = false;                                              // <...>
  std::vector<TcpOptionItem> options{};                                  // in wire order
  std::optional<std::pair<std::uint16_t, std::uint32_t>> reset_cause{};  // [code n, pen m]
  std::optional<std::pair<std::uint16_t, std::uint16_t>> udp_ports{};    // /udp(a > b)
  std::optional<std::string> payload{};                                  // ours: bytes; none: zeros
};

struct UdpPacket {
  bool lite = false;
  std::uint32_t length = 0;
  std::uint32_t coverage = 0;  // of UDP-Lite
};

// What an ICMP message quotes.
struct Quoted {
  enum class Kind : std::uint8_t { tcp, udp, raw } kind = Kind::tcp;
  ScriptNumber seq{};
  std::uint32_t length = 0;
  std::optional<std::pair<std::uint16_t, std::uint16_t>> udp_ports{};
  bool lite = false;           // of udp: UDP-Lite
  std::uint32_t coverage = 0;  // of UDP-Lite
};

struct IcmpPacket {
  std::string type{};  // as written: a name, or type_N
  std::string code{};  // empty, a name, or code_N
  std::optional<std::uint32_t> mtu{};
  std::optional<std::uint32_t> id{};
  std::optional<Quoted> quoted{};
};

struct Packet {
  bool inbound = false;              // `<`
  std::vector<std::string> outer{};  // words of encapsulating headers: ipv4, ipv6, gre, mpls, psp
  IpInfo ip{};
  std::optional<std::pair<std::uint16_t, std::uint16_t>> ports{};
  std::variant<TcpPacket, UdpPacket, IcmpPacket> body{};
};

}  // namespace anteroom::script
