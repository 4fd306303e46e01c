// The bytes are copied, because the caller's may be unaligned.
#include "stack/api/posix/address.h"

#include <algorithm>
#include <cerrno>

namespace anteroom::posix {
namespace {

// What a link-local address says of its interface: the only one that there is.
constexpr std::uint32_t kScope = 1;

// A negative length, in the unsigned type that POSIX chose.
bool is_negative(socklen_t length) { return static_cast<int>(length) < 0; }

template <typename T>
T copy_in(const sockaddr* address, socklen_t length) {
  T in{};
  const std::size_t size = std::min<std::size_t>(length, sizeof in);
  std::copy_n(reinterpret_cast<const char*>(address), size, reinterpret_cast<char*>(&in));
  return in;
}

template <typename T>
Answer copy_out(const T& from, sockaddr* address, socklen_t* length) {
  const std::size_t size = std::min<std::size_t>(*length, sizeof from);
  std::copy_n(reinterpret_cast<const char*>(&from), size, reinterpret_cast<char*>(address));
  *length = sizeof from;
  return 0;
}

Named read_v4(const sockaddr* address, socklen_t length) {
  const auto in = copy_in<sockaddr_in>(address, length);
  Named named;
  named.is_unspecified = in.sin_family == AF_UNSPEC;
  if (named.is_unspecified && length < sizeof in) return named;
  if (length < sizeof in) return {-EINVAL};
  if (in.sin_family != AF_INET && !named.is_unspecified) return {-EAFNOSUPPORT};
  named.endpoint = {IpAddress::v4(ntohl(in.sin_addr.s_addr)), ntohs(in.sin_port)};
  return named;
}

Named read_v6(const sockaddr* address, socklen_t length) {
  const auto in = copy_in<sockaddr_in6>(address, length);
  Named named;
  named.is_unspecified = in.sin6_family == AF_UNSPEC;
  if (named.is_unspecified) return named;
  if (length < kSocketAddressV6Min) return {-EINVAL};
  if (in.sin6_family != AF_INET6) return {-EAFNOSUPPORT};
  std::array<std::uint8_t, 16> octets{};
  std::copy_n(in.sin6_addr.s6_addr, octets.size(), octets.begin());
  named.endpoint = {IpAddress::v6(octets), ntohs(in.sin6_port)};
  if (named.endpoint.address.is_link_local() && in.sin6_scope_id == 0) return {-EINVAL};
  return named;
}

}  // namespace

Named read_address(const sockaddr* address, socklen_t length, sa_family_t family) {
  if (is_negative(length) || length > sizeof(sockaddr_storage)) return {-EINVAL};
  if (length == 0) return {-EINVAL};
  if (address == nullptr) return {-EFAULT};
  if (length < sizeof(sa_family_t)) return {-EINVAL};
  return family == AF_INET6 ? read_v6(address, length) : read_v4(address, length);
}

Answer check_room(const sockaddr* address, const socklen_t* length) {
  if (address == nullptr) return 0;
  if (length == nullptr) return -EFAULT;
  return is_negative(*length) ? -EINVAL : 0;
}

Answer write_address(const Endpoint& endpoint, sa_family_t family, sockaddr* address,
                     socklen_t* length) {
  if (address == nullptr) return 0;
  if (const Answer bad = check_room(address, length); bad != 0) return bad;
  if (family == AF_INET6) {
    sockaddr_in6 in{};
    in.sin6_family = AF_INET6;
    in.sin6_port = htons(endpoint.port);
    const auto& octets = endpoint.address.octets();
    std::copy(octets.begin(), octets.end(), in.sin6_addr.s6_addr);
    if (endpoint.address.is_link_local()) in.sin6_scope_id = kScope;
    return copy_out(in, address, length);
  }
  sockaddr_in in{};
  in.sin_family = AF_INET;
  in.sin_port = htons(endpoint.port);
  in.sin_addr.s_addr = htonl(endpoint.address.is_any() ? 0 : endpoint.address.v4_bits());
  return copy_out(in, address, length);
}

}  // namespace anteroom::posix
