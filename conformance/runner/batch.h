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
  unsigned jobs = 1;
  std::string capture_folder{};  // empty: no captures
};

struct Result {
  std::string path{};
  Report report{};
  bool is_unreadable = false;  // no script at all: the sentence is the report's reason
};

// The files named, and every *.pkt below the folders named, sorted; those whose path has `filter`
// in it. Nothing, with a sentence in `problem`, where one does not exist.
std::vector<std::string> scripts_below(const std::vector<std::string>& places,
                                       const std::string& filter, std::string& problem);

Result run_file(const std::string& path, const BatchOptions& options);

// In the order of `paths`. `finished` is called for each as it ends, on any thread, never twice at
// once.
std::vector<Result> run_batch(const std::vector<std::string>& paths, const BatchOptions& options,
                              const std::function<void(const Result&)>& finished);

}  // namespace anteroom::runner
