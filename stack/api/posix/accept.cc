// accept(2) for both kinds of listener, and the condition function. WSPAccept is its model.
#include <netinet/in.h>

#include <algorithm>

#include "stack/api/posix/address.h"
#include "stack/api/posix/life.h"
#include "stack/api/posix/options.h"

namespace anteroom::posix {
namespace {

// What accept() would take next: one that was not deferred goes first.
Waiting* next_request(Socket& listener) {
  Waiting* found = nullptr;
  for (Waiting& waiting : listener.requests) {
    if (waiting.judged) continue;
    if (!waiting.deferred) return &waiting;
    if (found == nullptr) found = &waiting;
  }
  return found;
}

Waiting* find_request(Socket& listener, PendingId id) {
  for (Waiting& waiting : listener.requests) {
    if (waiting.id == id) return &waiting;
  }
  return nullptr;
}

void drop_request(Socket& listener, PendingId id) {
  std::erase_if(listener.requests, [&](const Waiting& waiting) { return waiting.id == id; });
}

// The condition function of this listener runs in this very thread.
bool judges_here(const Socket& listener) {
  return std::any_of(listener.requests.begin(), listener.requests.end(), [](const Waiting& w) {
    return w.judged && w.judge == std::this_thread::get_id();
  });
}

// Why accept() cannot go on with this socket, or 0.
Answer why_not(Layer& layer, const Socket& listener) {
  if (listener.is_closed) return -EBADF;
  if (listener.phase != Phase::listening) return -EINVAL;
  if (layer.descriptors().is_full()) return -EMFILE;
  return judges_here(listener) ? -EDEADLK : 0;
}

// A descriptor for an accepted connection.
Answer hand_over(Layer& layer, std::unique_ptr<Socket> socket, int flags) {
  FileRef file(new File);
  file->non_blocking = (flags & SOCK_NONBLOCK) != 0;
  file->socket = std::move(socket);
  return layer.descriptors().insert(file, 0, (flags & SOCK_CLOEXEC) != 0);
}

// Accepts a held request and makes its socket. -EAGAIN: it was gone.
Answer accept_request(Layer& layer, Socket& listener, PendingId id, const AcceptAnswer& reply,
                      int flags) {
  std::vector<std::uint8_t> saved_syn;
  std::uint8_t dscp = 0;
  if (const auto request = layer.stack().request(layer.now(), id)) {
    saved_syn.assign(request->raw_syn.begin(), request->raw_syn.end());
    dscp = dscp_of(listener.options, request->flow.remote.address);
  }
  const auto connection = layer.stack().accept(layer.now(), id,
                                               {.response_data = reply.response_data,
                                                .overflow_to_stream = reply.overflow_to_stream,
                                                .dscp = reply.dscp.value_or(dscp)});
  if (!connection) {
    const Error error = connection.error().error;
    const bool is_gone = is_withdrawn(error) || error == Error::stale_id;
    if (is_gone) drop_request(listener, id);
    return is_gone ? -EAGAIN : refusal(error);
  }
  drop_request(listener, id);
  layer.note_verb();
  auto socket = std::make_unique<Socket>();
  socket->family = listener.family;
  socket->phase = Phase::connected;
  socket->options = listener.options;
  if (reply.dscp) {
    socket->options.type_of_service = socket->options.traffic_class = *reply.dscp << 2;
  }
  socket->saved_syn = std::move(saved_syn);
  layer.adopt(*socket, *connection);
  return hand_over(layer, std::move(socket), flags);
}

// Among those that arrived, the first that may be handed over. Beyond the backlog silence does not
// count: TCP_DEFER_ACCEPT must not pile up what the stack would have refused.
Socket* next_arrived(Socket& listener) {
  std::uint32_t taken = 0;
  for (const auto& child : listener.arrived) {
    if (child->may_be_accepted) return child.get();
    if (child->is_taken && ++taken > listener.backlog) return listener.arrived.front().get();
  }
  return nullptr;
}

// Takes connections out of the stack's queue, which knows only one order, until it is out.
bool take_from_stack(Layer& layer, Socket& listener, Socket& wanted) {
  while (!wanted.is_taken) {
    const auto id = layer.stack().take(listener.listener);
    if (!id) return false;
    const auto child = std::find_if(listener.arrived.begin(), listener.arrived.end(),
                                    [&](const auto& one) { return one->connection == *id; });
    if (child != listener.arrived.end()) (*child)->is_taken = true;
  }
  return true;
}

Answer accept_arrived(Layer& layer, Socket& listener, int flags) {
  Socket* const wanted = next_arrived(listener);
  if (wanted == nullptr || !take_from_stack(layer, listener, *wanted)) return -EAGAIN;
  const auto place = std::find_if(listener.arrived.begin(), listener.arrived.end(),
                                  [&](const auto& child) { return child.get() == wanted; });
  std::unique_ptr<Socket> socket = std::move(*place);
  listener.arrived.erase(place);
  socket->parent = nullptr;
  return hand_over(layer, std::move(socket), flags);
}

Answer try_accept(Layer& layer, Socket& listener, int flags) {
  for (;;) {
    if (const Answer bad = why_not(layer, listener); bad != 0) return bad;
    if (!listener.options.takes_requests()) return accept_arrived(layer, listener, flags);
    const Waiting* const waiting = next_request(listener);
    if (waiting == nullptr) return -EAGAIN;
    const Answer fd = accept_request(layer, listener, waiting->id, {}, flags);
    if (fd != -EAGAIN) return fd;
  }
}

// --- The condition function ---

// What the condition function is shown, with bytes of its own: the lock is given up meanwhile.
struct Shown {
  Request request;
  std::vector<std::uint8_t> caller_data;
  std::vector<std::uint8_t> raw_syn;

