// A file as the style rules see it, and the tree of files they walk.
// Not here: what the rules say (rules.h and the *_rules.cc files).
#pragma once

#include <filesystem>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace style {

// One file: its lines, and for C++ the same lines with comments and literals blanked out.
struct Source {
  std::string path;  // from the root, with '/'
  std::vector<std::string> raw;
  std::vector<std::string> code;  // as long as `raw`, line by line; empty if not C++

  bool is_header() const { return path.ends_with(".h"); }
  bool is_cpp() const { return is_header() || path.ends_with(".cc"); }
  bool is_test() const;
  bool is_script() const;  // run by a shell
  bool is_under(std::string_view folder) const;
};

struct Tree {
  std::vector<Source> sources;      // every text file that a rule may read, sorted by path
  std::set<std::string> top_level;  // names of the entries in the root
};

// What a rule found. A line of 0 means the whole file.
struct Finding {
  std::string path;
  std::size_t line = 0;
  std::string rule;
  std::string message;
};

using Findings = std::vector<Finding>;

// Reads everything below `root` but build folders, version control and the rules' own test data.
Tree read_tree(const std::filesystem::path& root);

// The file with comments, string and character literals replaced by spaces; lines stay where they
// are.
std::string blank_comments_and_literals(std::string_view text);

std::vector<std::string> split_lines(std::string_view text);

// Is `word` in `list`, whose words stand each between two spaces?
bool has_word(std::string_view list, std::string_view word);

}  // namespace style
