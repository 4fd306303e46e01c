// Why the operating system or a user's text was in the way, as a sentence for people.
// Not here: errors of the stack's own verbs (<anteroom/error.h>).
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include <anteroom/result.h>

namespace anteroom::tap {

// One line without a full stop: what was wrong, then what to do about it.
struct Problem {
  std::string sentence;
};

template <typename T>
using Outcome = Result<T, Problem>;

// Nothing, or why not.
using Trouble = std::optional<Problem>;

// "WHAT: REASON" with the system's words for `error_number`, then "; ADVICE" where there is one.
Problem system_problem(std::string_view what, int error_number, std::string_view advice);

}  // namespace anteroom::tap
