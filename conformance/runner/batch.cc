// Threads take the next path from one counter.
#include "conformance/runner/batch.h"

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>
#include <thread>

#include <anteroom/tap/pcap_link.h>

#include "conformance/script/parser.h"

namespace anteroom::runner {
namespace {

namespace fs = std::filesystem;

Result unreadable(const std::string& path, std::string sentence) {
  Result result{path, {}, true};
  result.report.outcome = Outcome::failed;
  result.report.reason = std::move(sentence);
  return result;
}

// A path as a file name: folders become part of it, and the version where there are several.
std::string capture_name(const std::string& folder, std::string path,
                         std::optional<IpVersion> version) {
  while (path.starts_with("../") || path.starts_with("./") || path.starts_with('/')) {
    path.erase(0, path.find('/') + 1);
  }
  std::replace(path.begin(), path.end(), '/', '_');
  path = (fs::path(folder) / path).replace_extension().string();
  return path + (version ? std::string(".") + word_of(*version) : "") + ".pcap";
}

std::optional<std::string> option_of(const script::Script& script, std::string_view name) {
  for (const script::Option& option : script.options) {
    if (option.name == name) return option.value.value_or("");
  }
  return std::nullopt;
}

// What a script says of itself: its version, or addresses of one.
bool script_allows(const script::Script& script, IpVersion version) {
  if (const auto named = option_of(script, "ip_version")) {
    const auto wanted = ip_version_named(*named);
    return !wanted || *wanted == version;
  }
  for (const char* name : {"local_ip", "remote_ip"}) {
    const auto address = option_of(script, name);
    const bool is_v6 = address && address->find(':') != address->npos;
    if (address && is_v6 != (version == IpVersion::v6)) return false;
  }
  return true;
}

std::vector<std::string> system_names(Profile profile) {
  if (profile == Profile::linux_kernel) return {"Linux"};
  if (profile == Profile::freebsd) return {"FreeBSD"};
  return {"STANDARD"};
}

}  // namespace

std::vector<std::string> scripts_below(const std::vector<std::string>& places,
                                       const std::string& filter, std::string& problem) {
  std::vector<std::string> paths;
  for (const std::string& place : places) {
    std::error_code error;
    if (!fs::exists(place, error)) {
      problem = "there is no file or folder " + place;
      return {};
    }
    if (!fs::is_directory(place, error)) {
      paths.push_back(place);
      continue;
    }
    for (fs::recursive_directory_iterator at(place, error), end; at != end; at.increment(error)) {
      if (at->path().extension() == ".pkt") paths.push_back(at->path().string());
    }
  }
  std::erase_if(paths, [&](const std::string& path) { return path.find(filter) == path.npos; });
  std::sort(paths.begin(), paths.end());
  return paths;
}

namespace {

anteroom::Result<script::Script, script::ParseError> parse_for(IpVersion version,
                                                               const std::string& path,
                                                               const std::string& text,
                                                               const BatchOptions& options) {
  script::ParseOptions parse_options{options.run.dialect, defines_of(version),
                                     system_names(options.run.profile)};
  parse_options.defines.insert(parse_options.defines.end(), options.defines.begin(),
                               options.defines.end());
  return script::parse(path, text, parse_options);
}

// What the script says of itself, else IPv4.
IpVersion version_said(const std::string& path, const std::string& text,
                       const BatchOptions& options) {
  const auto script = parse_for(IpVersion::v4, path, text, options);
  const auto named = script ? option_of(*script, "ip_version") : std::nullopt;
  return named ? ip_version_named(*named).value_or(IpVersion::v4) : IpVersion::v4;
}

// Nothing where the script is not for this version.
std::optional<Result> run_once(const std::string& path, const std::string& text,
                               const BatchOptions& options, std::optional<IpVersion> version) {
  const IpVersion names = version ? *version : version_said(path, text, options);
  const auto script = parse_for(names, path, text, options);
  if (!script) return unreadable(path, script.error().text());
  if (version && !script_allows(*script, *version)) return std::nullopt;
  RunOptions run_options = options.run;
  run_options.ip_version = version;
  std::optional<tap::PcapWriter> writer;
  if (!options.capture_folder.empty()) {
    auto opened =
        tap::PcapWriter::open(capture_name(options.capture_folder, path, version), Medium::ip);
    if (!opened) return unreadable(path, opened.error().sentence);
    writer.emplace(*std::move(opened));
    run_options.tap = [&writer](Instant at, Bytes packet) { writer->write(at, packet); };
  }
  return Result{path, run(*script, run_options), false, version};
}

}  // namespace

std::vector<Result> run_file(const std::string& path, const BatchOptions& options) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  if (!file) return {unreadable(path, path + ": cannot be read")};
  if (options.ip_versions.empty()) return {*run_once(path, text.str(), options, std::nullopt)};
  std::vector<Result> results;
  for (const IpVersion version : options.ip_versions) {
    if (!name_allows(path, version)) continue;
    auto result = run_once(path, text.str(), options, version);
    if (!result) continue;
    results.push_back(*std::move(result));
    if (results.back().is_unreadable) break;  // once is enough
  }
  return results;
}

std::vector<Result> run_batch(const std::vector<std::string>& paths, const BatchOptions& options,
                              const std::function<void()>& finished) {
  std::vector<std::vector<Result>> by_path(paths.size());
  std::atomic<std::size_t> next{0};
  std::mutex one_at_a_time;
  const auto work = [&] {
    for (std::size_t i = next++; i < paths.size(); i = next++) {
      by_path[i] = run_file(paths[i], options);
      const std::lock_guard<std::mutex> held(one_at_a_time);
      finished();
    }
  };
  std::vector<std::thread> threads;
  for (unsigned i = 1; i < options.jobs; ++i) threads.emplace_back(work);
  work();
  for (std::thread& thread : threads) thread.join();
  std::vector<Result> results;
  for (std::vector<Result>& some : by_path) {
    std::move(some.begin(), some.end(), std::back_inserter(results));
  }
  return results;
}

}  // namespace anteroom::runner
