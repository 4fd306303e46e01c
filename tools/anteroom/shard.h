// A share of a list, so that many machines can take a corpus apart: --shard I/N.
#pragma once

#include <string>
#include <vector>

namespace anteroom::tools {

// Leaves of `paths` the share number I of N, counted from 0, where `text` is "I/N"; all where it is
// empty. False where it is neither.
bool take_shard(const std::string& text, std::vector<std::string>& paths);

}  // namespace anteroom::tools
