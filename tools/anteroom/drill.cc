// `anteroom drill`: runs scripts of the packetdrill language against the stack, in virtual time.
// Not here: the language (conformance/script), the run (conformance/runner).
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <memory>
#include <string>
#include <thread>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "conformance/runner/batch.h"
#include "tools/anteroom/command.h"
#include "tools/anteroom/shard.h"

namespace anteroom::tools {
namespace {

using Json = nlohmann::ordered_json;
using runner::Outcome;
using runner::Result;

constexpr char kExamples[] = R"(examples:
  anteroom drill conformance/scripts
      every script below the folder; the failures, then a summary
  anteroom drill fast-retransmit.pkt --capture /tmp
      one script, its packets in /tmp/fast-retransmit.pcap
  anteroom drill conformance/scripts --filter close/ --jobs 2 --junit close.xml
      those with close/ in their path, on two threads, with a report for a build server
  anteroom drill tests --ip-version ipv4,ipv4-mapped-ipv6,ipv6
      each script over each of them, unless it says what it is for, as the public runners do
  anteroom drill tests --profile freebsd -D FreeBSD --shard 1/4
      with the habits of FreeBSD and the dialect of its scripts, the second quarter of them

Scripts are those of google/packetdrill and of nplab/packetdrill; conformance/README.md has what is ours. Time is
virtual: a script of minutes takes milliseconds. A script that needs what this stack does not have is reported as
skipped, with the reason. No packet leaves the process.
)";

struct DrillOptions {
  std::vector<std::string> places;
  std::string filter;
  std::string profile = "linux";
  std::string dialect;
  std::string capture;
  std::string junit;
  std::string shard;
  std::vector<std::string> defines;
  std::vector<std::string> options;
  std::vector<std::string> ip_versions;
  unsigned jobs = 0;
  bool json = false;
  bool verbose = false;
};

const char* word_of(Outcome outcome) {
  switch (outcome) {
    case Outcome::passed: return "passed";
    case Outcome::failed: return "FAILED";
    case Outcome::skipped: return "skipped";
  }
  return "";
}

double milliseconds(Duration duration) { return static_cast<double>(duration.count()) / 1e6; }

struct Counts {
  std::size_t passed = 0;
  std::size_t failed = 0;
  std::size_t skipped = 0;

  void add(Outcome outcome) {
    ++(outcome == Outcome::passed ? passed : outcome == Outcome::failed ? failed : skipped);
  }
};

std::pair<std::string, std::string> split(const std::string& assignment) {
  const std::size_t equals = assignment.find('=');
  if (equals == assignment.npos) return {assignment, ""};
  return {assignment.substr(0, equals), assignment.substr(equals + 1)};
}

// " (ipv6)", where scripts run over several versions.
std::string version_text(const Result& result) {
  return result.ip_version ? fmt::format(" ({})", word_of(*result.ip_version)) : "";
}

void tell_failure(const Result& result) {
  const runner::Report& report = result.report;
  if (result.is_unreadable) {
    fmt::print("{}\n", report.reason);
    return;
  }
  fmt::print("{}:{}: {}{}\n", result.path, report.place.line, report.reason, version_text(result));
  if (!report.event.empty()) fmt::print("  expected  {}\n", report.event);
  if (!report.actual.empty()) fmt::print("  actual    {}\n", report.actual);
  if (!report.history.empty()) fmt::print("  what led there (seconds of virtual time):\n");
  for (const std::string& line : report.history) fmt::print("  {}\n", line);
  fmt::print("  it ended after {:.3f} s of virtual time\n",
             milliseconds(report.virtual_time) / 1e3);
}

Json json_of(const Result& result) {
  const runner::Report& report = result.report;
  Json line{{"script", result.path}, {"outcome", word_of(report.outcome)}};
  if (report.outcome == Outcome::failed) line["outcome"] = "failed";
  if (result.ip_version) line["ip_version"] = word_of(*result.ip_version);
  line["virtual_ms"] = milliseconds(report.virtual_time);
  if (report.outcome == Outcome::passed) return line;
  line["reason"] = report.reason;
  if (result.is_unreadable) return line;
  line["line"] = report.place.line;
  line["event"] = report.event;
  if (!report.actual.empty()) line["actual"] = report.actual;
  if (report.outcome == Outcome::failed) line["history"] = report.history;
  return line;
}

std::string escaped(const std::string& text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '<': out += "&lt;"; break;
      case '>': out += "&gt;"; break;
      case '&': out += "&amp;"; break;
      case '"': out += "&quot;"; break;
      default: out += static_cast<unsigned char>(c) < 0x20 && c != '\n' ? '?' : c;
    }
  }
  return out;
}

