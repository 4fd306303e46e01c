// Retransmission time-out from round-trip samples. RFC 6298, minimum relaxed (notes/003).
// Not here: which samples are valid (flight.cc, Karn) and what an expiry does (recovery.cc).
#pragma once

#include <anteroom/config.h>

namespace anteroom {

class Rtt {
 public:
  explicit Rtt(const TcpConfig& config) : rto_(config.rto_initial) {}

  void on_sample(Duration sample, const TcpConfig& config);
  // Doubles the time-out, RFC 6298 5.5; the next sample ends the backing off.
  void back_off(const TcpConfig& config);
  // After a lost SYN or SYN-ACK the data phase starts from 3 s, RFC 6298 5.7.
  void restart_after_lost_syn() { rto_ = std::max(rto_, Duration(3s)); }

  Duration rto() const { return rto_; }
  Duration smoothed() const { return smoothed_; }
  Duration variance() const { return variance_; }
  bool has_sample() const { return smoothed_ != Duration::zero(); }

 private:
  Duration smoothed_{};
  Duration variance_{};
  Duration rto_;
};

}  // namespace anteroom
