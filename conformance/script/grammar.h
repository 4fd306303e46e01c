// The parts of the parser, one function for each that another file needs. Each takes what it is
// named after from the reader, and throws ParseError where it is not there.
#pragma once

#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "conformance/script/reader.h"
#include "conformance/script/script.h"

namespace anteroom::script {

// parse_expression.cc
Expression parse_expression(Reader& in, int depth);
// `)` included, `(` taken already.
std::vector<Expression> parse_arguments(Reader& in, int depth);

// parse_tcp_options.cc: `<` taken already, `>` included.
void parse_tcp_options(Reader& in, TcpPacket& packet);

// parse_tcp.cc
TcpPacket parse_tcp(Reader& in, Packet& packet);
// start:end(len), where end is start + len.
void parse_sequence(Reader& in, ScriptNumber& seq, std::uint32_t& length);
// a > b
std::pair<std::uint16_t, std::uint16_t> parse_ports(Reader& in);
// /udp(a > b), if it is there.
std::optional<std::pair<std::uint16_t, std::uint16_t>> parse_udp_suffix(Reader& in);

// parse_packet.cc: `<` or `>` and all behind it.
Packet parse_packet(Reader& in);

// parse_call.cc. `end` as in Call.
Call parse_call(Reader& in);
Condition parse_condition(Reader& in);

// parse_event.cc
Event parse_event(Reader& in);

}  // namespace anteroom::script
