// How the host under test is configured: a profile to begin with, and what the commands of a script
// set by the names of the system they were written for.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include <anteroom/config.h>

#include "conformance/script/script.h"

namespace anteroom::runner {

// Whose habits the stack takes on, each of them a field of Config.
enum class Profile : std::uint8_t {
  linux_kernel,  // Linux as its own tests configure it
  freebsd,
  rfc,  // the standards' own numbers
};

std::optional<Profile> profile_named(std::string_view name);
script::Dialect dialect_of(Profile profile);

struct Settings {
  Config config{};
};

// `mtu` 576 to 65,535.
Settings settings_of(Profile profile, std::uint16_t mtu);

enum class SetResult : std::uint8_t {
  done,
  no_effect,  // known, and nothing that a peer sees of this stack depends on it
  unknown,    // the stack has nothing of the kind
};

// A sysctl by its name with dots: net.ipv4.tcp_sack, net.inet.tcp.sack.enable.
SetResult set_sysctl(std::string_view name, std::string_view value, Settings& settings);

}  // namespace anteroom::runner
