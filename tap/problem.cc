// Sentences about the operating system's errors.
#include <string>
#include <system_error>

#include <anteroom/tap/problem.h>

namespace anteroom::tap {

Problem system_problem(std::string_view what, int error_number, std::string_view advice) {
  std::string sentence(what);
  std::string reason = std::generic_category().message(error_number);
  if (!reason.empty() && reason[0] >= 'A' && reason[0] <= 'Z') {
    reason[0] = static_cast<char>(reason[0] - 'A' + 'a');
  }
  sentence += ": " + reason;
  if (!advice.empty()) sentence.append("; ").append(advice);
  return {std::move(sentence)};
}

}  // namespace anteroom::tap
