// How a call that blocks waits: what the socket layers need of whoever moves the frames.
// Implemented by tap/ (a real link, a real clock) and by testing/ (two stacks on a virtual clock).
// Not here: what the calls wait for (api/posix/, api/winsock/).
#pragma once

#include <optional>

#include <anteroom/stack.h>

namespace anteroom {

class Driver {
 public:
  Driver() = default;
  Driver(const Driver&) = delete;
  Driver& operator=(const Driver&) = delete;
  virtual ~Driver() = default;

  virtual Stack& stack() = 0;
  // What verbs are given; never goes back.
  virtual Instant now() = 0;
  // The events of the stack have one reader: the socket layer.
  virtual std::optional<Event> next_event() { return stack().next_event(); }
  // Frames in, what is due, frames out; does not wait. Called after verbs, so that what they have
  // to send leaves.
  virtual void turn() = 0;
  // Waits until something happened that may change what a call sees, and takes a turn; at most
  // until `deadline` (Instant::max(): without bound). False: nothing will ever happen.
  virtual bool wait(Instant deadline) = 0;
  // A call changed what others wait for without a frame: every wait() looks again.
  virtual void notify() {}

  // Where several threads share a socket layer. Every call on it holds the lock, wait() gives it up
  // while it sleeps, and the layer gives it up while it runs a callback of the application.
  virtual void lock() {}
  virtual void unlock() {}
};

}  // namespace anteroom
