// Which provider a handle or a thread belongs to; how calls wait; who gets which event.
#include "stack/api/winsock/provider.h"

#include <algorithm>

#include <anteroom/winsock/errors.h>
#include <anteroom/winsock/provider.h>

#include "stack/api/winsock/accept.h"
#include "stack/api/winsock/connect.h"
#include "stack/api/winsock/events.h"
#include "stack/api/winsock/overlapped.h"
#include "stack/api/winsock/transfer.h"

namespace anteroom::winsock {
namespace {

// Winsock's handles are numbers without a context, so which providers there are has to be known
// without one. Changed by provider_use() and provider_release() alone.
std::array<std::unique_ptr<Provider>, kProvidersMax + 1> g_providers;
std::uint32_t g_first = 0;
thread_local std::uint32_t t_current = 0;

// The innermost blocking call of this thread.
struct Blocking {
  bool cancelled = false;
};
thread_local Blocking* t_blocking = nullptr;

std::uint32_t number_of(const Driver* driver) {
  for (std::uint32_t i = 1; i <= kProvidersMax; ++i) {
    if (g_providers[i] && &g_providers[i]->driver == driver) return i;
  }
  return 0;
}

}  // namespace

bool provider_use(Driver* driver) { return provider_use(driver, ProviderLimits{}); }

bool provider_use(Driver* driver, const ProviderLimits& limits) {
  std::uint32_t number = number_of(driver);
  for (std::uint32_t i = 1; i <= kProvidersMax && number == 0; ++i) {
    if (g_providers[i]) continue;
    g_providers[i] = std::make_unique<Provider>(*driver, i, limits);
    number = i;
  }
  if (number == 0) return false;
  t_current = number;
  if (g_first == 0) g_first = number;
  return true;
}

void provider_release(Driver* driver) {
  const std::uint32_t number = number_of(driver);
  if (number == 0) return;
  Provider& provider = *g_providers[number];
  driver->lock();
  provider.sockets.for_each([&](Socket& socket) { provider.destroy(socket, true); });
  driver->turn();
  driver->unlock();
  g_providers[number].reset();
  if (t_current == number) t_current = 0;
  if (g_first != number) return;
  g_first = 0;
  for (std::uint32_t i = 1; i <= kProvidersMax && g_first == 0; ++i) {
    if (g_providers[i]) g_first = i;
  }
}

Provider* provider_at(std::uint32_t number) {
  return number <= kProvidersMax ? g_providers[number].get() : nullptr;
}

Provider* current_provider() {
  Provider* own = provider_at(t_current);
  return own != nullptr ? own : provider_at(g_first);
}

const void* this_thread() {
  thread_local const char kTag = 0;
  return &kTag;
}

bool cancel_blocking_call() {
  if (t_blocking == nullptr) return false;
  t_blocking->cancelled = true;
  return true;
}

bool in_blocking_call() { return t_blocking != nullptr; }

// --- Events of the stack ---

void Provider::pump() {
  for (bool any = true; any;) {
    any = false;
    driver.turn();
    while (const auto event = driver.next_event()) {
      dispatch(*event);
      any = true;
    }
  }
}

bool Provider::run_completions() {
  const auto due = completions.extract(this_thread());
  if (due.empty()) return false;
  driver.turn();
  driver.unlock();
  for (const Completion& one : due.mapped()) one.call(one.error, one.bytes, one.overlapped, 0);
  driver.lock();
  pump();
  return true;
}

// Blocking calls are alertable, as on Windows; waits for events where they say so.
int Provider::wait(Instant deadline, Alertable alertable) {
  if (alertable == Alertable::yes && run_completions()) return 0;
  if (now() >= deadline) return WSAETIMEDOUT;
  Blocking blocking;
  Blocking* const outer = std::exchange(t_blocking, &blocking);
  const bool any = driver.wait(deadline);
  t_blocking = outer;
  pump();
  if (blocking.cancelled) return WSAEINTR;
  return any ? 0 : WSAENETDOWN;
}

Socket* Provider::find(ListenerId listener) {
  const auto it = listeners_.find(listener.number());
  return it == listeners_.end() ? nullptr : sockets.find(it->second);
}

Socket* Provider::find(ConnectionId connection) {
  const auto it = connections_.find(connection.number());
  return it == connections_.end() ? nullptr : sockets.find(it->second);
}

void Provider::dispatch(const Event& event) {
  const bool of_request =
      event.kind == EventKind::connection_requested || event.kind == EventKind::request_withdrawn;
  Socket* socket = of_request ? find(event.listener) : find(event.connection);
  if (socket == nullptr) return;
  switch (event.kind) {
    case EventKind::connection_requested: return on_requested(*this, *socket, event.pending);
    case EventKind::request_withdrawn:
      return on_withdrawn(*this, *socket, event.pending, event.error);
    case EventKind::connected: return on_connected(*this, *socket);
    case EventKind::readable: return on_readable(*this, *socket);
    case EventKind::writable: return on_writable(*this, *socket);
    case EventKind::peer_closed: return on_peer_closed(*this, *socket);
    case EventKind::urgent: return on_urgent(*this, *socket);
    case EventKind::closed: return on_closed(*this, *socket, event);
    case EventKind::soft_error:
    case EventKind::accept_ready:
    case EventKind::address_conflict: return;
  }
}

void Provider::attach(Socket& socket, ConnectionId connection) {
  socket.connection = connection;
  connections_[connection.number()] = socket.handle;
}

void Provider::attach(Socket& socket, ListenerId listener) {
  socket.listener = listener;
  listeners_[listener.number()] = socket.handle;
}

void Provider::detach(Socket& socket) {
  connections_.erase(socket.connection.number());
  listeners_.erase(socket.listener.number());
  socket.connection = {};
  socket.listener = {};
}

std::uint16_t Provider::free_port() {
  const Config& config = stack().config();
  const std::uint32_t count = config.ephemeral_port_max - config.ephemeral_port_min + 1u;
  if (port_hand_ == 0) port_hand_ = config.seed[0] * 256u + config.seed[1];
  for (std::uint32_t i = 0; i < count; ++i) {
    const auto port = static_cast<std::uint16_t>(config.ephemeral_port_min + port_hand_++ % count);
    bool taken = false;
    sockets.for_each(
        [&](const Socket& other) { taken = taken || (other.local && other.local->port == port); });
    if (!taken) return port;
  }
  return 0;
}

void Provider::destroy(Socket& socket, bool at_once) {
  abort_operations(*this, socket, nullptr);
  if (socket.phase == Phase::listening) {
    refuse_all(*this, socket);
    (void)stack().close(now(), socket.listener);
  } else if (socket.connection.is_set()) {
    (void)(at_once ? stack().abort(now(), socket.connection)
                   : stack().close(now(), socket.connection));
  }
  detach(socket);
  sockets.erase(socket.handle);
}

// --- Calls ---

Call::Call(SOCKET s) : handle_(s) {
  Provider* provider = provider_at(split(s).provider);
  if (provider != nullptr && s != INVALID_SOCKET) {
    provider->driver.lock();
    if (provider->startups > 0 && provider->sockets.find(s) != nullptr) {
      provider_ = provider;
      provider_->pump();
      return;
    }
    provider->driver.unlock();
  }
  const Provider* own = provider != nullptr ? provider : current_provider();
  error_ = own != nullptr && own->startups > 0 ? WSAENOTSOCK : WSANOTINITIALISED;
}

Call::Call(Provider* provider) {
  if (provider == nullptr) {
    error_ = WSANOTINITIALISED;
    return;
  }
  provider->driver.lock();
  if (provider->startups > 0) {
    provider_ = provider;
    provider_->pump();
    return;
  }
  provider->driver.unlock();
  error_ = WSANOTINITIALISED;
}

Call::~Call() {
  if (provider_ == nullptr) return;
  provider_->pump();
  provider_->driver.notify();
  provider_->driver.unlock();
}

int Call::wait(Instant deadline) {
  const int error = provider_->wait(deadline, Alertable::yes);
  return find() == nullptr ? WSAEINTR : error;
}

}  // namespace anteroom::winsock
