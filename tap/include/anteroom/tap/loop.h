// The canonical loop: one Stack, one Link, and the waiting in between. Sleeps in epoll or polls
// without sleeping, runs the condition function, and ends every connection when it stops. Not here:
// what the connections carry (on_event and the stack's verbs), threads.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>

#include <anteroom/stack.h>
#include <anteroom/tap/link.h>
#include <anteroom/tap/problem.h>
#include <anteroom/tap/verdict.h>

namespace anteroom::tap {

struct LoopOptions {
  // Never sleep: the lowest latency, for the price of a processor.
  bool busy_poll = false;
  // How long to go on polling after the last frame before sleeping.
  Duration spin_before_sleep{};
  // Frames read, and frames written, before the other things of a turn get theirs.
  std::size_t frames_per_turn = 64;
  // How long connections may take to end in order once a stop is requested; then they are reset.
  Duration grace = 1s;
  // For a condition function that has no opinion.
  Verdict default_verdict = Verdict::accept({});
};

struct LoopStats {
  std::uint64_t turns = 0;
  std::uint64_t sleeps = 0;
  std::uint64_t frames_in = 0;
  std::uint64_t frames_out = 0;
  std::uint64_t frames_lost = 0;  // the link did not take them
};

// What a watched descriptor is waited for, and what it is ready for.
struct Readiness {
  bool readable = false;
  bool writable = false;
  bool broken = false;  // error or hang-up; reported always
};

class Loop {
 public:
  using EventHandler = std::function<void(const Event&)>;
  using DecisionHandler = std::function<void(const Decision&)>;
  using TurnHandler = std::function<void()>;
  using WatchHandler = std::function<void(Readiness)>;

  // Both must outlive the loop. Fails only where the system has no descriptors left.
  static Outcome<std::unique_ptr<Loop>> make(Stack& stack, Link& link, const LoopOptions& options);
  ~Loop();

  // --- Before run() or from a handler ---
  // Push: `condition` is asked as soon as a request is indicated. Without one requests wait in a
  // queue for next_request().
  void set_condition(Condition condition);
  // Every event of the stack, after the loop's own reaction to it.
  void set_event_handler(EventHandler handler);
  // Every verdict that the loop carried out, those of decide() included.
  void set_decision_handler(DecisionHandler handler);
  // At the end of each turn that did something, when its frames are out: for work that must not
  // delay an answer.
  void set_turn_handler(TurnHandler handler);

  // Stack::listen(); the loop closes the listener when it stops.
  Result<ListenerId> listen(const ListenOptions& options);
  // Stack::connect(); the loop ends the connection when it stops.
  Result<ConnectionId> connect(const ConnectOptions& options);

  // Pull: the oldest request that nobody took yet. Decide it with decide() or by the stack's verbs.
  std::optional<PendingId> next_request();
  // Carries a verdict out now. What accept() refused for another reason than that the request is
  // gone is rejected, so that no client hangs.
  Decision decide(PendingId pending, const Verdict& verdict);

  // Calls `handler` when `descriptor` is ready. One handler for each descriptor.
  Trouble watch(int descriptor, Readiness wanted, WatchHandler handler);
  // Neither readable nor writable: only `broken` is still reported, once.
  void set_wanted(int descriptor, Readiness wanted);
  // To be called before the descriptor is closed.
  void unwatch(int descriptor);

  // --- Running ---
  // Runs until request_stop(), then closes every listener and ends every connection. A Problem when
  // the link is gone.
  Trouble run();
  // One turn that does not wait. For tests and for embedding in another loop.
  void turn();
  // From any thread or signal handler. The second call ends the grace.
  void request_stop();
  bool is_stopping() const;

  // The time of this turn: what handlers pass to the stack's verbs.
  Instant now() const { return now_; }
  const LoopStats& stats() const { return stats_; }

 private:
  class Poller;
  class Connections;
  class Requests;

  Loop(Stack& stack, Link& link, const LoopOptions& options, std::unique_ptr<Poller> poller);

  void take_turn();
  void receive_frames();
  void send_frames();
  void handle_events();
  void judge(const Request& request);
  void judge_deferred();
  bool may_sleep() const;
  std::optional<Instant> wake_time() const;
  void wait();
  void wind_down();
  void end_all(bool in_order);

  Stack& stack_;
  Link& link_;
  LoopOptions options_;
  std::unique_ptr<Poller> poller_;
  std::unique_ptr<Connections> connections_;
  std::unique_ptr<Requests> requests_;
  Condition condition_;
  EventHandler on_event_;
  DecisionHandler on_decision_;
  TurnHandler on_turn_end_;
  std::vector<ListenerId> listeners_;
  std::vector<std::uint8_t> in_;
  std::vector<std::uint8_t> out_;
  Instant now_{};
  Instant last_frame_at_{};
  std::optional<Instant> grace_ends_at_;
  std::optional<Instant> deadline_;  // the stack's, as of the last turn that changed anything
  bool changed_ = true;              // something may have changed since
  std::uint64_t requests_seen_ = 0;
  bool link_readable_ = true;
  bool more_to_send_ = false;
  LoopStats stats_;
};

}  // namespace anteroom::tap
