// Any bytes as a script that is run, in both dialects, under every profile: it passes, fails with a
// reason or is skipped with one, in bounded time. A run has its own bounds (host.h, run.cc); what
// is left is the length of the script.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "conformance/runner/run.h"
#include "conformance/script/parser.h"
#include "stack/base/assert.h"

namespace anteroom::runner {
namespace {

constexpr std::size_t kTextMax = 4'096;
constexpr std::size_t kEventsMax = 40;

void run_once(std::string_view text, script::Dialect dialect) {
  script::ParseOptions options;
  options.dialect = dialect;
  const auto script = script::parse("fuzz", text, options);
  if (!script || script->events.size() > kEventsMax) return;
  for (const Profile profile : {Profile::linux_kernel, Profile::freebsd, Profile::rfc}) {
    RunOptions run_options;
    run_options.profile = profile;
    run_options.dialect = dialect;
    const Report report = run(*script, run_options);
    STACK_ASSERT(report.outcome == Outcome::passed || !report.reason.empty());
    STACK_ASSERT(report.history.size() <= 40);
  }
}

}  // namespace
}  // namespace anteroom::runner

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size > anteroom::runner::kTextMax) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  anteroom::runner::run_once(text, anteroom::script::Dialect::google);
  anteroom::runner::run_once(text, anteroom::script::Dialect::nplab);
  return 0;
}