bool write_junit(const std::string& path, const std::vector<Result>& results,
                 const Counts& counts) {
  std::ofstream out(path);
  out << fmt::format(
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuite name=\"anteroom drill\" "
      "tests=\"{}\" failures=\"{}\" skipped=\"{}\">\n",
      results.size(), counts.failed, counts.skipped);
  for (const Result& result : results) {
    const runner::Report& report = result.report;
    out << fmt::format("  <testcase name=\"{}\" time=\"{:.6f}\"",
                       escaped(result.path + version_text(result)),
                       milliseconds(report.virtual_time) / 1e3);
    if (report.outcome == Outcome::passed) {
      out << "/>\n";
      continue;
    }
    const char* element = report.outcome == Outcome::failed ? "failure" : "skipped";
    out << fmt::format("><{} message=\"{}\">{}\n{}</{}></testcase>\n", element,
                       escaped(report.reason), escaped(report.event), escaped(report.actual),
                       element);
  }
  out << "</testsuite>\n";
  out.close();
  return static_cast<bool>(out);
}

// A line that is overwritten, where somebody is watching.
class Progress {
 public:
  Progress(std::size_t total, bool shown) : total_(total), shown_(shown) {}
  void step() {
    ++done_;
    if (shown_) fmt::print(stderr, "\r{} of {} scripts", done_, total_);
  }
  void clear() const {
    if (shown_ && done_ != 0) fmt::print(stderr, "\r\033[K");
  }

 private:
  std::size_t total_;
  std::size_t done_ = 0;
  bool shown_;
};

void tell(const Result& result, const DrillOptions& options) {
  if (options.json) {
    fmt::print("{}\n", json_of(result).dump(-1, ' ', false, Json::error_handler_t::replace));
    return;
  }
  if (result.report.outcome == Outcome::failed) tell_failure(result);
  if (result.report.outcome == Outcome::skipped) {
    fmt::print("{}: skipped: {}{}\n", result.path, result.report.reason, version_text(result));
  }
  if (options.verbose && result.report.outcome == Outcome::passed) {
    fmt::print("{}: passed, {:.3f} s of virtual time{}\n", result.path,
               milliseconds(result.report.virtual_time) / 1e3, version_text(result));
  }
}

tap::Trouble read_versions(const std::vector<std::string>& words, runner::BatchOptions& batch) {
  for (const std::string& word : words) {
    const auto version = runner::ip_version_named(word);
    if (!version) {
      return tap::Problem{"--ip-version " + word + ": ipv4, ipv6 or ipv4-mapped-ipv6 was expected"};
    }
    batch.ip_versions.push_back(*version);
  }
  return std::nullopt;
}

