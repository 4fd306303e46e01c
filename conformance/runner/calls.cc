// The calls of a socket's life, and the choice among the groups.
#include "conformance/runner/calls.h"

#include <arpa/inet.h>

#include <cerrno>

#include "conformance/runner/arguments.h"
#include "conformance/runner/symbols.h"

namespace anteroom::runner {

using script::Expression;
using script::ExpressionKind;

int Descriptors::live(std::int64_t script_fd) const {
  const auto found = live_.find(script_fd);
  if (found == live_.end()) {
    throw Failed("the script has no open descriptor " + std::to_string(script_fd));
  }
  return found->second;
}

void Descriptors::open(std::int64_t script_fd, int live_fd) {
  if (!live_.emplace(script_fd, live_fd).second) {
    throw Failed("the script has descriptor " + std::to_string(script_fd) + " open already");
  }
}

std::optional<std::int64_t> Descriptors::script(int live_fd) const {
  for (const auto& [script_fd, known] : live_) {
    if (known == live_fd) return script_fd;
  }
  return std::nullopt;
}

std::int64_t number_of(const Expression& expression) {
  switch (expression.kind) {
    case ExpressionKind::integer: return expression.integer;
    case ExpressionKind::word:
      if (const auto value = symbol(expression.text)) return *value;
      if (expression.text == "NULL") return 0;
      throw Skipped("the stack knows nothing of " + expression.text);
    case ExpressionKind::alternate: {
      std::int64_t value = 0;
      for (const Expression& item : expression.items) value |= number_of(item);
      return value;
    }
    case ExpressionKind::list:
      if (expression.items.size() == 1) return number_of(expression.items[0]);
      break;
    case ExpressionKind::function:
      if (expression.text == "htonl" && expression.items.size() == 1) {
        return htonl(static_cast<std::uint32_t>(number_of(expression.items[0])));
      }
      break;
    default: break;
  }
  throw Failed("a number was expected among the arguments");
}

const Expression& CallContext::argument(std::size_t index) const {
  if (index >= call.arguments.size()) {
    throw Failed(call.name + "() has " + std::to_string(call.arguments.size()) +
                 " arguments; it needs " + std::to_string(index + 1) + " at least");
  }
  return call.arguments[index];
}

std::size_t CallContext::size(std::size_t index) const {
  constexpr std::int64_t kSizeMax = 16 << 20;
  const std::int64_t value = number(index);
  if (value < 0 || value > kSizeMax) throw Failed("a length is out of bounds (0 to 16 MiB)");
  return static_cast<std::size_t>(value);
}

const Expression* CallContext::member(const Expression& structure, std::string_view name,
                                      std::size_t position) {
  for (const script::Member& member : structure.members) {
    if (member.name == name) return &member.value;
  }
  if (position < structure.members.size() && structure.members[position].name.empty()) {
    return &structure.members[position].value;
  }
  return nullptr;
}

namespace {

PreparedCall prepare_socket(const CallContext& context) {
  const bool family_given = context.argument(0).kind != ExpressionKind::ellipsis;
  const int domain = family_given ? context.integer(0) : context.ends.family;
  const int type = context.integer(1);
  const int protocol = context.integer(2);
  if ((type & 0xf) != SOCK_STREAM) throw Skipped("the stack has no UDP or raw sockets");
  Host& host = context.host;
  return {[&host, domain, type, protocol] { return host.sockets().socket(domain, type, protocol); },
          {},
          true};
}

PreparedCall prepare_connect(const CallContext& context) {
  Host& host = context.host;
  const int fd = context.fd(0);
  const SocketAddress address = socket_address(context, context.argument(1), context.ends.connect);
  return {
      [&host, fd, address] { return host.sockets().connect(fd, address.get(), address.length); }};
}

PreparedCall prepare_fcntl(const CallContext& context) {
  Host& host = context.host;
  const int fd = context.fd(0);
  const int command = context.integer(1);
  if (context.call.arguments.size() < 3) {
    return {[&host, fd, command] { return host.sockets().fcntl(fd, command); }};
  }
  const int value = context.integer(2);
  return {[&host, fd, command, value] { return host.sockets().fcntl(fd, command, value); }};
}

PreparedCall prepare_ioctl(const CallContext& context) {
  Host& host = context.host;
  const int fd = context.fd(0);
  const auto request = static_cast<unsigned long>(context.number(1));
  const auto value = std::make_shared<int>(0);
  PreparedCall prepared{
      [&host, fd, request, value] { return host.sockets().ioctl(fd, request, value.get()); }};
  if (context.call.arguments.size() > 2) {
    const std::int64_t wanted = context.number(2);
    prepared.check = [wanted, value](ssize_t) {
      if (*value != wanted) throw Failed("ioctl() wrote " + std::to_string(*value));
    };
  }
  return prepared;
}

std::optional<PreparedCall> prepare_life(const CallContext& context) {
  Host& host = context.host;
  const std::string& name = context.call.name;
  if (name == "socket") return prepare_socket(context);
  if (name == "connect") return prepare_connect(context);
  if (name == "fcntl") return prepare_fcntl(context);
  if (name == "ioctl") return prepare_ioctl(context);
  if (name == "bind") {
    const SocketAddress address = socket_address(context, context.argument(1), context.ends.bind);
    const int fd = context.fd(0);
    return PreparedCall{
        [&host, fd, address] { return host.sockets().bind(fd, address.get(), address.length); }};
  }
  if (name == "listen") {
    const int fd = context.fd(0);
    const int backlog = context.integer(1);
    return PreparedCall{[&host, fd, backlog] { return host.sockets().listen(fd, backlog); }};
  }
  if (name == "accept") {
    const int fd = context.fd(0);
    return PreparedCall{
        [&host, fd] { return host.sockets().accept(fd, nullptr, nullptr); }, {}, true};
  }
  if (name == "close") {
    const int fd = context.fd(0);
    return PreparedCall{[&host, fd] { return host.sockets().close(fd); }};
  }
  if (name == "shutdown") {
    const int fd = context.fd(0);
    const int how = context.integer(1);
    return PreparedCall{[&host, fd, how] { return host.sockets().shutdown(fd, how); }};
  }
  return std::nullopt;
}

}  // namespace

PreparedCall prepare(const script::Call& call, Host& host, const Descriptors& descriptors,
                     const Ends& ends) {
  const CallContext context{call, host, descriptors, ends};
  if (auto prepared = prepare_life(context)) return *std::move(prepared);
  if (auto prepared = prepare_transfer(context)) return *std::move(prepared);
  if (auto prepared = prepare_options(context)) return *std::move(prepared);
  if (auto prepared = prepare_readiness(context)) return *std::move(prepared);
  throw Skipped("the stack has no call " + call.name + "()");
}

}  // namespace anteroom::runner
