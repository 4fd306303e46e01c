// What a file must begin with and what no text of ours may say; where files stand.
#include <algorithm>
#include <array>
#include <regex>
#include <string>
#include <string_view>

#include "tools/style/rules.h"

namespace style {
namespace {

// Numbers that a newer standard has replaced.
struct Superseded {
  std::string_view number;
  std::string_view by;
};
constexpr auto kSuperseded = std::to_array<Superseded>({
    {"793", "9293"},
    {"1323", "7323"},
    {"2460", "8200"},
    {"2581", "5681"},
    {"2861", "7661"},
    {"2988", "6298"},
    {"3782", "6582"},
    {"6937", "9937"},
    {"8312", "9438"},
});

// Every machine has these; any other absolute path belongs to one machine.
constexpr std::string_view kRootFolders =
    " bin boot dev etc lib opt proc run sbin sys tmp usr var ";

constexpr std::string_view kTopLevel =
    " stack tap conformance benchmarks tools build CMakeLists.txt CMakePresets.json "
    "CMakeUserPresets.json"
    " README.md CHANGELOG.md CONTRIBUTING.md STYLE.md SECURITY.md LICENSE NOTICE "
    "compile_commands.json ";

void check_first_comment(const Source& source, Findings& findings) {
  static const std::regex kComment(R"(^// \S+ \S+)");
  if (source.raw.empty() || !std::regex_search(source.raw.front(), kComment)) {
    findings.push_back({source.path, 1, "comment", "begin the file with what it is: // Words ..."});
  }
  const auto once = [](const std::string& line) { return line.starts_with("#pragma once"); };
  if (source.is_header() && std::ranges::none_of(source.code, once)) {
    findings.push_back({source.path, 1, "comment", "a header needs #pragma once"});
  }
}

void check_prologue(const Source& source, Findings& findings) {
  static const std::regex kSetU(R"(^set -\w*u)");
  if (source.raw.front() != "#!/usr/bin/env bash") {
    findings.push_back({source.path, 1, "shell", "begin a script with #!/usr/bin/env bash"});
  }
  const auto sets_u = [](const std::string& line) { return std::regex_search(line, kSetU); };
  if (std::ranges::none_of(source.raw, sets_u)) {
    findings.push_back(
        {source.path, 1, "shell", "a script needs `set -u`, better `set -euo pipefail`"});
  }
}

void check_standards(const Source& source, std::size_t i, Findings& findings) {
  static const std::regex kCitation(R"(\bRFC ?(\d+))");
  const std::string& line = source.raw[i];
  for (auto it = std::sregex_iterator(line.begin(), line.end(), kCitation);
       it != std::sregex_iterator(); ++it) {
    const std::string number = (*it)[1];
    const auto* row = std::ranges::find(kSuperseded, number, &Superseded::number);
    if (row == kSuperseded.end()) continue;
    findings.push_back({source.path, i + 1, "standard",
                        "RFC " + number + " is replaced by RFC " + std::string(row->by)});
  }
}

void check_paths(const Source& source, std::size_t i, Findings& findings) {
  static const std::regex kAbsolute(R"((^|[\s"'`(=:])/([A-Za-z]\w*)/[\w.])");
  std::smatch match;
  if (!std::regex_search(source.raw[i], match, kAbsolute) || has_word(kRootFolders, match.str(2)))
    return;
  findings.push_back(
      {source.path, i + 1, "path",
       "/" + match.str(2) + "/... is a path of one machine: write it from the root"});
}

// Either a list at or above the file names it from there, or one of tools/cmake by its whole path.
bool is_listed(const Tree& tree, const Source& source) {
  for (const Source& module : tree.sources) {
    if (!module.path.ends_with(".cmake")) continue;
    const auto has = [&](const std::string& line) { return line.find(source.path) != line.npos; };
    if (std::ranges::any_of(module.raw, has)) return true;
  }
  for (std::size_t slash = source.path.rfind('/'); slash != std::string::npos;
       slash = slash == 0 ? std::string::npos : source.path.rfind('/', slash - 1)) {
    const std::string list = source.path.substr(0, slash + 1) + "CMakeLists.txt";
    const auto it = std::ranges::find(tree.sources, list, &Source::path);
    if (it == tree.sources.end()) continue;
    std::string name = source.path.substr(slash + 1);
    name.insert(name.size() - std::string_view(".cc").size(), "\\");
    const std::regex token("(^|[\\s(/\"])" + name + "($|[\\s);\"])");
    const auto has = [&](const std::string& line) { return std::regex_search(line, token); };
    if (std::ranges::any_of(it->raw, has)) return true;
  }
  return false;
}

}  // namespace

void check_text(const Source& source, Findings& findings) {
  if (source.is_cpp()) check_first_comment(source, findings);
  if (source.is_script()) check_prologue(source, findings);
  for (std::size_t i = 0; i < source.raw.size(); ++i) {
    check_standards(source, i, findings);
    check_paths(source, i, findings);
  }
}

void check_listed(const Tree& tree, Findings& findings) {
  for (const Source& source : tree.sources) {
    if (!source.path.ends_with(".cc") || is_listed(tree, source)) continue;
    findings.push_back(
        {source.path, 1, "listed", "no CMakeLists.txt here or above builds this file"});
  }
}

void check_top_level(const Tree& tree, Findings& findings) {
  for (const std::string& name : tree.top_level) {
    if (name.starts_with('.') || has_word(kTopLevel, name)) continue;
    findings.push_back(
        {name, 0, "layout", "not in the plan of the house: find it a place below the top level"});
  }
}

}  // namespace style
