// What can only be said when a connection is over.
#include <algorithm>

#include <fmt/format.h>

#include "conformance/replay/judge.h"

namespace anteroom::replay {
namespace {

// How late an acknowledgment may be, RFC 9293 3.8.6.3 [MUST-40]: a capture that ends sooner does
// not show whether it came.
constexpr Duration kAckDelayMax = 500ms;

std::string option_or_none(const std::optional<std::uint8_t>& value) {
  return value ? fmt::format("{}", *value) : "none";
}

// The first difference between two SYNs or SYN-ACKs, in words; empty where there is none.
std::string handshake_difference(const Mark& captured, const Mark& stack, const Offsets& peer) {
  const ReadOptions& a = captured.head.read;
  const ReadOptions& b = stack.head.read;
  if (a.mss != b.mss) {
    return fmt::format(
        "the captured host announced {}, the stack {}",
        a.mss ? fmt::format("a maximum segment size of {}", *a.mss) : "no maximum segment size",
        b.mss ? fmt::format("{}", *b.mss) : "none");
  }
  if (a.window_scale != b.window_scale) {
    return fmt::format("the captured host's window scale is {}, the stack's {}",
                       option_or_none(a.window_scale), option_or_none(b.window_scale));
  }
  const auto yes = [](bool value) { return value ? "yes" : "no"; };
  if (a.sack_permitted != b.sack_permitted) {
    return fmt::format("SACK permitted: the captured host said {}, the stack {}",
                       yes(a.sack_permitted), yes(b.sack_permitted));
  }
  if (a.has_timestamp != b.has_timestamp) {
    return fmt::format("time-stamps: the captured host said {}, the stack {}", yes(a.has_timestamp),
                       yes(b.has_timestamp));
  }
  if (a.fast_open_bytes != b.fast_open_bytes) {
    return fmt::format("bytes of Fast Open cookie: the captured host had {}, the stack {}",
                       option_or_none(a.fast_open_bytes), option_or_none(b.fast_open_bytes));
  }
  constexpr std::uint16_t kEcn = flag::ece | flag::cwr | flag::ae;
  if ((captured.head.flags & kEcn) != (stack.head.flags & kEcn)) {
    return "the flags of ECN are not the same";
  }
  if (captured.head.has(flag::ack) && captured.head.ack != stack.head.ack) {
    return fmt::format("the captured host acknowledged {} of the SYN, the stack {}",
                       peer.of(captured.head.ack), peer.of(stack.head.ack));
  }
  if (captured.payload_bytes != stack.payload_bytes) {
    return fmt::format("the captured host's has {} bytes of data, the stack's {}",
                       captured.payload_bytes, stack.payload_bytes);
  }
  return "";
}

}  // namespace

void Judge::finish_stream(const Moment& moment) {
  if (stream_lost_) return;
  if (written_.end() > 1 || read_ > 1) hold(Tier::stream);
  if (written_.end() > stack_.data_end) {
    const Mark* unsent = boundaries_.first_unsent();
    const bool known = unsent != nullptr && !unsent->is_unknown;
    diverge(Tier::stream, known ? unsent->moment : moment, known ? text(*unsent) : "", "",
            fmt::format("the stack never sent bytes {} to {}, which the captured host did{}",
                        stack_.data_end, written_.end() - 1, refusal()));
  }
  const std::int64_t taken = std::min(captured_.acked, peer_data_.end());
  if (captured_.has_acked && taken > read_) {
    diverge(Tier::stream, moment, "", "",
            fmt::format("the captured host took the peer's bytes up to {}, the stack up to {}{}",
                        taken - 1, read_ - 1, refusal()));
  }
}

void Judge::finish_acknowledgments(const Moment& moment) {
  if (!captured_.has_acked) return;
  hold(Tier::acknowledgment);
  if (captured_.acked > stack_.acked) {
    const Mark* first = acks_.unmatched();
    Mark empty;
    empty.moment = moment;
    const Mark& mark = first != nullptr ? *first : empty;
    diverge(Tier::acknowledgment, mark.moment, first != nullptr ? text(mark) : "", "",
            fmt::format("the captured host acknowledged up to {}, the stack up to {}{}",
                        captured_.acked, stack_.acked, refusal()));
    return;
  }
  const auto oldest = arrivals_.oldest();
  const bool had_time = oldest && moment.at - oldest->second.at > kAckDelayMax;
  if (had_time && !captured_.reset && stack_.acked >= oldest->first) {
    const Mark* last = acks_.last_of_stack();
    diverge(Tier::acknowledgment, oldest->second, "", last != nullptr ? text(*last) : "",
            fmt::format("the stack acknowledged up to {}, the captured host never more than {}: "
                        "the packet may have been lost behind the place of the capture",
                        stack_.acked, captured_.acked));
  }
}

void Judge::finish_handshake(const Moment& moment) {
  // An answer to a SYN that was made up from it proves nothing.
  if (!captured_.handshake || plan_.makes_syn) return;
  hold(Tier::handshake);
  const Mark& captured = *captured_.handshake;
  if (!stack_.handshake) {
    diverge(Tier::handshake, captured.moment, text(captured), "",
            fmt::format("the stack sent no SYN{}", refusal()));
    return;
  }
  const std::string difference = handshake_difference(captured, *stack_.handshake, peer_);
  if (difference.empty()) return;
  Moment then = captured.moment;
  then.state = stack_.handshake->moment.state;
  static_cast<void>(moment);
  diverge(Tier::handshake, then, text(captured), text(*stack_.handshake), difference);
}

void Judge::finish_close(const Moment& moment) {
  hold(Tier::close);
  if (captured_.fin_mark && !stack_.fin_mark) {
    diverge(Tier::close, captured_.fin_mark->moment, text(*captured_.fin_mark), "",
            fmt::format("the captured host sent a FIN, the stack none{}", refusal()));
  } else if (!captured_.fin_mark && stack_.fin_mark) {
    diverge(Tier::close, stack_.fin_mark->moment, "", text(*stack_.fin_mark),
            "the stack sent a FIN, the captured host none");
  } else if (captured_.fin != stack_.fin) {
    diverge(Tier::close, captured_.fin_mark->moment, text(*captured_.fin_mark),
            text(*stack_.fin_mark),
            fmt::format("the captured host's FIN is at {}, the stack's at {}", captured_.fin,
                        stack_.fin));
  }
  if (captured_.reset && !stack_.reset) {
    diverge(Tier::close, captured_.reset->moment, text(*captured_.reset), "",
            "the captured host sent a reset, the stack none");
  } else if (!captured_.reset && stack_.reset) {
    diverge(Tier::close, stack_.reset->moment, "", text(*stack_.reset),
            "the stack sent a reset, the captured host none");
  }
  static_cast<void>(moment);
}

void Judge::finish_retransmissions(const Moment&) {
  // Without the other end's packets nobody knows what was lost; of too many some were forgotten.
  const std::uint64_t forgotten = captured_.sent.resent_lost() + stack_.sent.resent_lost();
  if (plan_.peer_absent || forgotten != 0) return;
  hold(Tier::retransmission);
  for (const Mark& mark : captured_.sent.resent()) {
    if (stack_.sent.has_resent(mark)) continue;
    diverge(Tier::retransmission, mark.moment, text(mark), "",
            fmt::format("the captured host sent {} to {} again, the stack did not", mark.begin,
                        mark.end - 1));
  }
  for (const Mark& mark : stack_.sent.resent()) {
    if (captured_.sent.has_resent(mark)) continue;
    diverge(Tier::retransmission, mark.moment, "", text(mark),
            fmt::format("the stack sent {} to {} again, the captured host did not", mark.begin,
                        mark.end - 1));
  }
}

void Judge::finish_windows(const Moment&) {
  if (plan_.peer_absent) return;
  if (captured_.zero_window && !stack_.zero_window) {
    diverge(Tier::retransmission, captured_.zero_window->moment, text(*captured_.zero_window), "",
            "the captured host closed its window; the stack, whose application reads at once, "
            "never did");
  } else if (!captured_.zero_window && stack_.zero_window) {
    diverge(Tier::retransmission, stack_.zero_window->moment, "", text(*stack_.zero_window),
            "the stack closed its window, the captured host never did");
  }
}

void Judge::on_held_back(const Segment& peer_segment, std::uint32_t bytes, const Moment& moment) {
  if (held_back_ || plan_.mode != Mode::oracle) return;
  held_back_ = true;
  // The captured side of it is the acknowledgment.
  const std::string acknowledges =
      notation(peer_segment, peer_segment.payload.size(), {peer_.initial(), own_.initial()}, true);
  diverge(Tier::retransmission, moment, acknowledges, "",
          fmt::format("packet {} acknowledges {} bytes that the stack still held back, by its "
                      "congestion window or the peer's window",
                      peer_segment.number, bytes));
}

void Judge::finish(const Moment& moment, ConnectionReport& report) {
  if (captured_.segments == 0) {
    report.unjudged = "no packet of the played host is in the capture";
  } else {
    finish_stream(moment);
    finish_acknowledgments(moment);
    finish_handshake(moment);
    finish_close(moment);
    finish_retransmissions(moment);
    finish_windows(moment);
  }
  if (boundaries_.is_lost()) judged_[static_cast<std::size_t>(Tier::boundaries)] = false;
  for (std::size_t i = 0; i < kTiers; ++i) {
    const bool judged = judged_[i] && captured_.segments != 0;
    report.tiers[i] = !judged        ? Finding::unjudged
                      : diverged_[i] ? Finding::diverged
                                     : Finding::held;
  }
  std::stable_sort(divergences_.begin(), divergences_.end(),
                   [](const Divergence& a, const Divergence& b) { return a.at < b.at; });
  if (!divergences_.empty()) divergences_.front().is_cause = true;
  report.divergences = std::move(divergences_);
  report.divergences_total = divergences_total_;
  if (captured_.segments == 0) {
    report.divergences.clear();
    report.divergences_total = 0;
  }
  if (peer_contradicts_) {
    report.notes.emplace_back(
        "the other end sent different bytes for the same place of its stream");
  }
  report.bytes_out = written_bytes();
  report.bytes_in = read_bytes();
}

}  // namespace anteroom::replay
