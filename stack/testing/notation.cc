// Reading the notation. Printing and comparing: notation_print.cc.
#include <charconv>

#include <anteroom/testing/notation.h>

#include "stack/wire/tcp_header.h"

namespace anteroom::testing {
namespace {

constexpr std::string_view kFlagLetters = "FSRP.UEWA";

// A place in the text; every take_ moves it on where it succeeds.
class Reader {
 public:
  explicit Reader(std::string_view text) : left_(text) {}

  std::string_view left() const { return left_; }

  void skip_space() {
    while (!left_.empty() && left_.front() == ' ') left_.remove_prefix(1);
  }
  bool take(std::string_view token) {
    skip_space();
    if (!left_.starts_with(token)) return false;
    left_.remove_prefix(token.size());
    return true;
  }
  template <typename Number>
  bool take_number(Number& value, int base = 10) {
    skip_space();
    const auto [end, error] =
        std::from_chars(left_.data(), left_.data() + left_.size(), value, base);
    if (error != std::errc()) return false;
    left_.remove_prefix(static_cast<std::size_t>(end - left_.data()));
    return true;
  }
  std::string take_word(std::string_view letters) {
    skip_space();
    const std::size_t size = std::min(left_.find_first_not_of(letters), left_.size());
    std::string word(left_.substr(0, size));
    left_.remove_prefix(size);
    return word;
  }

