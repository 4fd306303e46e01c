// Forward: each accepted connection is joined to a TCP socket of the kernel, so that any server can
// stand behind conditional accept. A half-close passes through either way; an error becomes a
// reset.
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "tools/anteroom/service.h"
#include "tools/anteroom/slot_table.h"

namespace anteroom::tools {
namespace {

struct Target {
  sockaddr_storage address{};
  socklen_t length = 0;
};

tap::Outcome<Target> look_up(const std::string& host_and_port) {
  const std::size_t colon = host_and_port.rfind(':');
  std::string host = host_and_port.substr(0, colon);
  if (colon == std::string::npos || host.empty() || colon + 1 == host_and_port.size()) {
    return tap::Problem{fmt::format(
        "cannot use --service forward:{}: it needs HOST:PORT, such as 127.0.0.1:8080 or [::1]:8080",
        host_and_port)};
  }
  if (host.front() == '[' && host.back() == ']') host = host.substr(1, host.size() - 2);
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const int error = getaddrinfo(host.c_str(), host_and_port.c_str() + colon + 1, &hints, &found);
  if (error != 0) {
    return tap::Problem{
        fmt::format("cannot use --service forward:{}: {}", host_and_port, gai_strerror(error))};
  }
  Target target;
  target.length = found->ai_addrlen;
  std::copy_n(reinterpret_cast<const char*>(found->ai_addr), target.length,
              reinterpret_cast<char*>(&target.address));
  freeaddrinfo(found);
  return target;
}

int error_of(int socket) {
  int error = 0;
  socklen_t length = sizeof error;
  getsockopt(socket, SOL_SOCKET, SO_ERROR, &error, &length);
  return error;
}

// A socket for each connection: as many descriptors as the system lets us have.
void raise_descriptor_limit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

class Forward final : public Service {
 public:
  Forward(Stack& stack, tap::Loop& loop, const Target& target)
      : stack_(stack), loop_(loop), target_(target), buffer_(kHeldBytesMax) {}
  ~Forward() override {
    joints_.for_each([](ConnectionId, Joint& joint) { close(joint.socket); });
  }

  void open(ConnectionId) override {}
  void on_event(const Event& event) override;

 private:
  // A connection of ours and a socket of the kernel's, with what one took and the other not yet.
  struct Joint {
    int socket = -1;
    bool connecting = true;
    std::vector<std::uint8_t> to_socket;
    std::vector<std::uint8_t> to_stack;
    bool stack_ended = false;   // the peer's FIN was read and passed on
    bool socket_ended = false;  // the server's FIN was read and passed on
    bool stack_closed = false;  // nothing can be sent any more; what was received may still wait
    tap::Readiness wanted{};
  };

  void start(ConnectionId id);
  void on_socket(ConnectionId id, tap::Readiness ready);
  // These return false where the joint is gone.
  bool pump_to_socket(ConnectionId id, Joint& joint);
  bool pump_to_stack(ConnectionId id, Joint& joint);
  bool write_held(ConnectionId id, Joint& joint);
  void settle(ConnectionId id, Joint& joint);
  void want(Joint& joint, tap::Readiness wanted);
  void drop(ConnectionId id, Joint& joint, bool reset_socket);
  void abort(ConnectionId id, Joint& joint);

