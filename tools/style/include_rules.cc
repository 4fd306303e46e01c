// Who may include whom: one table of zones. An arrow that is not in it is an error of the build,
// not of a review.
#include <array>
#include <optional>
#include <regex>
#include <string>
#include <string_view>

#include "tools/style/rules.h"

namespace style {
namespace {

// A zone is a folder, or one file that may more than its folder. `may` lists the zones it may
// include beside itself; `system` says which <headers> it may.
enum class System { standard, sodium, any };

struct Zone {
  std::string_view folder;
  std::string_view may;  // folders, each between spaces
  System system;
};

constexpr std::string_view kAllOfStack =
    " stack stack/base stack/wire stack/link stack/neighbor stack/ip stack/tcp stack/udp "
    "stack/accept stack/api"
    " stack/testing stack/include ";
constexpr std::string_view kAll =
    " stack stack/base stack/wire stack/link stack/neighbor stack/ip stack/tcp stack/udp "
    "stack/accept stack/api"
    " stack/testing stack/include tap tap/include ";

// The longest folder that a path begins with is its zone. Every zone may include the public headers
// of the stack.
constexpr auto kEdges = std::to_array<Zone>({
    {"stack/include", " ", System::standard},
    {"stack/include/anteroom/posix.h", " ", System::any},
    {"stack/include/anteroom/posix_calls.h", " ", System::any},
    {"stack/base", " ", System::sodium},
    {"stack/wire", " stack/base ", System::standard},
    {"stack/link", " stack/wire stack/base ", System::standard},
    {"stack/neighbor", " stack/wire stack/base ", System::standard},
    {"stack/ip", " stack/wire stack/base ", System::standard},
    {"stack/tcp", " stack/wire stack/base ", System::standard},
    {"stack/udp", " stack/wire stack/base ", System::standard},
    {"stack/accept", " stack/tcp stack/wire stack/base ", System::standard},
    {"stack",
     " stack/accept stack/tcp stack/udp stack/ip stack/neighbor stack/link stack/wire stack/base ",
     System::standard},
    {"stack/api", " stack ", System::standard},
    {"stack/api/posix", " stack stack/api ", System::any},
    {"stack/testing/include", " ", System::standard},
    {"stack/testing", kAllOfStack, System::any},
    {"tap/include", " ", System::standard},
    {"tap", " tap/include ", System::any},
    // `anteroom drill` is the runner with a command line around it.
    {"tools", " tap/include stack/testing stack/wire stack/base conformance ", System::any},
    {"conformance", kAll, System::any},
    {"benchmarks", kAll, System::any},
    // What replays captures is measured as it is built.
    {"benchmarks/micro/replay_bench.cc", " stack/include tap/include conformance ", System::any},
});

constexpr std::string_view kStandardButNotOurs =
    " thread mutex shared_mutex atomic random iostream fstream filesystem condition_variable "
    "future semaphore"
    " latch barrier stop_token syncstream cassert ";
constexpr std::string_view kTestLibraries = " gtest gmock benchmark ";

// "stack/stack.h" belongs to "stack", "stack/tcp/congestion/cubic.h" to "stack/tcp".
const Zone* zone_of(std::string_view path) {
  const Zone* best = nullptr;
  for (const Zone& zone : kEdges) {
    const bool inside = path == zone.folder || (path.starts_with(zone.folder) &&
                                                path.substr(zone.folder.size()).starts_with('/'));
    if (inside && (best == nullptr || zone.folder.size() > best->folder.size())) best = &zone;
  }
  return best;
}

bool inside_stack(const Zone& zone) { return zone.folder.starts_with("stack"); }

std::optional<std::string> reject_own(const Source& source, const Zone& from,
                                      const std::string& target) {
  const Zone* to = zone_of(target);
  if (to == nullptr) return "write \"" + target + "\" as a path from the root of the repository";
  if (to->folder.ends_with("/include")) {
    return "public headers are included as <anteroom/...>, as their users do";
  }
  if (to == &from || has_word(from.may, to->folder)) return std::nullopt;
  if (source.is_test() && to->folder == (inside_stack(from) ? "stack/testing" : "tap")) return {};
  if (source.is_test() && from.folder == "tap" && to->folder == "stack/testing") return {};
  return std::string(from.folder) + " may not include " + std::string(to->folder);
}

std::optional<std::string> reject_system(const Source& source, const Zone& from,
                                         const std::string& target) {
  if (target.starts_with("anteroom/tap/")) {
    if (!inside_stack(from)) return std::nullopt;
    return "the stack may not know its devices (" + target + ")";
  }
  if (target.starts_with("anteroom/testing/")) {
    const bool ships =
        from.folder == "tap" || (inside_stack(from) && !from.folder.starts_with("stack/testing"));
    if (source.is_test() || !ships) return std::nullopt;
    return "the testing library is for tests, never part of what is installed as " +
           std::string(from.folder);
  }
  if (target.starts_with("anteroom/")) return std::nullopt;
  const std::string_view library = std::string_view(target).substr(0, target.find('/'));
  const bool standard = target.find_first_of("./") == std::string::npos;
  if (standard && !(inside_stack(from) && has_word(kStandardButNotOurs, target)))
    return std::nullopt;
  if (from.system == System::any) {
    if (target != "cassert") return std::nullopt;
    return "use STACK_ASSERT instead of <cassert>";
  }
  if (from.system == System::sodium && target == "sodium.h") return std::nullopt;
  if (source.is_test() && has_word(kTestLibraries, library)) return std::nullopt;
  if (target == "immintrin.h" && !from.folder.ends_with("/include")) return std::nullopt;
  return std::string(from.folder) + " may not include <" + target + ">: bytes and `now` go in, " +
         "the operating system stays outside";
}

}  // namespace

void check_includes(const Source& source, Findings& findings) {
  static const std::regex kInclude(R"re(^\s*#\s*include\s*(["<])([^">]+)[">])re");
  const Zone* from = zone_of(source.path);
  if (!source.is_cpp() || from == nullptr) return;
  for (std::size_t i = 0; i < source.raw.size(); ++i) {
    std::smatch match;
    const bool is_code = source.code[i].find('#') != std::string::npos;
    if (!is_code || !std::regex_search(source.raw[i], match, kInclude)) continue;
    const auto problem = match.str(1) == "\"" ? reject_own(source, *from, match.str(2))
                                              : reject_system(source, *from, match.str(2));
    if (problem) findings.push_back({source.path, i + 1, "include", *problem});
  }
}

}  // namespace style
