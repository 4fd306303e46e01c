// Parsing and matching of rules. A glob is a row of elements, each one byte or any number of them.
#include "tools/anteroom/rule.h"

#include <charconv>
#include <utility>

#include <fmt/format.h>

#include "tools/anteroom/byte_text.h"

namespace anteroom::tools {
namespace {

constexpr std::size_t kByteValues = 256;
constexpr std::uint32_t kDeferralMillisecondsMax = 3'600'000;

// Takes one byte, escaped or not, from the front of `text`.
tap::Outcome<std::uint8_t> take_byte(std::string_view& text) {
  std::size_t length = 1;
  if (text[0] == '\\') length = text.size() > 1 && text[1] == 'x' ? 4 : 2;
  const auto byte = unescape(text.substr(0, length));
  if (!byte) return byte.error();
  text.remove_prefix(std::min(length, text.size()));
  return static_cast<std::uint8_t>((*byte)[0]);
}

// The first word, which ends at a space that is not escaped, and what follows that space.
std::pair<std::string_view, std::string_view> split_word(std::string_view text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\') {
      ++i;
    } else if (text[i] == ' ') {
      return {text.substr(0, i), text.substr(i + 1)};
    }
  }
  return {text, {}};
}

tap::Trouble parse_verdict(std::string_view text, Rule& rule) {
  while (text.starts_with("defer:")) {
    text.remove_prefix(6);
    std::uint32_t milliseconds = 0;
    const auto [rest, error] =
        std::from_chars(text.data(), text.data() + text.size(), milliseconds);
    const std::size_t digits = static_cast<std::size_t>(rest - text.data());
    const bool bad = error != std::errc() || milliseconds > kDeferralMillisecondsMax;
    if (bad || digits == text.size() || text[digits] != ':') {
      return tap::Problem{
          "a deferral is defer:MILLISECONDS:VERDICT, at most an hour, such as defer:500:accept"};
    }
    rule.deferrals.push_back(std::chrono::milliseconds(milliseconds));
    text.remove_prefix(digits + 1);
  }
  if (text == "accept") {
    rule.verdict = tap::VerdictKind::accept;
  } else if (text == "reject") {
    rule.verdict = tap::VerdictKind::reject;
  } else if (text == "ignore") {
    rule.verdict = tap::VerdictKind::ignore;
  } else if (text == "challenge") {
    rule.verdict = tap::VerdictKind::challenge;
  } else {
    return tap::Problem{
        fmt::format("'{}' is no verdict; known are accept, reject, ignore, challenge and "
                    "defer:MILLISECONDS:VERDICT",
                    text)};
  }
  return std::nullopt;
}

}  // namespace

// What follows a '[': bytes and ranges up to ']', which is itself a member where it comes first.
tap::Outcome<Glob::Element> Glob::parse_set(std::string_view& text) {
  const bool negated = text.starts_with('!') || text.starts_with('^');
  if (negated) text.remove_prefix(1);
  Element element{false, std::vector<bool>(kByteValues, negated)};
  for (bool first = true; first || !text.starts_with(']'); first = false) {
    if (text.empty()) return tap::Problem{"a '[' without its ']'"};
    const auto low = take_byte(text);
    if (!low) return low.error();
    std::uint8_t high = *low;
    if (text.size() >= 2 && text[0] == '-' && text[1] != ']') {
      text.remove_prefix(1);
      const auto last = take_byte(text);
      if (!last) return last.error();
      high = *last;
    }
    for (std::size_t value = *low; value <= high; ++value) element.allowed[value] = !negated;
  }
  text.remove_prefix(1);
  return element;
}

tap::Outcome<Glob> Glob::parse(std::string_view text) {
  Glob glob;
  while (!text.empty()) {
    if (text[0] == '*') {
      text.remove_prefix(1);
      glob.elements_.push_back({.any_bytes = true});
    } else if (text[0] == '?') {
      text.remove_prefix(1);
      glob.elements_.push_back({false, std::vector<bool>(kByteValues, true)});
    } else if (text[0] == '[') {
      text.remove_prefix(1);
      auto element = parse_set(text);
      if (!element) return element.error();
      glob.elements_.push_back(*std::move(element));
    } else {
      const auto byte = take_byte(text);
      if (!byte) return byte.error();
      Element element{false, std::vector<bool>(kByteValues, false)};
      element.allowed[*byte] = true;
      glob.elements_.push_back(std::move(element));
    }
  }
  return glob;
}

// Greedy with one place to come back to: the last '*' may always take one byte more, and no earlier
// one needs to, so the time is at most elements times bytes.
bool Glob::matches(Bytes bytes) const {
  std::size_t element = 0;
  std::size_t byte = 0;
  std::optional<std::pair<std::size_t, std::size_t>>
      last_star;  // behind it; bytes it has taken up to
  while (byte < bytes.size()) {
    if (element < elements_.size() && elements_[element].any_bytes) {
      last_star = {++element, byte};
    } else if (element < elements_.size() && elements_[element].allowed[bytes[byte]]) {
      ++element;
      ++byte;
    } else if (last_star) {
      element = last_star->first;
      byte = ++last_star->second;
    } else {
      return false;
    }
  }
  while (element < elements_.size() && elements_[element].any_bytes) ++element;
  return element == elements_.size();
}

tap::Outcome<Rule> Rule::parse(std::string_view text) {
  const auto problem = [&](const tap::Problem& reason) {
    return tap::Problem{fmt::format("cannot use --rule '{}': {}", text, reason.sentence)};
  };
  const auto [glob_text, rest] = split_word(text);
  const auto [verdict_text, response_text] = split_word(rest);
  if (verdict_text.empty()) {
    return problem({"it needs GLOB VERDICT [RESPONSE], such as 'HELLO* accept welcome'"});
  }
  auto glob = Glob::parse(glob_text);
  if (!glob) return problem(glob.error());
  Rule rule{*std::move(glob), {}, tap::VerdictKind::accept, {}};
  if (const tap::Trouble trouble = parse_verdict(verdict_text, rule)) return problem(*trouble);
  const auto response = unescape(response_text);
  if (!response) return problem(response.error());
  if (!response->empty() && rule.verdict != tap::VerdictKind::accept) {
    return problem({"only accept sends a response"});
  }
  rule.response = *response;
  return rule;
}

std::optional<tap::Verdict> judge(const std::vector<Rule>& rules, const Request& request) {
  for (const Rule& rule : rules) {
    if (!rule.glob.matches(request.caller_data)) continue;
    // Who has proven its address already is past this rule.
    const bool proven = rule.verdict == tap::VerdictKind::challenge && request.address_validated;
    if (proven) continue;
    if (request.deferrals < rule.deferrals.size()) {
      return tap::Verdict::defer(rule.deferrals[request.deferrals]);
    }
    if (rule.verdict == tap::VerdictKind::reject) return tap::Verdict::reject();
    if (rule.verdict == tap::VerdictKind::ignore) return tap::Verdict::ignore();
    if (rule.verdict == tap::VerdictKind::challenge) return tap::Verdict::challenge();
    return tap::Verdict::accept_with_overflow(bytes_of(rule.response));
  }
  return std::nullopt;
}

}  // namespace anteroom::tools
