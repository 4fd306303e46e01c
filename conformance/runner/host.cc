// A blocked call looks again after everything that happens; it says itself whether that was it.
#include "conformance/runner/host.h"

#include <algorithm>

namespace anteroom::runner {
namespace {

// Any moment but the origin: time-stamps and the like should not be zero by accident.
constexpr Instant kStart{Duration{1'000s}};

}  // namespace

Host::Host(const Config& config, Tap tap, std::uint32_t steps_max)
    : stack_(config),
      tap_(std::move(tap)),
      frame_(stack_.frame_bytes_max()),
      now_(kStart),
      steps_max_(steps_max) {
  sockets_ = std::make_unique<PosixSockets>(*this, PosixOptions{});
}

Host::~Host() {
  abandoned_ = true;
  if (blocked_) resume();
  if (thread_.joinable()) thread_.join();
  sockets_.reset();
}

void Host::settle() {
  while (const std::size_t size = stack_.next_frame(now_, frame_)) {
    const Bytes packet = Bytes(frame_).first(size);
    tap_(now_, packet);
    sent_.push_back({now_, {packet.begin(), packet.end()}});
  }
}

void Host::turn() { settle(); }

bool Host::step(Instant until) {
  if (is_exhausted()) return false;
  const std::optional<Deadline> deadline = stack_.next_deadline();
  Instant next = deadline ? deadline->at : Instant::max();
  if (blocked_) next = std::min(next, call_deadline_);
  if (next > until || next == Instant::max()) return false;
  ++steps_;
  now_ = std::max(now_, next);
  if (deadline && deadline->at <= now_) stack_.advance(now_);
  settle();
  if (blocked_) resume();
  return true;
}

void Host::run_until(Instant until) {
  while (step(until)) {
  }
  now_ = std::max(now_, until);
}

void Host::receive(Bytes packet) {
  tap_(now_, packet);
  stack_.receive(now_, packet);
  settle();
  if (blocked_) resume();
}

bool Host::wait(Instant deadline) {
  if (abandoned_) return false;
  if (!in_call_) {
    if (step(deadline)) return true;
    if (deadline == Instant::max() || is_exhausted()) return false;
    now_ = std::max(now_, deadline);
    return true;
  }
  std::unique_lock<std::mutex> held(mutex_);
  blocked_ = true;
  call_deadline_ = deadline;
  in_call_ = false;
  turn_ = Turn::script;
  changed_.notify_all();
  changed_.wait(held, [&] { return turn_ == Turn::call; });
  in_call_ = true;
  blocked_ = false;
  return !abandoned_;
}

// Gives the call's thread its turn, until it blocks again or ends.
void Host::resume() {
  std::unique_lock<std::mutex> held(mutex_);
  turn_ = Turn::call;
  changed_.notify_all();
  changed_.wait(held, [&] { return turn_ == Turn::script; });
}

void Host::run_call(const std::function<void()>& call) {
  {
    std::unique_lock<std::mutex> held(mutex_);
    changed_.wait(held, [&] { return turn_ == Turn::call; });
    in_call_ = true;
  }
  call();
  const std::lock_guard<std::mutex> held(mutex_);
  ended_at_ = now_;
  blocked_ = in_call_ = false;
  turn_ = Turn::script;
  changed_.notify_all();
}

bool Host::start(std::function<void()> call) {
  if (thread_.joinable()) thread_.join();
  thread_ = std::thread([this, call = std::move(call)] { run_call(call); });
  resume();
  return !blocked_;
}

}  // namespace anteroom::runner
