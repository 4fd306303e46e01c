// Names we do not use, where, and what to write instead.
#include <array>
#include <regex>
#include <string>
#include <string_view>

#include "tools/style/rules.h"

namespace style {
namespace {

struct Banned {
  const char* pattern;       // a regular expression over code without comments and literals
  std::string_view where;    // a folder, or "" for everywhere
  std::string_view except;   // one file
  std::string_view instead;  // the better name
};

constexpr auto kBanned = std::to_array<Banned>({
    {R"(\b(steady|system|high_resolution)_clock\b)", "stack", "", "take `now` as an argument"},
    {R"(\b(s?rand|random)\s*\(|\brandom_device\b|\bmt19937(_64)?\b)", "stack", "",
     "draw from the stack's seeded Rng"},
    {R"(\bmem(cpy|move)\b)", "stack", "stack/base/bytes.h", "use copy_bytes"},
    {R"(\bassert\s*\()", "", "", "use STACK_ASSERT, which stays on in release builds"},
    {R"(\bshared_ptr\b)", "stack", "", "own it by value, or keep a slab id"},
    {R"(\bshared_ptr\b)", "tap", "", "own it by value or by unique_ptr"},
    // A program written to Winsock does it, so the test that is one does.
    {R"(\busing\s+namespace\s+(?!(std::)?(\w+::)*\w*literals\b))", "",
     "stack/api/winsock/application_test.cc", "name what you use, or alias the namespace"},
});

constexpr auto kBannedInTests = std::to_array<Banned>({
    {R"(\b(sleep_for|sleep_until|usleep|nanosleep)\b)", "", "",
     "advance virtual time, or wait for the event itself"},
});

// Promises in comments: do it now, or write an issue.
constexpr const char* kPromise = R"(\b(TODO|FIXME|XXX)\b)";

void find(const Source& source, const Banned& banned, Findings& findings) {
  if (!banned.where.empty() && !source.is_under(banned.where)) return;
  if (source.path == banned.except) return;
  const std::regex pattern(banned.pattern);
  for (std::size_t i = 0; i < source.code.size(); ++i) {
    std::smatch match;
    if (!std::regex_search(source.code[i], match, pattern)) continue;
    findings.push_back(
        {source.path, i + 1, "banned", "`" + match.str() + "`: " + std::string(banned.instead)});
  }
}

}  // namespace

void check_banned_names(const Source& source, Findings& findings) {
  for (const Banned& banned : kBanned) find(source, banned, findings);
  if (source.is_test()) {
    for (const Banned& banned : kBannedInTests) find(source, banned, findings);
  }
  static const std::regex kPromisePattern(kPromise);
  if (source.path.ends_with(".md") || source.path == "tools/style/name_rules.cc") return;
  for (std::size_t i = 0; i < source.raw.size(); ++i) {
    std::smatch match;
    if (!std::regex_search(source.raw[i], match, kPromisePattern)) continue;
    findings.push_back({source.path, i + 1, "banned",
                        "`" + match.str() + "`: do it now, or say in an issue what is missing"});
  }
}

}  // namespace style
