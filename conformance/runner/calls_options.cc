// getsockopt() and setsockopt(). An option that the stack has not is a reason to skip the script,
// unless the script wants an error.
#include <algorithm>
#include <cerrno>
#include <cstring>

#include "conformance/runner/arguments.h"
#include "conformance/runner/symbols.h"

namespace anteroom::runner {

using script::Expression;
using script::ExpressionKind;

namespace {

using Buffer = std::vector<std::uint8_t>;

void put(Buffer& out, std::int64_t value) {
  const auto number = static_cast<std::int32_t>(value);
  const std::size_t at = out.size();
  out.resize(at + sizeof number);
  std::memcpy(out.data() + at, &number, sizeof number);
}

Buffer value_of(const Expression& expression) {
  Buffer bytes;
  if (expression.kind == ExpressionKind::string) {
    bytes.assign(expression.text.begin(), expression.text.end());
  } else if (expression.kind == ExpressionKind::structure) {
    const Expression* on = CallContext::member(expression, "onoff", 0);
    const Expression* time = CallContext::member(expression, "linger", 1);
    if (on == nullptr || time == nullptr) throw Skipped("the stack takes no such structure");
    put(bytes, number_of(*on));
    put(bytes, number_of(*time));
  } else if (expression.kind == ExpressionKind::list) {
    for (const Expression& item : expression.items) {
      if (item.kind == ExpressionKind::word && !symbol(item.text) && errno_number(item.text)) {
        put(bytes, *errno_number(item.text));
      } else {
        put(bytes, number_of(item));
      }
    }
  } else if (expression.kind != ExpressionKind::ellipsis) {
    put(bytes, number_of(expression));
  }
  return bytes;
}

// Options that only tune or watch what a stack in memory does not have: taken and forgotten.
bool is_harmless(std::int64_t level, std::int64_t name) {
  return level == SOL_SOCKET && (name == SO_MARK || name == SO_PRIORITY || name == SO_DEBUG);
}

std::string option_name(const Expression& expression) {
  return expression.kind == ExpressionKind::word ? expression.text : "this option";
}

PreparedCall prepare_set(const CallContext& context) {
  Host& host = context.host;
  const int fd = context.fd(0);
  const int level = context.integer(1);
  const int name = context.integer(2);
  const auto bytes = std::make_shared<Buffer>(value_of(context.argument(3)));
  const bool wants_error = !context.call.error.empty();
  const std::string text = option_name(context.argument(2));
  if (is_harmless(level, name)) return {[] { return ssize_t{0}; }};
  if (text == "TCP_KEEPINIT") {
    bytes->clear();
    put(*bytes, std::clamp<std::int64_t>(context.number(3), -1, 1'000'000) * 1'000);
  }
  return {[&host, fd, level, name, bytes, wants_error, text]() -> ssize_t {
    const int result = host.sockets().setsockopt(fd, level, name, bytes->data(),
                                                 static_cast<socklen_t>(bytes->size()));
    if (result < 0 && errno == ENOPROTOOPT && !wants_error) {
      throw Skipped("the stack has no " + text + " to set");
    }
    return result;
  }};
}

std::string shown(const Buffer& value) {
  std::int32_t number = 0;
  if (value.size() != sizeof number) return std::to_string(value.size()) + " bytes";
  std::memcpy(&number, value.data(), sizeof number);
  return std::to_string(number);
}

PreparedCall prepare_get(const CallContext& context) {
  Host& host = context.host;
  const int fd = context.fd(0);
  const int level = context.integer(1);
  const int name = context.integer(2);
  const Expression& wanted_value = context.argument(3);
  const bool compared = wanted_value.kind != ExpressionKind::ellipsis;
  const Buffer wanted = value_of(wanted_value);
  const bool wants_error = !context.call.error.empty();
  const std::string text = option_name(context.argument(2));
  const auto bytes = std::make_shared<Buffer>(std::max<std::size_t>(wanted.size(), 4));
  const auto length = std::make_shared<socklen_t>(static_cast<socklen_t>(bytes->size()));
  return {[&host, fd, level, name, bytes, length, wants_error, text]() -> ssize_t {
            const int result =
                host.sockets().getsockopt(fd, level, name, bytes->data(), length.get());
            if (result < 0 && errno == ENOPROTOOPT && !wants_error) {
              throw Skipped("the stack has no " + text + " to read");
            }
            return result;
          },
          [compared, wanted, bytes, length, text](ssize_t) {
            if (!compared) return;
            bytes->resize(*length);
            if (*bytes != wanted) {
              throw Failed("getsockopt() says " + shown(*bytes) + " of " + text + ", not " +
                           shown(wanted));
            }
          }};
}

}  // namespace

std::optional<PreparedCall> prepare_options(const CallContext& context) {
  if (context.call.name == "setsockopt") return prepare_set(context);
  if (context.call.name == "getsockopt") return prepare_get(context);
  return std::nullopt;
}

}  // namespace anteroom::runner
