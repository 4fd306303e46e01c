// Keep-alive of a quiet connection, RFC 9293 3.8.4: when to probe, when to give up.
// Times are kept in milliseconds of 32 bits: every connection carries them.
#pragma once

#include <algorithm>
#include <optional>

#include <anteroom/config.h>

namespace anteroom {

class Keepalive {
 public:
  Keepalive() = default;
  explicit Keepalive(const std::optional<KeepaliveConfig>& config) {
    if (!config) return;
    idle_ms_ = milliseconds(config->idle);
    interval_ms_ = milliseconds(config->interval);
    probes_max_ = static_cast<std::uint8_t>(std::min<std::uint32_t>(config->probes_max, UINT8_MAX));
  }

  bool is_on() const { return idle_ms_ != 0; }
  Duration idle() const { return std::chrono::milliseconds(idle_ms_); }
  Duration interval() const { return std::chrono::milliseconds(interval_ms_); }

  // Probes since the peer was last heard of.
  std::uint8_t probes() const { return probes_; }
  bool is_exhausted() const { return probes_ >= probes_max_; }
  void on_probe() { ++probes_; }
  void on_heard() { probes_ = 0; }

 private:
  // 1 ms to 49 days.
  static std::uint32_t milliseconds(Duration duration) {
    const auto count = std::chrono::duration_cast<std::chrono::milliseconds>(duration).count();
    return static_cast<std::uint32_t>(std::clamp<std::int64_t>(count, 1, UINT32_MAX));
  }

  std::uint32_t idle_ms_ = 0;  // 0: off
  std::uint32_t interval_ms_ = 0;
  std::uint8_t probes_max_ = 0;
  std::uint8_t probes_ = 0;
};

}  // namespace anteroom
