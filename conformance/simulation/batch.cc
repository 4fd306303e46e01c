// A child runs a few seeds in a row and writes which one it is at into shared memory; what it says
// goes to a file. When it dies, the parent knows the seed, runs it once more for its trace, and
// goes on behind it.
#include "conformance/simulation/batch.h"

#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <map>

#include <fmt/format.h>

namespace anteroom::simulation {
namespace {

constexpr std::size_t kSeedsPerChild = 25;
constexpr std::size_t kTraceLines = 60;
// Processor time, so that a loop without end has one. No run comes near it.
constexpr rlim_t kProcessorSecondsMax = 300;

struct SharedSlot {
  std::size_t at = 0;  // how many of its seeds a child has finished
  Totals totals;
};

struct Child {
  pid_t pid = -1;
  std::vector<std::uint64_t> seeds;
  std::FILE* output = nullptr;
  SharedSlot* slot = nullptr;
};

std::string contents_of(std::FILE* file) {
  std::string text;
  std::rewind(file);
  char buffer[4096];
  while (const std::size_t count = std::fread(buffer, 1, sizeof buffer, file)) {
    text.append(buffer, count);
  }
  return text;
}

SharedSlot* make_slot() {
  void* memory =
      mmap(nullptr, sizeof(SharedSlot), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) std::abort();
  return new (memory) SharedSlot;
}

// A child whose output goes to a file of its own; runs `work` and ends with what that returns.
Child start(const std::vector<std::uint64_t>& seeds, const std::function<int(SharedSlot&)>& work) {
  Child child;
  child.seeds = seeds;
  child.output = std::tmpfile();
  child.slot = make_slot();
  if (child.output == nullptr) std::abort();
  std::fflush(nullptr);
  child.pid = fork();
  if (child.pid != 0) return child;
  dup2(fileno(child.output), STDOUT_FILENO);
  dup2(fileno(child.output), STDERR_FILENO);
  const rlimit processor{kProcessorSecondsMax, kProcessorSecondsMax};
  setrlimit(RLIMIT_CPU, &processor);
  const rlimit no_core{0, 0};
  setrlimit(RLIMIT_CORE, &no_core);
  const int code = work(*child.slot);
  std::fflush(nullptr);
  _exit(code);
}

void forget(Child& child) {
  std::fclose(child.output);
  munmap(child.slot, sizeof(SharedSlot));
}

std::string traced(std::uint64_t seed) {
  std::string text;
  Trace trace([&](std::string_view line) { text.append(line).push_back('\n'); });
  (void)run(draw_options(seed), trace);
  return text;
}

// Empty where all is well.
std::string problem_of(std::uint64_t seed, bool repeat, Totals& totals) {
  Trace silent;
  const Outcome outcome = run(draw_options(seed), silent);
  totals.add(outcome.totals);
  if (!outcome.problem.empty() || !repeat) return outcome.problem;
  return traced(seed) == traced(seed) ? "" : "two runs of this seed differ";
}

int run_seeds(const std::vector<std::uint64_t>& seeds, bool repeat, SharedSlot& slot) {
  for (const std::uint64_t seed : seeds) {
    const std::string problem = problem_of(seed, repeat, slot.totals);
    if (!problem.empty()) {
      fmt::print("{}\n", problem);
      return 1;
    }
    ++slot.at;
  }
  return 0;
}

// The last lines of the trace of a seed that fails, from a child, since it may abort.
std::string last_segments(std::uint64_t seed) {
  Child child = start({seed}, [&](SharedSlot&) {
    Trace trace([](std::string_view line) { fmt::print("{}\n", line); });
    std::setvbuf(stdout, nullptr, _IOLBF, 4096);
    (void)run(draw_options(seed), trace);
    return 0;
  });
  int status = 0;
  waitpid(child.pid, &status, 0);
  const std::string text = contents_of(child.output);
  forget(child);
  std::size_t from = text.size();
  for (std::size_t lines = 0; lines <= kTraceLines && from != std::string::npos && from != 0;) {
    from = text.rfind('\n', from - 1);
    ++lines;
  }
  return from == std::string::npos ? text : text.substr(from);
}

std::string failure_text(std::uint64_t seed, int status, const std::string& said) {
  std::string how;
  if (WIFSIGNALED(status)) how = fmt::format("ended by signal {}\n", WTERMSIG(status));
  return fmt::format("{}\n{}\n{}{}last steps (all of them: add --trace):\n{}\n", command_of(seed),
                     to_string(draw_options(seed)), how, said, last_segments(seed));
}

}  // namespace

std::string command_of(std::uint64_t seed) {
  std::string command = fmt::format("simulation --seed {}", seed);
  std::FILE* git = popen("git describe --always --dirty 2>/dev/null", "r");
  if (git == nullptr) return command;
  char commit[64] = {};
  const bool known = std::fgets(commit, sizeof commit, git) != nullptr;
  pclose(git);
  if (!known) return command;
  const std::string_view name(commit);
  return fmt::format("{}   # commit {}", command, name.substr(0, name.find('\n')));
}

BatchResult run_batch(const BatchOptions& options,
                      const std::function<void(const std::string&)>& report,
                      const std::function<void(std::uint64_t done)>& progress) {
  BatchResult result;
  std::deque<std::vector<std::uint64_t>> waiting;
  for (std::size_t i = 0; i < options.seeds.size(); i += kSeedsPerChild) {
    const std::size_t end = std::min(options.seeds.size(), i + kSeedsPerChild);
    waiting.emplace_back(options.seeds.begin() + static_cast<std::ptrdiff_t>(i),
                         options.seeds.begin() + static_cast<std::ptrdiff_t>(end));
  }
  std::map<pid_t, Child> running;
  while (!waiting.empty() || !running.empty()) {
    while (!waiting.empty() && running.size() < options.jobs) {
      const auto seeds = waiting.front();
      waiting.pop_front();
      Child child =
          start(seeds, [&](SharedSlot& slot) { return run_seeds(seeds, options.repeat, slot); });
      running.emplace(child.pid, std::move(child));
    }
    int status = 0;
    const pid_t pid = waitpid(-1, &status, 0);
    const auto ended = running.find(pid);
    if (ended == running.end()) continue;
    Child child = std::move(ended->second);
    running.erase(ended);
    result.passed += child.slot->at;
    result.totals.add(child.slot->totals);
    if (status != 0) {
      const std::size_t at = std::min(child.slot->at, child.seeds.size() - 1);
      result.failed.push_back(child.seeds[at]);
      report(failure_text(child.seeds[at], status, contents_of(child.output)));
      child.seeds.erase(child.seeds.begin(),
                        child.seeds.begin() + static_cast<std::ptrdiff_t>(at + 1));
      if (!child.seeds.empty()) waiting.push_front(child.seeds);
      if (result.failed.size() >= options.failures_max) waiting.clear();
    }
    forget(child);
    progress(result.passed + result.failed.size());
  }
  return result;
}

}  // namespace anteroom::simulation
