// Waits for events as a real owner would: a wake-up that the stack forgets is a hang that the run
// reports.
#include "conformance/simulation/talk.h"

#include <algorithm>
#include <vector>

#include <fmt/format.h>

namespace anteroom::simulation {

void Owner::note(Instant now, std::string_view text) const {
  if (trace.is_on()) trace.note(now, fmt::format("host {} {}", host, text));
}

Manner draw_manner(Instant now, const Manners& manners, Dice& dice) {
  Manner manner;
  const std::uint64_t most = manners.stream_bytes_max;
  manner.bytes = dice.below(dice.one_of<std::uint64_t>({1, 20, 3'000, most, most}) + 1);
  manner.write_max = dice.one_of<std::uint64_t>({7, 1'000, 1'461, 9'000, 100'000});
  // Few writes where there are many bytes: the run is to end some day.
  manner.write_max = std::max(manner.write_max, manner.bytes / 200);
  if (dice.happens(manners.slow_writer)) manner.write_pause = dice.between(1ms, 500ms);
  manner.read_max = dice.one_of<std::uint64_t>({101, 1'459, 4'096, 65'536});
  if (dice.happens(manners.slow_reader))
    manner.read_pause = dice.between(1ms, dice.one_of<Duration>({100ms, 2s, 30s}));
  manner.urgent = dice.happens(0.3) ? manners.urgent : 0;
  manner.eager = dice.happens(0.3);
  manner.no_delay = dice.happens(0.3);
  manner.fidgets = dice.happens(0.1);
  if (dice.happens(manners.keepalive)) {
    manner.keepalive = KeepaliveConfig{dice.between(500ms, 5s), dice.between(200ms, 2s),
                                       static_cast<std::uint32_t>(dice.between(1, 5))};
  }
  if (dice.happens(manners.rude)) {
    manner.ending = dice.one_of({Ending::early, Ending::abort});
  } else {
    manner.ending = dice.one_of({Ending::orderly, Ending::orderly, Ending::after_peer});
  }
  if (manner.ending == Ending::abort || dice.happens(manners.rude / 4)) {
    manner.abort_at = now + dice.between(0ms, dice.one_of<Duration>({50ms, 1s, 10s}));
  }
  return manner;
}

bool Talk::is_polite(const Owner& owner) const {
  const bool ends_well = manner_.ending == Ending::orderly || manner_.ending == Ending::after_peer;
  return ends_well && !manner_.abort_at && !manner_.keepalive &&
         owner.stack.config().tcp.retries_max >= TcpConfig().retries_max;
}

void Talk::begin(Instant now, const Owner& owner) {
  owner.checkers.streams[stream_].polite = is_polite(owner);
  if (manner_.no_delay) (void)owner.stack.set_no_delay(now, id_, true);
  if (manner_.keepalive) (void)owner.stack.set_keepalive(now, id_, manner_.keepalive);
}

void Talk::on_event(const Event& event) {
  switch (event.kind) {
    case EventKind::connected:
    case EventKind::accept_ready: connected_ = true; return;
    case EventKind::readable:
    case EventKind::peer_closed:
    case EventKind::urgent: readable_ = true; return;
    case EventKind::soft_error: return;
    case EventKind::writable: blocked_ = false; return;
    case EventKind::closed: closed_ = true; return;
    default: return;
  }
}

void Talk::act(Instant now, const Owner& owner) {
  if (manner_.abort_at && *manner_.abort_at <= now) {
    manner_.abort_at.reset();
    return release(now, owner, true);
  }
  if (released_) return;
  if (manner_.fidgets && owner.dice.happens(0.05)) fidget(now, owner);
  // A moment that has come wakes nobody again.
  if (read_at_ <= now) {
    read_at_ = {};
    read(now, owner);
  }
  if (write_at_ <= now) {
    write_at_ = {};
    write(now, owner);
  }
  end(now, owner);
}

std::optional<Instant> Talk::next_wake() const {
  std::optional<Instant> next = manner_.abort_at;
  const auto consider = [&](Instant at) {
    if (!next || at < *next) next = at;
  };
  if (released_) return next;
  if (readable_ && read_at_ != Instant()) consider(read_at_);
  if (!blocked_ && !shut_down_ && write_at_ != Instant()) consider(write_at_);
  return next;
}

void Talk::hurry(Instant now, const Owner& owner) {
  // Whose peer has failed unheard would wait for its FIN for ever, and rightly (RFC 9293 3.6). An
  // answer may stand in a queue for half a minute.
  if (!released_) (void)owner.stack.set_keepalive(now, id_, KeepaliveConfig{60s, 30s, 5});
  manner_.fidgets = false;
  manner_.abort_at.reset();
  manner_.write_pause = manner_.read_pause = {};
  manner_.read_max = std::max<std::uint64_t>(manner_.read_max, 4'096);
  manner_.ending = Ending::orderly;
  read_at_ = write_at_ = {};
}

void Talk::read(Instant now, const Owner& owner) {
  while (readable_ && !end_read_ && read_once(now, owner)) {
    if (manner_.read_pause == Duration::zero()) continue;
    read_at_ = now + manner_.read_pause;
    return;
  }
}

// Marked connect data is apart from the stream, and is what its sender said first. False where it
// is not whole yet.
bool Talk::take_connect_data(Instant now, const Owner& owner) {
  std::vector<std::uint8_t> buffer(kMarkedBytesMax);
  const auto taken = owner.stack.receive_connect_data(now, id_, buffer);
  if (!taken) return taken.error().error != Error::would_block;
  owner.checkers.expect_empty(
      owner.host, owner.checkers.streams.check_read(reading_, Bytes(buffer).first(*taken)));
  return true;
}

// False where there is nothing more to read now.
bool Talk::read_once(Instant now, const Owner& owner) {
  if (!take_connect_data(now, owner)) return readable_ = false;
  std::vector<std::uint8_t> buffer(owner.dice.between(1, manner_.read_max));
  const auto taken = owner.stack.receive_into(now, id_, buffer);
  if (taken && *taken != 0) {
    owner.checkers.expect_empty(
        owner.host, owner.checkers.streams.check_read(reading_, Bytes(buffer).first(*taken)));
    return true;
  }
  readable_ = false;
  if (taken) {
    end_read_ = true;
    if (connected_ || reading_.bytes != 0) {
      owner.checkers.expect_empty(owner.host, owner.checkers.streams.check_end(reading_));
    }
  } else if (taken.error().error != Error::would_block) {
    failed_ = true;
    if (taken.error().error == Error::stale_id) owner.checkers.fail(owner.host, "read: stale id");
  }
  return false;
}

bool Talk::has_said_everything(const Owner& owner) const {
  return failed_ || owner.checkers.streams[stream_].sent_bytes >= manner_.bytes;
}

void Talk::write(Instant now, const Owner& owner) {
  if (!connected_ && !manner_.eager) return;
  while (!blocked_ && !shut_down_ && !has_said_everything(owner) && write_once(now, owner)) {
    if (manner_.write_pause == Duration::zero()) continue;
    write_at_ = now + manner_.write_pause;
    return;
  }
}

bool Talk::write_once(Instant now, const Owner& owner) {
  Stream& stream = owner.checkers.streams[stream_];
  const std::uint64_t left = manner_.bytes - stream.sent_bytes;
  const std::size_t count = owner.dice.between(1, std::min(left, manner_.write_max));
  const auto data = Streams::bytes(stream_, stream.sent_bytes, count);
  const auto sent = owner.dice.happens(manner_.urgent) ? owner.stack.send_urgent(now, id_, data)
                                                       : owner.stack.send(now, id_, data);
  if (sent) {
    if (*sent > count || *sent == 0) owner.checkers.fail(owner.host, "send took a wrong number");
    stream.sent_bytes += *sent;
    blocked_ = *sent < count;
    return !blocked_;
  }
  if (sent.error().error == Error::no_buffer) {  // nothing tells when there is memory again
    write_at_ = now + 100ms;
    return false;
  }
  blocked_ = sent.error().error == Error::would_block;
  if (!blocked_) failed_ = true;
  const bool known = sent.error().error != Error::stale_id;
  if (!known) owner.checkers.fail(owner.host, "send: stale id");
  return false;
}

void Talk::fidget(Instant now, const Owner& owner) {
  (void)owner.stack.set_no_delay(now, id_, owner.dice.happens(0.5));
  (void)owner.stack.set_keepalive(
      now, id_, owner.dice.happens(0.5) ? std::optional<KeepaliveConfig>() : manner_.keepalive);
}

void Talk::end(Instant now, const Owner& owner) {
  if (closed_) {  // nothing more happens here; what is readable was read
    if (!readable_ || read_at_ <= now) release(now, owner, false);
    return;
  }
  if (!has_said_everything(owner) || !connected_) return;
  const bool heard_everything = end_read_ || failed_;
  switch (manner_.ending) {
    case Ending::abort:
    case Ending::orderly:
      if (!shut_down_) {
        shut_down_ = true;
        owner.note(now, fmt::format("shutdown({})", id_.index));
        if (owner.stack.shutdown(now, id_)) owner.checkers.streams[stream_].ended = true;
      }
      if (heard_everything) release(now, owner, false);
      return;
    case Ending::after_peer:
      if (heard_everything) release(now, owner, false);
      return;
    case Ending::early: release(now, owner, false); return;
  }
}

void Talk::release(Instant now, const Owner& owner, bool by_abort) {
  owner.note(now, fmt::format("{}({})", by_abort ? "abort" : "close", id_.index));
  if (!by_abort) owner.checkers.streams[stream_].ended = true;
  const Status status = by_abort ? owner.stack.abort(now, id_) : owner.stack.close(now, id_);
  if (!status && !released_) owner.checkers.fail(owner.host, "close or abort: stale id");
  released_ = true;
  owner.checkers.on_released(owner.host, id_);
}

}  // namespace anteroom::simulation
