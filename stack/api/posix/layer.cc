// Events become the state of sockets here, and nowhere else.
#include "stack/api/posix/layer.h"

#include <algorithm>

#include "stack/api/posix/life.h"
#include "stack/api/posix/options.h"
#include "stack/api/posix/readiness.h"
#include "stack/api/posix/transfer.h"

namespace anteroom::posix {
namespace {

constexpr std::uint32_t kEverything =
    EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLHUP | EPOLLERR | EPOLLRDNORM | EPOLLWRNORM;
constexpr std::uint32_t kReadable = EPOLLIN | EPOLLRDNORM;
constexpr std::uint32_t kWritable = EPOLLOUT | EPOLLWRNORM;

}  // namespace

Layer::Layer(Driver& driver, const PosixOptions& options) : driver_(driver), descriptors_(options) {
  for (const std::uint8_t octet : driver.stack().config().seed) {
    random_ = random_ * 0x100000001b3 + octet + 1;
  }
}

Layer::~Layer() {
  run([](Layer& layer) {
    for (const int fd : layer.descriptors().all()) {
      const FileRef file = layer.descriptors().remove(fd);
      // As at the end of a process: nobody waits for what lingers.
      if (file->socket && file->socket->options.linger != 0) file->socket->options.linger.reset();
      release(layer, file);
    }
    return Answer{0};
  });
}

void Layer::finish() {
  if (verbs_used_) refresh();
  if (std::exchange(changed_, false)) driver_.notify();
}

void Layer::refresh() {
  verbs_used_ = false;
  driver_.turn();
  pump();
}

bool Layer::wait(Instant deadline) {
  // What the last try did may have its answer already: whoever waits for that must not sleep.
  const bool acted = verbs_used_;
  finish();
  if (acted) return true;
  const std::optional<Instant> expiry = next_expiry();
  const bool more = driver_.wait(expiry ? std::min(*expiry, deadline) : deadline);
  pump();
  return more;
}

Instant Layer::after(Duration timeout) {
  return timeout == Duration::zero() ? Instant::max() : driver_.now() + timeout;
}

Found Layer::find_socket(int fd) const {
  FileRef file = descriptors_.find(fd);
  if (!file) return {-EBADF, {}};
  if (!file->socket) return {-ENOTSOCK, {}};
  return {0, std::move(file)};
}

// --- Who owns what ---

void Layer::adopt(Socket& socket, ConnectionId connection) {
  socket.connection = connection;
  by_connection_[connection.number()] = &socket;
  apply_options(*this, socket);
}

void Layer::adopt(Socket& socket, ListenerId listener) {
  socket.listener = listener;
  by_listener_[listener.number()] = &socket;
}

void Layer::forget(Socket& socket) {
  by_connection_.erase(socket.connection.number());
  by_listener_.erase(socket.listener.number());
  socket.connection = {};
  socket.listener = {};
  if (std::exchange(socket.wants_room, false)) std::erase(roomless_, &socket);
}

void Layer::erase(Socket& socket) {
  socket.given_name.reset();
  set_bound(socket, std::nullopt);
  for (Interest* interest : socket.watchers) {
    EpollSet& set = *interest->set;
    set.ready.remove(interest);
    set.interests.erase({interest->fd, interest->file});
  }
  socket.watchers.clear();
}

void Layer::set_bound(Socket& socket, std::optional<Endpoint> local) {
  if (socket.bound) {
    auto [first, last] = bound_.equal_range(socket.bound->port);
    for (; first != last; ++first) {
      if (first->second != &socket) continue;
      bound_.erase(first);
      break;
    }
  }
  socket.bound = local;
  if (local) bound_.emplace(local->port, &socket);
}

std::uint32_t Layer::next_random() {
  // splitmix64; where the numbers lead is decided by the caller, who takes what is free.
  random_ += 0x9e3779b97f4a7c15;
  std::uint64_t mixed = random_;
  mixed = (mixed ^ mixed >> 30) * 0xbf58476d1ce4e5b9;
  mixed = (mixed ^ mixed >> 27) * 0x94d049bb133111eb;
  return static_cast<std::uint32_t>(mixed >> 32);
}

// --- Events ---

void Layer::pump() {
  while (const std::optional<Event> event = driver_.next_event()) take(*event);
  expire_deferred();
  look_for_room();
}

void Layer::take(const Event& event) {
  const auto listener = by_listener_.find(event.listener.number());
  switch (event.kind) {
    case EventKind::connection_requested:
      if (listener == by_listener_.end()) return;
      {
        auto& requests = listener->second->requests;
        const auto place = std::find_if(requests.begin(), requests.end(),
                                        [](const Waiting& w) { return w.deferred; });
        requests.insert(place, {event.pending});
      }
      return wake(*listener->second, kReadable);
    case EventKind::request_withdrawn:
      if (listener == by_listener_.end()) return;
      std::erase_if(listener->second->requests,
                    [&](const Waiting& waiting) { return waiting.id == event.pending; });
      return;
    case EventKind::accept_ready:
      if (listener != by_listener_.end()) take_arrival(*listener->second, event);
      return;
    case EventKind::address_conflict: return;
    default: break;
  }
  const auto connection = by_connection_.find(event.connection.number());
  if (connection != by_connection_.end()) take_connection(*connection->second, event);
}

void Layer::take_arrival(Socket& listener, const Event& event) {
  auto child = std::make_unique<Socket>();
  child->family = listener.family;
  child->phase = Phase::connected;
  child->options = listener.options;
  child->parent = &listener;
  child->arrived_at = driver_.now();
  child->may_be_accepted = listener.options.defer_accept_seconds == 0;
  adopt(*child, event.connection);
  const bool may = child->may_be_accepted;
  listener.arrived.push_back(std::move(child));
  if (may) wake(listener, kReadable);
}

void Layer::take_connection(Socket& socket, const Event& event) {
  switch (event.kind) {
    case EventKind::connected:
      if (socket.phase == Phase::connecting) socket.phase = Phase::connected;
      wake(socket, kWritable);
      return;
    case EventKind::readable: wake(socket, kReadable); break;
    case EventKind::urgent: on_urgent(*this, socket); return wake(socket, EPOLLPRI);
    case EventKind::writable: return wake(socket, kWritable);
    case EventKind::peer_closed:
      socket.peer_closed = true;
      wake(socket, kReadable | EPOLLRDHUP | EPOLLHUP);
      break;
    case EventKind::closed: end(socket, event); break;
    default: return;
  }
  // TCP_DEFER_ACCEPT was waiting for this.
  if (socket.parent != nullptr && !std::exchange(socket.may_be_accepted, true)) {
    wake(*socket.parent, kReadable);
  }
}

void Layer::end(Socket& socket, const Event& event) {
  if (event.failed) {
    // Linux: a reset that follows the peer's FIN breaks the pipe.
    const bool broken =
        event.error == Error::reset_by_peer && socket.peer_closed && !socket.write_shut;
    socket.error = broken ? EPIPE : errno_of(event.error);
  }
  socket.is_over = socket.read_shut = socket.write_shut = true;
  if (socket.phase == Phase::connecting) {
    if (!event.failed) socket.error = ECONNRESET;
    const ConnectionId connection = socket.connection;
    socket.phase = Phase::fresh;
    forget(socket);
    set_bound(socket, socket.given_name);
    (void)stack().abort(now(), connection);
  }
  wake(socket, kEverything);
}

// --- TCP_DEFER_ACCEPT: who sends nothing is handed over in the end ---

void Layer::expire_deferred() {
  for (auto& [number, listener] : by_listener_) {
    if (listener->options.defer_accept_seconds == 0) continue;
    const Duration patience = std::chrono::seconds(listener->options.defer_accept_seconds);
    for (auto& child : listener->arrived) {
      if (child->arrived_at + patience > driver_.now()) break;
      if (!std::exchange(child->may_be_accepted, true)) wake(*listener, kReadable);
    }
  }
}

std::optional<Instant> Layer::next_expiry() const {
  std::optional<Instant> next;
  for (const auto& [number, listener] : by_listener_) {
    if (listener->options.defer_accept_seconds == 0) continue;
    const Duration patience = std::chrono::seconds(listener->options.defer_accept_seconds);
    for (const auto& child : listener->arrived) {
      if (child->may_be_accepted) continue;
      if (!next || child->arrived_at + patience < *next) next = child->arrived_at + patience;
      break;
    }
  }
  return next;
}

// --- Readiness ---

void Layer::wake(Socket& socket, std::uint32_t events) {
  for (Interest* interest : socket.watchers) {
    const std::uint32_t wanted = interest->event.events | EPOLLERR | EPOLLHUP;
    if (!interest->armed || interest->queued || (wanted & events) == 0) continue;
    interest->queued = true;
    interest->set->ready.push_back(interest);
  }
}

void Layer::want_room(Socket& socket) {
  if (!std::exchange(socket.wants_room, true)) roomless_.push_back(&socket);
}

void Layer::look_for_room() {
  std::erase_if(roomless_, [this](Socket* socket) {
    if (!is_writable(*this, *socket)) return false;
    socket->wants_room = false;
    wake(*socket, kWritable);
    return true;
  });
}

}  // namespace anteroom::posix
