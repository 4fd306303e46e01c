// Windows' numbers for what the stack answers.
#pragma once

#include <anteroom/error.h>
#include <anteroom/winsock/errors.h>

namespace anteroom::winsock {

int wsa_error(Error error);
// What GetOverlappedResult of Win32 says where Winsock says `error`.
int win32_error(int error);

}  // namespace anteroom::winsock
