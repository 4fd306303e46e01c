// Loss recovery: chooses and sequences what detects a loss (RACK, the tail loss probe, duplicate
// acknowledgments where the peer speaks no SACK: RFC 6582), what is sent meanwhile (PRR), and what
// undoes it (spurious.h). RFC 5681 3, RFC 6298 5, RFC 8985.
// Not here: what a segment's record says (flight.cc), the window (congestion/).
#pragma once

#include <anteroom/connection.h>

#include "stack/tcp/congestion/algorithm.h"
#include "stack/tcp/prr.h"
#include "stack/tcp/rack.h"
#include "stack/tcp/spurious.h"
#include "stack/tcp/tail_loss_probe.h"

namespace anteroom {

// What one acknowledgment said, and of what.
struct AckSummary {
  Instant now{};
  Seq una;  // after it
  Seq nxt;
  std::uint32_t mss = 0;
  std::uint32_t flight_bytes = 0;  // FlightSize of RFC 5681 2, before it
  AckKind kind;
  Echo echo;
  Duration rtt_min{};
  Duration smoothed_rtt{};
  bool window_limited = false;  // the congestion window held us back before it
};

// What has happened to a recovery, for the counters.
struct RecoveryNews {
  bool entered = false;     // fast recovery
  bool undone = false;      // it, or a time-out, was spurious
  bool probe_loss = false;  // the tail loss probe has repaired a loss
  bool marked = false;      // congestion marks were heeded
};

class Recovery {
 public:
  explicit Recovery(Seq una) : recover_(una - 1), reduced_(una - 1) {}

  RecoveryNews on_ack(const AckSummary& ack, const Delivery& delivery, Flight& flight,
                      Congestion& congestion, Reordering& reordering);
  // RACK's timer, RFC 8985 6.3. True where fast recovery begins.
  bool on_reordering_timeout(const AckSummary& at, Flight& flight, Congestion& congestion,
                             const Reordering& reordering);
  // `repeated`: the same segment has timed out before.
  void on_timeout(const AckSummary& at, bool repeated, Flight& flight, Congestion& congestion,
                  const Reordering& reordering);
  void on_probe_sent(Seq nxt, bool retransmission) { probe_.on_sent(nxt, retransmission); }
  void on_sent(std::uint32_t bytes) {
    if (phase_ == Phase::fast) prr_.on_sent(bytes);
  }
  void on_retransmit(Instant now) { spurious_.on_retransmit(now); }

  // Bytes that duplicate acknowledgments without SACK tell have left the network.
  std::uint32_t left_network_bytes() const { return left_bytes_; }
  // When RACK decides about the next segment; Instant(): nothing to wait for.
  Instant reordering_at() const { return reordering_at_; }
  bool is_open() const { return phase_ == Phase::open; }
  RecoveryPhase phase(const Flight& flight) const {
    if (phase_ == Phase::fast) return RecoveryPhase::recovery;
    if (phase_ == Phase::timeout) return RecoveryPhase::loss;
    const bool disorder = flight.sacked_count() != 0 || duplicate_acks_ != 0;
    return disorder ? RecoveryPhase::disorder : RecoveryPhase::open;
  }
  bool may_probe() const { return phase_ == Phase::open && !probe_.is_pending(); }
  // F-RTO: new data goes before what is lost.
  bool prefers_new_data() const { return spurious_.prefers_new_data(); }
  // Nothing more to learn once everything is acknowledged.
  bool is_quiet() const {
    return phase_ == Phase::open && !probe_.is_pending() && !spurious_.is_watching();
  }

 private:
  enum class Phase : std::uint8_t { open, fast, timeout };

  std::uint32_t pipe_of(const Flight& flight) const {
    return flight.pipe_bytes() - std::min(flight.pipe_bytes(), left_bytes_);
  }
  bool undo(const AckSummary& ack, const Delivery& delivery, Flight& flight,
            Congestion& congestion);
  void leave(const AckSummary& ack, Congestion& congestion, Reordering& reordering);
  bool detect(const AckSummary& ack, std::uint32_t acked, Flight& flight,
              const Reordering& reordering);
  bool detect_without_sack(const AckSummary& ack, std::uint32_t acked, Flight& flight);
  // `reported`: bytes that this acknowledgment is the first to tell of.
  void enter_fast(const AckSummary& ack, std::uint32_t reported, Flight& flight,
                  Congestion& congestion);
  Duration reordering_window(const AckSummary& ack, const Flight& flight,
                             const Reordering& reordering) const;
  std::uint32_t delivered_bytes(const AckSummary& ack, const Delivery& delivery);

  Rack rack_;
  TailLossProbe probe_;
  Prr prr_;
  Spurious spurious_;
  Instant reordering_at_{};
  Seq recover_;  // the highest sequence number sent when the loss was seen
  Seq reduced_;  // what was sent when marks were heeded last
  std::uint32_t duplicate_acks_ = 0;
  std::uint32_t left_bytes_ = 0;
  Phase phase_ = Phase::open;
};

}  // namespace anteroom
