// The kernel's side of a TAP: its address, MTU and whether it is up, through libnl-route-3.
// Not here: the device itself (tap_device.cc).
#pragma once

#include <anteroom/tap/problem.h>
#include <anteroom/tap/tap_device.h>

namespace anteroom::tap {

// Applies what `options` says to the interface of that name, and brings it up.
Trouble configure_host_interface(const TapOptions& options);

}  // namespace anteroom::tap