  Stack& stack_;
  tap::Loop& loop_;
  Target target_;
  std::vector<std::uint8_t> buffer_;
  SlotTable<ConnectionId, Joint> joints_;
};

void Forward::on_event(const Event& event) {
  if (event.kind == EventKind::connected) {
    start(event.connection);
    return;
  }
  Joint* joint = joints_.find(event.connection);
  if (joint == nullptr) {
    if (event.kind == EventKind::closed) (void)stack_.close(loop_.now(), event.connection);
    return;
  }
  switch (event.kind) {
    case EventKind::closed:
      if (event.failed || joint->connecting) {
        drop(event.connection, *joint, event.failed);
        (void)stack_.close(loop_.now(), event.connection);
        return;
      }
      joint->stack_closed = true;
      [[fallthrough]];
    case EventKind::readable:
    case EventKind::peer_closed:
      if (joint->connecting || !pump_to_socket(event.connection, *joint)) return;
      break;
    case EventKind::writable:
      if (joint->connecting || !pump_to_stack(event.connection, *joint)) return;
      break;
    default: return;
  }
  settle(event.connection, *joint);
}

void Forward::start(ConnectionId id) {
  const int socket_type = SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC;
  const int descriptor = socket(target_.address.ss_family, socket_type, 0);
  if (descriptor < 0) {
    (void)stack_.abort(loop_.now(), id);
    return;
  }
  const int on = 1;
  setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  Joint& joint = joints_.add(id);
  joint.socket = descriptor;
  joint.wanted = {.writable = true};
  const auto handler = [this, id](tap::Readiness ready) { on_socket(id, ready); };
  const auto* address = reinterpret_cast<const sockaddr*>(&target_.address);
  const bool started = connect(descriptor, address, target_.length) == 0 || errno == EINPROGRESS;
  if (!started || loop_.watch(descriptor, joint.wanted, handler)) abort(id, joint);
}

void Forward::on_socket(ConnectionId id, tap::Readiness ready) {
  Joint* joint = joints_.find(id);
  if (joint == nullptr) return;
  // A hang-up alone is no error: it is what a socket says whose two directions have ended.
  if ((joint->connecting || ready.broken) && error_of(joint->socket) != 0) {
    abort(id, *joint);
    return;
  }
  if (joint->connecting) {
    joint->connecting = false;
    ready = {.readable = true, .writable = true};
  }
  if (ready.writable && !pump_to_socket(id, *joint)) return;
  if ((ready.readable || ready.broken) && !pump_to_stack(id, *joint)) return;
  settle(id, *joint);
}

// Ends the joint when both directions have, and else waits for what it needs next.
void Forward::settle(ConnectionId id, Joint& joint) {
  const bool sent_all = joint.socket_ended || joint.stack_closed;
  if (joint.stack_ended && sent_all) {
    (void)stack_.close(loop_.now(), id);
    drop(id, joint, false);
    return;
  }
  want(joint, {.readable = !joint.socket_ended && joint.to_stack.empty(),
               .writable = !joint.to_socket.empty()});
}

// False: the joint is gone. True with bytes still held: the socket is full.
bool Forward::write_held(ConnectionId id, Joint& joint) {
  const ssize_t written =
      send(joint.socket, joint.to_socket.data(), joint.to_socket.size(), MSG_NOSIGNAL);
  if (written < 0 && errno != EAGAIN && errno != EINTR) {
    abort(id, joint);
    return false;
  }
  const auto taken = written > 0 ? written : 0;
  joint.to_socket.erase(joint.to_socket.begin(), joint.to_socket.begin() + taken);
  return true;
}

bool Forward::pump_to_socket(ConnectionId id, Joint& joint) {
  for (;;) {
    if (!joint.to_socket.empty()) {
      if (!write_held(id, joint)) return false;
      if (!joint.to_socket.empty()) return true;
    }
    if (joint.stack_ended) return true;
    const Result<std::size_t> size = stack_.receive_into(loop_.now(), id, buffer_);
    // Where the connection is over instead, its `closed` event drops the joint.
    if (!size) return true;
    if (*size == 0) {
      joint.stack_ended = true;
      shutdown(joint.socket, SHUT_WR);
      return true;
    }
    const ssize_t written = send(joint.socket, buffer_.data(), *size, MSG_NOSIGNAL);
    if (written < 0 && errno != EAGAIN && errno != EINTR) {
      abort(id, joint);
      return false;
    }
    const std::size_t taken = written > 0 ? static_cast<std::size_t>(written) : 0;
    const Bytes rest = Bytes(buffer_).first(*size).subspan(taken);
    joint.to_socket.assign(rest.begin(), rest.end());
  }
}

bool Forward::pump_to_stack(ConnectionId id, Joint& joint) {
  const auto send_some = [&](Bytes data) {
    const Result<std::size_t> sent = stack_.send(loop_.now(), id, data);
    return sent ? *sent : 0;
  };
  while (!joint.socket_ended) {
    if (!joint.to_stack.empty()) {
      const std::size_t sent = send_some(joint.to_stack);
      joint.to_stack.erase(joint.to_stack.begin(),
                           joint.to_stack.begin() + static_cast<std::ptrdiff_t>(sent));
      if (!joint.to_stack.empty()) return true;
    }
    const ssize_t size = recv(joint.socket, buffer_.data(), buffer_.size(), 0);
    if (size < 0) {
      if (errno == EAGAIN || errno == EINTR) return true;
      abort(id, joint);
      return false;
    }
    if (size == 0) {
      joint.socket_ended = true;
      (void)stack_.shutdown(loop_.now(), id);
      return true;
    }
    const Bytes data = Bytes(buffer_).first(static_cast<std::size_t>(size));
    const Bytes rest = data.subspan(send_some(data));
    joint.to_stack.assign(rest.begin(), rest.end());
    // Less than asked for: the socket is empty, and tells when it is not.
    if (data.size() < buffer_.size() && joint.to_stack.empty()) return true;
  }
  return true;
}

void Forward::want(Joint& joint, tap::Readiness wanted) {
  const bool same =
      joint.wanted.readable == wanted.readable && joint.wanted.writable == wanted.writable;
  if (same) return;
  joint.wanted = wanted;
  loop_.set_wanted(joint.socket, wanted);
}

void Forward::drop(ConnectionId id, Joint& joint, bool reset_socket) {
  if (reset_socket) {
    const linger now{1, 0};
    setsockopt(joint.socket, SOL_SOCKET, SO_LINGER, &now, sizeof now);
  }
  loop_.unwatch(joint.socket);
  close(joint.socket);
  joints_.remove(id);
}

void Forward::abort(ConnectionId id, Joint& joint) {
  drop(id, joint, true);
  (void)stack_.abort(loop_.now(), id);
}

}  // namespace

tap::Outcome<std::unique_ptr<Service>> make_forward(const std::string& host_and_port, Stack& stack,
                                                    tap::Loop& loop) {
  const auto target = look_up(host_and_port);
  if (!target) return target.error();
  raise_descriptor_limit();
  return std::unique_ptr<Service>(std::make_unique<Forward>(stack, loop, *target));
}

}  // namespace anteroom::tools
