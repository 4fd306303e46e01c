// How large a segment the path takes: told by routers (RFC 1191), or found out by sending (RFC
// 4821), where they are silent. Sizes are of payload and options together, as the MSS counts. Not
// here: what a router said about which packet (ip/path_mtu.h), the probe itself (next_segment.cc).
#pragma once

#include <algorithm>
#include <cstdint>

#include "stack/base/short_time.h"

namespace anteroom {

class PathMss {
 public:
  // What the interface takes, or less where the path is known.
  explicit PathMss(std::uint16_t bytes) : bytes_(bytes), high_(bytes) {}

  std::uint16_t bytes() const { return bytes_; }
  // The connection opens: what is known of the path is taken as it is.
  void begin(Instant now) { finish(now); }

  // RFC 1191 3: a router has said so. It is not doubted for ten minutes.
  void on_told(Instant now, std::uint16_t bytes) {
    bytes_ = std::min(bytes_, std::max(bytes, kMin));
    finish(now);
  }
  // RFC 4821 7.7: full segments vanish and nobody tells. True where a smaller size is left to try.
  bool on_black_hole() {
    if (bytes_ <= kBase / 2) return false;
    high_ = bytes_;  // tried again first: bad luck looks the same
    bytes_ = bytes_ > kBase ? kBase : kBase / 2;
    return true;
  }

  // The size to probe next, 0 where the search is over; after ten minutes it begins anew, up to
  // `most`, as the path may have changed (RFC 1191 6.3).
  std::uint16_t next_probe(Instant now, std::uint16_t most) {
    if (high_ <= bytes_) {
      if (bytes_ >= most || static_cast<std::uint16_t>(minutes(now) - finished_at_) < kMinutes) {
        return 0;
      }
      high_ = most;
    }
    high_ = std::min(high_, most);
    if (high_ <= bytes_ || high_ - bytes_ < kCloseEnough) {
      finish(now);
      return 0;
    }
    // The whole first, because the usual answer is that it fits; then the middle.
    return high_ == most ? high_ : static_cast<std::uint16_t>(bytes_ + (high_ - bytes_ + 1) / 2);
  }
  void on_probe_arrived(Instant now, std::uint16_t bytes) {
    bytes_ = std::max(bytes_, bytes);
    if (high_ <= bytes_) finish(now);
  }
  void on_probe_lost(std::uint16_t bytes) {
    high_ = std::max(bytes_, std::min(high_, static_cast<std::uint16_t>(bytes - 1)));
  }

 private:
  static constexpr std::uint16_t kMin = 48;      // headers would outweigh the data
  static constexpr std::uint16_t kBase = 1'024;  // RFC 4821 7.2: search_low of a new path
  static constexpr std::uint16_t kCloseEnough = 16;
  static constexpr std::uint16_t kMinutes = 10;

  static std::uint16_t minutes(Instant at) {
    return static_cast<std::uint16_t>(at.time_since_epoch() / Duration(1min));
  }
  void finish(Instant now) {
    high_ = bytes_;
    finished_at_ = minutes(now);
  }

  std::uint16_t bytes_;
  std::uint16_t high_;  // the largest that may fit; no more than bytes_ where nothing is searched
  std::uint16_t finished_at_ = 0;  // in minutes, modulo 45 days
};

}  // namespace anteroom
