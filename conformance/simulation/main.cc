// The program `simulation`: chooses seeds, runs them, tells how it went.
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <fstream>
#include <random>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "conformance/simulation/batch.h"
#include "conformance/simulation/golden.h"

namespace anteroom::simulation {
namespace {

constexpr char kFooter[] = R"(examples:
  simulation --seeds 1..200              the fixed set that CTest runs
  simulation --count 10000 --jobs 2      10,000 seeds from 1 on, in two processes at a time
  simulation --fresh                     one seed that nobody has tried; it is printed
  simulation --seed 42 --trace           every frame and verb of one seed, in the segment notation
  simulation --file seeds.txt            the seeds of a file, one a line, # begins a comment
  simulation --seeds 1..20 --repeat      each seed twice: the same trace, byte for byte
  simulation --golden FILE               throughput in virtual time against the table in FILE
  simulation --golden FILE --write       rewrites the table

The first line of a failure is the command that repeats it.
exit code: 0 all is well, 1 something failed, 2 usage)";

enum ExitCode : int { kDone = 0, kFailed = 1, kMisused = 2 };

struct Chosen {
  std::vector<std::uint64_t> seed;
  std::string range;
  std::uint64_t count = 0;
  bool fresh = false;
  std::string file;
  unsigned jobs = 1;
  bool trace = false;
  bool repeat = false;
  std::string golden;
  bool write = false;
};

ExitCode complain(const std::string& sentence) {
  fmt::print(stderr, "simulation: {}; see simulation --help\n", sentence);
  return kMisused;
}

bool read_range(const std::string& text, std::vector<std::uint64_t>& seeds) {
  std::uint64_t first = 0;
  std::uint64_t last = 0;
  int end = 0;
  const int read = std::sscanf(text.c_str(), "%lu..%lu%n", &first, &last, &end);
  if (read != 2 || static_cast<std::size_t>(end) != text.size() || first > last) return false;
  for (std::uint64_t seed = first; seed <= last; ++seed) seeds.push_back(seed);
  return true;
}

bool read_file(const std::string& path, std::vector<std::uint64_t>& seeds) {
  std::ifstream file(path);
  if (!file) return false;
  for (std::string line; std::getline(file, line);) {
    std::uint64_t seed = 0;
    if (std::sscanf(line.c_str(), "%lu", &seed) == 1) seeds.push_back(seed);
  }
  return true;
}

// Empty, or what is wrong with the choice.
std::string gather(const Chosen& chosen, std::vector<std::uint64_t>& seeds) {
  seeds = chosen.seed;
  if (!chosen.range.empty() && !read_range(chosen.range, seeds)) {
    return fmt::format("'{}' is not FIRST..LAST", chosen.range);
  }
  for (std::uint64_t i = 1; i <= chosen.count; ++i) seeds.push_back(i);
  if (!chosen.file.empty() && !read_file(chosen.file, seeds)) {
    return fmt::format("cannot read {}", chosen.file);
  }
  if (chosen.fresh) {
    std::random_device entropy;
    seeds.push_back((std::uint64_t{entropy()} << 32 | entropy()) >> 1);
    fmt::print("simulation --seed {}\n", seeds.back());
  }
  const bool none = seeds.empty() && chosen.file.empty();
  return none ? "no seeds were chosen" : "";
}

ExitCode trace_one(std::uint64_t seed) {
  fmt::print("{}\n{}\n", command_of(seed), to_string(draw_options(seed)));
  std::fflush(stdout);
  Trace trace([](std::string_view line) { fmt::print("{}\n", line); });
  const Outcome outcome = run(draw_options(seed), trace);
  fmt::print("{}\n", outcome.problem.empty() ? "all is well" : outcome.problem);
  return outcome.problem.empty() ? kDone : kFailed;
}

void print_totals(const BatchResult& result) {
  const Totals& t = result.totals;
  fmt::print(
      "{} seeds passed, {} failed: {} steps, {} frames ({} mishaps, {} retransmissions), {} ends "
      "of connections ({} opened, {} failed), {} requests ({} accepted, {} withdrawn), {} bytes "
      "read and checked\n",
      result.passed, result.failed.size(), t.steps, t.frames, t.mishaps, t.retransmissions,
      t.connections, t.opened, t.failed, t.requests, t.accepted, t.withdrawn, t.bytes_read);
}

ExitCode run_many(const Chosen& chosen, const std::vector<std::uint64_t>& seeds) {
  BatchOptions options;
  options.seeds = seeds;
  options.jobs = chosen.jobs;
  options.repeat = chosen.repeat;
  const bool terminal = isatty(STDERR_FILENO) != 0;
  const BatchResult result = run_batch(
      options,
      [](const std::string& failure) {
        fmt::print("{}\n", failure);
        std::fflush(stdout);
      },
      [&](std::uint64_t done) {
        if (terminal) fmt::print(stderr, "\r{} of {} seeds", done, seeds.size());
      });
  if (terminal) fmt::print(stderr, "\r\x1b[K");
  print_totals(result);
  for (const std::uint64_t seed : result.failed) fmt::print("failed: simulation --seed {}\n", seed);
  return result.failed.empty() ? kDone : kFailed;
}

ExitCode choose(const Chosen& chosen) {
  if (!chosen.golden.empty()) {
    return check_golden(chosen.golden, chosen.write) ? kDone : kFailed;
  }
  std::vector<std::uint64_t> seeds;
  if (const std::string wrong = gather(chosen, seeds); !wrong.empty()) return complain(wrong);
  if (!chosen.trace) return run_many(chosen, seeds);
  return seeds.size() == 1 ? trace_one(seeds.front()) : complain("--trace wants one seed");
}

ExitCode program(int argument_count, char** arguments) {
  CLI::App app("simulation: two or three stacks on one virtual clock, and all that can go wrong",
               "simulation");
  Chosen chosen;
  app.add_option("--seed", chosen.seed, "one seed; may be repeated");
  app.add_option("--seeds", chosen.range, "FIRST..LAST");
  app.add_option("--count", chosen.count, "so many seeds, from 1 on");
  app.add_option("--file", chosen.file, "the seeds of a file");
  app.add_flag("--fresh", chosen.fresh, "one random seed");
  app.add_option("--jobs", chosen.jobs, "processes at a time")->check(CLI::Range(1, 256));
  app.add_flag("--trace", chosen.trace, "print every frame and verb of one seed");
  app.add_flag("--repeat", chosen.repeat, "run each seed again and compare the traces");
  app.add_option("--golden", chosen.golden, "compare throughput with the table in this file");
  app.add_flag("--write", chosen.write, "rewrite that table")->needs("--golden");
  app.footer(kFooter);
  try {
    app.parse(argument_count, arguments);
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() != 0) return complain(error.what());
    app.exit(error);
    return kDone;
  }
  return choose(chosen);
}

}  // namespace
}  // namespace anteroom::simulation

int main(int argument_count, char** arguments) {
  return anteroom::simulation::program(argument_count, arguments);
}
