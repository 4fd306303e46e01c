// `anteroom replay`: captures against the stack, in virtual time, and where they part.
// Not here: the replay (conformance/replay), the words (replay_report.h).
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <map>
#include <memory>
#include <string>
#include <thread>

#include <fmt/format.h>

#include "conformance/replay/batch.h"
#include "conformance/replay/minimise.h"
#include "conformance/replay/page.h"
#include "tools/anteroom/command.h"
#include "tools/anteroom/replay_report.h"
#include "tools/anteroom/rule.h"
#include "tools/anteroom/shard.h"

namespace anteroom::tools {
namespace {

constexpr char kExamples[] = R"(examples:
  anteroom replay capture.pcapng
      the stack in the place of every server; what differs, the first cause first, and a summary
  anteroom replay capture.pcap --as both --tier stream --tier retransmission
      in the place of each end in turn; only these tiers decide the exit code
  anteroom replay capture.pcap --rule 'GET * accept' --rule '* reject'
      and what the rules would have said to each SYN and its data; the replay goes on as captured
  anteroom replay corpus --jobs 4 --shard 1/8 --json --throughput
      every capture below a folder, the second eighth of them, on four threads, as JSON lines
  anteroom replay corpus --html replay.html
      and a page to look at: every connection, its packets and plots, captured host and stack side by side
  anteroom replay capture.pcap --tier handshake --minimise small
      the packets of one connection that still diverge: small.pcap, and small.pkt for anteroom drill

Tiers, from what must be the same to what may well differ: stream, acknowledgment, handshake, close, retransmission,
boundaries, timing; the first four decide unless --tier says otherwise. A capture without the beginning of a connection,
or with packets cut short, is replayed causally: a packet arrives when the stack has sent what it acknowledges. Reads
pcap and pcapng; conformance/replay/README.md has the rest. No packet leaves the process.
)";

struct ReplayCommand {
  std::vector<std::string> places;
  std::string as = "server";
  std::string mode = "auto";
  std::vector<std::string> rules;
  std::vector<std::string> tiers;
  double tolerance_ms = 50;
  unsigned jobs = 0;
  std::string shard;
  bool json = false;
  bool quiet = false;
  bool verbose = false;
  bool throughput = false;
  std::string minimise;
  std::string html;
};

tap::Trouble read_tiers(const std::vector<std::string>& names, replay::TierSet& tiers) {
  if (names.empty()) return std::nullopt;
  tiers = {};
  for (const std::string& name : names) {
    const auto tier = replay::tier_named(name);
    if (!tier && name != "all") {
      return tap::Problem{"--tier " + name +
                          ": stream, acknowledgment, handshake, close, retransmission, boundaries, "
                          "timing or all was expected"};
    }
    if (tier) tiers[static_cast<std::size_t>(*tier)] = true;
    if (!tier) tiers.fill(true);
  }
  return std::nullopt;
}

tap::Trouble read_options(const ReplayCommand& command, std::vector<Rule>& rules,
                          replay::Options& options) {
  if (command.as != "server" && command.as != "client" && command.as != "both") {
    return tap::Problem{"--as " + command.as + ": server, client or both was expected"};
  }
  options.as_server = command.as != "client";
  options.as_client = command.as != "server";
  if (command.mode == "oracle") {
    options.mode = replay::Mode::oracle;
  } else if (command.mode == "causal") {
    options.mode = replay::Mode::causal;
  } else if (command.mode != "auto") {
    return tap::Problem{"--mode " + command.mode + ": auto, oracle or causal was expected"};
  }
  if (command.tolerance_ms < 0 || command.tolerance_ms > 1e9) {
    return tap::Problem{"--tolerance: milliseconds from 0 to 1e9 were expected"};
  }
  options.tolerance = Duration(static_cast<std::int64_t>(command.tolerance_ms * 1e6));
  for (const std::string& text : command.rules) {
    auto rule = Rule::parse(text);
    if (!rule) return rule.error();
    rules.push_back(*std::move(rule));
  }
  if (!rules.empty()) {
    options.condition = [&rules](const Request& request) { return judge(rules, request); };
  }
  return std::nullopt;
}

// A line that is overwritten, where somebody is watching.
class Progress {
 public:
  Progress(std::size_t total, bool shown) : total_(total), shown_(shown) {}
  void packets(std::uint64_t packets) {
    packets_ = packets;
    show();
  }
  void capture_done() { ++done_; }
  void clear() const {
    if (shown_) fmt::print(stderr, "\r\033[K");
  }

 private:
  void show() const {
    if (shown_) fmt::print(stderr, "\r{} of {} captures, {} packets", done_, total_, packets_);
  }

