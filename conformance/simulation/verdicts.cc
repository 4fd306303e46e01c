// The condition function of the workload: every verdict, at once, later, or never.
#include <fmt/format.h>

#include "conformance/simulation/workload.h"

namespace anteroom::simulation {

void Application::on_request(Instant now, const Event& event) {
  const Verdicts& odds = options_.verdicts;
  Held held{event.pending, event.listener, Verdict::accept, now, dice_.happens(odds.defer)};
  if (dice_.happens(odds.reject)) {
    held.verdict = Verdict::reject;
  } else if (dice_.happens(odds.ignore)) {
    held.verdict = Verdict::ignore;
  } else if (dice_.happens(odds.silence) && !calm_) {
    held.verdict = Verdict::silence;
  }
  if (held.verdict == Verdict::accept && more_dice_.happens(odds.challenge)) {
    held.verdict = Verdict::challenge;
  } else if (held.verdict == Verdict::ignore && more_dice_.happens(odds.abandon)) {
    held.verdict = Verdict::abandon;
  }
  if (!calm_ && !held.defer && dice_.happens(odds.slow)) {
    held.decide_at = now + dice_.between(1ms, 6s);
  }
  if (held.verdict == Verdict::silence && !held.defer) held.decide_at = kNever;
  held_[event.pending.number()] = held;
}

bool Application::decide(Instant now, Held& held) {
  const auto request = owner_.stack.request(now, held.id);
  if (!request) {
    // Gone since, and the event that says so is on its way.
    if (!is_withdrawn(request.error().error))
      owner_.checkers.fail(owner_.host, "a request is lost");
    return true;
  }
  ++readings_;
  Reading seen{0, 0, request->flow, 0, 0};
  owner_.checkers.expect_empty(owner_.host,
                               owner_.checkers.streams.check_read(seen, request->caller_data));
  if (held.defer) {
    owner_.note(now, fmt::format("defer({})", held.id.index));
    if (!owner_.stack.defer(now, held.id)) owner_.checkers.fail(owner_.host, "defer was refused");
    owner_.checkers.on_deferred(owner_.host, held.id);
    held.defer = dice_.happens(0.2) && !calm_;
    held.decide_at = calm_ ? now : now + dice_.between(1ms, 8s);
    if (held.verdict == Verdict::silence && !held.defer) held.decide_at = kNever;
    return false;
  }
  switch (held.verdict) {
    case Verdict::accept: accept(now, *request, is_consumed(held.listener)); return true;
    case Verdict::reject:
      owner_.note(now, fmt::format("reject({})", held.id.index));
      if (!owner_.stack.reject(now, held.id)) owner_.checkers.fail(owner_.host, "reject");
      owner_.checkers.on_decided(owner_.host, held.id);
      return true;
    case Verdict::ignore:
      owner_.note(now, fmt::format("ignore({})", held.id.index));
      if (!owner_.stack.ignore(now, held.id)) owner_.checkers.fail(owner_.host, "ignore");
      owner_.checkers.on_decided(owner_.host, held.id);
      return true;
    case Verdict::challenge: challenge(now, *request); return true;
    case Verdict::abandon:
      owner_.note(now, fmt::format("abandon({})", held.id.index));
      if (!owner_.stack.abandon(now, held.id)) owner_.checkers.fail(owner_.host, "abandon");
      owner_.checkers.on_decided(owner_.host, held.id);
      return true;
    case Verdict::silence: return false;
  }
  return true;
}

// Whoever has proven its address, one way or the other, is accepted.
void Application::challenge(Instant now, const Request& request) {
  const bool complete = request.handshake_complete;
  if (request.address_validated && !complete)
    return accept(now, request, is_consumed(request.listener));
  owner_.note(now, fmt::format("challenge({})", request.id.index));
  const Status status = owner_.stack.challenge(now, request.id);
  if (status.has_value() == complete) {
    owner_.checkers.fail(owner_.host, "a challenge exactly where the handshake is complete");
  }
  if (complete) return accept(now, request, is_consumed(request.listener));
  owner_.checkers.on_challenged(owner_.host, request.flow);
  owner_.checkers.on_decided(owner_.host, request.id);
}

void Application::accept(Instant now, const Request& request, bool consumed) {
  const std::uint64_t stream = owner_.checkers.streams.open(request.flow);
  const std::uint32_t room = request.response_bytes_max;
  AcceptReply reply;
  reply.overflow_to_stream = dice_.happens(0.5);
  const std::uint64_t most = dice_.one_of<std::uint64_t>({0, 9, room, room + 500, 3'000});
  const auto data = Streams::bytes(stream, 0, dice_.below(most + 1));
  reply.response_data = data;
  reply.dscp = static_cast<std::uint8_t>(more_dice_.below(64));
  const bool marked = request.marked;
  Reading reading{++readings_ * 16 + owner_.host, stream, request.flow, 0, 0};
  if (consumed || request.marked) {
    owner_.checkers.expect_empty(owner_.host,
                                 owner_.checkers.streams.check_read(reading, request.caller_data));
  }
  const PendingId pending = request.id;
  const auto id = owner_.stack.accept(now, pending, reply);
  owner_.note(now, fmt::format("accept({}) with {} bytes: {}", pending.index, data.size(),
                               id ? "done" : to_string(id.error().error)));
  if (id) {
    owner_.checkers.on_decided(owner_.host, pending);
    owner_.checkers.on_connection(owner_.host, *id);
    owner_.checkers.streams[stream].sent_bytes = data.size();
    Manner manner = draw_manner(now, options_.manners, dice_);
    manner.bytes = std::max<std::uint64_t>(manner.bytes, data.size());
    return talk(now, *id, stream, reading, manner);
  }
  owner_.checkers.streams.forget(stream);
  const Failure failure = id.error();
  const bool too_large = failure.error == Error::too_large;
  const std::uint32_t buffer = owner_.stack.config().limits.send_buffer_bytes_max;
  const std::uint32_t fits = marked ? kMarkedBytesMax : buffer;
  const bool spills = reply.overflow_to_stream && data.size() <= fits;
  if (too_large && (failure.detail >= data.size() || data.size() <= room || spills)) {
    owner_.checkers.fail(owner_.host, "response data that fits was too large");
  }
  const bool known =
      too_large || failure.error == Error::limit_reached || failure.error == Error::no_buffer;
  if (!known) {
    owner_.checkers.fail(owner_.host, fmt::format("accept: {}", to_string(failure.error)));
  }
  // It still waits, and can have another verdict.
  if (!owner_.stack.reject(now, pending)) owner_.checkers.fail(owner_.host, "reject after accept");
  owner_.checkers.on_decided(owner_.host, pending);
}

}  // namespace anteroom::simulation
