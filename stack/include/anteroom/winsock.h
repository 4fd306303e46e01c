// Winsock 2 over a stack of ours: everything that an application written to it needs.
//
//   anteroom::winsock::provider_use(&driver);       // once: where frames go and time comes from
//   using anteroom::winsock::...;                   // or a using-directive, as far as names allow
//   WSAStartup(MAKEWORD(2, 2), &data);              // from here on as the Windows books say
//
// Sits beside <sys/socket.h>: no macro is defined or taken away. Where Linux has a macro of the
// same name, the constant is called WS_name as well; <anteroom/winsock/port.h> puts Windows' names
// in the place of Linux's in a ported source file. stack/api/winsock/README.md has the decisions.
#pragma once

#include <anteroom/winsock/calls.h>
#include <anteroom/winsock/constants.h>
#include <anteroom/winsock/errors.h>
#include <anteroom/winsock/extensions.h>
#include <anteroom/winsock/plain_names.h>
#include <anteroom/winsock/provider.h>
#include <anteroom/winsock/types.h>
