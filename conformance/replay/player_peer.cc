// The other end's packets: acknowledgments, SACK blocks and echoes of time-stamps become the
// stack's numbers. A packet that acknowledges what the stack has not sent is not let in as it is.
#include <algorithm>

#include "conformance/replay/player.h"

namespace anteroom::replay {
namespace {

// What one IP packet surely holds; longer ones are cut up, as a card would.
constexpr std::size_t kPayloadMax = 60'000;
constexpr std::size_t kStandInBytes = 1'400;
constexpr std::uint32_t kReleaseTurnsMax = 1'000;
// An acknowledgment of what was never sent is nearer than that, or it is no acknowledgment at all.
constexpr std::int64_t kMissingMax = 4 << 20;

void put_long(std::uint8_t* out, std::uint32_t value) {
  for (int i = 3; i >= 0; --i) {
    out[i] = static_cast<std::uint8_t>(value);
    value >>= 8;
  }
}
std::uint32_t get_long(const std::uint8_t* at) {
  return std::uint32_t{at[0]} << 24 | std::uint32_t{at[1]} << 16 | std::uint32_t{at[2]} << 8 |
         at[3];
}

// The first reason for which the counters differ, among those that concern a segment.
const char* refusal_between(const Stats& before, const Stats& after) {
  for (std::size_t i = 0; i < kDropReasons; ++i) {
    if (after.drops[i] != before.drops[i]) return to_string(static_cast<DropReason>(i));
  }
  return nullptr;
}

}  // namespace

Segment Player::bare(std::uint16_t flags) const {
  Segment segment;
  segment.number = packet_number_;
  segment.flags = flags;
  segment.seq = judge_.peer().seq(in_fin_ != 0 && in_.next() == in_fin_ ? in_fin_ + 1 : in_.next());
  segment.ack = judge_.own().seq(stack_sent_);
  segment.window = peer_window_;
  if (has_stamps_) {
    // Its echo is set where numbers are translated.
    segment.options = {1, 1, 8, 10};
    put_long(segment.options.data() + 4, peer_timestamp_);
    segment.option_bytes = 12;
    read_options(segment);
  }
  return segment;
}

Segment Player::translated(const Segment& segment) const {
  Segment out = segment;
  out.payload.clear();
  if (!stack_initial_) return out;
  const std::uint32_t delta = *stack_initial_ - plan_.subject_initial;
  if (out.has(flag::ack)) out.ack += delta;
  std::uint8_t* at = out.options.data();
  std::uint8_t* const end = at + out.option_bytes;
  while (at < end && *at != 0) {
    if (*at == 1) {
      ++at;
      continue;
    }
    if (end - at < 2 || at[1] < 2 || at[1] > end - at) break;
    if (at[0] == 8 && at[1] == 10) {
      const std::uint32_t echo = get_long(at + 6);
      // A SYN echoes nothing.
      if (out.has(flag::ack)) put_long(at + 6, stamps_.to_stack(echo));
    } else if (at[0] == 5) {
      bool fits = true;
      for (int i = 2; i + 4 <= at[1]; i += 4) {
        fits = fits && judge_.own().of(get_long(at + i)) <= stack_sent_;
        put_long(at + i, get_long(at + i) + delta);
      }
      // Blocks of what was not sent yet would tell of nothing.
      if (!fits) std::fill(at, at + at[1], std::uint8_t{1});
      if (!fits) continue;
    }
    at += at[1];
  }
  return out;
}

void Player::inject(Segment segment) {
  const std::vector<std::uint8_t> payload = std::move(segment.payload);
  Segment head = translated(segment);
  const std::uint16_t flags = head.flags;
  std::size_t done = 0;
  const Stats before = stack_.stats();
  do {
    const Bytes part = Bytes(payload).subspan(done, std::min(kPayloadMax, payload.size() - done));
    const bool is_last = done + part.size() == payload.size();
    head.flags = flags;
    if (!is_last) head.flags &= static_cast<std::uint16_t>(~(flag::fin | flag::psh));
    if (done != 0) head.flags &= static_cast<std::uint16_t>(~flag::syn);
    write_packet(head, peer_, own_, part, packet_);
    stack_.receive(now_, packet_);
    head.seq += static_cast<std::uint32_t>(part.size()) + (done == 0 && head.has(flag::syn));
    done += part.size();
  } while (done < payload.size());
  if (!payload.empty() || segment.has(flag::syn)) {
    const char* reason = refusal_between(before, stack_.stats());
    if (reason != nullptr) judge_.on_refused(segment, reason);
  }
  settle();
}

void Player::on_peer(const Segment& segment) {
  if (!segment.has(flag::syn)) peer_window_ = segment.window;
  if (segment.read.has_timestamp) peer_timestamp_ = segment.read.timestamp_value;
  const std::int64_t data_begin = judge_.peer().of(segment.data_seq());
  const std::int64_t data_end = data_begin + static_cast<std::int64_t>(segment.payload.size());
  const bool is_reset = segment.has(flag::rst);
  if (segment.has(flag::fin) && !is_reset) in_fin_ = data_end;
  Segment copy = segment;
  std::int64_t needed = 0;
  if (segment.has(flag::ack) && !is_reset && stack_initial_) {
    needed = judge_.own().of(segment.ack);
    if (needed > stack_sent_ && needed - captured_sent_ <= kMissingMax) {
      // Nothing more can come before a SYN-ACK.
      if (!segment.has(flag::syn)) release(segment, needed);
      copy.ack = judge_.own().seq(std::min(needed, stack_sent_));
    }
  }
  if (!is_reset && !segment.payload.empty()) {
    note_peer_data(data_begin, segment.payload, segment.real_bytes);
  }
  inject(std::move(copy));
  const bool is_behind = segment.is_syn_ack() && needed > 1;
  if (is_behind && needed - captured_sent_ <= kMissingMax) {
    release(segment, needed);
    acknowledge_sent(bare(flag::ack));
  }
  if (segment.has(flag::ack) && !is_reset) judge_.on_peer_ack(segment.ack);
}

void Player::note_peer_data(std::int64_t offset, Bytes bytes, std::size_t real_bytes) {
  // What is in order always fits; what is not is remembered while there is room.
  if (in_.is_full() && offset > in_.next()) return;
  if (in_.contradicts(offset, bytes)) judge_.on_peer_contradiction();
  InOrder::Piece piece = in_.add(offset, bytes, real_bytes);
  while (!piece.bytes.empty()) {
    judge_.on_peer_data(piece.bytes, piece.real_bytes, moment());
    piece = in_.take_next();
  }
}

// The capture lacks bytes of the peer that the captured host has acknowledged. `with_fin`: the last
// of them is a FIN.
void Player::stand_in(std::int64_t end, bool with_fin) {
  if (!stack_initial_ || end - in_.next() > kMissingMax) return;
  if (stand_in_bytes_ > options_.limits.stand_in_bytes_max) return;
  const std::int64_t data_end = with_fin ? end - 1 : end;
  while (in_.next() < data_end) {
    const auto size = std::min<std::int64_t>(kStandInBytes, data_end - in_.next());
    Segment segment = bare(flag::ack);
    segment.payload.assign(static_cast<std::size_t>(size), 0);
    stand_in_bytes_ += segment.payload.size();
    note_peer_data(in_.next(), segment.payload, 0);
    inject(std::move(segment));
  }
  if (with_fin && in_fin_ == 0) {
    Segment segment = bare(flag::fin | flag::ack);
    in_fin_ = in_.next();
    inject(std::move(segment));
  }
}

// Lets the stack send up to `needed`, by acknowledging what it has sent, and by waiting.
void Player::release(const Segment& segment, std::int64_t needed) {
  if (is_over_) return;
  if (needed > out_.next() && needed > captured_sent_) {
    // The captured host's own packets are missing, all but perhaps a FIN.
    fill_written(needed - (out_fin_ != 0 && needed > out_fin_ ? 1 : 0));
    captured_sent_ = std::max(captured_sent_, needed);
    settle();
  } else if (out_.is_waiting() && needed > out_.next()) {
    fill_written(out_.gap_end());
    settle();
  }
  if (needed <= stack_sent_) return;
  const std::int64_t held_back = needed - stack_sent_;
  if (stack_sent_ > 0 && connection_.is_set()) {
    judge_.on_held_back(segment, static_cast<std::uint32_t>(held_back), moment());
  }
  const Instant give_up = now_ + options_.limits.release_wait_max;
  for (std::uint32_t turn = 0; turn < kReleaseTurnsMax && needed > stack_sent_; ++turn) {
    const std::int64_t before = stack_sent_;
    acknowledge_sent(segment);
    if (stack_sent_ > before || is_over_) continue;
    const std::optional<Deadline> deadline = stack_.next_deadline();
    if (!deadline || deadline->at > give_up) return;
    const Instant at = std::max(now_, deadline->at);
    shift_ += at - now_;
    pass_to(at, 1);
  }
}

// All that the stack has sent has arrived.
void Player::acknowledge_sent(const Segment& like) {
  if (!stack_initial_ || is_over_) return;
  Segment segment = bare(flag::ack);
  segment.window = like.window;
  if (segment.ack == fed_ack_) return;
  fed_ack_ = segment.ack;
  judge_.on_peer_ack(segment.ack);
  inject(std::move(segment));
}

// A SYN that the capture lacks: it offers what the connection turned out to have.
void Player::make_syn() {
  Segment segment;
  segment.number = packet_number_;
  segment.flags = flag::syn;
  segment.seq = plan_.peer_initial;
  segment.window = 65'535;
  const ReadOptions* answer = plan_.syn_ack ? &plan_.syn_ack->read : nullptr;
  // Some servers answer with a time-stamp that nobody asked for, and never send another.
  const bool answered = answer != nullptr && answer->has_timestamp && answer->timestamp_echo != 0;
  const bool stamps = plan_.uses_timestamps || answered;
  std::vector<std::uint8_t> options{2, 4, 0x05, 0xb4};
  if (answer == nullptr || answer->sack_permitted) options.insert(options.end(), {1, 1, 4, 2});
  if (stamps) {
    const std::uint32_t value =
        answer != nullptr ? answer->timestamp_echo : plan_.peer_timestamp - 1;
    options.insert(options.end(), {1, 1, 8, 10, 0, 0, 0, 0, 0, 0, 0, 0});
    put_long(options.data() + options.size() - 8, value);
  }
  // Which scale it was cannot be known; a large one never holds the stack back.
  if (answer == nullptr || answer->window_scale) options.insert(options.end(), {1, 3, 3, 8});
  std::copy(options.begin(), options.end(), segment.options.begin());
  segment.option_bytes = static_cast<std::uint8_t>(options.size());
  read_options(segment);
  inject(std::move(segment));
  if (!plan_.syn_ack && stack_initial_) inject(bare(flag::ack));
}

void Player::make_syn_ack() {
  if (!stack_initial_) return;
  Segment segment = bare(flag::syn | flag::ack);
  segment.seq = plan_.peer_initial;
  segment.window = 65'535;
  std::vector<std::uint8_t> options{2, 4, 0x05, 0xb4};
  const ReadOptions* offer = plan_.syn ? &plan_.syn->read : nullptr;
  const bool stamps =
      offer != nullptr ? offer->has_timestamp && plan_.uses_timestamps : plan_.uses_timestamps;
  if (offer == nullptr || offer->sack_permitted) options.insert(options.end(), {1, 1, 4, 2});
  if (stamps) {
    options.insert(options.end(), {1, 1, 8, 10, 0, 0, 0, 0, 0, 0, 0, 0});
    put_long(options.data() + options.size() - 8, plan_.peer_timestamp - 1);
  }
  if (offer == nullptr || offer->window_scale) options.insert(options.end(), {1, 3, 3, 8});
  std::copy(options.begin(), options.end(), segment.options.begin());
  segment.option_bytes = static_cast<std::uint8_t>(options.size());
  read_options(segment);
  inject(std::move(segment));
}

}  // namespace anteroom::replay
