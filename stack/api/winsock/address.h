// Between Windows' socket addresses and our endpoints.
#pragma once

#include <optional>

#include <anteroom/address.h>
#include <anteroom/winsock/errors.h>
#include <anteroom/winsock/types.h>

namespace anteroom::winsock {

inline constexpr int kAddressBytes = sizeof(sockaddr_in);

sockaddr_in to_sockaddr(const Endpoint& endpoint);
// 0, WSAEFAULT (null or short), WSAEAFNOSUPPORT (not IPv4).
int read_address(const sockaddr* name, int name_length, Endpoint& endpoint);
// Whether `name` can take an address: true where either pointer is null, as then nothing is taken.
bool has_room(const sockaddr* name, const int* name_length);
// Writes it where both pointers are there; has_room() must hold.
void write_address(const Endpoint& endpoint, sockaddr* name, int* name_length);

}  // namespace anteroom::winsock
