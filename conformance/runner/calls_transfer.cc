// The calls that move bytes.
#include <algorithm>

#include "conformance/runner/arguments.h"

namespace anteroom::runner {

using script::Expression;
using script::ExpressionKind;

namespace {

using Buffer = std::vector<std::uint8_t>;

int flags_of(const CallContext& context, std::size_t index) {
  const int flags = context.integer(index);
  if ((flags & MSG_ZEROCOPY) != 0) throw Skipped("the stack has no MSG_ZEROCOPY");
  if ((flags & MSG_ERRQUEUE) != 0) throw Skipped("the stack has no MSG_ERRQUEUE");
  return flags;
}

bool is_address(const Expression& argument) {
  return argument.kind == ExpressionKind::ellipsis || argument.kind == ExpressionKind::structure;
}

PreparedCall prepare_send(const CallContext& context, bool named) {
  Host& host = context.host;
  const int fd = context.fd(0);
  const auto bytes = std::make_shared<Buffer>(bytes_to_send(context.argument(1), context.size(2)));
  const int flags = context.call.name == "write" ? 0 : flags_of(context, 3);
  if (!named) {
    return {[&host, fd, bytes, flags] {
      return host.sockets().send(fd, bytes->data(), bytes->size(), flags);
    }};
  }
  const bool has_address = context.call.arguments.size() > 4 && is_address(context.argument(4));
  SocketAddress address;
  if (has_address) {
    address = socket_address(context, context.argument(4), context.ends.connect);
  }
  return {[&host, fd, bytes, flags, address, has_address] {
    return host.sockets().sendto(fd, bytes->data(), bytes->size(), flags,
                                 has_address ? address.get() : nullptr, address.length);
  }};
}

PreparedCall prepare_receive(const CallContext& context) {
  Host& host = context.host;
  const int fd = context.fd(0);
  const auto buffer = std::make_shared<Buffer>(context.size(2));
  const int flags = context.call.name == "read" ? 0 : flags_of(context, 3);
  const Expression wanted = context.argument(1);
  return {[&host, fd, buffer, flags] {
            return host.sockets().recv(fd, buffer->data(), buffer->size(), flags);
          },
          [wanted, buffer](ssize_t got) {
            check_bytes(wanted, *buffer, static_cast<std::size_t>(got));
          }};
}

// A list of {buffer, length}, each with memory of its own.
struct Vectors {
  std::vector<Buffer> buffers{};
  std::vector<iovec> parts{};
};

std::shared_ptr<Vectors> vectors_of(const Expression& list, bool to_send) {
  const auto vectors = std::make_shared<Vectors>();
  std::int64_t room = 16 << 20;
  for (const Expression& item : list.items) {
    const Expression* base = CallContext::member(item, "iov_base", 0);
    const Expression* length = CallContext::member(item, "iov_len", 1);
    if (base == nullptr || length == nullptr) throw Failed("an iovec is {buffer, length}");
    const std::int64_t size_given = number_of(*length);
    if (size_given < 0 || size_given > room)
      throw Failed("the lengths are out of bounds (0 to 16 MiB)");
    room -= size_given;
    const auto size = static_cast<std::size_t>(size_given);
    vectors->buffers.push_back(to_send ? bytes_to_send(*base, size) : Buffer(size));
  }
  for (Buffer& buffer : vectors->buffers) vectors->parts.push_back({buffer.data(), buffer.size()});
  return vectors;
}

PreparedCall prepare_vectors(const CallContext& context) {
  Host& host = context.host;
  const int fd = context.fd(0);
  const bool to_send = context.call.name == "writev";
  const auto vectors = vectors_of(context.argument(1), to_send);
  const int count = context.integer(2);
  if (static_cast<std::size_t>(count) != vectors->parts.size()) {
    throw Failed("the count of iovecs is not that of the list");
  }
  return {[&host, fd, vectors, count, to_send] {
    return to_send ? host.sockets().writev(fd, vectors->parts.data(), count)
                   : host.sockets().readv(fd, vectors->parts.data(), count);
  }};
}

PreparedCall prepare_message(const CallContext& context) {
  Host& host = context.host;
  const int fd = context.fd(0);
  const bool to_send = context.call.name == "sendmsg";
  const int flags = flags_of(context, 2);
  const Expression& structure = context.argument(1);
  const Expression* list = CallContext::member(structure, "msg_iov", 1);
  if (list == nullptr) throw Failed("a message needs msg_iov");
  if (CallContext::member(structure, "msg_control", 99) != nullptr) {
    throw Skipped("the stack has no control messages of this kind");
  }
  const auto vectors = vectors_of(*list, to_send);
  const auto message = std::make_shared<msghdr>();
  message->msg_iov = vectors->parts.data();
  message->msg_iovlen = vectors->parts.size();
  const auto address = std::make_shared<SocketAddress>();
  const Expression* name = CallContext::member(structure, "msg_name", 0);
  if (to_send && name != nullptr && is_address(*name)) {
    *address = socket_address(context, *name, context.ends.connect);
    message->msg_name = &address->bytes;
    message->msg_namelen = address->length;
  }
  PreparedCall prepared{[&host, fd, vectors, message, address, flags, to_send] {
    return to_send ? host.sockets().sendmsg(fd, message.get(), flags)
                   : host.sockets().recvmsg(fd, message.get(), flags);
  }};
  const Expression* wanted = CallContext::member(structure, "msg_flags", 2);
  if (!to_send && wanted != nullptr) {
    const std::int64_t flags_wanted = number_of(*wanted);
    prepared.check = [flags_wanted, message](ssize_t) {
      if (message->msg_flags != flags_wanted) {
        throw Failed("recvmsg() wrote msg_flags " + std::to_string(message->msg_flags));
      }
    };
  }
  return prepared;
}

}  // namespace

std::vector<std::uint8_t> bytes_to_send(const Expression& text, std::size_t size) {
  Buffer bytes(size, 0);
  if (text.kind == ExpressionKind::string) {
    std::copy_n(text.text.begin(), std::min(size, text.text.size()), bytes.begin());
  }
  return bytes;
}

void check_bytes(const Expression& text, const Buffer& got, std::size_t size) {
  if (text.kind != ExpressionKind::string) return;
  const std::string read(got.begin(), got.begin() + static_cast<std::ptrdiff_t>(size));
  if (read != text.text) throw Failed("the bytes read are \"" + read + "\"");
}

std::optional<PreparedCall> prepare_transfer(const CallContext& context) {
  const std::string& name = context.call.name;
  if (name == "write" || name == "send") return prepare_send(context, false);
  if (name == "sendto") return prepare_send(context, true);
  if (name == "read" || name == "recv" || name == "recvfrom") return prepare_receive(context);
  if (name == "writev" || name == "readv") return prepare_vectors(context);
  if (name == "sendmsg" || name == "recvmsg") return prepare_message(context);
  return std::nullopt;
}

}  // namespace anteroom::runner
