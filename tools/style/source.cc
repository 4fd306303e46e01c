// Reads the tree and blanks what is not code. A scanner, not a parser: it knows comments, string
// and character literals, raw strings and digit separators, which is all that keeps a word or a
// brace from being code.
#include "tools/style/source.h"

#include <algorithm>
#include <cctype>
#include <fstream>
#include <iterator>

namespace style {
namespace {

namespace fs = std::filesystem;

// True when the quote at `at` separates digits, as in 1'000.
bool separates_digits(std::string_view text, std::size_t at) {
  std::size_t start = at;
  while (start > 0) {
    const char before = text[start - 1];
    if (std::isalnum(static_cast<unsigned char>(before)) == 0 && before != '\'') break;
    --start;
  }
  return start < at && std::isdigit(static_cast<unsigned char>(text[start])) != 0;
}

// The end of the literal or comment that starts at `at`, or `at` if none does.
std::size_t end_of_blank(std::string_view text, std::size_t at) {
  const auto past = [&](std::string_view mark, std::size_t from) {
    const std::size_t found = text.find(mark, from);
    return found == std::string_view::npos ? text.size() : found + mark.size();
  };
  const std::string_view rest = text.substr(at);
  if (rest.starts_with("//")) return std::min(text.find('\n', at), text.size());
  if (rest.starts_with("/*")) return past("*/", at + 2);
  if (rest.starts_with("R\"")) {
    const std::size_t open = text.find('(', at);
    if (open == std::string_view::npos) return text.size();
    return past(")" + std::string(text.substr(at + 2, open - at - 2)) + "\"", open);
  }
  const char quote = rest.front();
  if (quote != '"' && (quote != '\'' || separates_digits(text, at))) return at;
  std::size_t end = at + 1;
  while (end < text.size() && text[end] != quote && text[end] != '\n') {
    end += text[end] == '\\' ? 2 : 1;
  }
  return std::min(end + 1, text.size());
}

bool skipped_folder(const std::string& name, const std::string& path) {
  return name == ".git" || name == "build" || name == "__pycache__" ||
         path == "tools/style/testdata" || (name.starts_with('.') && name != ".ci");
}

// Text that we write by hand. Captures, corpora and licence texts are not.
bool is_ours_to_check(const fs::path& file) {
  static const std::set<std::string> kExtensions = {"",    ".h",    ".cc",    ".sh",  ".py",
                                                    ".md", ".json", ".cmake", ".txt", ".pkt"};
  return kExtensions.contains(file.extension().string()) && file.filename() != "LICENSE";
}

std::string read_file(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

}  // namespace

bool Source::is_test() const {
  return path.ends_with("_test.cc") || path.ends_with("_bench.cc") || path.ends_with("_fuzz.cc");
}

bool Source::is_script() const {
  if (path.ends_with(".sh")) return true;
  return !raw.empty() && raw.front().starts_with("#!") && raw.front().ends_with("sh");
}

bool Source::is_under(std::string_view folder) const {
  return path.starts_with(folder) && path.size() > folder.size() && path[folder.size()] == '/';
}

std::vector<std::string> split_lines(std::string_view text) {
  std::vector<std::string> lines;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    lines.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

bool has_word(std::string_view list, std::string_view word) {
  return list.find(" " + std::string(word) + " ") != std::string_view::npos;
}

std::string blank_comments_and_literals(std::string_view text) {
  std::string code(text);
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = end_of_blank(text, at);
    for (std::size_t i = at; i < end; ++i) {
      if (code[i] != '\n') code[i] = ' ';
    }
    at = std::max(end, at + 1);
  }
  return code;
}

Tree read_tree(const fs::path& root) {
  Tree tree;
  for (const fs::directory_entry& entry : fs::directory_iterator(root)) {
    tree.top_level.insert(entry.path().filename().string());
  }
  for (auto it = fs::recursive_directory_iterator(root); it != fs::end(it); ++it) {
    const std::string path = fs::relative(it->path(), root).generic_string();
    if (it->is_directory() && skipped_folder(it->path().filename().string(), path)) {
      it.disable_recursion_pending();
    }
    if (!it->is_regular_file() || !is_ours_to_check(it->path())) continue;
    const std::string text = read_file(it->path());
    if (text.find('\0') != std::string::npos) continue;
    Source source{.path = path, .raw = split_lines(text), .code = {}};
    if (source.is_cpp()) source.code = split_lines(blank_comments_and_literals(text));
    tree.sources.push_back(std::move(source));
  }
  std::ranges::sort(tree.sources, {}, &Source::path);
  return tree;
}

}  // namespace style
