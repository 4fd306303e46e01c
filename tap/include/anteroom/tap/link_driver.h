// Drives the sockets of one stack on a real link: a call that blocks sleeps until a frame comes, a
// timer is due or another thread changed something.
//
//   auto driver = LinkDriver::make(stack, *device);
//   PosixSockets sockets(**driver);
//   std::thread network([&] { (*driver)->run(); });  // optional: timers and acknowledgments go on
//                                                    // while no call is being made
//
// Not here: the condition function as a loop runs it (loop.h), virtual time (testing/).
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include <anteroom/driver.h>
#include <anteroom/tap/link.h>
#include <anteroom/tap/problem.h>

namespace anteroom::tap {

struct LinkDriverOptions {
  // Frames read in one turn before what they caused is sent.
  std::size_t frames_per_turn = 64;
};

// Any number of threads may hold a call each: one that waits sleeps on the link, the others on that
// one, and all look again when anything happened. Without run() the stack moves while calls are
// made and at no other time; a peer then waits for its acknowledgments as long as nobody calls.
class LinkDriver final : public Driver {
 public:
  // Both must outlive the driver. Fails only where the system has no descriptors left.
  static Outcome<std::unique_ptr<LinkDriver>> make(Stack& stack, Link& link,
                                                   const LinkDriverOptions& options);
  ~LinkDriver() override;

  Stack& stack() override { return stack_; }
  Instant now() override;
  void turn() override;
  // False where the link is gone and no timer runs. May return early; a signal ends it too.
  bool wait(Instant deadline) override;
  void notify() override;
  void lock() override { mutex_.lock(); }
  void unlock() override { mutex_.unlock(); }

  // Moves the stack until request_stop() or until the link is gone, for a thread that has nothing
  // else to do. Takes the lock by itself.
  void run();
  // Ends run(), now and later, from any thread or signal handler.
  void request_stop();

  // Frames that the link did not take.
  std::uint64_t frames_lost() const { return frames_lost_; }

 private:
  LinkDriver(Stack& stack, Link& link, const LinkDriverOptions& options, int wake_descriptor);

  bool take_turn();
  bool receive_frames();
  bool send_frames();
  std::optional<Instant> next_instant() const;
  void sleep_on_link(Instant until);
  void sleep_on_sleeper(Instant until);
  void wake_sleeper() const;

  Stack& stack_;
  Link& link_;
  LinkDriverOptions options_;
  int wake_descriptor_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::uint8_t> in_;
  std::vector<std::uint8_t> out_;
  Instant now_;
  std::uint64_t changes_ = 0;           // counts what may have changed what a call sees
  std::optional<Instant> sleep_until_;  // set while one thread sleeps on the link
  std::uint64_t frames_lost_ = 0;
  std::atomic<bool> stopping_ = false;
};

}  // namespace anteroom::tap
