// poll() and epoll.
#include "conformance/runner/arguments.h"

namespace anteroom::runner {

using script::Expression;

namespace {

struct Polled {
  std::vector<pollfd> entries{};
  std::vector<std::int64_t> wanted{};  // revents
};

PreparedCall prepare_poll(const CallContext& context) {
  Host& host = context.host;
  const auto polled = std::make_shared<Polled>();
  for (const Expression& item : context.argument(0).items) {
    const Expression* fd = CallContext::member(item, "fd", 0);
    const Expression* events = CallContext::member(item, "events", 1);
    const Expression* revents = CallContext::member(item, "revents", 2);
    if (fd == nullptr || events == nullptr) throw Failed("a pollfd is {fd=, events=, revents=}");
    const std::int64_t script_fd = number_of(*fd);
    const int live = script_fd < 0 ? -1 : context.descriptors.live(script_fd);
    polled->entries.push_back({live, static_cast<short>(number_of(*events)), 0});
    polled->wanted.push_back(revents == nullptr ? 0 : number_of(*revents));
  }
  const int timeout = context.integer(2);
  return {[&host, polled, timeout] {
            return host.sockets().poll(polled->entries.data(), polled->entries.size(), timeout);
          },
          [polled](ssize_t) {
            for (std::size_t i = 0; i < polled->entries.size(); ++i) {
              if (polled->entries[i].revents == polled->wanted[i]) continue;
              throw Failed("poll() says revents " + std::to_string(polled->entries[i].revents) +
                           " of entry " + std::to_string(i));
            }
          }};
}

// {events=E, fd=F}, with ptr, u32 or u64 in place of fd.
epoll_event event_of(const CallContext& context, const Expression& structure, bool translate) {
  epoll_event event{};
  for (const script::Member& member : structure.members) {
    if (member.name == "events") {
      event.events = static_cast<std::uint32_t>(number_of(member.value));
    } else if (member.name == "fd" && translate) {
      event.data.u64 =
          static_cast<std::uint64_t>(context.descriptors.live(number_of(member.value)));
    } else {
      event.data.u64 = static_cast<std::uint64_t>(number_of(member.value));
    }
  }
  return event;
}

PreparedCall prepare_wait(const CallContext& context) {
  constexpr std::int64_t kEventsMax = 1024;
  Host& host = context.host;
  const int fd = context.fd(0);
  const std::int64_t most = context.number(2);
  const int timeout = context.integer(3);
  if (most < 1 || most > kEventsMax) throw Failed("epoll_wait() takes 1 to 1024 events");
  const epoll_event wanted = event_of(context, context.argument(1), true);
  const auto events = std::make_shared<std::vector<epoll_event>>(static_cast<std::size_t>(most));
  return {[&host, fd, events, timeout] {
            return host.sockets().epoll_wait(fd, events->data(), static_cast<int>(events->size()),
                                             timeout);
          },
          [events, wanted](ssize_t count) {
            const epoll_event first = count > 0 ? events->front() : epoll_event{};
            if (first.events != wanted.events) {
              throw Failed("epoll_wait() says events " + std::to_string(first.events));
            }
            if (count > 0 && first.data.u64 != wanted.data.u64) {
              throw Failed("epoll_wait() names another descriptor");
            }
          }};
}

}  // namespace

std::optional<PreparedCall> prepare_readiness(const CallContext& context) {
  Host& host = context.host;
  const std::string& name = context.call.name;
  if (name == "poll") return prepare_poll(context);
  if (name == "epoll_wait") return prepare_wait(context);
  if (name == "epoll_create" || name == "epoll_create1") {
    const int value = context.integer(0);
    const bool sized = name == "epoll_create";
    return PreparedCall{[&host, value, sized] {
                          return sized ? host.sockets().epoll_create(value)
                                       : host.sockets().epoll_create1(value);
                        },
                        {},
                        true};
  }
  if (name == "epoll_ctl") {
    const int epoll_fd = context.fd(0);
    const int operation = context.integer(1);
    const int fd = context.fd(2);
    const auto event = std::make_shared<epoll_event>(event_of(context, context.argument(3), true));
    return PreparedCall{[&host, epoll_fd, operation, fd, event] {
      return host.sockets().epoll_ctl(epoll_fd, operation, fd, event.get());
    }};
  }
  return std::nullopt;
}

}  // namespace anteroom::runner
