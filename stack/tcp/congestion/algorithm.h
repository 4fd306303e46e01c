// The congestion window of one connection, held by value: slow start, congestion avoidance and the
// answer to congestion, by the algorithm chosen at birth. RFC 5681 is the frame; the algorithms
// fill it in (new_reno.h, cubic.h, hystart.h), RFC 7661 validates it (validation.h). Not here: what
// is lost and when recovery ends (recovery.cc), the window in recovery, which set_window() is told
// (RFC 9937), when the next segment may go (pacer.h).
#pragma once

#include <variant>

#include <anteroom/config.h>

#include "stack/tcp/congestion/cubic.h"
#include "stack/tcp/congestion/hystart.h"
#include "stack/tcp/congestion/validation.h"

namespace anteroom {

struct CongestionStart {
  CongestionAlgorithm algorithm = CongestionAlgorithm::cubic;
  bool paced = false;                 // bursts are bounded elsewhere
  bool unlimited_slow_start = false;  // TcpConfig
  std::uint32_t window_segments = 0;  // RFC 6928 2; at most 65,535
  std::uint32_t mss = 0;              // payload bytes of a segment, here and below
};

// An acknowledgment outside of fast recovery.
struct CongestionAck {
  Instant now{};
  std::uint32_t acked_bytes = 0;
  std::uint32_t mss = 0;
  Duration rtt{};           // what this acknowledgment measured; zero: nothing
  Duration smoothed_rtt{};  // zero: not known yet
  Seq una{};                // after it
  Seq nxt{};
  bool window_limited = false;  // this window, nothing else, held the sender back before it
};

enum class CongestionCause : std::uint8_t {
  loss,
  ecn,  // an echo of congestion experienced: RFC 3168 6.1.2
};

class Congestion {
 public:
  Congestion() = default;
  // Before the handshake: no window.
  explicit Congestion(CongestionAlgorithm algorithm) : algorithm_(algorithm) {}
  explicit Congestion(const CongestionStart& start);

  std::uint32_t window_bytes() const { return window_; }
  std::uint32_t threshold_bytes() const { return threshold_; }
  bool in_slow_start() const { return window_ < threshold_; }
  CongestionAlgorithm algorithm() const { return algorithm_; }

  // New data was acknowledged. Grows the window where it was used: RFC 9438 5.8, RFC 7661 4.5.3.
  void on_ack(const CongestionAck& ack);
  // Congestion was seen with so many bytes in flight, for the first time in this window of data:
  // RFC 5681 3.2, RFC 9438 4.6, RFC 7661 4.4.1. Remembers what undo() gives back.
  void on_congestion(std::uint32_t flight_bytes, std::uint32_t mss, CongestionCause cause);
  // The retransmission timer expired: RFC 5681 3.1, RFC 9438 4.8. `first` is false where it expires
  // again for the same segment, which leaves the threshold and undo() alone.
  void on_timeout(std::uint32_t flight_bytes, std::uint32_t mss, bool first);
  // What recovery allows meanwhile, in bytes.
  void set_window(std::uint32_t bytes);
  // Recovery is over: RFC 6582 3.2, RFC 9937. Nothing happens where undo() came first.
  void on_recovered();
  // The last reduction was a mistake: everything is as it was before it, unless the window has
  // grown beyond. RFC 9438 4.9, RFC 4015 3. Only once for each reduction.
  void undo();
  // Sending resumes, nothing having been sent for longer than a time-out. RFC 7661 keeps the
  // window, for five minutes, but wants bursts bounded (4.4.2); without a pacer the window alone
  // does that, so that it restarts as RFC 5681 4.1 says.
  void on_idle(Instant now, std::uint32_t mss);

 private:
  // Before a reduction.
  struct Prior {
    std::uint32_t window;
    std::uint32_t threshold;
    Cubic::Curve curve;
  };

  // Null but in the first slow start: RFC 9406 4.3 leaves the others alone.
  HyStart* first_slow_start();
  void grow_in_slow_start(const CongestionAck& ack);
  std::uint32_t reduced_flight(std::uint32_t flight_bytes) const;
  void remember();
  void forget_expired(Instant now, std::uint32_t mss);

  std::uint32_t window_ = 0;
  std::uint32_t threshold_ = UINT32_MAX;
  CongestionAlgorithm algorithm_ = CongestionAlgorithm::new_reno;
  bool paced_ : 1 = false;
  bool unlimited_ : 1 = false;      // the first slow start, by one acknowledgment
  bool after_timeout_ : 1 = false;  // this slow start is
  std::uint16_t initial_segments_ = 0;
  NewReno new_reno_;
  Cubic cubic_;
  Validation validation_;
  std::variant<HyStart, Prior> past_;  // there is nothing to undo in the first slow start
};

static_assert(std::is_trivially_copyable_v<Congestion> && sizeof(Congestion) <= 96);

}  // namespace anteroom
