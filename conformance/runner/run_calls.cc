// Calls, the verdicts of a condition function, and what code may ask of a socket.
#include <arpa/inet.h>

#include <algorithm>
#include <cerrno>

#include <fmt/format.h>

#include "conformance/runner/player.h"
#include "conformance/runner/symbols.h"
#include "conformance/runner/tcp_info_fields.h"

namespace anteroom::runner {
namespace {

using script::Call;
using script::Condition;
using script::Verdict;

std::string result_text(ssize_t result, int error) {
  return result < 0 ? fmt::format("{} {}", result, errno_name(error)) : fmt::format("{}", result);
}

// What accept_if() is to answer where the verdict is carried out.
int errno_of(Verdict verdict) {
  switch (verdict) {
    case Verdict::accept: return 0;
    case Verdict::reject: return ECONNREFUSED;
    case Verdict::ignore: return ECANCELED;
    case Verdict::defer: return EINPROGRESS;
    case Verdict::challenge: return EALREADY;
  }
  return 0;
}

struct Judgement {
  const Condition& condition;
  std::string caller_data{};
};

AcceptVerdict carry_out(const Request& request, AcceptAnswer& answer, void* context) {
  Judgement& judgement = *static_cast<Judgement*>(context);
  judgement.caller_data = std::string(anteroom::text_of(request.caller_data));
  answer.response_data = bytes_of(judgement.condition.response_data);
  switch (judgement.condition.verdict) {
    case Verdict::accept: return AcceptVerdict::accept;
    case Verdict::reject: return AcceptVerdict::reject;
    case Verdict::ignore: return AcceptVerdict::ignore;
    case Verdict::defer: return AcceptVerdict::defer;
    case Verdict::challenge: return AcceptVerdict::challenge;
  }
  return AcceptVerdict::ignore;
}

}  // namespace

Flow* Player::flow_of(int live_fd) {
  for (const auto& flow : flows_) {
    if (flow->live_fd == live_fd) return flow.get();
  }
  return nullptr;
}

// What the script's view of a socket has to know before the call.
void Player::before(const Call& call) {
  if (call.arguments.empty()) return;
  if (call.name != "bind" && call.name != "listen" && call.name != "connect" &&
      call.name != "sendto" && call.name != "sendmsg") {
    return;
  }
  Flow* flow = flow_of(descriptors_.live(number_of(call.arguments[0])));
  if (flow == nullptr) return;
  if (call.name == "bind") flow->local = ends_.bind;
  if (call.name == "listen") flow->role = Role::listening;
  const bool opens = call.name == "connect" || flow->role == Role::fresh;
  if (call.name == "bind" || call.name == "listen" || !opens) return;
  const int live_fd = flow->live_fd;
  const Endpoint local = flow->local;
  *flow = Flow{};
  flow->live_fd = live_fd;
  flow->local = local;
  flow->role = Role::connecting;
  flow->remote = ends_.connect;
}

// And after it.
void Player::after(const Call& call, ssize_t result) {
  if (call.name == "socket" && result >= 0) {
    flows_.push_back(std::make_unique<Flow>());
    flow_ = flows_.back().get();
    flow_->live_fd = static_cast<int>(result);
  }
  if (call.name == "close") {
    const std::int64_t script_fd = number_of(call.arguments[0]);
    if (Flow* flow = flow_of(descriptors_.live(script_fd))) flow->live_fd = -1;
    descriptors_.close(script_fd);
  }
  // The port that the stack chose is in its SYN.
  if (flow_ == nullptr || flow_->role != Role::connecting || flow_->complete) return;
  for (const SentPacket& sent : host().sent()) {
    std::string problem;
    const auto live = take_apart(sent.bytes, problem);
    if (!live || live->protocol != kTcp || (live->tcp.flags & kSyn) == 0 ||
        live->destination != flow_->remote.address ||
        live->destination_port != flow_->remote.port) {
      continue;
    }
    flow_->local = {live->source, live->source_port};
    flow_->complete = true;
  }
}

void Player::accepted(int live_fd, std::int64_t script_fd) {
  descriptors_.open(script_fd, live_fd);
  // The port is in the same place for both families.
  sockaddr_in6 peer{};
  socklen_t length = sizeof peer;
  if (host().sockets().getpeername(live_fd, reinterpret_cast<sockaddr*>(&peer), &length) != 0) {
    return;  // it is reset already
  }
  const auto found = std::find_if(flows_.begin(), flows_.end(), [&](const auto& flow) {
    return flow->role == Role::child && flow->remote.port == ntohs(peer.sin6_port);
  });
  if (found != flows_.end()) (*found)->live_fd = live_fd;
}

void Player::finish(PendingCall& pending) {
  const Call& call = std::get<Call>(pending.event->what);
  const bool opens = pending.prepared.opens;
  if (call.result.kind == script::ExpressionKind::ellipsis) return after(call, pending.result);
  const std::int64_t wanted = number_of(call.result);
  const bool fits = opens && wanted >= 0 ? pending.result >= 0 : pending.result == wanted;
  if (!fits) {
    throw Failed(
        fmt::format("{}() answered {}", call.name, result_text(pending.result, pending.error)));
  }
  if (pending.result < 0 && !call.error.empty()) {
    const auto number = errno_number(call.error);
    if (!number) throw Failed("there is no errno " + call.error);
    if (*number != pending.error) {
      throw Failed(fmt::format("{}() answered {}", call.name, result_text(-1, pending.error)));
    }
  }
  if (pending.result >= 0 && pending.prepared.check) pending.prepared.check(pending.result);
  if (opens && pending.result >= 0) {
    if (call.name == "accept")
      accepted(static_cast<int>(pending.result), wanted);
    else
      descriptors_.open(wanted, static_cast<int>(pending.result));
  }
  after(call, pending.result);
}

// A call that blocks has to be over, and to have ended when the script says.
void Player::collect_blocked(Micros until) {
  while (!blocked_->done && host().step(instant(until))) {
  }
  const std::shared_ptr<PendingCall> pending = std::move(blocked_);
  event_ = pending->event;
  if (!pending->done) throw Failed("the call has not returned");
  if (pending->thrown) std::rethrow_exception(pending->thrown);
  const Micros ended =
      std::chrono::duration_cast<std::chrono::microseconds>(host().ended_at() - start_).count();
  const auto share = static_cast<Micros>(tolerance_percent_ / 100 *
                                         static_cast<double>(pending->end - pending->start));
  if (std::abs(ended - pending->end) > std::max(tolerance_us_, share)) {
    throw Failed(fmt::format("the call returned at {:.6f}, not at {:.6f}",
                             static_cast<double>(ended) / 1e6,
                             static_cast<double>(pending->end) / 1e6));
  }
  finish(*pending);
}

void Player::call(const script::Event& event, const Call& call) {
  if (blocked_ && (blocked_->done || call.end)) {
    collect_blocked(now() + 1'000'000);
    event_ = &event;
  }
  if (call.name == "socket") expect_current_limits();
  const auto pending = std::make_shared<PendingCall>();
  pending->event = &event;
  pending->start = current_;
  if (call.name == "accept") {
    std::deque<int>& judged = judged_[descriptors_.live(number_of(call.arguments.at(0)))];
    if (!judged.empty()) {
      pending->prepared.opens = true;
      pending->result = judged.front();
      judged.pop_front();
      return finish(*pending);
    }
  }
  pending->prepared = prepare(call, host(), descriptors_, ends_);
  before(call);
  const bool relative = event.time.kind == script::TimeKind::relative;
  if (!call.end) {
    errno = 0;
    pending->result = pending->prepared.invoke();
    pending->error = errno;
    return finish(*pending);
  }
  pending->end = scheduled(*call.end, false);
  if (relative) pending->end += current_ - event.time.first;
  blocked_ = pending;
  host().start([pending] {
    errno = 0;
    try {
      pending->result = pending->prepared.invoke();
    } catch (...) {
      pending->thrown = std::current_exception();
    }
    pending->error = errno;
    pending->done = true;
  });
  // Its SYN, where it is a connect(), is out by now.
  after(Call{.name = ""}, 0);
}

void Player::judge(const Condition& condition) {
  const int fd = descriptors_.live(condition.fd);
  PosixSockets& sockets = host().sockets();
  const int flags = sockets.fcntl(fd, F_GETFL);
  sockets.fcntl(fd, F_SETFL, flags | O_NONBLOCK);
  Judgement judgement{condition};
  errno = 0;
  const int result = sockets.accept_if(fd, carry_out, &judgement);
  const int error = errno;
  sockets.fcntl(fd, F_SETFL, flags);
  if (!condition.error.empty()) {
    const auto wanted = errno_number(condition.error);
    if (!wanted) throw Failed("there is no errno " + condition.error);
    if (result < 0 && error == *wanted) return;
    throw Failed("the verdict was answered with " + result_text(result, error));
  }
  if (result < 0 && error == EAGAIN) throw Failed("no request waits for a verdict");
  if (condition.caller_data && *condition.caller_data != judgement.caller_data) {
    throw Failed("the caller data is \"" + judgement.caller_data + "\"");
  }
  if (result >= 0) {
    judged_[fd].push_back(result);
    return;
  }
  if (condition.verdict == Verdict::accept || error != errno_of(condition.verdict)) {
    throw Failed("the verdict was answered with " + errno_name(error));
  }
}

std::size_t Player::count(const SocketQuery& query) {
  std::size_t found = 0;
  for (const ConnectionInfo& info : host().stack().connection_table()) {
    const bool port_fits = !query.port || info.flow.local.port == *query.port;
    const bool owned = std::any_of(flows_.begin(), flows_.end(), [&](const auto& flow) {
      return flow->live_fd >= 0 && flow->remote == info.flow.remote;
    });
    if (info.state == query.state && port_fits && (owned || !query.owned)) ++found;
  }
  // A descriptor whose connection is over, or never was, is CLOSED.
  for (const auto& flow : flows_) {
    if (flow->live_fd < 0) continue;
    if (query.state == State::listen && flow->role == Role::listening &&
        (!query.port || flow->local.port == *query.port)) {
      ++found;
    }
    if (query.state != State::closed) continue;
    const auto state = tcp_info_field(host().sockets(), flow->live_fd, "tcpi_state");
    if (state == tcp_info_constant("TCP_CLOSE")) ++found;
  }
  return found;
}

// Names that code may use: constants, and the fields of TCP_INFO of the current socket.
std::optional<std::int64_t> Player::outside(const std::string& name) {
  if (const auto value = tcp_info_constant(name)) return value;
  if (!name.starts_with("tcpi_")) return symbol(name);
  if (flow_ == nullptr || flow_->live_fd < 0) {
    throw Failed("no descriptor belongs to the connection that the code asks about");
  }
  return tcp_info_field(host().sockets(), flow_->live_fd, name);
}

}  // namespace anteroom::runner