  void keep_bytes() {
    caller_data.assign(request.caller_data.begin(), request.caller_data.end());
    raw_syn.assign(request.raw_syn.begin(), request.raw_syn.end());
    request.caller_data = caller_data;
    request.raw_syn = raw_syn;
  }
};

Answer ask(Layer& layer, const Shown& shown, AcceptCondition condition, void* context,
           AcceptAnswer& reply) {
  return layer.run_unlocked(
      [&]() -> Answer { return static_cast<Answer>(condition(shown.request, reply, context)); });
}

// A verdict that ends the request was carried out, or was not.
Answer decided(Layer& layer, Socket& listener, PendingId id, const Status& status, int told) {
  layer.note_verb();
  // Such a one cannot be challenged, and still waits.
  if (!status && status.error().error == Error::invalid_argument) return -EINVAL;
  drop_request(listener, id);
  return status ? -told : -ECONNABORTED;
}

Answer carry_out(Layer& layer, Socket& listener, PendingId id, Answer verdict,
                 const AcceptAnswer& reply) {
  Stack& stack = layer.stack();
  switch (static_cast<AcceptVerdict>(verdict)) {
    case AcceptVerdict::accept: {
      if (reply.response_data.data() == nullptr && !reply.response_data.empty()) return -EFAULT;
      if (layer.descriptors().is_full()) return -EMFILE;
      const Answer fd = accept_request(layer, listener, id, reply, 0);
      return fd == -EAGAIN ? -ECONNABORTED : fd;
    }
    case AcceptVerdict::reject:
      return decided(layer, listener, id, stack.reject(layer.now(), id), ECONNREFUSED);
    case AcceptVerdict::ignore:
      return decided(layer, listener, id, stack.ignore(layer.now(), id), ECANCELED);
    case AcceptVerdict::challenge:
      return decided(layer, listener, id, stack.challenge(layer.now(), id), EALREADY);
    case AcceptVerdict::defer:
      if (const Status status = stack.defer(layer.now(), id); !status) {
        return decided(layer, listener, id, status, 0);
      }
      // Last of the deferred ones: the others are asked about before it comes again.
      drop_request(listener, id);
      listener.requests.push_back({id, true, false, {}});
      return -EINPROGRESS;
  }
  return -EINVAL;
}

}  // namespace

bool can_accept(const Socket& listener) {
  if (!listener.options.takes_requests()) {
    return std::any_of(listener.arrived.begin(), listener.arrived.end(),
                       [](const auto& child) { return child->may_be_accepted; });
  }
  return std::any_of(listener.requests.begin(), listener.requests.end(),
                     [](const Waiting& waiting) { return !waiting.judged; });
}

Answer accept_socket(Layer& layer, int fd, sockaddr* address, socklen_t* length, int flags) {
  if ((flags & ~(SOCK_NONBLOCK | SOCK_CLOEXEC)) != 0) return -EINVAL;
  const Found found = layer.find_socket(fd);
  if (found.error != 0) return found.error;
  // Before anything is taken: what was accepted must not be lost to a bad pointer.
  if (const Answer bad = check_room(address, length); bad != 0) return bad;
  Socket& listener = found.socket();
  const Answer accepted =
      layer.retry(found.file->non_blocking, layer.after(listener.options.receive_timeout),
                  [&] { return try_accept(layer, listener, flags); });
  if (accepted < 0 || address == nullptr) return accepted;
  const FileRef file = layer.descriptors().find(static_cast<int>(accepted));
  if (const auto info = layer.stack().connection_info(file->socket->connection)) {
    (void)write_address(info->flow.remote, listener.family, address, length);
  }
  return accepted;
}

Answer judge_and_accept(Layer& layer, int fd, AcceptCondition condition, void* context) {
  const Found found = layer.find_socket(fd);
  if (found.error != 0) return found.error;
  if (condition == nullptr) return -EFAULT;
  Socket& listener = found.socket();
  Shown shown;
  const auto show = [&]() -> Answer {
    if (const Answer bad = why_not(layer, listener); bad != 0) return bad;
    if (!listener.options.hold_syn) return -EOPNOTSUPP;
    while (Waiting* const waiting = next_request(listener)) {
      const auto request = layer.stack().request(layer.now(), waiting->id);
      if (!request) {
        drop_request(listener, waiting->id);
        continue;
      }
      shown.request = *request;
      waiting->judged = true;
      waiting->judge = std::this_thread::get_id();
      return 0;
    }
    return -EAGAIN;
  };
  const Answer ready =
      layer.retry(found.file->non_blocking, layer.after(listener.options.receive_timeout), show);
  if (ready != 0) return ready;
  shown.keep_bytes();
  const PendingId id = shown.request.id;
  AcceptAnswer reply;
  const Answer verdict = ask(layer, shown, condition, context, reply);
  if (listener.is_closed) return -EBADF;
  if (listener.phase != Phase::listening) return -EINVAL;
  Waiting* const waiting = find_request(listener, id);
  if (waiting == nullptr) return -ECONNABORTED;
  waiting->judged = false;
  // Where the verdict leaves it in its place, others may take it now.
  layer.note_change();
  return carry_out(layer, listener, id, verdict, reply);
}

}  // namespace anteroom::posix
