// What loss recovery and congestion control make of a path, in virtual time: a table that is
// compared exactly, so that every change of it shows; and claims that each algorithm must meet.
#pragma once

#include <string>

namespace anteroom::simulation {

// Measures, prints the difference to the table in the file and the claims that do not hold; true
// where all is well. With `write` the file gets what was measured, and the claims still count.
bool check_golden(const std::string& path, bool write);

}  // namespace anteroom::simulation
