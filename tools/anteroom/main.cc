// The program `anteroom`: finds the subcommand and runs it.
#include <cstdio>
#include <string>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "tools/anteroom/command.h"

namespace anteroom::tools {

ExitCode complain(const tap::Problem& problem, ExitCode exit_code) {
  fmt::print(stderr, "anteroom: {}\n", problem.sentence);
  return exit_code;
}

namespace {

ExitCode run(int argument_count, char** arguments) {
  CLI::App program("anteroom: a user-mode TCP/IP stack with conditional accept", "anteroom");
  program.set_version_flag("--version", "anteroom " ANTEROOM_VERSION);
  program.require_subcommand(1);
  program.footer(fmt::format("Each subcommand has --help with examples.\n{}", kExitCodes));
  Chosen chosen;
  add_serve(program, chosen);
  add_connect(program, chosen);
  add_bridge(program, chosen);
  add_trace(program, chosen);
  add_drill(program, chosen);
  add_replay(program, chosen);
  add_demo(program, chosen);
  try {
    program.parse(argument_count, arguments);
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) {
      program.exit(error);
      return ExitCode::done;
    }
    // CLI11 says that a subcommand is missing where there is one that it does not know.
    const bool unknown =
        argument_count > 1 && arguments[1][0] != '-' && program.get_subcommands().empty();
    std::string sentence =
        unknown ? fmt::format("there is no subcommand '{}'", arguments[1]) : error.what();
    for (char& c : sentence) {
      if (c == '\n') c = ' ';
    }
    return complain({sentence + "; see anteroom --help"}, ExitCode::misused);
  }
  return chosen();
}

}  // namespace
}  // namespace anteroom::tools

int main(int argument_count, char** arguments) {
  return static_cast<int>(anteroom::tools::run(argument_count, arguments));
}
