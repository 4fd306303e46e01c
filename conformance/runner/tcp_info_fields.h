// The fields of TCP_INFO by the names that scripts know, and the constants they are compared with.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include <anteroom/posix.h>

namespace anteroom::runner {

// Nothing for a name that is none of Linux's fields. Throws Failed where the socket tells nothing.
std::optional<std::int64_t> tcp_info_field(PosixSockets& sockets, int fd, const std::string& name);

// TCP_ESTABLISHED, TCPI_OPT_SACK, TCP_CA_Open and so on.
std::optional<std::int64_t> tcp_info_constant(const std::string& name);

}  // namespace anteroom::runner
