// Addresses of calls: the configured ones, which a script writes as `...`, and those that it spells
// out in the members of sockaddr_in or sockaddr_in6.
#include <arpa/inet.h>

#include <algorithm>

#include "conformance/runner/arguments.h"

namespace anteroom::runner {

using script::Expression;
using script::ExpressionKind;

namespace {

bool is_of_v6(const CallContext& context) {
  int domain = AF_INET;
  socklen_t length = sizeof domain;
  context.host.sockets().getsockopt(context.fd(0), SOL_SOCKET, SO_DOMAIN, &domain, &length);
  return domain == AF_INET6;
}

SocketAddress as_v6(const Endpoint& endpoint) {
  SocketAddress address{{}, sizeof(sockaddr_in6)};
  address.bytes.sin6_family = AF_INET6;
  address.bytes.sin6_port = htons(endpoint.port);
  const auto& octets = endpoint.address.octets();
  std::copy(octets.begin(), octets.end(), address.bytes.sin6_addr.s6_addr);
  // Of the one interface that there is.
  if (endpoint.address.is_link_local()) address.bytes.sin6_scope_id = 1;
  return address;
}

SocketAddress as_v4(const Endpoint& endpoint) {
  SocketAddress address{{}, sizeof(sockaddr_in)};
  auto& bytes = reinterpret_cast<sockaddr_in&>(address.bytes);
  bytes.sin_family = AF_INET;
  bytes.sin_port = htons(endpoint.port);
  bytes.sin_addr.s_addr = htonl(endpoint.address.v4_bits());
  return address;
}

// htons(8080), or the number itself.
std::uint16_t port_of(const Expression& expression) {
  const bool swapped = expression.kind == ExpressionKind::function && expression.text == "htons" &&
                       expression.items.size() == 1;
  const std::int64_t port = number_of(swapped ? expression.items[0] : expression);
  if (port < 0 || port > 0xffff) throw Failed("a port is a number up to 65535");
  return swapped ? static_cast<std::uint16_t>(port) : ntohs(static_cast<std::uint16_t>(port));
}

// inet_addr("192.0.2.1"), inet6_addr("2001:db8::1"), inet_pton(AF_INET6, "2001:db8::1", ...).
IpAddress address_of(const Expression& expression) {
  const Expression* text = &expression;
  if (expression.kind == ExpressionKind::function) {
    const std::size_t at = expression.text == "inet_pton" ? 1 : 0;
    if (at < expression.items.size()) text = &expression.items[at];
  }
  if (text->kind != ExpressionKind::string) throw Failed("an address in quotes was expected");
  in_addr v4{};
  if (inet_pton(AF_INET, text->text.c_str(), &v4) == 1) return IpAddress::v4(ntohl(v4.s_addr));
  std::array<std::uint8_t, 16> octets{};
  if (inet_pton(AF_INET6, text->text.c_str(), octets.data()) != 1) {
    throw Failed("\"" + text->text + "\" is no IP address");
  }
  return IpAddress::v6(octets);
}

SocketAddress spelled_out(const Expression& structure) {
  const Expression* family = nullptr;
  const Expression* port = nullptr;
  const Expression* address = nullptr;
  for (const script::Member& member : structure.members) {
    const bool names_itself = member.name.empty() && member.value.kind == ExpressionKind::function;
    if (member.name == "sa_family" || member.name == "sin_family" || member.name == "sin6_family") {
      family = &member.value;
    } else if (member.name == "sin_port" || member.name == "sin6_port") {
      port = &member.value;
    } else if (member.name == "sin_addr" || member.name == "sin6_addr" || names_itself) {
      address = &member.value;
    }
  }
  if (family == nullptr || port == nullptr || address == nullptr) {
    throw Failed("an address has sa_family, sin_port or sin6_port, and sin_addr or sin6_addr");
  }
  const Endpoint endpoint{address_of(*address), port_of(*port)};
  const std::int64_t wanted = number_of(*family);
  if (wanted == AF_INET6) return as_v6(endpoint);
  if (wanted == AF_INET && endpoint.address.is_v4()) return as_v4(endpoint);
  throw Failed("the address is not of its family");
}

}  // namespace

SocketAddress socket_address(const CallContext& context, const Expression& argument,
                             const Endpoint& otherwise) {
  if (argument.kind == ExpressionKind::structure) return spelled_out(argument);
  SocketAddress address =
      is_of_v6(context) || !otherwise.address.is_v4() ? as_v6(otherwise) : as_v4(otherwise);
  // A family alone: connect(3, AF_UNSPEC, ...) takes a connection back.
  if (argument.kind != ExpressionKind::ellipsis) {
    address.bytes.sin6_family = static_cast<sa_family_t>(number_of(argument));
  }
  return address;
}

}  // namespace anteroom::runner
