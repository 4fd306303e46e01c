// Runs one script against a stack of its own, in virtual time.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "conformance/runner/host.h"
#include "conformance/runner/ip_version.h"
#include "conformance/runner/settings.h"
#include "conformance/script/script.h"

namespace anteroom::runner {

struct RunOptions {
  Profile profile = Profile::linux_kernel;
  script::Dialect dialect = script::Dialect::google;
  // --name=value as of the command line: they win over the script's.
  std::vector<std::pair<std::string, std::string>> options{};
  // For a script that names none, which is then run as the public runners do it; else IPv4.
  std::optional<IpVersion> ip_version{};
  Host::Tap tap{};  // sees every packet; may be empty
  // Timers that a script may wait for. A stack that never comes to rest is stopped there.
  std::uint32_t steps_max = 200'000;
};

enum class Outcome : std::uint8_t { passed, failed, skipped };

struct Report {
  Outcome outcome = Outcome::passed;
  script::Place place{};  // of the event that failed, or that cannot be
  std::string event{};    // its text
  std::string reason{};   // one sentence
  std::string actual{};   // the packet that came instead, in the script's numbers; may be empty
  // What led there, oldest first: time and event or packet, one line each; the last 40.
  std::vector<std::string> history{};
  Duration virtual_time{};
};

Report run(const script::Script& script, const RunOptions& options);

}  // namespace anteroom::runner
