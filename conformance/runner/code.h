// The part of Python that scripts use between %{ and }%: assert, print, assignments, and
// expressions of integers with comparisons, & | ~ + - * // %, not, and, or.
// Not here: where the values come from (run.cc).
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace anteroom::runner {

using Variables = std::map<std::string, std::int64_t>;

// Runs the statements on `variables`; `outside` knows the names that none of them assigned. Throws
// Failed where an assertion does not hold or the text is no such Python, Skipped for a name that
// nobody knows.
void run_code(std::string_view text, Variables& variables,
              const std::function<std::optional<std::int64_t>(const std::string&)>& outside);

}  // namespace anteroom::runner
