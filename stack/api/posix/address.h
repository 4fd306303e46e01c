// sockaddr and Endpoint, to and fro, with the errno values of Linux. Not here: whose address it is.
#pragma once

#include <sys/socket.h>

#include <anteroom/address.h>

#include "stack/api/posix/errors.h"

namespace anteroom::posix {

// What a socket address said.
struct Named {
  Answer error = 0;             // -EFAULT, -EINVAL, -EAFNOSUPPORT, or 0
  bool is_unspecified = false;  // AF_UNSPEC, which means something to connect() and bind()
  Endpoint endpoint{};
};

Named read_address(const sockaddr* address, socklen_t length);

// Writes as much as `*length` has room for, and into `*length` how long the address is. A null
// `address` writes nothing. -EFAULT, -EINVAL or 0.
Answer write_address(const Endpoint& endpoint, sockaddr* address, socklen_t* length);

// Whether write_address() could do its work, before there is anything to write.
Answer check_room(const sockaddr* address, const socklen_t* length);

}  // namespace anteroom::posix
