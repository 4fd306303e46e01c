// How long files and functions are, against the limits and a ratchet whose numbers may only shrink.
// Functions are found by counting braces in code whose comments and literals are blank.
#include <algorithm>
#include <cctype>
#include <map>
#include <regex>
#include <sstream>
#include <string>
#include <string_view>

#include "tools/style/rules.h"

namespace style {
namespace {

struct Function {
  std::string name;
  std::size_t first_line = 0;
  std::size_t lines = 0;
};

// What a brace at namespace or class scope opens, judged by the text since the last ';', '{' or
// '}'.
enum class Opens { scope, function, initializer };

Opens what_opens(std::string head) {
  static const std::regex kTemplate(R"(template\s*<[^<>]*(<[^<>]*>[^<>]*)*>)");
  static const std::regex kScope(R"(\b(namespace|class|struct|union|enum|extern)\b)");
  head = std::regex_replace(head, kTemplate, "");
  const std::size_t paren = head.find('(');
  if (head.find("operator") != std::string::npos) return Opens::function;
  if (std::regex_search(head, kScope) && !std::regex_search(head, std::regex(R"(\)\s*$)"))) {
    return Opens::scope;
  }
  if (paren == std::string::npos || head.find('=') < paren) return Opens::initializer;
  return Opens::function;
}

std::string name_in(const std::string& head) {
  static const std::regex kName(R"(([~\w:]+)\s*\(([^()]*))");
  static const std::regex kMacro("[A-Z_]+");
  std::smatch match;
  if (!std::regex_search(head, match, kName)) return "function";
  if (!std::regex_match(match.str(1), kMacro)) return match.str(1);
  return match.str(1) + "(" + match.str(2) + ")";  // TEST(Suite, Name)
}

// Walks the code once. `head` is the text before a brace; an initializer list such as `X() : a_{1},
// b_{2} {` is one head, because what follows the closing brace is a comma or another brace.
class FunctionScan {
 public:
  explicit FunctionScan(const Source& source) : source_(source) {}

  std::vector<Function> run() {
    bool directive = false;
    for (std::size_t i = 0; i < source_.code.size(); ++i) {
      const std::string& line = source_.code[i];
      const std::size_t text = line.find_first_not_of(" \t");
      directive = directive || (text != std::string::npos && line[text] == '#');
      for (const char c : directive ? std::string_view() : std::string_view(line)) take(c, i + 1);
      if (directive) directive = !source_.raw[i].empty() && source_.raw[i].back() == '\\';
      take(' ', i + 1);
    }
    return functions_;
  }

 private:
  void take(char c, std::size_t line) {
    if (depth_ > 0) {
      if (c == '{') ++depth_;
      if (c == '}' && --depth_ == 0) close(line);
      return;
    }
    if (c == '{') {
      const Opens opens = what_opens(head_);
      if (opens == Opens::scope) return start_over();
      depth_ = 1;
      in_function_ = opens == Opens::function;
    } else if (c == '}' || c == ';') {
      start_over();
    } else if (std::isspace(static_cast<unsigned char>(c)) == 0) {
      if (closed_ && c != ',') start_over();
      closed_ = false;
      if (head_.empty()) head_line_ = line;
      head_ += c;
    } else if (!head_.empty()) {
      head_ += ' ';
    }
  }

  void close(std::size_t line) {
    if (in_function_) {
      if (closed_function_) functions_.pop_back();
      functions_.push_back({name_in(head_), head_line_, lines_between(head_line_, line)});
    }
    closed_ = true;
    closed_function_ = in_function_;
  }

  // Rows of a switch that is a table, `case X: return Y;`, are data and do not count.
  std::size_t lines_between(std::size_t first, std::size_t last) const {
    static const std::regex kRow(R"(^\s*case [^;]*: return [^;]*;\s*$)");
    std::size_t lines = 0;
    for (std::size_t i = first; i <= last; ++i) {
      if (!std::regex_match(source_.code[i - 1], kRow)) ++lines;
    }
    return lines;
  }

  void start_over() {
    head_.clear();
    closed_ = closed_function_ = false;
  }

  const Source& source_;
  std::vector<Function> functions_;
  std::string head_;
  std::size_t head_line_ = 0;
  std::size_t depth_ = 0;
  bool in_function_ = false;
  bool closed_ = false;           // a body has just ended, the head is kept for what may follow
  bool closed_function_ = false;  // and that body was counted as a function
};

// The ratchet: "path lines" for a file, "path function lines" for a function; '#' begins a comment.
class Ratchet {
 public:
  Ratchet(const Tree& tree, std::string path) : path_(std::move(path)) {
    for (const Source& source : tree.sources) {
      if (source.path == path_) read(source);
    }
  }

  // Judges one measure against its limit or its row.
  void judge(const std::string& key, const std::string& what, std::size_t lines, std::size_t limit,
             const Finding& place, Findings& findings) {
    const auto row = rows_.find(key);
    const std::string has = what + " has " + std::to_string(lines) + " lines";
    if (row == rows_.end()) {
      if (lines <= limit) return;
      findings.push_back(place);
      findings.back().message = has + ", the limit is " + std::to_string(limit);
      return;
    }
    row->second.used = true;
    const std::size_t allowed = row->second.lines;
    if (lines > allowed) {
      findings.push_back(place);
      findings.back().message = has + ", the ratchet allows " + std::to_string(allowed);
    } else if (lines <= limit) {
      complain(row->second, has + ": within the limit, so delete this row", findings);
    } else if (lines < allowed) {
      complain(row->second, has + ": lower this row to that", findings);
    }
  }

  void report_unused(Findings& findings) const {
    for (const auto& [key, row] : rows_) {
      if (!row.used) complain(row, "nothing is called '" + key + "': delete this row", findings);
    }
  }

 private:
  struct Row {
    std::size_t lines = 0;
    std::size_t line_number = 0;
    bool used = false;
  };

  void read(const Source& source) {
    for (std::size_t i = 0; i < source.raw.size(); ++i) {
      const std::string text = source.raw[i].substr(0, source.raw[i].find('#'));
      const std::size_t end = text.find_last_not_of(" \t");
      if (end == std::string::npos) continue;
      const std::size_t gap = text.find_last_of(" \t", end);
      if (gap == std::string::npos) continue;
      const std::size_t key_end = text.find_last_not_of(" \t", gap);
      rows_[text.substr(0, key_end + 1)] = {std::stoul(text.substr(gap + 1)), i + 1};
    }
  }

  void complain(const Row& row, std::string message, Findings& findings) const {
    findings.push_back({path_, row.line_number, "size", std::move(message)});
  }

  std::string path_;
  std::map<std::string, Row> rows_;
};

}  // namespace

void check_sizes(const Tree& tree, const Limits& limits, const std::string& ratchet_path,
                 Findings& findings) {
  Ratchet ratchet(tree, ratchet_path);
  for (const Source& source : tree.sources) {
    if (!source.is_cpp()) continue;
    const std::size_t limit = source.is_header() ? limits.header
                              : source.is_test() ? limits.test
                                                 : limits.source;
    ratchet.judge(source.path, "the file", source.raw.size(), limit, {source.path, 1, "size", ""},
                  findings);
    for (const Function& function : FunctionScan(source).run()) {
      ratchet.judge(source.path + " " + function.name, function.name, function.lines,
                    limits.function, {source.path, function.first_line, "size", ""}, findings);
    }
  }
  ratchet.report_unused(findings);
}

}  // namespace style
