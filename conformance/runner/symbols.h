// The names that scripts use for numbers: constants of the socket calls, and errno values.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace anteroom::runner {

// Linux's value of a constant, or of one of <anteroom/posix.h>. Nothing where it is unknown.
std::optional<std::int64_t> symbol(std::string_view name);

// "EAGAIN" for its number; the number as text where it has no name.
std::string errno_name(int number);
// EWOULDBLOCK is EAGAIN.
std::optional<int> errno_number(std::string_view name);

}  // namespace anteroom::runner
