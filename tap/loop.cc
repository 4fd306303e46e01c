// The turn: frames in, events, time, frames out, wait. Everything else is what happens inside
// these.
#include <algorithm>
#include <utility>

#include <anteroom/tap/clock.h>
#include <anteroom/tap/loop.h>

#include "tap/loop_books.h"
#include "tap/loop_poller.h"

namespace anteroom::tap {
namespace {

// Requests withdrawn while they wait for next_request() are forgotten when so many lie around.
constexpr std::size_t kStaleRequestsMax = 1'024;
// Of a batch the frames before its first answer; each further answer comes after four times as
// many.
constexpr std::size_t kFramesPerAnswer = 8;

}  // namespace

Loop::Loop(Stack& stack, Link& link, const LoopOptions& options, std::unique_ptr<Poller> poller)
    : stack_(stack),
      link_(link),
      options_(options),
      poller_(std::move(poller)),
      connections_(std::make_unique<Connections>()),
      requests_(std::make_unique<Requests>()),
      in_(kFrameBytesMax),
      out_(stack.frame_bytes_max()),
      now_(monotonic_now()),
      last_frame_at_(now_) {}

Loop::~Loop() = default;

Outcome<std::unique_ptr<Loop>> Loop::make(Stack& stack, Link& link, const LoopOptions& options) {
  // A loop that never sleeps reads the link without asking whether it is readable.
  auto poller = Poller::make(options.busy_poll ? -1 : link.descriptor());
  if (!poller) return poller.error();
  return std::unique_ptr<Loop>(new Loop(stack, link, options, std::move(*poller)));
}

void Loop::set_condition(Condition condition) { condition_ = std::move(condition); }
void Loop::set_event_handler(EventHandler handler) { on_event_ = std::move(handler); }
void Loop::set_decision_handler(DecisionHandler handler) { on_decision_ = std::move(handler); }

void Loop::set_turn_handler(TurnHandler handler) { on_turn_end_ = std::move(handler); }

Result<ListenerId> Loop::listen(const ListenOptions& options) {
  Result<ListenerId> listener = stack_.listen(options);
  if (listener) listeners_.push_back(*listener);
  return listener;
}

Result<ConnectionId> Loop::connect(const ConnectOptions& options) {
  Result<ConnectionId> connection = stack_.connect(now_, options);
  if (connection) connections_->add(*connection);
  return connection;
}

Trouble Loop::watch(int descriptor, Readiness wanted, WatchHandler handler) {
  return poller_->watch(descriptor, wanted, std::move(handler));
}
void Loop::set_wanted(int descriptor, Readiness wanted) { poller_->set_wanted(descriptor, wanted); }
void Loop::unwatch(int descriptor) { poller_->unwatch(descriptor); }

void Loop::request_stop() {
  poller_->stop_requests.fetch_add(1, std::memory_order_relaxed);
  poller_->wake();
}

bool Loop::is_stopping() const {
  return poller_->stop_requests.load(std::memory_order_relaxed) > 0;
}

std::optional<PendingId> Loop::next_request() {
  while (const std::optional<PendingId> pending = requests_->next_waiting()) {
    if (stack_.request(now_, *pending)) return pending;
  }
  return std::nullopt;
}

Decision Loop::decide(PendingId pending, const Verdict& verdict) {
  Decision decision{pending, verdict.kind, {}, {}, 0};
  Status status;
  switch (verdict.kind) {
    case VerdictKind::accept: {
      const AcceptReply reply{verdict.response_data, verdict.overflow_to_stream};
      const Result<ConnectionId> connection = stack_.accept(now_, pending, reply);
      if (connection) {
        connections_->add(*connection);
        decision.connection = *connection;
        decision.response_bytes = verdict.response_data.size();
        break;
      }
      status = connection.error();
      if (!is_withdrawn(connection.error().error)) (void)stack_.reject(now_, pending);
      break;
    }
    case VerdictKind::reject: status = stack_.reject(now_, pending); break;
    case VerdictKind::ignore: status = stack_.ignore(now_, pending); break;
    case VerdictKind::challenge:
      status = stack_.challenge(now_, pending);
      // It has proven it already: nothing is left but to refuse, so that no client hangs.
      if (!status && status.error().error == Error::invalid_argument) {
        (void)stack_.reject(now_, pending);
      }
      break;
    case VerdictKind::defer:
      status = stack_.defer(now_, pending);
      if (status && verdict.ask_again_after) {
        requests_->add_deferred(now_ + *verdict.ask_again_after, pending);
      }
      break;
  }
  if (!status) decision.error = status.error().error;
  // The answer leaves before anybody hears of it.
  send_frames();
  if (on_decision_) on_decision_(decision);
  return decision;
}

void Loop::judge(const Request& request) {
  const std::optional<Verdict> verdict = condition_(request);
  decide(request.id, verdict ? *verdict : options_.default_verdict);
}

void Loop::judge_deferred() {
  while (const std::optional<PendingId> pending = requests_->next_deferred(now_)) {
    if (is_stopping() || !condition_) {
      (void)stack_.reject(now_, *pending);
    } else if (const Result<Request> request = stack_.request(now_, *pending)) {
      judge(*request);
    }
  }
}

void Loop::handle_events() {
  while (const std::optional<Event> event = stack_.next_event()) {
    switch (event->kind) {
      case EventKind::connection_requested:
        if (on_event_) on_event_(*event);
        if (condition_) {
          // One that was deferred has its time to be asked in the books.
          const Result<Request> request = stack_.request(now_, event->pending);
          if (request && request->deferrals == 0) judge(*request);
        } else {
          requests_->add_waiting(event->pending);
          if (requests_->waiting() > 2 * stack_.stats().requests_held + kStaleRequestsMax) {
            requests_->drop_waiting([&](PendingId id) { return !stack_.request(now_, id); });
          }
        }
        continue;
      case EventKind::connected: connections_->add(event->connection); break;
      case EventKind::closed: connections_->remove(event->connection); break;
      default: break;
    }
    if (on_event_) on_event_(*event);
  }
}

void Loop::receive_frames() {
  std::size_t answer_at = kFramesPerAnswer;
  for (std::size_t count = 0; count < options_.frames_per_turn; ++count) {
    const std::size_t size = link_.receive(now_, in_);
    if (size == 0) {
      link_readable_ = false;
      return;
    }
    ++stats_.frames_in;
    last_frame_at_ = now_;
    changed_ = true;
    stack_.receive(now_, Bytes(in_).first(size));
    // A request is judged and answered before anybody asks for a second frame. The rest is answered
    // as a batch, with fewer acknowledgments; but never with one alone for more than a few
    // segments: where that is lost, the peer waits for a time-out.
    const std::uint64_t requests = stack_.stats().requests;
    if (count + 1 == answer_at || requests != requests_seen_) {
      if (count + 1 == answer_at) answer_at *= 4;
      requests_seen_ = requests;
      handle_events();
      send_frames();
    }
  }
  link_readable_ = true;
}

void Loop::send_frames() {
  for (std::size_t count = 0; count < options_.frames_per_turn; ++count) {
    const std::size_t size = stack_.next_frame(now_, out_);
    if (size == 0) {
      more_to_send_ = false;
      return;
    }
    ++stats_.frames_out;
    if (!link_.send(now_, Bytes(out_).first(size))) ++stats_.frames_lost;
  }
  more_to_send_ = true;
}

// A turn in which nothing came, fell due or was done by a handler costs one read of the link: a
// loop that polls takes millions of them, and each delays the frame that comes meanwhile.
void Loop::take_turn() {
  ++stats_.turns;
  receive_frames();
  if (deadline_ && *deadline_ <= now_) {
    stack_.advance(now_);
    changed_ = true;
  }
  if (requests_->next_due()) {
    judge_deferred();
    changed_ = true;
  }
  if (!changed_ && !more_to_send_) return;
  handle_events();
  send_frames();
  changed_ = false;
  const std::optional<Deadline> deadline = stack_.next_deadline();
  deadline_ = deadline ? std::optional(deadline->at) : std::nullopt;
  if (on_turn_end_) on_turn_end_();
}

void Loop::turn() {
  now_ = std::max(now_, monotonic_now());
  if (poller_->has_watches()) poller_->wait(Duration::zero(), [] {});
  changed_ = true;  // the owner may have used the stack since
  take_turn();
}

bool Loop::may_sleep() const {
  if (options_.busy_poll || more_to_send_ || link_readable_) return false;
  return options_.spin_before_sleep == Duration::zero() ||
         now_ - last_frame_at_ >= options_.spin_before_sleep;
}

std::optional<Instant> Loop::wake_time() const {
  std::optional<Instant> first = grace_ends_at_;
  const auto consider = [&](Instant at) {
    if (!first || at < *first) first = at;
  };
  if (deadline_) consider(*deadline_);
  if (const auto due = link_.next_deadline()) consider(*due);
  if (const auto due = requests_->next_due()) consider(*due);
  return first;
}

// Between two turns: sleeps if it may, asks the watched descriptors in any case, and reads the
// clock.
void Loop::wait() {
  const auto read_clock = [this] { now_ = std::max(now_, monotonic_now()); };
  if (!may_sleep()) {
    if (poller_->has_watches()) {
      if (poller_->wait(Duration::zero(), read_clock).handled) changed_ = true;
    } else {
      read_clock();
    }
    return;
  }
  std::optional<Duration> timeout;
  if (const std::optional<Instant> wake = wake_time()) {
    read_clock();
    timeout = *wake > now_ ? *wake - now_ : Duration::zero();
  }
  ++stats_.sleeps;
  const Poller::Woken woken = poller_->wait(timeout, read_clock);
  if (woken.link_readable) link_readable_ = true;
  if (woken.handled) changed_ = true;
}

Trouble Loop::run() {
  now_ = std::max(now_, monotonic_now());
  changed_ = true;
  while (!is_stopping()) {
    take_turn();
    if (link_.is_gone()) return Problem{"the device is gone: somebody deleted its interface"};
    wait();
  }
  wind_down();
  return std::nullopt;
}

void Loop::end_all(bool in_order) {
  changed_ = true;
  for (const ConnectionId id : connections_->all()) {
    // Shut down and not closed: a closed one could not be reset any more. What its owner has closed
    // already answers that its id is stale, and stays in the books until its peer has the last
    // byte.
    (void)(in_order ? stack_.shutdown(now_, id) : stack_.abort(now_, id));
  }
}

// Clients that wait for a verdict are refused, so that they see an end too.
void Loop::wind_down() {
  while (const std::optional<PendingId> id = next_request()) (void)stack_.reject(now_, *id);
  while (const auto id = requests_->next_deferred(Instant::max())) (void)stack_.reject(now_, *id);
  send_frames();
  for (const ListenerId listener : listeners_) (void)stack_.close(now_, listener);
  listeners_.clear();
  end_all(true);
  grace_ends_at_ = now_ + options_.grace;
  for (;;) {
    take_turn();
    const bool hurried = poller_->stop_requests.load(std::memory_order_relaxed) > 1;
    if (connections_->is_empty() || now_ >= *grace_ends_at_ || hurried || link_.is_gone()) break;
    wait();
  }
  end_all(false);
  do {
    take_turn();
  } while (more_to_send_ && !link_.is_gone());
}

}  // namespace anteroom::tap
