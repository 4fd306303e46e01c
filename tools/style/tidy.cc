// Checks the rules of STYLE.md that neither the formatter nor the linter can see, and prints
// path:line: rule: message. With --self-test it runs over a tree of bad examples and compares what
// it finds with what they announce.
#include <algorithm>
#include <filesystem>
#include <iostream>
#include <regex>
#include <set>
#include <sstream>
#include <string>
#include <tuple>
#include <vector>

#include "tools/style/rules.h"

namespace {

constexpr const char* kUsage = R"(usage: tidy [--root FOLDER] [--self-test]

Checks include edges, sizes, banned names, first comments, CMake lists, shell prologues and the top level.

  --root FOLDER  the repository (default: the current folder)
  --self-test    FOLDER holds bad examples; each says `expect: RULE ...` on the line of the finding

exit code: 0 nothing found, 1 something found, 2 usage
)";

style::Findings check_all(const style::Tree& tree, const style::Limits& limits) {
  style::Findings findings;
  for (const style::Source& source : tree.sources) {
    style::check_includes(source, findings);
    style::check_banned_names(source, findings);
    style::check_text(source, findings);
  }
  style::check_sizes(tree, limits, "tools/style/ratchet.txt", findings);
  style::check_listed(tree, findings);
  style::check_top_level(tree, findings);
  std::ranges::sort(findings, {}, [](const style::Finding& finding) {
    return std::tie(finding.path, finding.line, finding.rule, finding.message);
  });
  return findings;
}

std::string place_of(const style::Finding& finding) {
  return finding.path + ":" + std::to_string(finding.line) + ": " + finding.rule;
}

// A file whose name cannot carry a marker (an entry of the top level) is announced in a file
// `expect.txt`.
std::multiset<std::string> announced(const style::Tree& tree) {
  static const std::regex kMarker(R"(expect: ([a-z ]+))");
  std::multiset<std::string> places;
  for (const style::Source& source : tree.sources) {
    for (std::size_t i = 0; i < source.raw.size(); ++i) {
      const std::string& line = source.raw[i];
      if (source.path == "tools/expect.txt") places.insert(line);
      std::smatch match;
      if (!std::regex_search(line, match, kMarker)) continue;
      std::istringstream rules(match.str(1));
      for (std::string rule; rules >> rule;) {
        places.insert(source.path + ":" + std::to_string(i + 1) + ": " + rule);
      }
    }
  }
  return places;
}

int self_test(const style::Tree& tree) {
  const style::Limits small{.header = 20, .source = 40, .test = 45, .function = 6};
  std::multiset<std::string> found;
  for (const style::Finding& finding : check_all(tree, small)) found.insert(place_of(finding));
  const std::multiset<std::string> expected = announced(tree);
  std::vector<std::string> missed;
  std::vector<std::string> surplus;
  std::ranges::set_difference(expected, found, std::back_inserter(missed));
  std::ranges::set_difference(found, expected, std::back_inserter(surplus));
  for (const std::string& place : missed) std::cout << "not found:    " << place << '\n';
  for (const std::string& place : surplus) std::cout << "not expected: " << place << '\n';
  std::cout << "tidy: " << found.size() << " findings in the bad examples, " << expected.size()
            << " announced\n";
  return missed.empty() && surplus.empty() && !found.empty() ? 0 : 1;
}

int check(const style::Tree& tree) {
  const style::Findings findings = check_all(tree, {});
  for (const style::Finding& finding : findings) {
    std::cout << place_of(finding) << ": " << finding.message << '\n';
  }
  return findings.empty() ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  std::string root = ".";
  bool testing_itself = false;
  const std::vector<std::string> arguments(argv + 1, argv + argc);
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    if (arguments[i] == "--root" && i + 1 < arguments.size()) {
      root = arguments[++i];
    } else if (arguments[i] == "--self-test") {
      testing_itself = true;
    } else {
      const bool help = arguments[i] == "--help";
      (help ? std::cout : std::cerr) << kUsage;
      return help ? 0 : 2;
    }
  }
  if (!std::filesystem::is_directory(root)) {
    std::cerr << "tidy: no folder '" << root << "'\n";
    return 2;
  }
  const style::Tree tree = style::read_tree(root);
  return testing_itself ? self_test(tree) : check(tree);
}
