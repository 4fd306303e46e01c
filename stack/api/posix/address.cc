// Only AF_INET: the stack speaks IPv4. The bytes are copied, because the caller's may be unaligned.
#include "stack/api/posix/address.h"

#include <netinet/in.h>

#include <algorithm>
#include <cerrno>

namespace anteroom::posix {
namespace {

// A negative length, in the unsigned type that POSIX chose.
bool is_negative(socklen_t length) { return static_cast<int>(length) < 0; }

template <typename T>
void copy_out(const T& from, std::size_t size, void* to) {
  std::copy_n(reinterpret_cast<const char*>(&from), size, static_cast<char*>(to));
}

}  // namespace

Named read_address(const sockaddr* address, socklen_t length) {
  Named named;
  if (is_negative(length) || length > sizeof(sockaddr_storage)) return {-EINVAL};
  if (length == 0) return {-EINVAL};
  if (address == nullptr) return {-EFAULT};
  sockaddr_in in{};
  const std::size_t size = std::min<std::size_t>(length, sizeof in);
  std::copy_n(reinterpret_cast<const char*>(address), size, reinterpret_cast<char*>(&in));
  if (length < sizeof in.sin_family) return {-EINVAL};
  named.is_unspecified = in.sin_family == AF_UNSPEC;
  if (named.is_unspecified && length < sizeof in) return named;
  if (length < sizeof in) return {-EINVAL};
  if (in.sin_family != AF_INET && !named.is_unspecified) return {-EAFNOSUPPORT};
  named.endpoint = {IpAddress::v4(ntohl(in.sin_addr.s_addr)), ntohs(in.sin_port)};
  return named;
}

Answer check_room(const sockaddr* address, const socklen_t* length) {
  if (address == nullptr) return 0;
  if (length == nullptr) return -EFAULT;
  return is_negative(*length) ? -EINVAL : 0;
}

Answer write_address(const Endpoint& endpoint, sockaddr* address, socklen_t* length) {
  if (address == nullptr) return 0;
  if (const Answer bad = check_room(address, length); bad != 0) return bad;
  sockaddr_in in{};
  in.sin_family = AF_INET;
  in.sin_port = htons(endpoint.port);
  in.sin_addr.s_addr = htonl(endpoint.address.is_any() ? 0 : endpoint.address.v4_bits());
  copy_out(in, std::min<std::size_t>(*length, sizeof in), address);
  *length = sizeof in;
  return 0;
}

}  // namespace anteroom::posix
