// Small files, read whole.
#include "conformance/adapter/sysctl_source.h"

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <sstream>

namespace anteroom::adapter {
namespace {

constexpr const char* kLinuxNames[] = {
    "tcp_timestamps",  "tcp_sack",     "tcp_window_scaling",     "tcp_ecn",
    "tcp_syn_retries", "tcp_retries2", "tcp_synack_retries",     "tcp_rto_max_ms",
    "tcp_mtu_probing", "tcp_rmem",     "tcp_congestion_control", "tcp_rto_min_us",
};

std::string contents(const std::string& path) {
  std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  std::string value = text.str();
  while (!value.empty() && (value.back() == '\n' || value.back() == ' ')) value.pop_back();
  return value;
}

}  // namespace

SysctlSource::SysctlSource(runner::Profile profile) : profile_(profile) {
  const char* path = std::getenv("PD_SYSCTL_FILE");
  if (path != nullptr) path_ = path;
}

std::map<std::string, std::string> SysctlSource::read() const {
  std::map<std::string, std::string> values;
  if (profile_ == runner::Profile::linux_kernel) {
    for (const char* name : kLinuxNames) {
      const std::string value = contents(std::string("/proc/sys/net/ipv4/") + name);
      if (!value.empty()) values[std::string("net.ipv4.") + name] = value;
    }
    return values;
  }
  std::istringstream lines(path_.empty() ? std::string() : contents(path_));
  for (std::string line; std::getline(lines, line);) {
    const std::size_t equals = line.find('=');
    if (equals != line.npos) values[line.substr(0, equals)] = line.substr(equals + 1);
  }
  return values;
}

bool SysctlSource::apply(runner::Settings& settings) {
  bool any = false;
  for (auto& [name, value] : read()) {
    if (known_[name] == value) continue;
    known_[name] = value;
    any = runner::set_sysctl(name, value, settings) == runner::SetResult::done || any;
  }
  return any;
}

}  // namespace anteroom::adapter