  std::size_t total_;
  bool shown_;
  std::size_t done_ = 0;
  std::uint64_t packets_ = 0;
};

// What all captures come to.
struct Sums {
  std::uint64_t captures = 0;
  std::uint64_t unusable = 0;
  std::uint64_t packets = 0;
  std::uint64_t replays = 0;
  std::uint64_t diverged = 0;
};

void tell_end(const Sums& sums, double seconds, const ReplayCommand& command) {
  const double rate = seconds > 0 ? static_cast<double>(sums.packets) / seconds : 0;
  if (!command.json) {
    fmt::print(
        "{} captures, {} packets, {} replays of connections: {} diverged in the chosen tiers\n",
        sums.captures, sums.packets, sums.replays, sums.diverged);
    if (command.throughput) fmt::print("{:.3f} s, {:.0f} packets per second\n", seconds, rate);
    return;
  }
  fmt::print("{{\"captures\":{},\"unusable\":{},\"packets\":{},\"replays\":{},\"diverged\":{}",
             sums.captures, sums.unusable, sums.packets, sums.replays, sums.diverged);
  if (command.throughput) {
    fmt::print(",\"seconds\":{:.6f},\"packets_per_second\":{:.0f}", seconds, rate);
  }
  fmt::print("}}\n");
}

// Exit code 1, as the thing still diverges; 2 where there was nothing to write.
ExitCode cut_down(const std::string& path, const replay::Options& options,
                  const ReplayReportOptions& report_options, const std::string& out) {
  const auto minimised = replay::minimise(path, options, report_options.tiers);
  if (!minimised) return complain(minimised.error(), ExitCode::misused);
  const std::string capture = out + ".pcap";
  const std::string script = out + ".pkt";
  if (const auto trouble = replay::write_capture(capture, minimised->segments)) {
    return complain(*trouble, ExitCode::misused);
  }
  std::ofstream file(script);
  file << replay::script_of(*minimised);
  file.close();
  if (!file) return complain({"cannot write " + script}, ExitCode::misused);
  fmt::print("{}", connection_text(capture, minimised->report, report_options));
  fmt::print("{} packets of {} are left after {} replays: {} and {}\n", minimised->segments.size(),
             minimised->packets_before, minimised->replays, capture, script);
  return ExitCode::failed;
}

// The page of --html while captures are played: pictures of what is under way, then rows.
class PageSinks {
 public:
  PageSinks(const std::string& path, const replay::Options& options, const replay::TierSet& tiers)
      : path_(path), limits_(options.limits), page_(options.limits, tiers) {}

  // Before anything is played: a replay may take long.
  tap::Trouble check() const {
    if (path_.empty() || std::ofstream(path_)) return std::nullopt;
    return tap::Problem{"--html: cannot write " + path_};
  }
  replay::Observer* observer_of(const std::string& capture) {
    return path_.empty() ? nullptr : &under_way_.try_emplace(capture, limits_).first->second;
  }
  void connection(const std::string& capture, const replay::ConnectionReport& report) {
    const auto pictures = under_way_.find(capture);
    if (pictures == under_way_.end()) return;
    page_.add(capture, report, pictures->second.take(report.number, report.as));
  }
  void capture(const replay::CaptureReport& report) {
    const auto& trouble = report.unusable ? report.unusable : report.trouble;
    if (trouble) page_.complain(report.path, trouble->sentence);
    under_way_.erase(report.path);
  }
  tap::Trouble write() const {
    if (path_.empty()) return std::nullopt;
    std::ofstream file(path_);
    file << page_.html();
    file.close();
    if (!file) return tap::Problem{"--html: cannot write " + path_};
    return std::nullopt;
  }

