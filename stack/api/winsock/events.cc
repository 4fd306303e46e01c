// Event objects, and the record of network events behind WSPEventSelect.
//
// An event stays recorded until it is enumerated, whatever the mask was when it happened: a socket
// selected for FD_ACCEPT after the request came reports it at once, one that has reported it does
// not report it again for being selected anew. What takes a record away unseen is the call that
// answers it: accept, recv.
#include "stack/api/winsock/events.h"

#include <anteroom/winsock.h>

#include "stack/api/winsock/entry_points.h"

namespace anteroom::winsock {
namespace {

constexpr int bit_of(LONG event) { return __builtin_ctz(static_cast<unsigned>(event)); }

std::uintptr_t number_of(WSAEVENT event) { return reinterpret_cast<std::uintptr_t>(event); }

// Runs `f` on a live event object, with its driver locked.
template <typename F>
bool with_event(WSAEVENT event, F f) {
  const HandleParts parts = split(number_of(event));
  Provider* provider = event == nullptr ? nullptr : provider_at(parts.provider);
  if (provider == nullptr || parts.kind != HandleKind::event) return false;
  provider->driver.lock();
  EventObject* object = provider->events.find(number_of(event));
  if (object != nullptr) f(*provider, *object);
  provider->driver.notify();
  provider->driver.unlock();
  return object != nullptr;
}

BOOL answer(bool done) {
  if (!done) WSASetLastError(WSA_INVALID_HANDLE);
  return done ? 1 : 0;
}

}  // namespace

void signal(Provider& provider, WSAEVENT event) {
  EventObject* object = provider.events.find(number_of(event));
  if (event != nullptr && object != nullptr) object->signalled = true;
}

void latch(Provider& provider, Socket& socket, LONG event, int code) {
  socket.latched |= event;
  socket.codes[static_cast<std::size_t>(bit_of(event))] = code;
  if ((socket.event_mask & event) != 0) signal(provider, socket.event);
}

// --- Entry points ---

int WSPEventSelect(SOCKET s, WSAEVENT event, LONG events, int* error) {
  Call call(s);
  if (call.error() != 0) return ended(call.error(), error);
  const bool cancels = events == 0;
  const bool known = call.provider().events.find(number_of(event)) != nullptr;
  if ((events & ~FD_ALL_EVENTS) != 0 || (!cancels && !known)) return ended(WSAEINVAL, error);
  Socket& socket = call.socket();
  socket.non_blocking = true;
  socket.event = cancels ? nullptr : event;
  socket.event_mask = events;
  if ((socket.latched & events) != 0) signal(call.provider(), event);
  return 0;
}

int WSPEnumNetworkEvents(SOCKET s, WSAEVENT event, WSANETWORKEVENTS* events, int* error) {
  Call call(s);
  if (call.error() != 0) return ended(call.error(), error);
  if (events == nullptr) return ended(WSAEFAULT, error);
  EventObject* object = call.provider().events.find(number_of(event));
  if (event != nullptr && object == nullptr) return ended(WSAEINVAL, error);
  Socket& socket = call.socket();
  const LONG reported = socket.latched & socket.event_mask;
  events->lNetworkEvents = reported;
  for (int bit = 0; bit < FD_MAX_EVENTS; ++bit) {
    if ((reported >> bit & 1) == 0) continue;
    events->iErrorCode[bit] = socket.codes[static_cast<std::size_t>(bit)];
  }
  unlatch(socket, reported);
  if (object != nullptr) object->signalled = false;
  return 0;
}

// Windows says "no such window" with WSAEINVAL, and there are none.
int WSPAsyncSelect(SOCKET s, HWND window, UINT message, LONG events, int* error) {
  (void)window;
  (void)message;
  (void)events;
  Call call(s);
  return ended(call.error() != 0 ? call.error() : WSAEINVAL, error);
}

// --- Event objects ---

WSAEVENT WSACreateEvent() {
  Call call(current_provider());
  if (call.error() != 0 || call.provider().events.full()) {
    WSASetLastError(call.error() != 0 ? call.error() : WSA_NOT_ENOUGH_MEMORY);
    return WSA_INVALID_EVENT;
  }
  return reinterpret_cast<WSAEVENT>(call.provider().events.add().handle);
}

BOOL WSASetEvent(WSAEVENT event) {
  return answer(with_event(event, [](Provider&, EventObject& object) { object.signalled = true; }));
}

BOOL WSAResetEvent(WSAEVENT event) {
  return answer(
      with_event(event, [](Provider&, EventObject& object) { object.signalled = false; }));
}

BOOL WSACloseEvent(WSAEVENT event) {
  return answer(with_event(event, [](Provider& provider, EventObject& object) {
    provider.events.erase(object.handle);
  }));
}

DWORD WSAWaitForMultipleEvents(DWORD count, const WSAEVENT* events, BOOL all, DWORD milliseconds,
                               BOOL alertable) {
  const auto fail = [](int error) {
    WSASetLastError(error);
    return WSA_WAIT_FAILED;
  };
  if (count == 0 || count > WSA_MAXIMUM_WAIT_EVENTS) return fail(WSA_INVALID_PARAMETER);
  if (events == nullptr) return fail(WSAEFAULT);
  Call call(provider_at(split(number_of(events[0])).provider));
  if (call.error() != 0) return fail(call.error());
  const Instant deadline = milliseconds == WSA_INFINITE
                               ? Instant::max()
                               : call.now() + std::chrono::milliseconds(milliseconds);
  for (;;) {
    DWORD first = count;
    DWORD signalled = 0;
    for (DWORD i = 0; i < count; ++i) {
      const EventObject* object = call.provider().events.find(number_of(events[i]));
      if (object == nullptr) return fail(WSA_INVALID_HANDLE);
      if (!object->signalled) continue;
      if (first == count) first = i;
      ++signalled;
    }
    if (all == 0 && signalled != 0) return WSA_WAIT_EVENT_0 + first;
    if (all != 0 && signalled == count) return WSA_WAIT_EVENT_0;
    if (alertable != 0 && call.provider().run_completions()) return WSA_WAIT_IO_COMPLETION;
    const int error = call.provider().wait(deadline, Alertable::no);
    if (error == WSAETIMEDOUT) return WSA_WAIT_TIMEOUT;
    if (error != 0) return fail(error);
  }
}

DWORD SleepEx(DWORD milliseconds, BOOL alertable) {
  Call call(current_provider());
  if (call.error() != 0) return 0;
  const Instant deadline = milliseconds == WSA_INFINITE
                               ? Instant::max()
                               : call.now() + std::chrono::milliseconds(milliseconds);
  for (;;) {
    if (alertable != 0 && call.provider().run_completions()) return WSA_WAIT_IO_COMPLETION;
    if (call.provider().wait(deadline, Alertable::no) != 0) return 0;
  }
}

}  // namespace anteroom::winsock
