// What the files of calls share: the arguments of one call, read as what they have to be.
#pragma once

#include <netinet/in.h>
#include <sys/uio.h>

#include <vector>

#include "conformance/runner/calls.h"
#include "conformance/runner/outcome.h"

namespace anteroom::runner {

struct CallContext {
  const script::Call& call;
  Host& host;
  const Descriptors& descriptors;
  const Ends& ends;

  // Throws Failed where there are fewer.
  const script::Expression& argument(std::size_t index) const;
  std::int64_t number(std::size_t index) const { return number_of(argument(index)); }
  int integer(std::size_t index) const { return static_cast<int>(number(index)); }
  int fd(std::size_t index) const { return descriptors.live(number(index)); }
  // A length, bounded so that no script asks for all the memory.
  std::size_t size(std::size_t index) const;
  // The value of member `name` of a structure, or the one at `position` where it has no names.
  static const script::Expression* member(const script::Expression& structure,
                                          std::string_view name, std::size_t position);
};

// Bytes to send: zeros, or the string that the script gives, repeated to no length.
std::vector<std::uint8_t> bytes_to_send(const script::Expression& text, std::size_t size);
// Throws Failed where the script gives a string and other bytes came.
void check_bytes(const script::Expression& text, const std::vector<std::uint8_t>& got,
                 std::size_t size);

// An address for a call: of AF_INET6 where the socket is of that family or the address needs it.
struct SocketAddress {
  sockaddr_in6 bytes{};  // large enough for both
  socklen_t length = 0;

  const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&bytes); }
  sa_family_t family() const { return bytes.sin6_family; }
};
// What an argument says: the script's own address, or, for anything else, `otherwise`.
SocketAddress socket_address(const CallContext& context, const script::Expression& argument,
                             const Endpoint& otherwise);

// One group each: calls_transfer.cc, calls_options.cc, calls_readiness.cc. Nothing where the call
// is none of theirs.
std::optional<PreparedCall> prepare_transfer(const CallContext& context);
std::optional<PreparedCall> prepare_options(const CallContext& context);
std::optional<PreparedCall> prepare_readiness(const CallContext& context);

}  // namespace anteroom::runner
