// epoll, level-triggered: a descriptor that was not read empty is ready again at once.
#include "tap/loop_poller.h"

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <string>
#include <utility>

namespace anteroom::tap {
namespace {

constexpr std::size_t kReadyMax = 64;

// Trouble is reported whatever the mask; EPOLLONESHOT keeps it from being reported for ever to
// somebody who wants nothing else.
std::uint32_t epoll_mask(Readiness wanted) {
  if (!wanted.readable && !wanted.writable) return EPOLLONESHOT;
  return (wanted.readable ? std::uint32_t{EPOLLIN} : 0u) |
         (wanted.writable ? std::uint32_t{EPOLLOUT} : 0u);
}

std::uint64_t tag_of(int descriptor, std::uint32_t generation) {
  return std::uint64_t{generation} << 32 | static_cast<std::uint32_t>(descriptor);
}

bool add(int epoll_descriptor, int descriptor, std::uint32_t mask, std::uint64_t tag) {
  epoll_event event{};
  event.events = mask;
  event.data.u64 = tag;
  return epoll_ctl(epoll_descriptor, EPOLL_CTL_ADD, descriptor, &event) == 0;
}

}  // namespace

Loop::Poller::Poller(int epoll_descriptor, int wake_descriptor, int link_descriptor)
    : epoll_descriptor_(epoll_descriptor),
      wake_descriptor_(wake_descriptor),
      link_descriptor_(link_descriptor) {}

Loop::Poller::~Poller() {
  close(wake_descriptor_);
  close(epoll_descriptor_);
}

Outcome<std::unique_ptr<Loop::Poller>> Loop::Poller::make(int link_descriptor) {
  const int epoll_descriptor = epoll_create1(EPOLL_CLOEXEC);
  if (epoll_descriptor < 0) return system_problem("cannot make an epoll set", errno, "");
  const int wake_descriptor = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
  if (wake_descriptor < 0) {
    const int error = errno;
    close(epoll_descriptor);
    return system_problem("cannot make an event descriptor", error, "");
  }
  std::unique_ptr<Poller> poller(new Poller(epoll_descriptor, wake_descriptor, link_descriptor));
  // Generation 0 is theirs alone.
  bool added = add(epoll_descriptor, wake_descriptor, EPOLLIN, tag_of(wake_descriptor, 0));
  if (link_descriptor >= 0) {
    added = added && add(epoll_descriptor, link_descriptor, EPOLLIN, tag_of(link_descriptor, 0));
  }
  if (!added) return system_problem("cannot wait for the link", errno, "");
  return poller;
}

Trouble Loop::Poller::watch(int descriptor, Readiness wanted, WatchHandler handler) {
  const auto slot = static_cast<std::size_t>(descriptor);
  if (slot >= by_descriptor_.size()) by_descriptor_.resize(slot + 1);
  auto watch = std::make_unique<Watch>();
  watch->handler = std::move(handler);
  watch->generation = ++generation_;
  watch->active = true;
  if (!add(epoll_descriptor_, descriptor, epoll_mask(wanted), tag_of(descriptor, generation_))) {
    return system_problem("cannot wait for descriptor " + std::to_string(descriptor), errno, "");
  }
  by_descriptor_[slot] = std::move(watch);
  ++watches_;
  return std::nullopt;
}

void Loop::Poller::set_wanted(int descriptor, Readiness wanted) {
  const auto slot = static_cast<std::size_t>(descriptor);
  if (slot >= by_descriptor_.size() || !by_descriptor_[slot]) return;
  epoll_event event{};
  event.events = epoll_mask(wanted);
  event.data.u64 = tag_of(descriptor, by_descriptor_[slot]->generation);
  epoll_ctl(epoll_descriptor_, EPOLL_CTL_MOD, descriptor, &event);
}

void Loop::Poller::unwatch(int descriptor) {
  const auto slot = static_cast<std::size_t>(descriptor);
  if (slot >= by_descriptor_.size() || !by_descriptor_[slot]) return;
  epoll_ctl(epoll_descriptor_, EPOLL_CTL_DEL, descriptor, nullptr);
  by_descriptor_[slot]->active = false;
  retired_.push_back(std::move(by_descriptor_[slot]));
  --watches_;
}

void Loop::Poller::call_handler(std::uint64_t tag, std::uint32_t ready) {
  const auto slot = static_cast<std::size_t>(tag & UINT32_MAX);
  if (slot >= by_descriptor_.size() || !by_descriptor_[slot]) return;
  Watch& watch = *by_descriptor_[slot];
  // A handler before this one in the same batch may have closed the descriptor, and another opened
  // it.
  if (!watch.active || watch.generation != tag >> 32) return;
  watch.handler({(ready & EPOLLIN) != 0, (ready & EPOLLOUT) != 0,
                 (ready & (std::uint32_t{EPOLLERR} | std::uint32_t{EPOLLHUP})) != 0});
}

Loop::Poller::Woken Loop::Poller::wait(std::optional<Duration> timeout,
                                       const std::function<void()>& woken) {
  std::array<epoll_event, kReadyMax> ready;
  timespec limit{};
  if (timeout) {
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(*timeout);
    limit.tv_sec = seconds.count();
    limit.tv_nsec = (*timeout - seconds).count();
  }
  const int count = epoll_pwait2(epoll_descriptor_, ready.data(), static_cast<int>(ready.size()),
                                 timeout ? &limit : nullptr, nullptr);
  woken();
  Woken what;
  for (int i = 0; i < count; ++i) {
    const epoll_event& event = ready[static_cast<std::size_t>(i)];
    if (event.data.u64 == tag_of(wake_descriptor_, 0)) {
      std::uint64_t wakes = 0;
      [[maybe_unused]] const ssize_t size = read(wake_descriptor_, &wakes, sizeof wakes);
    } else if (event.data.u64 == tag_of(link_descriptor_, 0)) {
      what.link_readable = true;
    } else {
      call_handler(event.data.u64, event.events);
      what.handled = true;
    }
  }
  retired_.clear();
  return what;
}

void Loop::Poller::wake() {
  const std::uint64_t one = 1;
  const int saved = errno;
  [[maybe_unused]] const ssize_t size = write(wake_descriptor_, &one, sizeof one);
  errno = saved;
}

}  // namespace anteroom::tap
