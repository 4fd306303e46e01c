// How a run can end before the script does. Thrown, because any depth of it may find out.
#pragma once

#include <stdexcept>
#include <string>

namespace anteroom::runner {

// The host did not do what the script says, or the script asks for what makes no sense.
struct Failed : std::runtime_error {
  using std::runtime_error::runtime_error;
};

// The script needs what a user-mode stack, or this one, does not have.
struct Skipped : std::runtime_error {
  using std::runtime_error::runtime_error;
};

}  // namespace anteroom::runner
