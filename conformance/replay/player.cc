// The stack is driven as its header says: in, events, out, until nothing moves; then time passes.
#include "conformance/replay/player.h"

#include <algorithm>

#include <fmt/format.h>

#include "stack/wire/ip.h"

namespace anteroom::replay {
namespace {

// Any moment but the origin: time-stamps and the like should not be zero by accident.
constexpr Instant kStart{Duration{1'000s}};
constexpr std::size_t kReadBytes = 64u << 10;
// Acknowledgments may be so late, RFC 9293 3.8.6.3 [MUST-40].
constexpr Duration kLinger = 500ms;
constexpr std::uint32_t kTurnsMax = 10'000;

}  // namespace

Player::Player(const Plan& plan, const Options& options, Observer* observer)
    : plan_(plan),
      options_(options),
      observer_(observer),
      judge_(plan, options),
      stack_(plan.config),
      own_{plan.config.interface.addresses.front().address, plan.subject.port},
      peer_{played_address(plan.peer.address, false), plan.peer.port},
      frame_(stack_.frame_bytes_max()),
      buffer_(kReadBytes),
      now_(kStart),
      stamps_(options.limits.marks_max),
      out_(1, options.limits.out_of_order_segments_max, options.limits.out_of_order_bytes_max),
      in_(1, options.limits.out_of_order_segments_max, options.limits.out_of_order_bytes_max),
      peer_timestamp_(plan.peer_timestamp) {
  // No listener and no connection can have port 0.
  if (own_.port == 0) own_.port = 1;
  if (peer_.port == 0) peer_.port = 1;
}

void Player::start() {
  if (plan_.as == Side::server) {
    if (!plan_.is_refused) {
      const auto listener =
          stack_.listen({.local = {{}, own_.port},
                         .conditional = plan_.is_conditional,
                         .fast_open = plan_.gives_cookies ? FastOpen::cookie : FastOpen::off});
      if (listener) listener_ = *listener;
    }
    if (plan_.makes_syn) make_syn();
    return;
  }
  if (!plan_.syn) connect(nullptr);
}

void Player::play(const Segment& segment) {
  if (!has_started_) {
    has_started_ = true;
    first_at_ = segment.at;
    packet_number_ = segment.number;
    start();
  }
  const Instant at = kStart + (segment.at - first_at_) + shift_;
  const bool is_own = segment.source == plan_.subject;
  // What happened before the captured host had looked at its clock came first, and may have made a
  // time-out needless.
  pass_to(at - options_.timer_lateness, options_.limits.steps_per_gap_max);
  now_ = std::max(now_, at);
  packet_number_ = segment.number;
  if (observer_ != nullptr) {
    observer_->on_segment(plan_, is_own ? Observer::From::captured_host : Observer::From::peer,
                          segment, moment());
  }
  if (is_own && segment.is_foreign) {
    ++foreign_resets_;
  } else if (is_own) {
    on_captured(segment);
  } else {
    on_peer(segment);
  }
  if (plan_.peer_absent) acknowledge_all();
  pass_to(now_, options_.limits.steps_per_gap_max);
}

// Nobody else is there to do it.
void Player::acknowledge_all() {
  for (std::uint32_t turn = 0; turn < kTurnsMax; ++turn) {
    const std::int64_t before = stack_sent_;
    acknowledge_sent(bare(flag::ack));
    if (stack_sent_ == before) return;
  }
}

void Player::pass_to(Instant target, std::uint32_t steps_max) {
  for (std::uint32_t i = 0; i < steps_max && steps_ < options_.limits.steps_max; ++i, ++steps_) {
    const std::optional<Deadline> deadline = stack_.next_deadline();
    if (!deadline || deadline->at > target) break;
    now_ = std::max(now_, deadline->at);
    stack_.advance(now_);
    settle();
  }
  now_ = std::max(now_, target);
}

void Player::settle() {
  for (std::uint32_t turn = 0; turn < kTurnsMax; ++turn) {
    bool moved = false;
    while (const std::optional<Event> event = stack_.next_event()) {
      take_event(*event);
      moved = true;
    }
    flush();
    while (const std::size_t size = stack_.next_frame(now_, frame_)) {
      take_frame(Bytes(frame_).first(size));
      moved = true;
    }
    if (!moved) return;
  }
}

void Player::take_event(const Event& event) {
  switch (event.kind) {
    case EventKind::connection_requested: pending_ = event.pending; break;
    case EventKind::accept_ready:
      if (const auto taken = stack_.take(event.listener)) {
        if (!connection_.is_set()) connection_ = *taken;
      }
      read_all();
      break;
    case EventKind::connected:
    case EventKind::readable:
    case EventKind::peer_closed: read_all(); break;
    case EventKind::closed:
      is_over_ = true;
      read_all();
      break;
    default: break;
  }
}

void Player::read_all() {
  if (!connection_.is_set()) return;
  while (true) {
    const auto size = stack_.receive_into(now_, connection_, buffer_);
    if (!size || *size == 0) return;
    judge_.on_read(Bytes(buffer_).first(*size), moment());
  }
}

std::optional<ConnectionInfo> Player::info() const {
  if (!connection_.is_set()) return std::nullopt;
  const auto info = stack_.connection_info(connection_);
  if (!info) return std::nullopt;
  return *info;
}

const char* Player::state() const {
  if (is_over_) return to_string(State::closed);
  const auto known = info();
  if (known) return to_string(known->state);
  // Of an ordinary listener's connection nothing is known before its handshake is complete.
  if (stack_initial_ && plan_.as == Side::server) return to_string(State::syn_received);
  return to_string(plan_.as == Side::server && !plan_.is_refused ? State::listen : State::closed);
}

Moment Player::moment() const {
  return {now_, now_ - kStart + first_at_ - shift_, packet_number_, state()};
}

void Player::take_frame(Bytes frame) {
  const auto ip = read_ip(frame, frame.size());
  if (!ip || ip->protocol != kProtocolTcp) return;
  auto read = read_segment(*ip);
  if (!read) return;
  Segment& segment = *read;
  segment.at = now_ - kStart + first_at_ - shift_;
  const bool is_syn = segment.has(flag::syn);
  if (is_syn) stack_initial_ = segment.seq;
  if (stack_initial_) segment.seq = segment.seq - *stack_initial_ + plan_.subject_initial;
  if (segment.read.has_timestamp) stamps_.on_stack(segment.read.timestamp_value, now_);
  if (segment.has(flag::rst)) has_reset_ = true;
  if (!segment.has(flag::rst)) has_stamps_ = segment.read.has_timestamp;
  const std::int64_t end = judge_.own().of(segment.end());
  const bool is_fresh = end > stack_sent_;
  // A reset may have any number.
  if (!segment.has(flag::rst)) stack_sent_ = std::max(stack_sent_, end);
  // What the capture has no counterpart for.
  const bool is_made_up = is_syn && (plan_.as == Side::server ? !plan_.syn_ack : !plan_.syn);
  // When the capture is over nothing more is sent again.
  const bool is_after = is_finishing_ && segment.length() != 0 && !is_fresh;
  if (is_made_up || is_after) return;
  judge_.on_stack(segment, moment());
  if (observer_ != nullptr) observer_->on_segment(plan_, Observer::From::stack, segment, moment());
}

void Player::finish(ConnectionReport& report) {
  if (has_started_) {
    is_finishing_ = true;
    const Moment last = moment();
    settle();
    pass_to(now_ + kLinger, options_.limits.steps_per_gap_max);
    Moment end = last;
    end.state = state();
    judge_.finish(end, report);
  }
  if (foreign_resets_ != 0) {
    report.notes.push_back(fmt::format(
        "{} resets in the name of the played host were not its own: it went on", foreign_resets_));
  }
  if (gave_up_) {
    report.notes.emplace_back(
        "the stack took less than was written, for so long that it was given up");
  }
  if (steps_ >= options_.limits.steps_max) {
    report.notes.emplace_back("its timers were served so often that they were not any more");
  }
  report.stand_in_bytes = stand_in_bytes_;
  if (stand_in_bytes_ != 0) {
    report.notes.push_back(
        fmt::format("zeros stand in for {} bytes that the capture does not have", stand_in_bytes_));
  }
}

}  // namespace anteroom::replay
