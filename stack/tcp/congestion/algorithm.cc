// RFC 5681 3 and 4.1, with what RFC 9438 and RFC 7661 put in the place of its numbers.
// Not here: those numbers (new_reno.cc, cubic.cc).
#include "stack/tcp/congestion/algorithm.h"

#include <algorithm>

namespace anteroom {
namespace {

constexpr std::uint32_t kNoThreshold = UINT32_MAX;

// RFC 7661 4.4.3: what the threshold keeps of a window that is given up.
std::uint32_t three_quarters(std::uint32_t bytes) { return bytes - bytes / 4; }

}  // namespace

Congestion::Congestion(const CongestionStart& start)
    : window_(initial_window(start.window_segments, start.mss)),
      algorithm_(start.algorithm),
      paced_(start.paced),
      unlimited_(start.paced || start.unlimited_slow_start),
      initial_segments_(static_cast<std::uint16_t>(start.window_segments)) {}

void Congestion::on_ack(const CongestionAck& ack) {
  forget_expired(ack.now, ack.mss);
  if (in_slow_start()) {
    grow_in_slow_start(ack);
  } else if (algorithm_ == CongestionAlgorithm::cubic) {
    window_ = cubic_.next_window(
        {ack.now, ack.acked_bytes, ack.mss, ack.smoothed_rtt, ack.window_limited}, window_);
  } else if (ack.window_limited) {
    window_ = new_reno_.next_window(ack.acked_bytes, window_, ack.mss);
  }
  window_ = std::min(window_, kCongestionWindowMax);
  validation_.on_ack(ack.now, ack.acked_bytes, ack.smoothed_rtt);
  validation_.note_phase(ack.now, window_, ack.window_limited);
}

HyStart* Congestion::first_slow_start() {
  const bool first = threshold_ == kNoThreshold && algorithm_ == CongestionAlgorithm::cubic;
  return first ? std::get_if<HyStart>(&past_) : nullptr;
}

void Congestion::grow_in_slow_start(const CongestionAck& ack) {
  cubic_.on_slow_start();
  HyStart* first = first_slow_start();
  if (first == nullptr) {
    // RFC 3465 2.3: after a time-out one acknowledgment may be for much that left long ago.
    const std::uint32_t limit = after_timeout_ ? 1 : 2;
    if (ack.window_limited) window_ += slow_start_increase(ack.acked_bytes, limit, ack.mss);
    return;
  }
  const bool over = first->on_ack(ack.una, ack.nxt, ack.rtt);
  if (ack.window_limited) {
    const std::uint32_t bytes = first->increase(ack.acked_bytes, ack.mss, unlimited_);
    window_ += std::min(bytes, kCongestionWindowMax);
  }
  if (over) threshold_ = window_;
}

void Congestion::remember() { past_ = Prior{window_, threshold_, cubic_.curve()}; }

std::uint32_t Congestion::reduced_flight(std::uint32_t flight_bytes) const {
  const std::uint32_t bytes = std::min(flight_bytes, kCongestionWindowMax);
  return algorithm_ == CongestionAlgorithm::cubic ? Cubic::reduced(bytes) : NewReno::reduced(bytes);
}

void Congestion::on_congestion(std::uint32_t flight_bytes, std::uint32_t mss,
                               CongestionCause cause) {
  remember();
  std::uint32_t reduced = reduced_flight(flight_bytes);
  // In slow start the window runs ahead of what pipeACK measured, by up to three times.
  if (!validation_.is_validated(in_slow_start() ? window_ / 2 : window_)) {
    const std::uint32_t used = std::max(validation_.pipe_ack_bytes(), flight_bytes);
    reduced = std::min(used, kCongestionWindowMax) / 2;
  }
  cubic_.on_congestion(window_);
  new_reno_.on_reduction();
  threshold_ = std::max(reduced, 2 * mss);
  // RFC 9438 4.6: marks may take the window down to one segment, losses to two.
  window_ = cause == CongestionCause::ecn ? std::max(reduced, mss) : threshold_;
  after_timeout_ = false;
}

void Congestion::on_timeout(std::uint32_t flight_bytes, std::uint32_t mss, bool first) {
  if (first) {
    remember();
    threshold_ = std::max(reduced_flight(flight_bytes), 2 * mss);
    cubic_.on_timeout(window_);
  }
  new_reno_.on_reduction();
  validation_.reset();
  window_ = mss;  // the loss window
  after_timeout_ = true;
}

void Congestion::set_window(std::uint32_t bytes) {
  window_ = std::clamp(bytes, 1u, kCongestionWindowMax);
}

void Congestion::on_recovered() {
  if (!std::holds_alternative<Prior>(past_)) return;  // taken back meanwhile
  // Departs from RFC 7661 4.4.1: what recovery sent again (R) is not taken off a window that was
  // not validated, because nobody counts it; that window was halved already.
  window_ = threshold_;
  validation_.reset();
}

void Congestion::undo() {
  const Prior* prior = std::get_if<Prior>(&past_);
  if (prior == nullptr) return;
  if (window_ < prior->window) {
    window_ = prior->window;
    threshold_ = prior->threshold;
    cubic_.restore(prior->curve);
    after_timeout_ = false;
  }
  past_ = HyStart();
}

void Congestion::on_idle(Instant now, std::uint32_t mss) {
  forget_expired(now, mss);
  validation_.on_idle(now);
  if (paced_) return;
  const std::uint32_t restart = std::min(window_, initial_window(initial_segments_, mss));
  if (restart == window_) return;
  // As RFC 7661 4.4.3: slow start leads back to where the path was known to carry.
  threshold_ = std::max(threshold_, three_quarters(window_));
  window_ = restart;
  after_timeout_ = false;
}

// RFC 7661 4.4.3: a window that was not used for so long is halved, down to the initial one.
void Congestion::forget_expired(Instant now, std::uint32_t mss) {
  while (validation_.take_expired(now)) {
    const std::uint32_t least = std::min(window_, initial_window(initial_segments_, mss));
    threshold_ = std::max(threshold_, three_quarters(window_));
    window_ = std::max(window_ / 2, least);
  }
}

}  // namespace anteroom
