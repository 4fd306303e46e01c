// The rules that `tools/tidy` checks, one function each, and the tables they read.
// Not here: layout and names, which are clang-format's and clang-tidy's.
#pragma once

#include <cstddef>
#include <string>

#include "tools/style/source.h"

namespace style {

// Lines a file or a function may have. The self-test checks with smaller ones.
struct Limits {
  std::size_t header = 200;
  std::size_t source = 400;
  std::size_t test = 450;
  std::size_t function = 60;
};

// Include edges, from the table in include_rules.cc; operating-system headers; paths from the root.
void check_includes(const Source& source, Findings& findings);

// File and function length against the limits and the ratchet, whose rows must match today's
// numbers.
void check_sizes(const Tree& tree, const Limits& limits, const std::string& ratchet_path,
                 Findings& findings);

// Names that have a better one, which the message gives.
void check_banned_names(const Source& source, Findings& findings);

// First comment, #pragma once, shell prologue, superseded standards, paths of one machine.
void check_text(const Source& source, Findings& findings);

// Every .cc stands in a CMakeLists.txt of its folder or of one above, or in a module of
// tools/cmake.
void check_listed(const Tree& tree, Findings& findings);

// Nothing at the top level but what the plan of the house names.
void check_top_level(const Tree& tree, Findings& findings);

}  // namespace style
