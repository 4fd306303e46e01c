// Printing the notation, and saying how two segments differ.
#include <cctype>

#include <anteroom/testing/notation.h>

#include "stack/wire/tcp_header.h"

namespace anteroom::testing {
namespace {

constexpr std::string_view kFlagLetters = "FSRP.UEWA";

std::string flags_text(std::uint16_t flags) {
  std::string text;
  for (std::size_t bit = 0; bit < kFlagLetters.size(); ++bit) {
    if ((flags >> bit & 1) != 0) text += kFlagLetters[bit];
  }
  return text.empty() ? "-" : text;
}

std::string options_text(const OptionsNote& options) {
  std::string text;
  const auto add = [&](const std::string& option) { text += (text.empty() ? "" : ",") + option; };
  const auto number = [](auto value) { return std::to_string(value); };
  if (options.mss) add("mss " + number(*options.mss));
  if (options.sack_permitted) add("sackOK");
  if (options.timestamp) {
    add("TS val " + number(options.timestamp->first) + " ecr " + number(options.timestamp->second));
  }
  if (options.window_scale) add("wscale " + number(*options.window_scale));
  if (options.fast_open) {
    const std::string name = options.fast_open_experimental ? "FOEXP" : "FO";
    add(options.fast_open->empty() ? name : name + " " + *options.fast_open);
  }
  if (options.connect_data) add("cdata " + number(*options.connect_data));
  if (options.experimental) {
    add("exp " + number(options.experimental->first) + " " + options.experimental->second);
  }
  if (options.acc_ecn) {
    const bool first = options.acc_ecn->kind == 172;
    const std::string_view names[] = {first ? " e0b " : " e1b ", " ceb ",
                                      first ? " e1b " : " e0b "};
    std::string counters = first ? "ECN" : "ECN1";
    for (std::size_t i = 0; i < options.acc_ecn->counters.size(); ++i) {
      counters += std::string(names[i]) + number(options.acc_ecn->counters[i]);
    }
    add(counters);
  }
  if (!options.sack.empty()) {
    std::string blocks = "sack";
    for (const auto& [left, right] : options.sack)
      blocks += " " + number(left) + ":" + number(right);
    add(blocks);
  }
  return "<" + text + ">";
}

std::string quoted(const std::string& payload) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string text = "\"";
  for (const char c : payload) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      text += {'\\', c};
    } else if (std::isprint(byte) != 0) {
      text += c;
    } else {
      text += {'\\', 'x', kDigits[byte >> 4], kDigits[byte & 15]};
    }
  }
  return text + "\"";
}

}  // namespace

std::string to_string(const SegmentNote& segment) {
  constexpr std::string_view kEcn[] = {"[noecn] ", "[ect1] ", "[ect0] ", "[ce] "};
  std::string text = segment.ip_ecn ? std::string(kEcn[*segment.ip_ecn & 3]) : std::string();
  text += flags_text(segment.flags) + " " + std::to_string(segment.seq) + ":" +
          std::to_string(segment.seq + segment.length) + "(" + std::to_string(segment.length) + ")";
  if ((segment.flags & tcp_flag::ack) != 0) text += " ack " + std::to_string(segment.ack);
  if (segment.window) text += " win " + std::to_string(*segment.window);
  if ((segment.flags & tcp_flag::urg) != 0)
    text += " urg " + std::to_string(segment.urgent_pointer);
  if (segment.options) text += " " + options_text(*segment.options);
  if (segment.payload && !segment.payload->empty()) text += " " + quoted(*segment.payload);
  return text;
}

std::string difference(const SegmentNote& expected, const SegmentNote& actual) {
  const bool same = expected.flags == actual.flags && expected.seq == actual.seq &&
                    expected.length == actual.length && expected.ack == actual.ack &&
                    expected.urgent_pointer == actual.urgent_pointer &&
                    (!expected.ip_ecn || *expected.ip_ecn == actual.ip_ecn.value_or(0)) &&
                    (!expected.window || expected.window == actual.window) &&
                    (!expected.options || expected.options == actual.options) &&
                    (!expected.payload || expected.payload == actual.payload);
  if (same) return {};
  return "expected " + to_string(expected) + "\n  actual " + to_string(actual);
}

}  // namespace anteroom::testing
