// The shell commands of a script, as far as they mean something to a stack without a kernel. None
// is ever run.
#pragma once

#include <string_view>

#include "conformance/runner/settings.h"

namespace anteroom::runner {

// Carries out what sets the configuration. Throws Skipped with the reason where a command is about
// what this stack has not.
void run_command(std::string_view text, Settings& settings);

}  // namespace anteroom::runner
