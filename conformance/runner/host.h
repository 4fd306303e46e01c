// The host under test: one stack that speaks raw IP, its sockets, and a virtual clock that only
// this moves. A call that a script lets block runs in a thread of its own; the two threads take
// turns, never run at once, so that every run is the same. Not here: what a script wants (run.h).
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include <anteroom/driver.h>
#include <anteroom/posix.h>

namespace anteroom::runner {

struct SentPacket {
  Instant at{};
  std::vector<std::uint8_t> bytes{};
};

class Host final : public Driver {
 public:
  // `tap` sees every packet, in and out, as it passes.
  using Tap = std::function<void(Instant, Bytes)>;
  Host(const Config& config, Tap tap, std::uint32_t steps_max);
  ~Host() override;

  PosixSockets& sockets() { return *sockets_; }
  Stack& stack() override { return stack_; }
  Instant now() override { return now_; }
  void turn() override;
  bool wait(Instant deadline) override;

  // A packet arrives now.
  void receive(Bytes packet);
  // Lets time pass up to `until`.
  void run_until(Instant until);
  // One thing that is due, at most to `until`: a timer, or a blocked call's deadline. False:
  // nothing is, or as many as may be are done; the time is what it was.
  bool step(Instant until);
  // A host that never comes to rest, or takes for ever to, is stopped: its script has failed.
  bool is_exhausted() const { return steps_ >= steps_max_; }

  // What left and was not looked at yet, oldest first.
  std::deque<SentPacket>& sent() { return sent_; }

  // --- One call that may block ---
  // Runs it until it ends or blocks; true where it ended. None may be blocked.
  bool start(std::function<void()> call);
  bool is_blocked() const { return blocked_; }
  // When the last one that was started ended.
  Instant ended_at() const { return ended_at_; }

 private:
  void run_call(const std::function<void()>& call);
  void resume();
  void settle();

  Stack stack_;
  Tap tap_;
  std::vector<std::uint8_t> frame_;
  std::deque<SentPacket> sent_;
  Instant now_{};
  std::uint32_t steps_ = 0;
  const std::uint32_t steps_max_;
  Instant ended_at_{};
  std::unique_ptr<PosixSockets> sockets_;

  // Whose turn it is; the other one waits.
  enum class Turn : std::uint8_t { script, call };
  std::mutex mutex_;
  std::condition_variable changed_;
  Turn turn_ = Turn::script;
  std::thread thread_;
  bool blocked_ = false;
  bool in_call_ = false;     // it is the call's thread that runs
  bool abandoned_ = false;   // the script is over: waiting is useless
  Instant call_deadline_{};  // of the blocked call
};

}  // namespace anteroom::runner
