// The subcommands of the program, one source file each.
#pragma once

#include <functional>
#include <string>

#include <CLI/CLI.hpp>

#include <anteroom/tap/problem.h>

namespace anteroom::tools {

// What a shell sees.
enum class ExitCode : int {
  done = 0,
  failed = 1,  // what was checked or attempted did not hold
  misused = 2  // the command line or the environment
};

inline constexpr char kExitCodes[] =
    "exit code: 0 done, 1 the thing attempted or checked did not hold, 2 usage or environment";

// Declares a subcommand; `chosen` becomes what runs it where the command line names it.
using Chosen = std::function<ExitCode()>;
void add_serve(CLI::App& program, Chosen& chosen);
void add_connect(CLI::App& program, Chosen& chosen);
void add_bridge(CLI::App& program, Chosen& chosen);
void add_trace(CLI::App& program, Chosen& chosen);
void add_drill(CLI::App& program, Chosen& chosen);
void add_replay(CLI::App& program, Chosen& chosen);
void add_demo(CLI::App& program, Chosen& chosen);

// Prints "anteroom: SENTENCE" to standard error.
ExitCode complain(const tap::Problem& problem, ExitCode exit_code);

}  // namespace anteroom::tools
