// STACK_ASSERT: what must hold whatever the network and the caller do. Always on: a broken
// invariant in a network stack is an attack surface, and a crash is the better end.
#pragma once

#include <cstdio>
#include <cstdlib>

namespace anteroom {

[[noreturn]] inline void assertion_failed(const char* condition, const char* file, int line) {
  std::fprintf(stderr, "anteroom: %s:%d: invariant broken: %s\n", file, line, condition);
  std::abort();
}

// True in checked builds, where each part checks all of itself after every verb.
#ifdef ANTEROOM_CHECKED
inline constexpr bool kChecked = true;
#else
inline constexpr bool kChecked = false;
#endif

}  // namespace anteroom

#define STACK_ASSERT(condition)          \
  (static_cast<bool>(condition) ? void() \
                                : ::anteroom::assertion_failed(#condition, __FILE__, __LINE__))
