// Rules of `anteroom serve`: which verdict a request gets, by its caller data.
// Not here: carrying the verdict out (the loop).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <anteroom/connection.h>
#include <anteroom/tap/problem.h>
#include <anteroom/tap/verdict.h>

namespace anteroom::tools {

// A pattern over bytes: * any bytes, ? one byte, [a-z] one of these, [!a-z] none of these,
// \ escapes as in byte_text.h.
class Glob {
 public:
  static tap::Outcome<Glob> parse(std::string_view text);
  bool matches(Bytes bytes) const;

 private:
  struct Element {
    bool any_bytes = false;       // *
    std::vector<bool> allowed{};  // by byte value, where it stands for one byte
  };
  static tap::Outcome<Element> parse_set(std::string_view& text);

  std::vector<Element> elements_;
};

struct Rule {
  Glob glob;
  // Each deferral in turn, then the verdict.
  std::vector<Duration> deferrals;
  tap::VerdictKind verdict = tap::VerdictKind::accept;
  std::string response;

  // Reads "GLOB VERDICT [RESPONSE]"; VERDICT is accept, reject, ignore, challenge or
  // defer:MILLISECONDS:VERDICT. A challenge does not apply to whom it would prove nothing new.
  static tap::Outcome<Rule> parse(std::string_view text);
};

// The verdict of the first rule whose glob matches; none where no rule does. Valid as long as
// `rules`.
std::optional<tap::Verdict> judge(const std::vector<Rule>& rules, const Request& request);

}  // namespace anteroom::tools
