// The captured host's application, as its segments show it: bytes are written when they were first
// sent, a FIN is shutdown(), a reset that the stack would not send by itself is abort(). It reads
// whatever there is at once.
#include <algorithm>

#include "conformance/replay/player.h"

namespace anteroom::replay {

bool Player::comes_too_early(const Segment& segment) const {
  if (!segment.has(flag::ack) || segment.has(flag::rst)) return false;
  if (segment.source == plan_.subject) {
    if (segment.has(flag::syn)) return false;
    const std::int64_t known = in_fin_ != 0 && in_.next() == in_fin_ ? in_fin_ + 1 : in_.next();
    return judge_.peer().of(segment.ack) > known;
  }
  const std::int64_t known = out_fin_ != 0 && out_.next() == out_fin_ ? out_fin_ + 1 : out_.next();
  return judge_.own().of(segment.ack) > known;
}

void Player::on_captured(const Segment& segment) {
  judge_.on_captured(segment, moment());
  if (segment.read.has_timestamp) {
    stamps_.on_captured(segment.read.timestamp_value, now_);
    // What is echoed was sent, whether or not the capture has it.
    const std::uint32_t echo = segment.read.timestamp_echo;
    if (static_cast<std::int32_t>(echo - peer_timestamp_) > 0) peer_timestamp_ = echo;
  }
  if (segment.has(flag::rst)) {
    settle();
    if (!has_reset_ && connection_.is_set()) {
      static_cast<void>(stack_.abort(now_, connection_));
    } else if (!has_reset_ && pending_.is_set()) {
      static_cast<void>(stack_.reject(now_, pending_));
    } else if (!has_reset_ && stack_initial_) {
      // Nobody has taken it: its listener goes, and it with it.
      static_cast<void>(stack_.close(now_, listener_));
    }
    settle();
    return;
  }
  const std::int64_t end = judge_.own().of(segment.end());
  captured_sent_ = std::max(captured_sent_, end);
  open(segment);
  if (segment.has(flag::ack) && !segment.has(flag::syn)) {
    const std::int64_t acked = judge_.peer().of(segment.ack);
    const std::int64_t known = in_fin_ != 0 && in_.next() == in_fin_ ? in_fin_ + 1 : in_.next();
    // One more than there was data, from a host that closes: the other end's FIN.
    const bool closes = segment.has(flag::fin) || out_fin_ != 0;
    if (acked > known) stand_in(acked, closes && acked == known + 1);
  }
  write(segment);
  settle();
}

// SYN and SYN-ACK: connect() and the verdict.
void Player::open(const Segment& segment) {
  if (plan_.as == Side::client && segment.is_syn() && !connection_.is_set() && !is_over_) {
    connect(&segment);
    settle();
    if (plan_.makes_syn_ack) make_syn_ack();
  }
  if (plan_.as == Side::server && segment.is_syn_ack() && pending_.is_set()) {
    const auto accepted = stack_.accept(
        now_, pending_, {.response_data = segment.payload, .overflow_to_stream = true});
    pending_ = {};
    if (accepted) {
      connection_ = *accepted;
      sent_with_open_ = 1 + static_cast<std::int64_t>(segment.payload.size());
    }
  }
}

// The captured client had its cookie from an earlier connection (RFC 7413 4.1.2). The stack gets it
// in the same way, from one that nobody else sees.
void Player::learn_cookie(const Segment& syn) {
  ConnectOptions options;
  options.remote = peer_;
  options.local = {own_.address, static_cast<std::uint16_t>(own_.port ^ 0x8000)};
  options.fast_open = FastOpen::cookie;
  const auto connection = stack_.connect(now_, options);
  if (!connection) return;
  const auto drain = [&] {
    Segment last;
    while (const std::size_t size = stack_.next_frame(now_, frame_)) {
      const auto ip = read_ip(Bytes(frame_).first(size), size);
      const auto segment = ip ? read_segment(*ip) : Result<Segment, Skip>(ip.error());
      if (segment) last = *segment;
    }
    return last;
  };
  const Segment asking = drain();
  Segment answer;
  answer.flags = flag::syn | flag::ack;
  answer.ack = asking.seq + 1;
  answer.window = 65'535;
  const Bytes from = syn.option_view();
  for (std::size_t at = 0; at < from.size() && from[at] != 0;) {
    const std::size_t length = from[at] == 1 || at + 1 >= from.size() ? 1 : from[at + 1];
    if (length == 0 || at + length > from.size()) break;
    if (from[at] == 34 || from[at] == 254) {
      std::copy_n(from.begin() + static_cast<std::ptrdiff_t>(at), length, answer.options.begin());
      answer.option_bytes = static_cast<std::uint8_t>((length + 3) / 4 * 4);
    }
    at += length;
  }
  write_packet(answer, peer_, asking.source, {}, packet_);
  stack_.receive(now_, packet_);
  drain();
  static_cast<void>(stack_.abort(now_, *connection));
  drain();
  while (stack_.next_event()) {
  }
}

void Player::connect(const Segment* syn) {
  ConnectOptions options;
  options.remote = peer_;
  options.local = own_;
  if (syn != nullptr) {
    options.caller_data = syn->payload;
    if (syn->read.fast_open_bytes) {
      options.fast_open = FastOpen::cookie;
      if (*syn->read.fast_open_bytes != 0) learn_cookie(*syn);
    }
  }
  const auto connection = stack_.connect(now_, options);
  if (!connection && !options.caller_data.empty()) {
    // More than one segment holds: a card was to cut it up. It follows the handshake.
    options.caller_data = {};
    const auto plain = stack_.connect(now_, options);
    if (plain) connection_ = *plain;
    return;
  }
  if (!connection) return;
  connection_ = *connection;
  sent_with_open_ = 1 + static_cast<std::int64_t>(options.caller_data.size());
  if (syn == nullptr) {
    settle();
    make_syn_ack();
  }
}

void Player::write(const Segment& segment) {
  const std::int64_t begin = judge_.own().of(segment.data_seq());
  const std::int64_t data_end = begin + static_cast<std::int64_t>(segment.payload.size());
  if (segment.has(flag::fin)) out_fin_ = data_end;
  InOrder::Piece piece = out_.add(begin, segment.payload, segment.real_bytes);
  while (!piece.bytes.empty()) {
    append(piece.bytes, piece.real_bytes, false, out_.next() <= sent_with_open_);
    piece = out_.take_next();
  }
  // Too much came out of order: the capture has not got what is missing.
  while (out_.is_full()) {
    const std::int64_t before = out_.next();
    fill_written(out_.gap_end());
    // A gap too long to be one: what waits behind it is of no use.
    if (out_.next() == before) return out_.forget();
  }
}

void Player::append(Bytes bytes, std::size_t real_bytes, bool is_gap, bool is_sent_already) {
  judge_.on_written(bytes, real_bytes, is_gap);
  if (real_bytes < bytes.size()) stand_in_bytes_ += bytes.size() - real_bytes;
  if (is_sent_already || is_over_ || gave_up_) return;
  writes_.push_back({{bytes.begin(), bytes.end()}, 0});
  unwritten_bytes_ += bytes.size();
  if (unwritten_bytes_ <= options_.limits.stream_bytes_max) return;
  gave_up_ = true;
  writes_.clear();
}

// The capture has not got the captured host's bytes up to `end`: zeros.
void Player::fill_written(std::int64_t end) {
  const std::int64_t missing = end - out_.next();
  if (missing <= 0 || missing > options_.limits.stream_bytes_max) return;
  if (stand_in_bytes_ > options_.limits.stand_in_bytes_max) return;
  const std::vector<std::uint8_t> zeros(static_cast<std::size_t>(missing), 0);
  const InOrder::Piece piece = out_.add(out_.next(), zeros, 0);
  append(piece.bytes, 0, true, false);
  for (InOrder::Piece next = out_.take_next(); !next.bytes.empty(); next = out_.take_next()) {
    append(next.bytes, next.real_bytes, false, false);
  }
}

void Player::flush() {
  if (!connection_.is_set() || is_over_) return;
  while (!writes_.empty()) {
    Write& front = writes_.front();
    const auto taken = stack_.send(now_, connection_, Bytes(front.bytes).subspan(front.taken));
    if (!taken || *taken == 0) break;
    front.taken += *taken;
    unwritten_bytes_ -= *taken;
    if (front.taken == front.bytes.size()) writes_.pop_front();
  }
  if (out_fin_ != 0 && out_.next() >= out_fin_ && writes_.empty() && !has_shut_down_) {
    has_shut_down_ = true;
    static_cast<void>(stack_.shutdown(now_, connection_));
  }
}

}  // namespace anteroom::replay
