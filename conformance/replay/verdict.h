// What a conditional listener shows of a captured SYN, and what a condition function says to it.
// Not here: carrying the verdict out; a replay goes on as the captured server did.
#pragma once

#include "conformance/replay/plan.h"

namespace anteroom::replay {

// Puts the connection's SYN before a conditional listener of a stack of its own; caller data and,
// where there is a condition, the verdict go into the report. Nothing where the capture has no SYN.
void ask(const Plan& plan, const Options& options, ConnectionReport& report);

// `accept "welcome"`, `reject`, `defer 500 ms`.
std::string verdict_text(const tap::Verdict& verdict);

}  // namespace anteroom::replay
