// What a call answers: a value, or an errno with a minus sign, as inside a kernel. The sign is
// turned into -1 and errno at the outermost step (sockets.cc) and nowhere else.
#pragma once

#include <cstdint>

#include <anteroom/error.h>

namespace anteroom::posix {

using Answer = std::int64_t;

// The errno that stands for a refusal of the stack, without the sign.
int errno_of(Error error);

inline Answer refusal(Error error) { return -errno_of(error); }

}  // namespace anteroom::posix
