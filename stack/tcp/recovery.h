// Loss recovery: when to take segments for lost and when it is over. With SACK RFC 6675, without it
// RFC 6582; after a time-out RFC 5681 3.1 and RFC 6298 5.
// Not here: what a segment's record says (flight.cc), the window (congestion/). RACK-TLP goes here.
#pragma once

#include "stack/tcp/congestion/new_reno.h"
#include "stack/tcp/flight.h"

namespace anteroom {

// What one acknowledgment said.
struct AckSummary {
  Seq una;  // after it
  Seq nxt;
  std::uint32_t acked_bytes = 0;   // cumulatively, new
  std::uint32_t sacked_bytes = 0;  // selectively, new
  bool duplicate = false;          // RFC 5681 2
  bool sack = false;               // agreed on
  bool window_limited = false;     // the congestion window held us back before it
  std::uint32_t mss = 0;
};

class Recovery {
 public:
  explicit Recovery(Seq iss) : recover_(iss) {}

  // True where fast recovery begins with this acknowledgment.
  bool on_ack(const AckSummary& ack, Flight& flight, NewReno& congestion);
  void on_timeout(Seq nxt, std::uint32_t mss, bool first, Flight& flight, NewReno& congestion);

  // Bytes that duplicate acknowledgments without SACK tell have left the network.
  std::uint32_t left_network_bytes(std::uint32_t mss) const { return duplicate_acks_ * mss; }

 private:
  enum class Phase : std::uint8_t { open, fast, timeout };

  void on_progress(const AckSummary& ack, Flight& flight, NewReno& congestion);
  void enter_fast(const AckSummary& ack, Flight& flight, NewReno& congestion);

  Seq recover_;  // the highest sequence number sent when the loss was seen
  std::uint32_t duplicate_acks_ = 0;
  Phase phase_ = Phase::open;
};

}  // namespace anteroom
