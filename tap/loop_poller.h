// The descriptors of a loop: an epoll set with a handler for each, and the way to wake a sleeper.
// Not here: when to sleep and for how long (loop.cc).
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <vector>

#include <anteroom/tap/loop.h>

namespace anteroom::tap {

class Loop::Poller {
 public:
  static Outcome<std::unique_ptr<Poller>> make(int link_descriptor);
  ~Poller();
  Poller(const Poller&) = delete;
  Poller& operator=(const Poller&) = delete;

  Trouble watch(int descriptor, Readiness wanted, WatchHandler handler);
  void set_wanted(int descriptor, Readiness wanted);
  void unwatch(int descriptor);
  bool has_watches() const { return watches_ > 0; }

  struct Woken {
    bool link_readable = false;
    bool handled = false;  // a handler was called
  };
  // Waits at most `timeout` (without one: until something happens) and calls the handlers of what
  // is ready. `woken` runs before the first handler.
  Woken wait(std::optional<Duration> timeout, const std::function<void()>& woken);
  // From a signal handler or another thread.
  void wake();

  std::atomic<std::uint32_t> stop_requests{0};

 private:
  struct Watch {
    WatchHandler handler;
    std::uint32_t generation = 0;  // tells a reused descriptor number from its predecessor
    bool active = false;
  };

  Poller(int epoll_descriptor, int wake_descriptor, int link_descriptor);
  void call_handler(std::uint64_t tag, std::uint32_t ready);

  int epoll_descriptor_;
  int wake_descriptor_;
  int link_descriptor_;
  std::size_t watches_ = 0;
  std::uint32_t generation_ = 0;
  std::vector<std::unique_ptr<Watch>> by_descriptor_;
  std::vector<std::unique_ptr<Watch>> retired_;  // unwatched inside a handler, perhaps their own
};

}  // namespace anteroom::tap
