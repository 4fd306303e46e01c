// Addresses as structures and as text. IPv4 alone: AF_INET6 is not there yet.
#include "stack/api/winsock/address.h"

#include <algorithm>
#include <string>

#include <anteroom/winsock.h>

#include "stack/api/winsock/entry_points.h"
#include "stack/api/winsock/provider.h"

namespace anteroom::winsock {

sockaddr_in to_sockaddr(const Endpoint& endpoint) {
  sockaddr_in name{};
  name.sin_family = WS_AF_INET;
  name.sin_port = (htons)(endpoint.port);
  name.sin_addr.s_addr = endpoint.address.is_any() ? 0 : (htonl)(endpoint.address.v4_bits());
  return name;
}

int read_address(const sockaddr* name, int name_length, Endpoint& endpoint) {
  if (name == nullptr || name_length < kAddressBytes) return WSAEFAULT;
  sockaddr_in internet;  // copied: the caller's may stand anywhere
  std::copy_n(reinterpret_cast<const char*>(name), sizeof internet,
              reinterpret_cast<char*>(&internet));
  if (internet.sin_family != WS_AF_INET) return WSAEAFNOSUPPORT;
  endpoint.address = IpAddress::v4((ntohl)(internet.sin_addr.s_addr));
  endpoint.port = (ntohs)(internet.sin_port);
  return 0;
}

bool has_room(const sockaddr* name, const int* name_length) {
  return name == nullptr || name_length == nullptr || *name_length >= kAddressBytes;
}

void write_address(const Endpoint& endpoint, sockaddr* name, int* name_length) {
  if (name == nullptr || name_length == nullptr) return;
  const sockaddr_in internet = to_sockaddr(endpoint);
  std::copy_n(reinterpret_cast<const char*>(&internet), sizeof internet,
              reinterpret_cast<char*>(name));
  *name_length = kAddressBytes;
}

int WSPAddressToString(sockaddr* address, DWORD address_length, WSAPROTOCOL_INFOW* info,
                       WCHAR* text, DWORD* text_length, int* error) {
  (void)info;
  if (text == nullptr || text_length == nullptr) return ended(WSAEFAULT, error);
  Endpoint endpoint;
  const int bad =
      read_address(address, static_cast<int>(std::min(address_length, DWORD{1} << 16)), endpoint);
  if (bad != 0) return ended(bad == WSAEFAULT ? WSAEFAULT : WSAEINVAL, error);
  // As Windows does, without a port where it is 0.
  const std::string written =
      endpoint.port == 0 ? to_string(endpoint.address) : to_string(endpoint);
  const auto needed = static_cast<DWORD>(written.size() + 1);
  const bool fits = *text_length >= needed;
  *text_length = needed;
  if (!fits) return ended(WSAEFAULT, error);
  *std::copy(written.begin(), written.end(), text) = 0;
  return 0;
}

int WSPStringToAddress(WCHAR* text, int family, WSAPROTOCOL_INFOW* info, sockaddr* address,
                       int* address_length, int* error) {
  (void)info;
  if (text == nullptr || address_length == nullptr) return ended(WSAEFAULT, error);
  if (family != WS_AF_INET) return ended(WSAEINVAL, error);
  if (address == nullptr || *address_length < kAddressBytes) {
    *address_length = kAddressBytes;
    return ended(WSAEFAULT, error);
  }
  constexpr std::size_t kTextMax = 21;  // 255.255.255.255:65535
  std::string narrow;
  for (const WCHAR* c = text; *c != 0; ++c) {
    if (*c > 0x7e || narrow.size() > kTextMax) return ended(WSAEINVAL, error);
    narrow += static_cast<char>(*c);
  }
  Endpoint endpoint;
  const auto whole = Endpoint::parse(narrow);
  if (whole) {
    endpoint = *whole;
  } else {
    const auto alone = IpAddress::parse(narrow);
    if (!alone) return ended(WSAEINVAL, error);
    endpoint.address = *alone;
  }
  if (!endpoint.address.is_v4()) return ended(WSAEINVAL, error);
  write_address(endpoint, address, address_length);
  return 0;
}

ULONG inet_addr(const char* text) {
  const auto address = IpAddress::parse(text == nullptr ? "" : text);
  return address && address->is_v4() ? (htonl)(address->v4_bits()) : WS_INADDR_NONE;
}

}  // namespace anteroom::winsock
