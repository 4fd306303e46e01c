// placeholder
#include "conformance/simulation/golden.h"
namespace anteroom::simulation {
std::string golden_table() { return ""; }
bool check_golden(const std::string&, bool) { return true; }
}  // namespace anteroom::simulation
