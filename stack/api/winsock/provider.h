// One provider over one driver: its sockets and events, and the loop that takes the stack's events
// to them. Every entry point makes a Call, which holds the driver's lock.
// Not here: what an entry point does (sockets.cc, accept.cc, connect.cc, ...).
#pragma once

#include <unordered_map>

#include <anteroom/winsock/provider.h>

#include "stack/api/winsock/handles.h"
#include "stack/api/winsock/socket.h"

namespace anteroom::winsock {

// Whether a wait runs the completion routines that are due on its thread.
enum class Alertable : std::uint8_t { no, yes };

// A routine that is due.
struct Completion {
  LPWSAOVERLAPPED_COMPLETION_ROUTINE call = nullptr;
  DWORD error = 0;
  DWORD bytes = 0;
  WSAOVERLAPPED* overlapped = nullptr;
};

class Provider {
 public:
  Provider(Driver& frames, std::uint32_t own_number, const ProviderLimits& limits)
      : driver(frames),
        number(own_number),
        sockets(HandleKind::socket, own_number, limits.sockets_max),
        events(HandleKind::event, own_number, limits.events_max) {}

  Driver& driver;
  const std::uint32_t number;
  int startups = 0;
  HandleTable<Socket> sockets;
  HandleTable<EventObject> events;
  std::unordered_map<const void*, std::deque<Completion>> completions;  // by thread

  Stack& stack() { return driver.stack(); }
  Instant now() { return driver.now(); }

  // Takes a turn and everything that the stack has to tell.
  void pump();
  // Waits for something to happen and pumps. 0, or why the caller must stop waiting: WSAETIMEDOUT
  // (`deadline` has passed), WSAEINTR (WSPCancelBlockingCall), WSAENETDOWN (nothing will ever
  // happen). The caller's sockets may be gone afterwards.
  int wait(Instant deadline, Alertable alertable);
  // Runs what is due on this thread, with the driver unlocked. False: nothing was.
  bool run_completions();

  // Ties a connection or listener of the stack to the socket that its events are for.
  void attach(Socket& socket, ConnectionId connection);
  void attach(Socket& socket, ListenerId listener);
  void detach(Socket& socket);
  // A local port that no socket of the provider is bound to; 0 where there is none.
  std::uint16_t free_port();

  // Ends whatever the socket does, at once (RST) or in order, and forgets it.
  void destroy(Socket& socket, bool at_once);

 private:
  void dispatch(const Event& event);
  Socket* find(ListenerId listener);
  Socket* find(ConnectionId connection);

  std::unordered_map<std::uint64_t, SOCKET> listeners_;
  std::unordered_map<std::uint64_t, SOCKET> connections_;
  std::uint32_t port_hand_ = 0;
};

// The provider that this thread's new sockets go to; null before provider_use().
Provider* current_provider();
// By number; null where it is not in use.
Provider* provider_at(std::uint32_t number);
// A value that no other thread has.
const void* this_thread();
// Makes the blocking call that this thread is in end with WSAEINTR; false where it is in none.
bool cancel_blocking_call();
bool in_blocking_call();

// An entry point at work on one socket, or on none: holds the lock of the driver.
class Call {
 public:
  explicit Call(SOCKET s);
  explicit Call(Provider* provider);
  ~Call();
  Call(const Call&) = delete;
  Call& operator=(const Call&) = delete;

  // 0, WSANOTINITIALISED, or WSAENOTSOCK: then there is neither provider nor socket.
  int error() const { return error_; }
  Provider& provider() { return *provider_; }
  Stack& stack() { return provider_->stack(); }
  Instant now() { return provider_->now(); }
  // Null after it was closed, which may be at every wait and every condition function.
  Socket* find() { return provider_->sockets.find(handle_); }
  Socket& socket() { return *find(); }
  // As Provider::wait(); WSAEINTR also where the socket is gone.
  int wait(Instant deadline);

 private:
  Provider* provider_ = nullptr;
  SOCKET handle_ = 0;
  int error_ = 0;
};

// The forms in which entry points end.
inline int ended(int error, int* error_out) {
  if (error == 0) return 0;
  if (error_out != nullptr) *error_out = error;
  return SOCKET_ERROR;
}

}  // namespace anteroom::winsock
