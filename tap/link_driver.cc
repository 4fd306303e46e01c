// One mutex, one sleeper on the link, a condition variable for all others. Whoever finds that
// something changed wakes everybody; whoever leaves the link wakes the next to take its place.
#include <poll.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <thread>

#include <anteroom/tap/clock.h>
#include <anteroom/tap/link_driver.h>

namespace anteroom::tap {
namespace {

// The longest sleep in one piece: far below what a timespec or a condition variable can hold.
constexpr Duration kSleepMax = 1h;

}  // namespace

LinkDriver::LinkDriver(Stack& stack, Link& link, const LinkDriverOptions& options,
                       int wake_descriptor)
    : stack_(stack),
      link_(link),
      options_(options),
      wake_descriptor_(wake_descriptor),
      in_(kFrameBytesMax),
      out_(stack.frame_bytes_max()),
      now_(monotonic_now()) {}

LinkDriver::~LinkDriver() { close(wake_descriptor_); }

Outcome<std::unique_ptr<LinkDriver>> LinkDriver::make(Stack& stack, Link& link,
                                                      const LinkDriverOptions& options) {
  const int wake_descriptor = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
  if (wake_descriptor < 0) return system_problem("cannot make an event descriptor", errno, "");
  return std::unique_ptr<LinkDriver>(new LinkDriver(stack, link, options, wake_descriptor));
}

Instant LinkDriver::now() {
  now_ = std::max(now_, monotonic_now());
  return now_;
}

bool LinkDriver::receive_frames() {
  for (std::size_t count = 0; count < options_.frames_per_turn; ++count) {
    const std::size_t size = link_.receive(now_, in_);
    if (size == 0) return count > 0;
    stack_.receive(now_, Bytes(in_).first(size));
  }
  return true;
}

bool LinkDriver::send_frames() {
  bool any = false;
  while (const std::size_t size = stack_.next_frame(now_, out_)) {
    any = true;
    if (!link_.send(now_, Bytes(out_).first(size))) ++frames_lost_;
  }
  return any;
}

// True where anything happened.
bool LinkDriver::take_turn() {
  now();
  bool any = receive_frames();
  const std::optional<Deadline> deadline = stack_.next_deadline();
  if (deadline && deadline->at <= now_) {
    stack_.advance(now_);
    any = true;
  }
  return send_frames() || any;
}

std::optional<Instant> LinkDriver::next_instant() const {
  const std::optional<Deadline> deadline = stack_.next_deadline();
  const std::optional<Instant> due = link_.is_gone() ? std::nullopt : link_.next_deadline();
  if (!deadline) return due;
  return due ? std::min(deadline->at, *due) : deadline->at;
}

void LinkDriver::turn() {
  if (take_turn()) return notify();
  // A verb may have armed a timer that the sleeper does not know of.
  const std::optional<Instant> next = next_instant();
  if (sleep_until_ && next && *next < *sleep_until_) wake_sleeper();
}

void LinkDriver::notify() {
  ++changes_;
  if (sleep_until_) wake_sleeper();
  changed_.notify_all();
}

void LinkDriver::wake_sleeper() const {
  const std::uint64_t one = 1;
  const int saved = errno;
  [[maybe_unused]] const ssize_t size = write(wake_descriptor_, &one, sizeof one);
  errno = saved;
}

bool LinkDriver::wait(Instant deadline) {
  if (take_turn()) {
    notify();
    return true;
  }
  if (now_ >= deadline) return true;
  const std::optional<Instant> next = next_instant();
  if (link_.is_gone() && !next && deadline == Instant::max()) return false;
  if (sleep_until_) {
    sleep_on_sleeper(deadline);
  } else {
    sleep_on_link(next ? std::min(*next, deadline) : deadline);
  }
  return true;
}

void LinkDriver::sleep_on_link(Instant until) {
  sleep_until_ = until;
  const Duration left =
      until > now_ ? std::min<Duration>(until - now_, kSleepMax) : Duration::zero();
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(left);
  timespec limit{};
  limit.tv_sec = seconds.count();
  limit.tv_nsec = (left - seconds).count();
  // poll() skips negative descriptors: a link without one, or one that would report its end for
  // ever.
  const int link_descriptor = link_.is_gone() ? -1 : link_.descriptor();
  std::array<pollfd, 2> watched{{{wake_descriptor_, POLLIN, 0}, {link_descriptor, POLLIN, 0}}};
  mutex_.unlock();
  ppoll(watched.data(), watched.size(), &limit, nullptr);
  mutex_.lock();
  sleep_until_.reset();
  std::uint64_t wakes = 0;
  [[maybe_unused]] const ssize_t size = read(wake_descriptor_, &wakes, sizeof wakes);
  take_turn();
  // Also where nothing happened: one of the others has to sleep on the link now.
  ++changes_;
  changed_.notify_all();
}

void LinkDriver::sleep_on_sleeper(Instant until) {
  const std::uint64_t seen = changes_;
  const Duration left = std::min<Duration>(until - now_, kSleepMax);
  std::unique_lock<std::mutex> held(mutex_, std::adopt_lock);
  changed_.wait_for(held, left, [&] { return changes_ != seen; });
  held.release();
  now();
}

void LinkDriver::run() {
  for (;;) {
    {
      const std::lock_guard<LinkDriver> held(*this);
      if (stopping_.load() || link_.is_gone()) return;
      (void)wait(Instant::max());
    }
    // Under load wait() never sleeps: the others are to get the lock all the same.
    std::this_thread::yield();
  }
}

void LinkDriver::request_stop() {
  stopping_.store(true);
  wake_sleeper();
}

}  // namespace anteroom::tap