 private:
  std::string path_;
  const replay::ReplayLimits& limits_;
  replay::Page page_;
  std::map<std::string, replay::Pictures> under_way_;
};

tap::Trouble find_captures(const ReplayCommand& command, std::vector<std::string>& paths) {
  std::string problem;
  paths = replay::captures_below(command.places, problem);
  if (!problem.empty()) return tap::Problem{problem};
  if (!take_shard(command.shard, paths)) {
    return tap::Problem{"--shard " + command.shard + ": I/N with I from 0 to N-1 was expected"};
  }
  if (!paths.empty() || !command.shard.empty()) return std::nullopt;
  return tap::Problem{
      "no capture (*.pcap, *.pcapng, *.cap) was found; name files or folders that have some"};
}

ExitCode replay_captures(const ReplayCommand& command) {
  std::vector<Rule> rules;
  replay::Options options;
  ReplayReportOptions report_options{command.json, command.quiet, command.verbose,
                                     isatty(STDOUT_FILENO) == 1};
  if (const auto trouble = read_options(command, rules, options)) {
    return complain(*trouble, ExitCode::misused);
  }
  if (const auto trouble = read_tiers(command.tiers, report_options.tiers)) {
    return complain(*trouble, ExitCode::misused);
  }
  std::vector<std::string> paths;
  if (const auto trouble = find_captures(command, paths)) {
    return complain(*trouble, ExitCode::misused);
  }
  if (!command.minimise.empty()) {
    if (paths.size() != 1 || command.json || !command.html.empty()) {
      return complain({"--minimise takes one capture, and speaks to people only, without a page"},
                      ExitCode::misused);
    }
    return cut_down(paths.front(), options, report_options, command.minimise);
  }
  PageSinks page(command.html, options, report_options.tiers);
  if (const auto trouble = page.check()) return complain(*trouble, ExitCode::misused);
  Progress progress(paths.size(), isatty(STDERR_FILENO) == 1);
  Sums sums;
  replay::BatchSinks sinks;
  sinks.on_progress = [&](std::uint64_t packets) { progress.packets(packets); };
  sinks.observer_of = [&](const std::string& path) { return page.observer_of(path); };
  sinks.on_connection = [&](const std::string& path, const replay::ConnectionReport& report) {
    page.connection(path, report);
    ++sums.replays;
    if (report.has_diverged(report_options.tiers)) ++sums.diverged;
    const std::string text = command.json ? connection_json(path, report, report_options)
                                          : connection_text(path, report, report_options);
    if (!text.empty()) progress.clear();
    fmt::print("{}", text);
  };
  sinks.on_capture = [&](const replay::CaptureReport& report) {
    page.capture(report);
    progress.capture_done();
    ++sums.captures;
    sums.packets += report.packets;
    progress.clear();
    if (report.unusable) ++sums.unusable;
    const auto& trouble = report.unusable ? report.unusable : report.trouble;
    if (trouble) complain(*trouble, ExitCode::misused);
    fmt::print("{}", command.json ? capture_json(report) : capture_text(report, report_options));
  };
  const unsigned jobs =
      command.jobs != 0 ? command.jobs : std::max(1u, std::thread::hardware_concurrency());
  const auto begin = std::chrono::steady_clock::now();
  replay::replay_all(paths, options, jobs, sinks);
  const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - begin;
  progress.clear();
  tell_end(sums, taken.count(), command);
  if (const auto trouble = page.write()) return complain(*trouble, ExitCode::misused);
  if (sums.unusable != 0) return ExitCode::misused;
  return sums.diverged == 0 ? ExitCode::done : ExitCode::failed;
}

}  // namespace

void add_replay(CLI::App& program, Chosen& chosen) {
  CLI::App& command = *program.add_subcommand(
      "replay", "Plays captures against the stack and shows where they part");
  const auto options = std::make_shared<ReplayCommand>();
  command.add_option("CAPTURE", options->places, "pcap or pcapng files, or folders of them")
      ->required();
  command.add_option("--as", options->as, "the end that the stack plays: server, client or both");
  command.add_option(
      "--mode", options->mode,
      "oracle: packets arrive when captured; causal: when the stack has sent what they "
      "acknowledge; auto");
  command.add_option("--rule", options->rules,
                     "GLOB VERDICT [RESPONSE], as in serve: what would it have said to each SYN?");
  command.add_option("--tier", options->tiers,
                     "a tier that decides the exit code; repeatable; all");
  command.add_option("--tolerance", options->tolerance_ms, "of the tier timing, in milliseconds");
  command.add_option("--jobs", options->jobs, "threads; else as many as there are processors");
  command.add_option("--shard", options->shard, "I/N: every Nth capture, from number I on");
  command.add_option("--minimise", options->minimise,
                     "OUT: write the shortest capture that still diverges, OUT.pcap and OUT.pkt");
  command.add_option("--html", options->html,
                     "FILE: a page of connections, ladders and plots, with everything in it");
  command.add_flag("--throughput", options->throughput, "packets per second at the end");
  command.add_flag("--json", options->json, "one JSON object for each connection and capture");
  command.add_flag("--quiet", options->quiet, "no line for a connection that is the same");
  command.add_flag("--verbose", options->verbose, "every divergence of every tier, and all notes");
  command.footer(std::string(kExamples) + kExitCodes);
  command.callback(
      [options, &chosen] { chosen = [options] { return replay_captures(*options); }; });
}

}  // namespace anteroom::tools