 private:
  std::string_view left_;
};

constexpr std::string_view kHexDigits = "0123456789abcdef";

bool read_option(Reader& in, OptionsNote& options) {
  std::uint32_t a = 0, b = 0;
  if (in.take("mss")) return in.take_number(options.mss.emplace());
  if (in.take("wscale")) return in.take_number(options.window_scale.emplace());
  if (in.take("sackOK")) return options.sack_permitted = true;
  if (in.take("sack")) {
    while (in.take_number(a)) {
      if (!in.take(":") || !in.take_number(b)) return false;
      options.sack.emplace_back(a, b);
    }
    return !options.sack.empty();
  }
  if (in.take("TS")) {
    if (!in.take("val") || !in.take_number(a) || !in.take("ecr") || !in.take_number(b))
      return false;
    options.timestamp.emplace(a, b);
    return true;
  }
  if (in.take("FOEXP")) {
    options.fast_open_experimental = true;
    options.fast_open = in.take_word(kHexDigits);
    return true;
  }
  if (in.take("FO")) {
    options.fast_open = in.take_word(kHexDigits);
    return true;
  }
  if (in.take("ECN")) {
    AccEcnNote& counters = options.acc_ecn.emplace();
    if (in.take("1")) counters.kind = 174;
    while (in.take("e0b") || in.take("ceb") || in.take("e1b")) {
      if (!in.take_number(a)) return false;
      counters.counters.push_back(a);
    }
    return counters.counters.size() <= 3;
  }
  if (in.take("cdata")) return in.take_number(options.connect_data.emplace());
  if (in.take("exp")) {
    std::uint8_t kind = 0;
    if (!in.take_number(kind)) return false;
    options.experimental.emplace(kind, in.take_word(kHexDigits));
    return true;
  }
  return in.take("nop") || in.take("eol");
}

bool read_options(Reader& in, OptionsNote& options) {
  if (in.take(">")) return true;
  do {
    if (!read_option(in, options)) return false;
  } while (in.take(","));
  return in.take(">");
}

bool read_payload(Reader& in, std::string& payload) {
  std::string_view rest = in.left();
  while (!rest.empty() && rest.front() != '"') {
    if (rest.front() != '\\') {
      payload += rest.front();
      rest.remove_prefix(1);
      continue;
    }
    if (rest.size() < 2) return false;
    if (rest[1] != 'x') {
      payload += rest[1];
      rest.remove_prefix(2);
      continue;
    }
    unsigned value = 0;
    if (rest.size() < 4 || std::from_chars(&rest[2], &rest[2] + 2, value, 16).ptr != &rest[2] + 2) {
      return false;
    }
    payload += static_cast<char>(value);
    rest.remove_prefix(4);
  }
  in = Reader(rest);
  return in.take("\"");
}

bool read_ip_ecn(Reader& in, SegmentNote& note) {
  if (!in.take("[")) return true;
  constexpr std::string_view kNames[] = {"noecn", "ect1", "ect0", "ce"};
  for (std::uint8_t value = 0; value < 4; ++value) {
    if (!in.take(kNames[value])) continue;
    note.ip_ecn = value;
    return in.take("]");
  }
  return false;
}

bool read_flags(Reader& in, std::uint16_t& flags) {
  const std::string letters = in.take_word("FSRP.UEWA-");
  if (letters.empty()) return false;
  for (const char letter : letters) {
    if (letter == '-') continue;
    flags = static_cast<std::uint16_t>(flags | 1u << kFlagLetters.find(letter));
  }
  return true;
}

}  // namespace

Result<SegmentNote, std::string> parse_segment(std::string_view text) {
  Reader in(text);
  SegmentNote note;
  const auto wrong = [&](std::string_view wanted) {
    return "expected " + std::string(wanted) + " at \"" + std::string(in.left()) + "\" in \"" +
           std::string(text) + "\"";
  };
  if (!read_ip_ecn(in, note)) return wrong("noecn, ect0, ect1 or ce, then ]");
  if (!read_flags(in, note.flags)) return wrong("flags (letters of FSRP.UEWA or -)");
  std::uint32_t end = 0;
  if (!in.take_number(note.seq) || !in.take(":") || !in.take_number(end) || !in.take("(") ||
      !in.take_number(note.length) || !in.take(")")) {
    return wrong("seq:end(length)");
  }
  if (note.seq + note.length != end) return wrong("end = seq + length");
  const bool has_ack = in.take("ack");
  if (has_ack && !in.take_number(note.ack)) return wrong("a number after ack");
  if (has_ack != ((note.flags & tcp_flag::ack) != 0))
    return wrong("ack exactly where the flags have .");
  if (in.take("win") && !in.take_number(note.window.emplace())) return wrong("a number after win");
  if (in.take("urg") && !in.take_number(note.urgent_pointer)) return wrong("a number after urg");
  if (in.take("<") && !read_options(in, note.options.emplace())) return wrong("an option or >");
  if (in.take("\"") && !read_payload(in, note.payload.emplace())) return wrong("a closing quote");
  if (note.payload && note.payload->size() != note.length)
    return wrong("as many bytes as the length says");
  in.skip_space();
  if (!in.left().empty()) return wrong("the end");
  return note;
}

std::optional<SegmentNote> note_of(Bytes tcp_segment) {
  const auto view = parse_tcp(tcp_segment);
  if (!view) return std::nullopt;
  const auto options = parse_tcp_options(view->options);
  if (!options) return std::nullopt;
  SegmentNote note;
  note.flags = view->header.flags & 0x1ff;  // what is reserved means nothing, RFC 9293 3.1
  note.seq = view->header.seq;
  note.length = static_cast<std::uint32_t>(view->payload.size());
  if ((note.flags & tcp_flag::ack) != 0) note.ack = view->header.ack;
  note.window = view->header.window;
  if ((note.flags & tcp_flag::urg) != 0) note.urgent_pointer = view->header.urgent_pointer;
  note.payload = std::string(text_of(view->payload));
  const auto hex = [](Bytes bytes) {
    std::string text;
    for (const std::uint8_t byte : bytes) text += {kHexDigits[byte >> 4], kHexDigits[byte & 15]};
    return text;
  };
  OptionsNote& noted = note.options.emplace();
  if (options->has_mss) noted.mss = options->mss;
  if (options->has_window_scale) noted.window_scale = options->window_scale;
  noted.sack_permitted = options->sack_permitted;
  if (options->has_timestamp)
    noted.timestamp.emplace(options->timestamp_value, options->timestamp_echo);
  for (std::size_t i = 0; i < options->sack_count; ++i) {
    noted.sack.emplace_back(options->sack[i].left, options->sack[i].right);
  }
  if (options->has_fast_open) {
    noted.fast_open_experimental = options->fast_open.experimental;
    noted.fast_open = hex(Bytes(options->fast_open.bytes).first(options->fast_open.size));
  }
  if (options->has_connect_data) noted.connect_data = options->connect_data_bytes;
  if (options->acc_ecn.kind != 0) {
    const AccEcnOption& seen = options->acc_ecn;
    AccEcnNote& counters = noted.acc_ecn.emplace();
    counters.kind = seen.kind;
    const bool first = seen.kind == 172;
    counters.counters = {first ? seen.ect0_bytes : seen.ect1_bytes, seen.ce_bytes,
                         first ? seen.ect1_bytes : seen.ect0_bytes};
    counters.counters.resize(seen.fields);
  }
  if (options->experimental.kind != 0) {
    noted.experimental.emplace(options->experimental.kind, hex(options->experimental.data()));
  }
  return note;
}

}  // namespace anteroom::testing
