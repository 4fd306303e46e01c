// The shell commands of a script, as far as they mean something to a stack without a kernel. None
// is ever run.
#pragma once

#include <functional>
#include <string_view>

#include <anteroom/connection.h>

#include "conformance/runner/settings.h"

namespace anteroom::runner {

// How many connections are in a state; `owned`: only those that have a descriptor; of this local
// port, or any.
struct SocketQuery {
  State state{};
  bool owned = false;
  std::optional<std::uint16_t> port{};
};
using SocketCounter = std::function<std::size_t(const SocketQuery&)>;

// Carries out what sets the configuration. Throws Skipped with the reason where a command is about
// what this stack has not, Failed where it would end with an error. `count` answers sockstat.
void run_command(std::string_view text, Settings& settings, const SocketCounter& count);

}  // namespace anteroom::runner
