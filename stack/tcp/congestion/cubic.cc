// RFC 9438 4. Not here: 4.10 (hystart.cc).
#include "stack/tcp/congestion/cubic.h"

#include "stack/base/short_time.h"

namespace anteroom {
namespace {

// 4.1: C is 0.4 segments per cubic second, that is one segment for 2.5 of them.
constexpr std::uint64_t kCubicMsPerSegment = 2'500'000'000;
// The curve five minutes from its plateau is beyond every window.
constexpr std::int64_t kCurveMsMax = 300'000;

// The largest number whose cube is not above `value`.
std::uint32_t cube_root(std::uint64_t value) {
  std::uint64_t root = 0;
  for (std::uint64_t bit = 1u << 20; bit != 0; bit >>= 1) {
    const std::uint64_t next = root | bit;
    if (next * next * next <= value) root = next;
  }
  return static_cast<std::uint32_t>(root);
}

// 4.2: how long the curve takes from `start` to the plateau, K.
std::int32_t to_plateau_us(std::uint32_t plateau, std::uint32_t start, std::uint32_t mss) {
  const std::uint32_t ms = cube_root(std::uint64_t{plateau - start} * kCubicMsPerSegment / mss);
  return static_cast<std::int32_t>(std::min<std::int64_t>(ms, kCurveMsMax) * 1000);
}

}  // namespace

std::uint32_t Cubic::next_window(const CubicAck& ack, std::uint32_t window) {
  if (curve_.reno_bytes == 0) begin(ack.now, window, ack.mss);
  advance(ack);
  if (!ack.window_limited) return window;  // 5.8
  grow_reno_window(ack.acked_bytes, window, ack.mss);
  const std::int64_t t = curve_.since_plateau_us;
  if (window_at(t, ack.mss) < curve_.reno_bytes) {  // 4.3
    return std::max(window, curve_.reno_bytes);
  }
  // 4.2, 4.4 and 4.5: concave and convex differ in nothing but the sign of t - K.
  const std::uint32_t target =
      std::clamp(window_at(t + short_us(ack.smoothed_rtt), ack.mss), window, window + window / 2);
  const std::uint64_t acked = std::min(ack.acked_bytes, window);
  return window + static_cast<std::uint32_t>((target - window) * acked / window);
}

// A plateau that is not known, or not above the window, is the window: K is 0 (4.8, 4.10).
void Cubic::begin(Instant now, std::uint32_t window, std::uint32_t mss) {
  if (curve_.plateau_bytes < window) curve_.plateau_bytes = window;
  curve_.since_plateau_us = -to_plateau_us(curve_.plateau_bytes, window, mss);
  curve_.reno_bytes = window;
  if (curve_.prior_bytes == 0) curve_.prior_bytes = window;  // 4.10: slow start ended by itself
  advanced_at_us_ = wrapping_us(now);
  reno_acked_.reset();
}

// 4.2: t counts only while the window is what limits the sender, and such a sender hears something
// in each round trip. Twice that leaves room for its variation.
void Cubic::advance(const CubicAck& ack) {
  const std::uint32_t now_us = wrapping_us(ack.now);
  const std::uint32_t passed =
      std::min<std::uint32_t>(now_us - advanced_at_us_, short_us(2 * ack.smoothed_rtt));
  advanced_at_us_ = now_us;
  if (!ack.window_limited) return;
  curve_.since_plateau_us = static_cast<std::int32_t>(
      std::min<std::int64_t>(std::int64_t{curve_.since_plateau_us} + passed, kCurveMsMax * 1000));
}

// 4.3: alpha is 3 * (1 - 0.7) / (1 + 0.7) = 9/17 until the window of the last reduction is reached
// again, and 1 from there on.
void Cubic::grow_reno_window(std::uint32_t acked_bytes, std::uint32_t window, std::uint32_t mss) {
  const bool regained = curve_.reno_bytes >= curve_.prior_bytes;
  const std::uint64_t per_segment = regained ? window : std::uint64_t{window} * 17 / 9;
  if (!reno_acked_.add(acked_bytes, static_cast<std::uint32_t>(per_segment))) return;
  curve_.reno_bytes = std::min(curve_.reno_bytes + mss, kCongestionWindowMax);
}

// 4.2: W_cubic, `since_plateau_us` being t - K.
std::uint32_t Cubic::window_at(std::int64_t since_plateau_us, std::uint32_t mss) const {
  const std::int64_t ms = std::clamp(since_plateau_us / 1000, -kCurveMsMax, kCurveMsMax);
  // In two steps, so that the largest cube and the largest segment fit 64 bits.
  const std::int64_t bytes = ms * ms * ms / 2500 * mss / 1'000'000 + curve_.plateau_bytes;
  return static_cast<std::uint32_t>(std::clamp<std::int64_t>(bytes, 0, kCongestionWindowMax));
}

void Cubic::on_congestion(std::uint32_t window) {
  // 4.7: a window that did not regain the plateau leaves room for a newcomer.
  const bool lower = window < curve_.plateau_bytes;
  const std::uint64_t plateau = lower ? std::uint64_t{window} * 17 / 20 : window;
  curve_ = {static_cast<std::uint32_t>(plateau), 0, window, 0};
}

void Cubic::on_timeout(std::uint32_t window) { curve_ = {0, 0, window, 0}; }

}  // namespace anteroom
