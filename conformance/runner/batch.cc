// Threads take the next path from one counter.
#include "conformance/runner/batch.h"

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <fstream>
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

// A path as a file name: folders become part of it.
std::string capture_name(const std::string& folder, std::string path) {
  while (path.starts_with("../") || path.starts_with("./") || path.starts_with('/')) {
    path.erase(0, path.find('/') + 1);
  }
  std::replace(path.begin(), path.end(), '/', '_');
  return (fs::path(folder) / path).replace_extension(".pcap").string();
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

Result run_file(const std::string& path, const BatchOptions& options) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  if (!file) return unreadable(path, path + ": cannot be read");
  script::ParseOptions parse_options{options.run.dialect, options.defines,
                                     system_names(options.run.profile)};
  const auto script = script::parse(path, text.str(), parse_options);
  if (!script) return unreadable(path, script.error().text());
  RunOptions run_options = options.run;
  std::optional<tap::PcapWriter> writer;
  if (!options.capture_folder.empty()) {
    auto opened = tap::PcapWriter::open(capture_name(options.capture_folder, path), Medium::ip);
    if (!opened) return unreadable(path, opened.error().sentence);
    writer.emplace(*std::move(opened));
    run_options.tap = [&writer](Instant at, Bytes packet) { writer->write(at, packet); };
  }
  return {path, run(*script, run_options), false};
}

std::vector<Result> run_batch(const std::vector<std::string>& paths, const BatchOptions& options,
                              const std::function<void(const Result&)>& finished) {
  std::vector<Result> results(paths.size());
  std::atomic<std::size_t> next{0};
  std::mutex one_at_a_time;
  const auto work = [&] {
    for (std::size_t i = next++; i < paths.size(); i = next++) {
      results[i] = run_file(paths[i], options);
      const std::lock_guard<std::mutex> held(one_at_a_time);
      finished(results[i]);
    }
  };
  std::vector<std::thread> threads;
  for (unsigned i = 1; i < options.jobs; ++i) threads.emplace_back(work);
  work();
  for (std::thread& thread : threads) thread.join();
  return results;
}

}  // namespace anteroom::runner
