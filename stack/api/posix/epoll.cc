// epoll(7): a set keeps a list of what may be ready, so that a wait costs what happened and not
// what is watched. Level-triggered interests stay in the list while they are ready, the others
// leave it.
#include <algorithm>

#include "stack/api/posix/readiness.h"

namespace anteroom::posix {
namespace {

constexpr std::uint32_t kAlways = EPOLLERR | EPOLLHUP;
// Bits that say how to report and not what.
constexpr std::uint32_t kWays = EPOLLET | EPOLLONESHOT | EPOLLWAKEUP | EPOLLEXCLUSIVE;

void queue(EpollSet& set, Interest& interest) {
  if (interest.queued) return;
  interest.queued = true;
  set.ready.push_back(&interest);
}

std::uint32_t wanted_of(Layer& layer, const Interest& interest) {
  const std::uint32_t wanted = (interest.event.events & ~kWays) | kAlways;
  return readiness_of(layer, *interest.file) & wanted;
}

// Something may be ready already: an interest begins with that.
void begin(Layer& layer, EpollSet& set, Interest& interest, const epoll_event& event) {
  interest.event = event;
  interest.armed = true;
  if (wanted_of(layer, interest) != 0) queue(set, interest);
  layer.note_change();
}

// Reports what is ready, in turns: what stays ready goes to the end.
Answer collect(Layer& layer, EpollSet& set, epoll_event* events, int events_max) {
  int found = 0;
  for (std::size_t left = set.ready.size(); left > 0 && found < events_max; --left) {
    Interest& interest = *set.ready.front();
    set.ready.pop_front();
    interest.queued = false;
    const std::uint32_t mask = interest.armed ? wanted_of(layer, interest) : 0;
    if (mask == 0) continue;
    events[found].events = mask;
    events[found].data = interest.event.data;
    ++found;
    if ((interest.event.events & EPOLLONESHOT) != 0) {
      interest.armed = false;
    } else if ((interest.event.events & EPOLLET) == 0) {
      queue(set, interest);
    }
  }
  return found != 0 ? found : -EAGAIN;
}

Answer add(Layer& layer, EpollSet& set, int fd, const FileRef& file, const epoll_event& event) {
  auto& slot = set.interests[{fd, file.get()}];
  if (slot) return -EEXIST;
  slot = std::make_unique<Interest>();
  slot->set = &set;
  slot->fd = fd;
  slot->file = file.get();
  file->socket->watchers.push_back(slot.get());
  begin(layer, set, *slot, event);
  return 0;
}

}  // namespace

Answer open_epoll(Layer& layer, int flags) {
  if ((flags & ~EPOLL_CLOEXEC) != 0) return -EINVAL;
  FileRef file(new File);
  file->epoll = std::make_unique<EpollSet>();
  return layer.descriptors().insert(file, 0, (flags & EPOLL_CLOEXEC) != 0);
}

Answer control_epoll(Layer& layer, int epoll_fd, int operation, int fd, const epoll_event* event) {
  const bool takes_event = operation == EPOLL_CTL_ADD || operation == EPOLL_CTL_MOD;
  if (takes_event && event == nullptr) return -EFAULT;
  const FileRef holder = layer.descriptors().find(epoll_fd);
  const FileRef file = layer.descriptors().find(fd);
  if (!holder || !file) return -EBADF;
  // Sets inside sets are not built.
  if (!holder->epoll || !file->socket) return -EINVAL;
  EpollSet& set = *holder->epoll;
  const bool exclusive = takes_event && (event->events & EPOLLEXCLUSIVE) != 0;
  // EPOLLEXCLUSIVE goes with few other bits, and only when an interest begins.
  constexpr std::uint32_t kWithExclusive =
      EPOLLIN | EPOLLOUT | EPOLLERR | EPOLLHUP | EPOLLWAKEUP | EPOLLET | EPOLLEXCLUSIVE;
  if (exclusive && (operation == EPOLL_CTL_MOD || (event->events & ~kWithExclusive) != 0)) {
    return -EINVAL;
  }
  if (operation == EPOLL_CTL_ADD) return add(layer, set, fd, file, *event);
  const auto place = set.interests.find({fd, file.get()});
  if (operation != EPOLL_CTL_MOD && operation != EPOLL_CTL_DEL) return -EINVAL;
  if (place == set.interests.end()) return -ENOENT;
  Interest& interest = *place->second;
  if (operation == EPOLL_CTL_MOD) {
    if ((interest.event.events & EPOLLEXCLUSIVE) != 0) return -EINVAL;
    begin(layer, set, interest, *event);
    return 0;
  }
  if (interest.queued) set.ready.remove(&interest);
  std::erase(file->socket->watchers, &interest);
  set.interests.erase(place);
  return 0;
}

Answer wait_epoll(Layer& layer, int epoll_fd, epoll_event* events, int events_max, int timeout_ms) {
  constexpr int kEventsMax = INT32_MAX / static_cast<int>(sizeof(epoll_event));
  if (events_max <= 0 || events_max > kEventsMax) return -EINVAL;
  if (events == nullptr) return -EFAULT;
  const FileRef holder = layer.descriptors().find(epoll_fd);
  if (!holder) return -EBADF;
  if (!holder->epoll) return -EINVAL;
  const Instant deadline =
      timeout_ms < 0 ? Instant::max() : layer.now() + std::chrono::milliseconds(timeout_ms);
  const Answer found = layer.retry(timeout_ms == 0, deadline, [&]() -> Answer {
    if (holder->descriptors == 0) return -EBADF;
    return collect(layer, *holder->epoll, events, events_max);
  });
  return found == -EAGAIN ? 0 : found;
}

bool has_ready(Layer& layer, EpollSet& set) {
  return std::any_of(set.ready.begin(), set.ready.end(), [&](const Interest* interest) {
    return interest->armed && wanted_of(layer, *interest) != 0;
  });
}

}  // namespace anteroom::posix
