// What all calls share: the lock, the events of the stack, waiting, and who owns which connection.
// Not here: the calls themselves, one file for each family.
#pragma once

#include <cerrno>
#include <mutex>
#include <unordered_map>
#include <vector>

#include <anteroom/driver.h>

#include "stack/api/posix/descriptors.h"
#include "stack/api/posix/errors.h"
#include "stack/api/posix/socket.h"

namespace anteroom::posix {

// A socket of a call: its file, which the call keeps, or the errno why there is none.
struct Found {
  Answer error = 0;
  FileRef file;

  Socket& socket() const { return *file->socket; }
};

class Layer {
 public:
  Layer(Driver& driver, const PosixOptions& options);
  ~Layer();
  Layer(const Layer&) = delete;
  Layer& operator=(const Layer&) = delete;

  // --- A call ---
  // Runs one call with the lock held; what it had the stack do leaves before it returns.
  template <typename Call>
  Answer run(Call call) {
    const std::lock_guard<Driver> held(driver_);
    pump();
    const Answer answer = call(*this);
    finish();
    return answer;
  }

  // Runs a callback of the application without the lock. Anything may have changed afterwards.
  template <typename Callback>
  auto run_unlocked(Callback callback) {
    finish();
    driver_.unlock();
    const auto result = callback();
    driver_.lock();
    pump();
    return result;
  }

  // Repeats `try_once` for as long as it answers -EAGAIN. A call that may not wait has the link
  // looked at once before it gives up.
  template <typename Try>
  Answer retry(bool non_blocking, Instant deadline, Try try_once) {
    Answer answer = try_once();
    if (answer != -EAGAIN) return answer;
    refresh();
    for (;;) {
      answer = try_once();
      if (answer != -EAGAIN || non_blocking) return answer;
      if (driver_.now() >= deadline) return -EAGAIN;
      if (!wait(deadline)) return -EDEADLK;
    }
  }

  // Moves what moves without waiting.
  void refresh();
  // Lets time pass until something happened, at most to `deadline`. False: nothing ever will.
  bool wait(Instant deadline);

  Stack& stack() { return driver_.stack(); }
  Instant now() { return driver_.now(); }
  // Now and so long; never where it is 0.
  Instant after(Duration timeout);
  // A verb changed something: there may be frames to send. A try that changed nothing must not say
  // so, or it would never sleep.
  void note_verb() { verbs_used_ = true; }
  // Another thread's call may see something new, though no frame leaves.
  void note_change() { changed_ = true; }

  // --- Descriptors and sockets ---
  Descriptors& descriptors() { return descriptors_; }
  // -EBADF, or -ENOTSOCK for an epoll set.
  Found find_socket(int fd) const;

  // `socket` has the connection now: its events, and the options that were set before.
  void adopt(Socket& socket, ConnectionId connection);
  void adopt(Socket& socket, ListenerId listener);
  // No events come for it any more; it has neither connection nor listener.
  void forget(Socket& socket);
  // After forget(): nor does anything else here know it.
  void erase(Socket& socket);

  // --- Readiness ---
  // Something of `events` may have become true.
  void wake(Socket& socket, std::uint32_t events);
  // Wakes it for EPOLLOUT once there is room.
  void want_room(Socket& socket);

  // --- Local ports: sockets that bind(), listen() or connect() named ---
  std::unordered_multimap<std::uint16_t, Socket*>& bound() { return bound_; }
  // Names the socket, or takes its name back.
  void set_bound(Socket& socket, std::optional<Endpoint> local);
  // A number that nobody guesses, from the seed of the stack.
  std::uint32_t next_random();

 private:
  void pump();
  void finish();
  void take(const Event& event);
  void take_arrival(Socket& listener, const Event& event);
  void take_connection(Socket& socket, const Event& event);
  void end(Socket& socket, const Event& event);
  void expire_deferred();
  std::optional<Instant> next_expiry() const;
  void look_for_room();

  Driver& driver_;
  Descriptors descriptors_;
  std::unordered_map<std::uint64_t, Socket*> by_connection_;
  std::unordered_map<std::uint64_t, Socket*> by_listener_;
  std::unordered_multimap<std::uint16_t, Socket*> bound_;
  std::vector<Socket*> roomless_;
  std::uint64_t random_ = 0;
  bool verbs_used_ = false;
  bool changed_ = false;
};

}  // namespace anteroom::posix
