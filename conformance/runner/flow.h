// The socket or connection that a script's packets belong to, and its numbers: a script counts from
// its own initial sequence numbers, the wire from the live ones.
// SYN segments keep the numbers as written; all others count from the live ISN.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <utility>

#include <anteroom/address.h>

#include "conformance/script/packet.h"

namespace anteroom::runner {

enum class Role : std::uint8_t {
  fresh,       // socket() alone
  listening,   // the next packet in makes a child
  connecting,  // its first packet out tells the local port
  child,       // of a listening socket
};

struct Flow {
  Role role = Role::fresh;
  int live_fd = -1;
  Endpoint local{};
  Endpoint remote{};
  bool complete = false;         // both ends are known
  std::uint32_t remote_isn = 0;  // script and live are the same
  bool has_remote_isn = false;
  std::uint32_t script_local_isn = 0;
  std::uint32_t live_local_isn = 0;
  bool has_local_isn = false;

  // Time-stamps that went out: script value to live value.
  std::map<std::uint32_t, std::uint32_t> stamps{};
  std::optional<std::uint32_t> first_script_stamp{};
  std::uint32_t first_live_stamp = 0;
  // Of the last packet out whose flow label the script named: script's and live one.
  std::optional<std::pair<std::uint32_t, std::uint32_t>> label{};

  std::uint32_t remote_live(script::ScriptNumber number, bool syn) const {
    return number.literal || syn ? number.value : number.value + remote_isn;
  }
  std::uint32_t remote_script(std::uint32_t live, bool syn) const {
    return syn ? live : live - remote_isn;
  }
  std::uint32_t local_live(script::ScriptNumber number, bool syn) const {
    if (number.literal) return number.value;
    return number.value + live_local_isn - (syn ? script_local_isn : 0);
  }
  std::uint32_t local_script(std::uint32_t live, bool syn) const {
    return live - live_local_isn + (syn ? script_local_isn : 0);
  }
};

}  // namespace anteroom::runner
