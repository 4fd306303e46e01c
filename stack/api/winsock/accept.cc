// WSPAccept: the request at the head of the queue, the condition function, and what its verdict
// does.
//
// The stack indicates each request as it arrives; strict order, in which a deferred head holds up
// all others, is kept here, so that FD_ACCEPT can be recorded for each arrival.
#include "stack/api/winsock/accept.h"

#include <algorithm>

#include <anteroom/winsock/errors.h>

#include "stack/api/winsock/accept_ex.h"
#include "stack/api/winsock/address.h"
#include "stack/api/winsock/condition.h"
#include "stack/api/winsock/connect.h"
#include "stack/api/winsock/entry_points.h"
#include "stack/api/winsock/errors.h"
#include "stack/api/winsock/events.h"
#include "stack/api/winsock/transfer.h"

namespace anteroom::winsock {
namespace {

std::deque<QueuedRequest>::iterator find_request(Socket& listener, PendingId id) {
  return std::ranges::find(listener.requests, id, &QueuedRequest::id);
}

// Takes the head away and goes on to the next.
void pop_head(Provider& provider, Socket& listener) {
  listener.requests.pop_front();
  progress_accepts(provider, listener);
}

struct Arguments {
  sockaddr* address = nullptr;
  int* address_length = nullptr;
  LPCONDITIONPROC condition = nullptr;
  DWORD_PTR context = 0;
};

// Waits until there is a head to decide on. 0, or why there is none.
int wait_for_head(Call& call, const Arguments& arguments) {
  for (;;) {
    Socket& listener = call.socket();
    if (listener.phase != Phase::listening) return WSAEINVAL;
    if (!has_room(arguments.address, arguments.address_length)) return WSAEFAULT;
    if (listener.deciding == this_thread()) return WSAEINPROGRESS;
    if (listener.deciding == nullptr && !listener.requests.empty()) return 0;
    if (listener.non_blocking) return WSAEWOULDBLOCK;
    const int error = call.wait(Instant::max());
    if (error != 0) return error;
  }
}

// The head is gone: told once, then it leaves the queue.
int report_gone(Provider& provider, Socket& listener) {
  const Error why = *listener.requests.front().gone;
  pop_head(provider, listener);
  return wsa_error(why);
}

// Runs the condition function on the head with the driver unlocked. The listener may be gone
// afterwards.
Answer decide(Call& call, const Request& request, const Arguments& arguments) {
  Question question{request.flow,
                    {request.caller_data.begin(), request.caller_data.end()},
                    request.response_bytes_max,
                    request.dscp};
  Driver& driver = call.provider().driver;
  call.socket().deciding = this_thread();
  driver.turn();
  driver.unlock();
  Answer answer = ask(question, arguments.condition, arguments.context);
  driver.lock();
  if (Socket* listener = call.find()) listener->deciding = nullptr;
  call.provider().pump();
  return answer;
}

Result<SOCKET, int> accept_head(Call& call, const AcceptReply& reply) {
  Provider& provider = call.provider();
  if (provider.sockets.full()) return WSAEMFILE;
  const Taken taken = take_head(provider, call.socket(), reply);
  if (taken.error != 0) return taken.error;
  Socket& accepted = provider.sockets.add();
  accepted.overlapped = call.socket().overlapped;
  adopt(provider, accepted, taken);
  inherit(provider, accepted, call.socket());
  accepted.needs_context = false;
  on_adopted(provider, accepted);
  return accepted.handle;
}

// Nobody else takes the head while the condition function runs; but it may have gone.
Result<SOCKET, int> obey(Call& call, const Answer& answer) {
  Provider& provider = call.provider();
  Socket* const listener = call.find();
  if (listener == nullptr) return WSAENOTSOCK;
  QueuedRequest& head = listener->requests.front();
  if (head.gone) return report_gone(provider, *listener);
  if (answer.error != 0) return answer.error;
  switch (answer.verdict) {
    case CF_ACCEPT:
      return accept_head(call,
                         {.response_data = answer.response_data, .dscp = answer.dscp.value_or(0)});
    case CF_REJECT:
      (void)provider.stack().reject(provider.now(), head.id);
      pop_head(provider, *listener);
      return WSAECONNREFUSED;
    default:
      (void)provider.stack().defer(provider.now(), head.id);
      head.deferred = true;
      unlatch(*listener, FD_ACCEPT);
      return WSATRY_AGAIN;
  }
}

Result<SOCKET, int> accept_one(Call& call, const Arguments& arguments) {
  Provider& provider = call.provider();
  const int none = wait_for_head(call, arguments);
  if (none != 0) return none;
  Socket& listener = call.socket();
  if (listener.requests.front().gone) return report_gone(provider, listener);
  if (provider.sockets.full()) return WSAEMFILE;
  const PendingId id = listener.requests.front().id;
  const auto request = provider.stack().request(provider.now(), id);
  if (!request) {
    listener.requests.front().gone = request.error().error;
    return report_gone(provider, listener);
  }
  write_address(request->flow.remote, arguments.address, arguments.address_length);
  if (arguments.condition == nullptr) {
    const std::vector<std::uint8_t> data = listener.data_to_send;
    return accept_head(call, {.response_data = data, .overflow_to_stream = true});
  }
  const Answer answer = decide(call, *request, arguments);
  return obey(call, answer);
}

}  // namespace

// --- Events of the stack ---

void on_requested(Provider& provider, Socket& listener, PendingId pending) {
  listener.requests.push_back({.id = pending, .deferred = false, .gone = {}});
  progress_accepts(provider, listener);
  indicate(provider, listener);
}

void on_withdrawn(Provider& provider, Socket& listener, PendingId pending, Error why) {
  (void)provider;
  const auto request = find_request(listener, pending);
  if (request != listener.requests.end()) request->gone = why;
}

void indicate(Provider& provider, Socket& listener) {
  if (listener.requests.empty() || listener.requests.front().deferred) return;
  if (listener.deciding == nullptr) latch(provider, listener, FD_ACCEPT, 0);
}

void refuse_all(Provider& provider, Socket& listener) {
  while (!listener.requests.empty()) {
    for (const QueuedRequest& request : listener.requests) {
      (void)provider.stack().reject(provider.now(), request.id);
    }
    listener.requests.clear();
    provider.pump();  // what the stack has not yet indicated
  }
}

// --- From request to socket ---

Taken take_head(Provider& provider, Socket& listener, const AcceptReply& reply) {
  const PendingId id = listener.requests.front().id;
  const auto request = provider.stack().request(provider.now(), id);
  Error error{};
  if (request) {
    const Flow flow = request->flow;
    std::vector<std::uint8_t> data(request->caller_data.begin(), request->caller_data.end());
    const auto connection = provider.stack().accept(provider.now(), id, reply);
    if (connection) {
      listener.requests.pop_front();
      return {0, *connection, flow, std::move(data)};
    }
    error = connection.error().error;
  } else {
    error = request.error().error;
  }
  if (is_withdrawn(error) || error == Error::stale_id) listener.requests.pop_front();
  return {wsa_error(error), {}, {}, {}};
}

void adopt(Provider& provider, Socket& socket, const Taken& taken) {
  socket.phase = Phase::connected;
  socket.data_received = taken.caller_data;
  socket.local = taken.flow.local;
  socket.remote = taken.flow.remote;
  provider.attach(socket, taken.connection);
}

void inherit(Provider& provider, Socket& socket, const Socket& listener) {
  socket.options = listener.options;
  socket.non_blocking = listener.non_blocking;
  socket.event = listener.event;
  socket.event_mask = listener.event_mask;
  apply_options(provider, socket);
  if ((socket.latched & socket.event_mask) != 0) signal(provider, socket.event);
}

void apply_options(Provider& provider, const Socket& socket) {
  if (!socket.connection.is_set()) return;
  Stack& stack = provider.stack();
  (void)stack.set_no_delay(provider.now(), socket.connection, socket.options.no_delay);
  std::optional<KeepaliveConfig> keepalive;
  if (socket.options.keepalive) keepalive = socket.options.keepalive_times;
  (void)stack.set_keepalive(provider.now(), socket.connection, keepalive);
}

// --- Entry point ---

SOCKET WSPAccept(SOCKET s, sockaddr* address, int* address_length, LPCONDITIONPROC condition,
                 DWORD_PTR context, int* error) {
  Call call(s);
  if (call.error() != 0) return static_cast<SOCKET>(ended(call.error(), error));
  const auto accepted = accept_one(call, {address, address_length, condition, context});
  // Any end but CF_DEFER re-enables FD_ACCEPT, which is level-triggered.
  Socket* const listener = call.find();
  const bool deferred = !accepted && accepted.error() == WSATRY_AGAIN;
  if (listener != nullptr && listener->phase == Phase::listening && !deferred) {
    unlatch(*listener, FD_ACCEPT);
    indicate(call.provider(), *listener);
  }
  if (accepted) return *accepted;
  (void)ended(accepted.error(), error);
  return INVALID_SOCKET;
}

}  // namespace anteroom::winsock
