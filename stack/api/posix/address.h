// sockaddr and Endpoint, to and fro, with the errno values of Linux: sockaddr_in of AF_INET
// sockets, sockaddr_in6 of AF_INET6 ones, where an IPv4 address is mapped (RFC 4291 2.5.5.2, RFC
// 3493 3.7). Not here: whose address it is.
#pragma once

#include <netinet/in.h>
#include <sys/socket.h>

#include <cstddef>

#include <anteroom/address.h>

#include "stack/api/posix/errors.h"

namespace anteroom::posix {

// Linux takes an IPv6 address without its last member, the scope.
inline constexpr std::size_t kSocketAddressV6Min = offsetof(sockaddr_in6, sin6_scope_id);

// What a socket address said.
struct Named {
  Answer error = 0;             // -EFAULT, -EINVAL, -EAFNOSUPPORT, or 0
  bool is_unspecified = false;  // AF_UNSPEC, which means something to connect() and bind()
  Endpoint endpoint{};
};

// As a socket of `family` takes it. A link-local address comes with a scope; any will do, since a
// stack has one interface.
Named read_address(const sockaddr* address, socklen_t length, sa_family_t family);

// Writes as much as `*length` has room for, and into `*length` how long the address is. A null
// `address` writes nothing. -EFAULT, -EINVAL or 0.
Answer write_address(const Endpoint& endpoint, sa_family_t family, sockaddr* address,
                     socklen_t* length);

// Whether write_address() could do its work, before there is anything to write.
Answer check_room(const sockaddr* address, const socklen_t* length);

}  // namespace anteroom::posix
