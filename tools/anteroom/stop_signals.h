// SIGINT and SIGTERM stop a loop; a second one ends its grace. SIGPIPE is an error of write()
// instead.
#pragma once

#include <anteroom/tap/loop.h>

namespace anteroom::tools {

// One at a time; the signals are the system's again when it ends.
class StopSignals {
 public:
  explicit StopSignals(tap::Loop& loop);
  ~StopSignals();
  StopSignals(const StopSignals&) = delete;
  StopSignals& operator=(const StopSignals&) = delete;
};

}  // namespace anteroom::tools