ExitCode drill(const DrillOptions& options) {
  runner::BatchOptions batch;
  const auto profile = runner::profile_named(options.profile);
  if (!profile) {
    return complain({"--profile " + options.profile + ": linux, freebsd or rfc was expected"},
                    ExitCode::misused);
  }
  batch.run.profile = *profile;
  batch.run.dialect = runner::dialect_of(*profile);
  if (options.dialect == "google")
    batch.run.dialect = script::Dialect::google;
  else if (options.dialect == "nplab")
    batch.run.dialect = script::Dialect::nplab;
  else if (!options.dialect.empty()) {
    return complain({"--dialect " + options.dialect + ": google or nplab was expected"},
                    ExitCode::misused);
  }
  for (const std::string& define : options.defines) batch.defines.push_back(split(define));
  for (const std::string& option : options.options) batch.run.options.push_back(split(option));
  if (const tap::Trouble trouble = read_versions(options.ip_versions, batch)) {
    return complain(*trouble, ExitCode::misused);
  }
  batch.jobs = options.jobs != 0 ? options.jobs : std::max(1u, std::thread::hardware_concurrency());
  batch.capture_folder = options.capture;

  std::string problem;
  std::vector<std::string> paths = runner::scripts_below(options.places, options.filter, problem);
  if (!problem.empty()) return complain({problem}, ExitCode::misused);
  if (!take_shard(options.shard, paths)) {
    return complain({"--shard " + options.shard + ": I/N with I from 0 to N-1 was expected"},
                    ExitCode::misused);
  }
  if (paths.empty() && options.shard.empty()) {
    return complain({"no script (*.pkt) was found; name files or folders that have some"},
                    ExitCode::misused);
  }
  Progress progress(paths.size(), isatty(STDERR_FILENO) == 1);
  const std::vector<Result> results = runner::run_batch(paths, batch, [&] { progress.step(); });
  progress.clear();
  Counts counts;
  for (const Result& result : results) {
    counts.add(result.report.outcome);
    tell(result, options);
  }
  if (!options.junit.empty() && !write_junit(options.junit, results, counts)) {
    return complain({"cannot write " + options.junit}, ExitCode::misused);
  }
  if (options.json) {
    const Json summary{{"scripts", results.size()},
                       {"passed", counts.passed},
                       {"failed", counts.failed},
                       {"skipped", counts.skipped}};
    fmt::print("{}\n", summary.dump());
  } else {
    fmt::print("{} {}: {} passed, {} failed, {} skipped\n", results.size(),
               batch.ip_versions.empty() ? "scripts" : "runs", counts.passed, counts.failed,
               counts.skipped);
  }
  return counts.failed == 0 ? ExitCode::done : ExitCode::failed;
}

}  // namespace

void add_drill(CLI::App& program, Chosen& chosen) {
  CLI::App& command =
      *program.add_subcommand("drill", "Runs packetdrill scripts against the stack");
  const auto options = std::make_shared<DrillOptions>();
  command.add_option("SCRIPT", options->places, "scripts, or folders of them")->required();
  command.add_option("--filter", options->filter, "only paths that have this text in them");
  command.add_option("--profile", options->profile, "whose habits: linux, freebsd or rfc");
  command.add_option("--dialect", options->dialect,
                     "google or nplab; else nplab for freebsd, google for the others");
  command
      .add_option("--ip-version", options->ip_versions,
                  "ipv4, ipv4-mapped-ipv6, ipv6: run each script over each; else over what it says")
      ->delimiter(',');
  command.add_option("--jobs", options->jobs, "threads; else as many as there are processors");
  command.add_option("--shard", options->shard, "I/N: every Nth script, from number I on");
  command.add_option("--capture", options->capture, "a folder: one pcap file for each script");
  command.add_option("--junit", options->junit, "a file for the results as JUnit XML");
  command.add_option("-D,--define", options->defines, "NAME=VALUE, in every script");
  command.add_option("-O,--option", options->options,
                     "NAME=VALUE: an option of the language, over the script's own");
  command.add_flag("--json", options->json, "one JSON object for each script, then the sums");
  command.add_flag("--verbose", options->verbose, "name the scripts that passed, too");
  command.footer(std::string(kExamples) + kExitCodes);
  command.callback([options, &chosen] { chosen = [options] { return drill(*options); }; });
}

}  // namespace anteroom::tools
