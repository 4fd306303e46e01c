// What is compared at once, and what is kept for the end. The verdicts of the end are in
// judge_finish.cc.
#include "conformance/replay/judge.h"

#include <algorithm>
#include <cstdlib>

#include <fmt/format.h>

#include "stack/wire/ip.h"

namespace anteroom::replay {
namespace {

constexpr std::uint16_t kMssAssumed = 1'460;

// Payload of the longest segment that goes out as it is.
std::size_t segment_bytes_max(const Plan& plan) {
  const auto& offer = plan.as == Side::server ? plan.syn : plan.syn_ack;
  const std::uint16_t theirs = offer && offer->read.mss ? *offer->read.mss : kMssAssumed;
  const std::size_t headers = ip_header_bytes(plan.subject.address) + 20;
  const auto ours = static_cast<std::uint16_t>(plan.config.interface.mtu - headers);
  return std::min(theirs, ours);
}

}  // namespace

Judge::Judge(const Plan& plan, const Options& options)
    : plan_(plan),
      options_(options),
      own_(plan.subject_initial),
      peer_(plan.peer_initial),
      captured_{Sent(options.limits.marks_max)},
      stack_{Sent(options.limits.marks_max)},
      written_(1),
      peer_data_(1),
      boundaries_(options.limits.marks_max, segment_bytes_max(plan)),
      acks_(options.limits.marks_max),
      arrivals_(options.limits.marks_max) {}

std::string Judge::text(const Mark& mark) const {
  // A SYN's acknowledgment counts from the peer's SYN like any other.
  return notation(mark.head, mark.payload_bytes, {own_.initial(), peer_.initial()}, false);
}

std::string Judge::refusal() const {
  if (refused_packet_ == 0) return "";
  return fmt::format("; the stack had dropped packet {}: {}", refused_packet_, refused_);
}

void Judge::diverge(Tier tier, const Moment& moment, std::string captured, std::string stack,
                    std::string why) {
  diverged_[static_cast<std::size_t>(tier)] = true;
  hold(tier);
  ++divergences_total_;
  if (++told_[static_cast<std::size_t>(tier)] > options_.limits.divergences_per_tier_max) return;
  divergences_.push_back({tier, moment.packet, moment.at, std::move(captured), std::move(stack),
                          moment.state, std::move(why), false});
}

void Judge::note(Sender& sender, const Segment& segment, const Moment& moment) {
  ++sender.segments;
  const std::int64_t begin = own_.of(segment.seq);
  const std::int64_t end = begin + segment.length();
  const bool reset = segment.has(flag::rst);
  if (segment.has(flag::syn) && !reset && !sender.handshake) {
    sender.handshake = mark_of(segment, moment);
  }
  if (reset) {
    if (!sender.reset) sender.reset = mark_of(segment, moment);
    return;
  }
  own_.note(end);
  if (segment.has(flag::fin) && sender.fin == 0) {
    sender.fin = end - 1;
    sender.fin_mark = mark_of(segment, moment);
  }
  if (!segment.has(flag::syn) && segment.window == 0) {
    ++sender.zero_windows;
    if (!sender.zero_window) sender.zero_window = mark_of(segment, moment);
  }
  if (!segment.payload.empty()) {
    const std::int64_t data_end = end - segment.has(flag::fin);
    sender.data_end = std::max(sender.data_end, data_end);
  }
  if (segment.length() == 0) return;
  // A keep-alive probe has at most one byte, which was acknowledged long ago. RFC 9293 3.8.4
  if (segment.payload.size() <= 1 && end <= peer_acked_) return;
  const Sent::Kind kind = sender.sent.take(begin, end);
  Mark mark = mark_of(segment, moment);
  mark.begin = begin;
  mark.end = end;
  if (kind == Sent::Kind::again) {
    sender.sent.again(std::move(mark));
    return;
  }
  if (segment.payload.empty()) return;
  mark.begin += segment.has(flag::syn);
  mark.end -= segment.has(flag::fin);
  const auto sink = [this](const Mark& captured, const Mark& stack, BoundaryMatch match) {
    on_boundary(captured, stack, match);
  };
  &sender == &captured_ ? boundaries_.captured(std::move(mark), sink)
                        : boundaries_.stack(std::move(mark), sink);
}

void Judge::on_boundary(const Mark& captured, const Mark& stack, BoundaryMatch match) {
  hold(Tier::boundaries);
  if (match == BoundaryMatch::different) {
    diverge(Tier::boundaries, captured.moment, text(captured), text(stack),
            fmt::format("the captured host's segment ends at byte {}, the stack's at {}",
                        captured.end, stack.end));
  }
  if (match != BoundaryMatch::cut_up) compare_times("data", captured, stack);
}

void Judge::compare_times(const char* what, const Mark& captured, const Mark& stack) {
  if (plan_.mode != Mode::oracle) return;
  hold(Tier::timing);
  const Duration later = stack.moment.now - captured.moment.now;
  if (later <= options_.tolerance && -later <= options_.tolerance) return;
  const double milliseconds =
      static_cast<double>((later < Duration{} ? -later : later).count()) / 1e6;
  diverge(Tier::timing, captured.moment, text(captured), text(stack),
          fmt::format("the stack sent this {} {:.3f} ms {} than the captured host", what,
                      milliseconds, later < Duration{} ? "earlier" : "later"));
}

void Judge::on_captured(const Segment& segment, const Moment& moment) {
  note(captured_, segment, moment);
  if (segment.has(flag::rst) || !segment.has(flag::ack)) return;
  captured_.has_acked = true;
  const std::int64_t acked = peer_.of(segment.ack);
  if (acked > captured_.acked) {
    captured_.acked = acked;
    peer_.note(acked);
    arrivals_.acknowledged(acked);
    Mark mark = mark_of(segment, moment);
    mark.end = acked;
    acks_.captured(std::move(mark), [this](const Mark& captured, const Mark& stack) {
      compare_times("acknowledgment", captured, stack);
    });
  }
  // What goes out again must be what went out before.
  if (segment.payload.empty() || stream_lost_) return;
  const std::int64_t begin = own_.of(segment.data_seq());
  if (const auto at = written_.difference(begin, segment.payload, segment.real_bytes)) {
    const Mark mark = mark_of(segment, moment);
    diverge(Tier::stream, moment, text(mark), "",
            fmt::format("the captured host sent other bytes than before, from byte {} on; the "
                        "stack sends the first ones again",
                        *at));
  }
}

void Judge::on_stack(const Segment& segment, const Moment& moment) {
  note(stack_, segment, moment);
  if (segment.has(flag::ack)) {
    const std::int64_t acked = peer_.of(segment.ack);
    if (acked > stack_.acked) {
      stack_.acked = acked;
      Mark mark = mark_of(segment, moment);
      mark.end = acked;
      acks_.stack(std::move(mark), [this](const Mark& captured, const Mark& stack) {
        compare_times("acknowledgment", captured, stack);
      });
    }
    stack_.has_acked = true;
  }
  if (segment.payload.empty() || stream_lost_ || segment.has(flag::rst)) return;
  const std::int64_t begin = own_.of(segment.data_seq());
  if (const auto at = written_.difference(begin, segment.payload, segment.payload.size())) {
    const Mark mark = mark_of(segment, moment);
    diverge(Tier::stream, moment, "", text(mark),
            fmt::format("byte {} of the stream is another one than the captured host's", *at));
  }
}

void Judge::on_written(Bytes bytes, std::size_t real_bytes, bool is_gap) {
  if (is_gap && !bytes.empty()) {
    Mark mark;
    mark.begin = written_.end();
    mark.end = mark.begin + static_cast<std::int64_t>(bytes.size());
    mark.is_unknown = true;
    boundaries_.captured(std::move(mark),
                         [this](const Mark& captured, const Mark& stack, BoundaryMatch match) {
                           on_boundary(captured, stack, match);
                         });
  }
  written_.append(bytes, real_bytes);
  if (written_.size() > options_.limits.stream_bytes_max) {
    stream_lost_ = true;
    written_.drop_below(written_.end());
  }
}

void Judge::on_peer_ack(std::uint32_t ack) {
  const std::int64_t acked = own_.of(ack);
  if (acked <= peer_acked_) return;
  peer_acked_ = acked;
  // What the stack has not sent yet is still to be compared.
  written_.drop_below(std::min(acked, stack_.data_end));
}

void Judge::on_peer_data(Bytes bytes, std::size_t real_bytes, const Moment& moment) {
  peer_data_.append(bytes, real_bytes);
  peer_.note(peer_data_.end());
  if (peer_data_.end() > captured_.acked) arrivals_.arrived(peer_data_.end(), moment);
  if (peer_data_.size() > options_.limits.stream_bytes_max) {
    stream_lost_ = true;
    peer_data_.drop_below(peer_data_.end());
  }
}

void Judge::on_read(Bytes bytes, const Moment& moment) {
  if (!stream_lost_ && !peer_contradicts_) {
    if (const auto at = peer_data_.difference(read_, bytes, bytes.size())) {
      diverge(Tier::stream, moment, "", "",
              fmt::format("the stack's application read another byte {} than the peer sent first",
                          *at));
    }
  }
  read_ += static_cast<std::int64_t>(bytes.size());
  peer_data_.drop_below(read_);
}

void Judge::on_refused(const Segment& peer_segment, const char* reason) {
  // The first is the likely cause of what differs from then on.
  if (refused_packet_ != 0) return;
  refused_packet_ = peer_segment.number;
  refused_ = reason;
}

}  // namespace anteroom::replay
