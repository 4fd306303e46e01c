// What stands in < >. Sizes are checked here, because a header can have only whole words of 32
// bits.
#include <array>
#include <charconv>
#include <limits>
#include <utility>

#include "conformance/script/grammar.h"

namespace anteroom::script {
namespace {

constexpr std::size_t kOptionBytesMax = 40;
constexpr std::size_t kSackBlocksMax = 4;
constexpr std::uint32_t kCounterMax = 0xffffff;

bool is_hexadecimal(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789abcdefABCDEF") == text.npos;
}

bool at_bytes(Reader& in) { return in.at(TokenKind::word) || in.at(TokenKind::integer); }

// Hexadecimal digits, two to a byte, whatever kind of token they look like.
std::vector<std::uint8_t> parse_bytes(Reader& in) {
  const std::string_view text = in.peek().text;
  if (!at_bytes(in) || !is_hexadecimal(text)) in.fail("bytes in hexadecimal digits");
  if (text.size() % 2 != 0) in.fail("an even number of hexadecimal digits");
  if (text.size() > 2 * kOptionBytesMax) in.fail("at most 40 bytes");
  std::vector<std::uint8_t> bytes;
  for (std::size_t at = 0; at < text.size(); at += 2) {
    std::from_chars(text.data() + at, text.data() + at + 2, bytes.emplace_back(), 16);
  }
  in.take();
  return bytes;
}

void parse_sack(Reader& in, TcpOptionItem& item) {
  do {
    if (item.numbers.size() == 2 * kSackBlocksMax) in.fail("at most four blocks");
    item.numbers.push_back(in.integer32("the left edge of a block"));
    in.expect(':', "':' and the right edge of the block");
    item.numbers.push_back(in.integer32("the right edge of a block"));
  } while (in.at(TokenKind::integer));
}

void parse_timestamp(Reader& in, TcpOptionItem& item) {
  if (!in.take_if("val")) in.fail("val");
  item.any_value = in.take_if_kind(TokenKind::ellipsis);
  item.numbers.push_back(item.any_value ? 0 : in.integer32("a timestamp"));
  if (!in.take_if("ecr")) in.fail("ecr");
  item.numbers.push_back(in.integer32("a timestamp"));
  item.literal_echo = in.take_if('!');
}

// The counters of Accurate ECN: of the name given, then the others as far as they are there.
void parse_counters(Reader& in, const std::array<std::string_view, 3>& names, TcpOptionItem& item) {
  for (const std::string_view name : names) {
    if (!in.take_if(name)) return;
    item.numbers.push_back(
        static_cast<std::uint32_t>(in.integer("a counter of 24 bits", 0, kCounterMax)));
  }
}

// ECN e0b N [ceb N [e1b N]], or the same from e1b on, which is another kind.
void parse_google_acc_ecn(Reader& in, TcpOptionItem& item) {
  item.kind = in.at("e1b") ? OptionKind::acc_ecn1 : OptionKind::acc_ecn0;
  if (item.kind == OptionKind::acc_ecn1) {
    parse_counters(in, {"e1b", "ceb", "e0b"}, item);
  } else {
    parse_counters(in, {"e0b", "ceb", "e1b"}, item);
  }
  if (item.numbers.empty()) in.fail("e0b or e1b");
}

void parse_nplab_acc_ecn(Reader& in, bool is_first, TcpOptionItem& item) {
  if (is_first) {
    parse_counters(in, {"ee0b", "eceb", "ee1b"}, item);
  } else {
    parse_counters(in, {"ee1b", "eceb", "ee0b"}, item);
  }
}

void parse_md5(Reader& in, TcpOptionItem& item) {
  if (!in.take_if("valid")) item.bytes = parse_bytes(in);
}

void parse_fast_open(Reader& in, TcpOptionItem& item) {
  if (at_bytes(in)) item.bytes = parse_bytes(in);
}

void parse_ack_rate(Reader& in, TcpOptionItem& item) {
  if (!in.at(TokenKind::integer)) return;
  item.numbers.push_back(static_cast<std::uint32_t>(in.integer("a rate", 0, 127)));
}

// gen-K and exp-XXXX, with K decimal and XXXX hexadecimal.
bool parse_generic(Reader& in, const Token& name, TcpOptionItem& item) {
  const bool is_experimental = name.text.starts_with("exp-") || name.text.starts_with("EXP-");
  if (!is_experimental && !name.text.starts_with("gen-") && !name.text.starts_with("GEN-"))
    return false;
  const std::string_view digits = name.text.substr(4);
  std::uint16_t number = 0;
  const char* const end = digits.data() + digits.size();
  const auto [last, error] = std::from_chars(digits.data(), end, number, is_experimental ? 16 : 10);
  if (error != std::errc() || last != end || (!is_experimental && number > 255)) return false;
  item.kind = is_experimental ? OptionKind::generic_experimental : OptionKind::generic;
  item.wire_kind = is_experimental ? 254 : static_cast<std::uint8_t>(number);
  if (is_experimental) item.numbers.push_back(number);
  if (at_bytes(in)) item.bytes = parse_bytes(in);
  return true;
}

constexpr std::array<std::pair<std::string_view, OptionKind>, 21> kNames = {
    {{"nop", OptionKind::no_operation},
     {"eol", OptionKind::end},
     {"mss", OptionKind::mss},
     {"wscale", OptionKind::window_scale},
     {"sackOK", OptionKind::sack_permitted},
     {"sack", OptionKind::sack},
     {"TS", OptionKind::timestamp},
     {"md5", OptionKind::md5},
     {"FO", OptionKind::fast_open},
     {"FOEXP", OptionKind::fast_open_experimental},
     {"exp-FO", OptionKind::fast_open_experimental},
     {"EXP-FO", OptionKind::fast_open_experimental},
     {"ECN", OptionKind::acc_ecn0},
     {"AccECN0", OptionKind::acc_ecn0},
     {"AccECN1", OptionKind::acc_ecn1},
     {"exp-AccECN0", OptionKind::acc_ecn0_experimental},
     {"EXP-AccECN0", OptionKind::acc_ecn0_experimental},
     {"exp-AccECN1", OptionKind::acc_ecn1_experimental},
     {"EXP-AccECN1", OptionKind::acc_ecn1_experimental},
     {"exp-tarr", OptionKind::ack_rate},
     {"cdata", OptionKind::connect_data}}};

std::optional<OptionKind> kind_of(std::string_view name) {
  for (const auto& [known, kind] : kNames) {
    if (name == known) return kind;
  }
  return std::nullopt;
}

bool is_multipath(std::string_view name) {
  return name.starts_with("mp_") || name == "dss" || name.starts_with("add_addr") ||
         name.starts_with("remove_addr");
}

// What follows the name.
void parse_arguments_of(Reader& in, std::string_view name, TcpOptionItem& item) {
  switch (item.kind) {
    case OptionKind::mss: item.numbers.push_back(in.integer16("an MSS")); break;
    case OptionKind::window_scale: item.numbers.push_back(in.integer8("a shift")); break;
    case OptionKind::sack: parse_sack(in, item); break;
    case OptionKind::timestamp: parse_timestamp(in, item); break;
    case OptionKind::md5: parse_md5(in, item); break;
    case OptionKind::fast_open:
    case OptionKind::fast_open_experimental: parse_fast_open(in, item); break;
    case OptionKind::acc_ecn0:
    case OptionKind::acc_ecn0_experimental:
      if (name == "ECN") return parse_google_acc_ecn(in, item);
      return parse_nplab_acc_ecn(in, true, item);
    case OptionKind::acc_ecn1:
    case OptionKind::acc_ecn1_experimental: parse_nplab_acc_ecn(in, false, item); break;
    case OptionKind::ack_rate: parse_ack_rate(in, item); break;
    case OptionKind::connect_data: item.numbers.push_back(in.integer16("a number of bytes")); break;
    default: break;
  }
}

TcpOptionItem parse_option(Reader& in) {
  TcpOptionItem item;
  const Token name = in.peek();
  item.place = name.place;
  const std::optional<OptionKind> kind =
      name.kind == TokenKind::word ? kind_of(name.text) : std::nullopt;
  if (kind) {
    in.take();
    item.kind = *kind;
    parse_arguments_of(in, name.text, item);
    return item;
  }
  if (name.kind == TokenKind::word && is_multipath(name.text)) {
    in.fail_at(name.place, "MPTCP options are not supported");
  }
  if (at_bytes(in) && is_hexadecimal(name.text)) {
    item.kind = OptionKind::raw;
    item.bytes = parse_bytes(in);
    return item;
  }
  if (name.kind == TokenKind::word && (name.text.size() > 4 && name.text[3] == '-')) {
    in.take();
    if (parse_generic(in, name, item)) return item;
    in.fail_at(name.place, "found " + to_string(name) + "; expected gen-KIND or exp-EXID");
  }
  in.fail("a TCP option");
}

// Kind and length included.
std::size_t wire_bytes(const TcpOptionItem& item) {
  switch (item.kind) {
    case OptionKind::end:
    case OptionKind::no_operation: return 1;
    case OptionKind::mss: return 4;
    case OptionKind::window_scale: return 3;
    case OptionKind::sack_permitted: return 2;
    case OptionKind::sack: return 2 + 4 * item.numbers.size();
    case OptionKind::timestamp: return 10;
    case OptionKind::md5: return item.bytes.empty() ? 18 : 2 + item.bytes.size();
    case OptionKind::fast_open:
    case OptionKind::generic: return 2 + item.bytes.size();
    case OptionKind::fast_open_experimental:
    case OptionKind::generic_experimental: return 4 + item.bytes.size();
    case OptionKind::acc_ecn0:
    case OptionKind::acc_ecn1: return 2 + 3 * item.numbers.size();
    case OptionKind::acc_ecn0_experimental:
    case OptionKind::acc_ecn1_experimental: return 4 + 3 * item.numbers.size();
    case OptionKind::ack_rate: return 4 + item.numbers.size();
    case OptionKind::connect_data: return 8;
    case OptionKind::raw: return item.bytes.size();
  }
  return 0;
}

}  // namespace

void parse_tcp_options(Reader& in, TcpPacket& packet) {
  if (in.take_if_kind(TokenKind::ellipsis)) {
    packet.any_options = true;
    in.expect('>', "'>' behind the dots");
    return;
  }
  const Place place = in.peek().place;
  std::size_t bytes = 0;
  if (in.take_if('>')) return;
  do {
    packet.options.push_back(parse_option(in));
    bytes += wire_bytes(packet.options.back());
    if (bytes > kOptionBytesMax) {
      in.fail_at(packet.options.back().place,
                 "found more than 40 bytes of options; expected no more, which is all that fit");
    }
  } while (in.take_if(','));
  in.expect('>', "',' or '>' in the TCP options");
  if (bytes % 4 != 0) {
    in.fail_at(place, "found " + std::to_string(bytes) +
                          " bytes of options; expected a multiple of 4, with nop or eol");
  }
}

}  // namespace anteroom::script
