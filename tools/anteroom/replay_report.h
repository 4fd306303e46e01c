// What `anteroom replay` says of connections and captures: for people, or one JSON object a line.
// Not here: what was found (conformance/replay).
#pragma once

#include <string>

#include "conformance/replay/report.h"

namespace anteroom::tools {

struct ReplayReportOptions {
  bool json = false;
  bool quiet = false;    // nothing of connections that are the same
  bool verbose = false;  // every divergence, and notes of what is the same
  bool colour = false;
  replay::TierSet tiers = replay::kDefaultTiers;
};

std::string connection_text(const std::string& path, const replay::ConnectionReport& report,
                            const ReplayReportOptions& options);
std::string capture_text(const replay::CaptureReport& report, const ReplayReportOptions& options);

std::string connection_json(const std::string& path, const replay::ConnectionReport& report,
                            const ReplayReportOptions& options);
std::string capture_json(const replay::CaptureReport& report);

}  // namespace anteroom::tools
