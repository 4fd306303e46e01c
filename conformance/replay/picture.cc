// Sequence numbers become offsets, windows become bytes.
#include "conformance/replay/picture.h"

namespace anteroom::replay {
namespace {

constexpr std::uint8_t kSackKind = 5;
constexpr std::uint8_t kScaleMax = 14;  // RFC 7323 2.3

std::uint32_t long_word(Bytes bytes, std::size_t at) {
  return std::uint32_t{bytes[at]} << 24 | std::uint32_t{bytes[at + 1]} << 16 |
         std::uint32_t{bytes[at + 2]} << 8 | bytes[at + 3];
}

std::vector<std::pair<std::int64_t, std::int64_t>> sack_of(const Segment& segment,
                                                           const Offsets& other) {
  std::vector<std::pair<std::int64_t, std::int64_t>> blocks;
  const Bytes bytes = segment.option_view();
  for (std::size_t at = 0; at < bytes.size() && bytes[at] != 0;) {
    const std::size_t length = bytes[at] == 1 ? 1 : at + 1 < bytes.size() ? bytes[at + 1] : 0;
    if (length == 0 || (bytes[at] != 1 && length < 2) || at + length > bytes.size()) break;
    for (std::size_t i = at + 2; bytes[at] == kSackKind && i + 8 <= at + length; i += 8) {
      blocks.emplace_back(other.of(long_word(bytes, i)), other.of(long_word(bytes, i + 4)));
    }
    at += length;
  }
  return blocks;
}

}  // namespace

Picture::Picture(const Plan& plan, const ReplayLimits& limits)
    : own_(plan.subject_initial),
      peer_(plan.peer_initial),
      senders_(3, Sender{Sent(limits.marks_max)}) {}

std::optional<std::uint32_t> Picture::window_of(Observer::From from, const Segment& segment) const {
  if (segment.has(flag::syn)) return segment.window;
  const auto index = static_cast<std::size_t>(from);
  const bool is_peer = from == Observer::From::peer;
  const Sender& other = senders_[static_cast<std::size_t>(is_peer ? Observer::From::captured_host
                                                                  : Observer::From::peer)];
  if (!senders_[index].has_syn || !other.has_syn) return std::nullopt;
  // Both ends offer it, or there is none.
  const auto& scale = senders_[index].scale;
  if (!scale || !other.scale) return segment.window;
  return std::uint32_t{segment.window} << std::min(*scale, kScaleMax);
}

void Picture::add(Observer::From from, const Segment& segment, const Moment& moment) {
  const bool is_peer = from == Observer::From::peer;
  Offsets& own = is_peer ? peer_ : own_;
  Offsets& other = is_peer ? own_ : peer_;
  Sender& sender = senders_[static_cast<std::size_t>(from)];
  DrawnSegment drawn;
  drawn.from = from;
  drawn.packet = moment.packet;
  drawn.at = moment.at;
  drawn.seq = own.of(segment.seq);
  drawn.bytes = static_cast<std::uint32_t>(segment.payload.size());
  drawn.flags = segment.flags;
  drawn.state = moment.state;
  drawn.text = notation(segment, segment.payload.size(), {own.initial(), other.initial()}, is_peer);
  if (segment.has(flag::ack)) {
    drawn.ack = other.of(segment.ack);
    drawn.sack = sack_of(segment, other);
  }
  if (segment.has(flag::syn)) {
    sender.has_syn = true;
    sender.scale = segment.read.window_scale;
  }
  // A reset may have any numbers.
  if (!segment.has(flag::rst)) {
    drawn.window = window_of(from, segment);
    own.note(drawn.seq + segment.length());
    if (segment.length() != 0) {
      drawn.is_again =
          sender.sent.take(drawn.seq, drawn.seq + segment.length()) == Sent::Kind::again;
    }
  }
  segments_.push_back(std::move(drawn));
}

void Pictures::on_segment(const Plan& plan, From from, const Segment& segment,
                          const Moment& moment) {
  const std::pair key{plan.number, plan.as};
  Picture& picture = under_way_.try_emplace(key, plan, limits_).first->second;
  // Behind a gap the numbers would be guesses.
  const bool is_full = picture.segments().size() >= limits_.picture_segments_max ||
                       segments_ >= limits_.picture_segments_total_max;
  if (is_full || picture.left_out() != 0) return picture.leave_out();
  picture.add(from, segment, moment);
  ++segments_;
}

std::optional<Picture> Pictures::take(std::uint64_t connection, Side as) {
  auto node = under_way_.extract({connection, as});
  if (node.empty()) return std::nullopt;
  segments_ -= node.mapped().segments().size();
  return std::move(node.mapped());
}

}  // namespace anteroom::replay
