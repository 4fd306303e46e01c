// A tree for the test of tools/requirements. It cites RFC 1 [MUST-1], and one that no row has:
// [MUST-77].
#pragma once

namespace anteroom {

inline int ticks() { return 1; }  // phantom() stands in a comment only

}  // namespace anteroom
