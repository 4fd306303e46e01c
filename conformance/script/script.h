// A script of the packetdrill language as a value, in both dialects: what was written, nothing
// resolved. conformance/README.md has the language. Not here: how text becomes this (parser.h), and
// what it means (conformance/runner).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace anteroom::script {

// Whose tool: google/packetdrill, or the fork nplab/packetdrill. The parser takes what either
// takes; a few texts mean different things.
enum class Dialect : std::uint8_t { google, nplab };

// Both from 1.
struct Place {
  std::uint32_t line = 1;
  std::uint32_t column = 1;
};

// --- Time ---

enum class TimeKind : std::uint8_t { absolute, relative, any, absolute_range, relative_range };

// Microseconds; `last` of a range, else equal to `first`.
struct EventTime {
  TimeKind kind = TimeKind::absolute;
  std::int64_t first = 0;
  std::int64_t last = 0;
};

// --- Expressions: the arguments of calls ---

struct Member;

enum class ExpressionKind : std::uint8_t {
  ellipsis,   // ...
  integer,    // decimal or hexadecimal
  word,       // a symbol
  string,     // escapes undone
  alternate,  // a|b|c: items
  list,       // [a, b]: items
  structure,  // {a, b} or {name=a, name(n)=b}: members
  function,  // inet_addr("..."), htonl(n), inet6_addr("..."): text is its name, items its arguments
};

struct Expression {
  ExpressionKind kind = ExpressionKind::ellipsis;
  Place place{};
  std::int64_t integer = 0;
  std::string text{};  // of word, string, function
  std::vector<Expression> items{};
  std::vector<Member> members{};
};

struct Member {
  std::string name{};                  // empty where only values are given
  std::vector<Expression> argument{};  // of name(argument)=; none or one
  Expression value{};
};

// --- Packets ---

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

// --- Other events ---

struct Call {
  std::string name{};
  std::vector<Expression> arguments{};
  std::optional<std::int64_t> end{};  // T...E: microseconds, counted as the event's time is
  Expression result{};                // integer, or (readers of fields) anything else
  std::string error{};                // name of the errno; empty: not checked
};

enum class Verdict : std::uint8_t { accept, reject, ignore, defer, challenge };

// Ours: condition(fd) = VERDICT; condition(fd, "caller data") checks what the request brought.
struct Condition {
  std::int64_t fd = 0;
  std::optional<std::string> caller_data{};
  Verdict verdict = Verdict::accept;
  std::string response_data{};
};

struct Command {
  std::string text{};
};

// %{ text }%
struct Code {
  std::string text{};
};

struct Event {
  Place place{};
  EventTime time{};
  std::variant<Packet, Call, Condition, Command, Code> what{};
  std::string text{};  // the source of the event, one line, blanks squeezed
};

// --name=value, or --name where `value` is nothing.
struct Option {
  Place place{};
  std::string name{};
  std::optional<std::string> value{};
};

struct Script {
  std::string path{};
  std::vector<Option> options{};  // --define aside: those are replaced in what follows
  std::optional<Command> init{};
  std::vector<Event> events{};
  std::optional<Command> cleanup{};
};

}  // namespace anteroom::script
