// Many scripts: which files they are, run on several threads, each against a stack of its own.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "conformance/runner/run.h"

namespace anteroom::runner {

struct BatchOptions {
  RunOptions run{};
  std::vector<std::pair<std::string, std::string>> defines{};
  // A script is run once for each, unless it or its name says what it is for (ip_version.h); none:
  // once, over what it says, else IPv4.
  std::vector<IpVersion> ip_versions{};
  unsigned jobs = 1;
  std::string capture_folder{};  // empty: no captures
};

struct Result {
  std::string path{};
  Report report{};
  bool is_unreadable = false;             // no script at all: the sentence is the report's reason
  std::optional<IpVersion> ip_version{};  // where BatchOptions have several
};

// The files named, and every *.pkt below the folders named, sorted; those whose path has `filter`
// in it. Nothing, with a sentence in `problem`, where one does not exist.
std::vector<std::string> scripts_below(const std::vector<std::string>& places,
                                       const std::string& filter, std::string& problem);

// One result for each run; none where the script is for no version of those wanted.
std::vector<Result> run_file(const std::string& path, const BatchOptions& options);

// In the order of `paths`. `finished` is called for each of them as it ends, on any thread, never
// twice at once.
std::vector<Result> run_batch(const std::vector<std::string>& paths, const BatchOptions& options,
                              const std::function<void()>& finished);

}  // namespace anteroom::runner
