// Where a script's sysctls are: /proc/sys/net/ipv4 under the Linux profile, because the tool runs
// in a namespace of its own, and a file of name=value lines, named by PD_SYSCTL_FILE, under that of
// FreeBSD. Not here: what they mean (conformance/runner/settings.h).
#pragma once

#include <map>
#include <string>

#include "conformance/runner/settings.h"

namespace anteroom::adapter {

class SysctlSource {
 public:
  explicit SysctlSource(runner::Profile profile);

  // Applies what changed since the last time; true where anything did. What the stack has nothing
  // for is left alone.
  bool apply(runner::Settings& settings);

 private:
  std::map<std::string, std::string> read() const;

  runner::Profile profile_;
  std::string path_;
  std::map<std::string, std::string> known_;
};

}  // namespace anteroom::adapter
