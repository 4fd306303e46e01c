// Proportional rate reduction, RFC 9937 6: how much may be sent in fast recovery, so that the
// flight shrinks to the threshold in step with what is delivered.
#pragma once

#include <algorithm>
#include <cstdint>

namespace anteroom {

class Prr {
 public:
  Prr() = default;
  // Recovery begins: `flight_bytes` were outstanding, those not yet reported by the peer before
  // this acknowledgment (RecoverFS).
  explicit Prr(std::uint32_t flight_bytes) : recover_flight_(std::max(flight_bytes, 1u)) {}

  void on_sent(std::uint32_t bytes) { out_ += bytes; }

  // An acknowledgment in recovery delivered `delivered` bytes; `safe` when it advanced and told of
  // no further loss. Returns the window: what is in the pipe and what may be added.
  std::uint32_t on_ack(std::uint32_t delivered, std::uint32_t pipe, std::uint32_t threshold,
                       std::uint32_t mss, bool safe) {
    delivered_ += delivered;
    std::uint64_t count = 0;
    if (pipe > threshold) {
      const std::uint64_t due =
          (std::uint64_t{delivered_} * threshold + recover_flight_ - 1) / recover_flight_;
      count = due > out_ ? due - out_ : 0;
    } else {
      count = std::max(delivered_ > out_ ? delivered_ - out_ : 0u, delivered);
      if (safe) count += mss;
      count = std::min<std::uint64_t>(count, threshold - pipe);
    }
    // The first segment of a recovery always goes.
    if (out_ == 0 && count == 0) count = mss;
    return pipe + static_cast<std::uint32_t>(count);
  }

 private:
  std::uint32_t recover_flight_ = 1;  // RecoverFS
  std::uint32_t delivered_ = 0;
  std::uint32_t out_ = 0;
};

}  // namespace anteroom
