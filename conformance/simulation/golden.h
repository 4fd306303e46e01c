// What loss recovery and congestion control make of a path, in virtual time: a table that is
// compared exactly, so that every change of it shows; and two claims that it must meet.
#pragma once

#include <string>

namespace anteroom::simulation {

// The table as text: a comment, a header line, one line per cell.
std::string golden_table();

// Compares with the file, prints the difference and the claims that fail; true where all is well.
// Rewrites the file where `write`.
bool check_golden(const std::string& path, bool write);

}  // namespace anteroom::simulation
