// One run of the application's condition function: what it is shown, what it said.
// Not here: what follows from it (accept.cc).
#pragma once

#include <optional>
#include <vector>

#include <anteroom/address.h>
#include <anteroom/winsock/constants.h>

namespace anteroom::winsock {

// A copy of what a request says: the driver is not locked while the function runs.
struct Question {
  Flow flow{};
  std::vector<std::uint8_t> caller_data;
  std::size_t response_bytes_max = 0;
  std::uint8_t dscp = 0;
};

struct Answer {
  int error = 0;  // WSAEINVAL, WSAEOPNOTSUPP: it cannot be obeyed, as if it had not been given
  int verdict = CF_DEFER;
  std::vector<std::uint8_t> response_data;
  std::optional<std::uint8_t> dscp;  // of the accepted connection, where it is not the default
};

Answer ask(Question& question, LPCONDITIONPROC condition, DWORD_PTR context);

}  // namespace anteroom::winsock
