// Compares what the stack sends with what the captured host sent, tier by tier, as both go on.
// All numbers are the capture's: the player translates. Not here: why the stack sends (player.h).
#pragma once

#include <string>
#include <vector>

#include "conformance/replay/limits.h"
#include "conformance/replay/marks.h"
#include "conformance/replay/numbers.h"
#include "conformance/replay/plan.h"
#include "conformance/replay/report.h"
#include "conformance/replay/segment.h"
#include "conformance/replay/stream_record.h"

namespace anteroom::replay {

class Judge {
 public:
  Judge(const Plan& plan, const Options& options);

  // The captured host's segments, in the capture's order; the stack's, in the order they left.
  void on_captured(const Segment& segment, const Moment& moment);
  void on_stack(const Segment& segment, const Moment& moment);
  // The peer's stream, in order: what arrived, and what the application read of it.
  void on_peer_data(Bytes bytes, std::size_t real_bytes, const Moment& moment);
  void on_read(Bytes bytes, const Moment& moment);
  // The peer sent different bytes for the same place; which of them an end takes is its own affair.
  void on_peer_contradiction() { peer_contradicts_ = true; }
  // The peer has acknowledged so much of our stream.
  void on_peer_ack(std::uint32_t ack);
  // Our stream, in order, as the application writes it. `is_gap`: none of it is in the capture.
  void on_written(Bytes bytes, std::size_t real_bytes, bool is_gap);
  // The peer acknowledged what the stack still held back.
  void on_held_back(const Segment& peer_segment, std::uint32_t bytes, const Moment& moment);
  // The stack dropped a segment of the peer.
  void on_refused(const Segment& peer_segment, const char* reason);

  void finish(const Moment& moment, ConnectionReport& report);

  const Offsets& own() const { return own_; }
  const Offsets& peer() const { return peer_; }
  std::uint64_t written_bytes() const { return static_cast<std::uint64_t>(written_.end() - 1); }
  std::uint64_t read_bytes() const { return static_cast<std::uint64_t>(read_ - 1); }

 private:
  // One of the two that are compared.
  struct Sender {
    Sent sent;
    std::int64_t data_end = 1;  // one past the highest offset of payload
    std::int64_t acked = 0;     // of the peer's stream
    std::uint64_t segments = 0;
    bool has_acked = false;
    std::int64_t fin = 0;  // its offset; 0: none
    std::uint64_t zero_windows = 0;
    std::optional<Mark> fin_mark{};
    std::optional<Mark> reset{};
    std::optional<Mark> handshake{};
    std::optional<Mark> zero_window{};
  };

  void note(Sender& sender, const Segment& segment, const Moment& moment);
  void on_boundary(const Mark& captured, const Mark& stack, BoundaryMatch match);
  void diverge(Tier tier, const Moment& moment, std::string captured, std::string stack,
               std::string why);
  void hold(Tier tier) { judged_[static_cast<std::size_t>(tier)] = true; }
  void finish_stream(const Moment& moment);
  void finish_acknowledgments(const Moment& moment);
  void finish_handshake(const Moment& moment);
  void finish_close(const Moment& moment);
  void finish_retransmissions(const Moment& moment);
  void finish_windows(const Moment& moment);
  void compare_times(const char* what, const Mark& captured, const Mark& stack);
  std::string text(const Mark& mark) const;
  // Where a divergence is found later than it began: the refusal that may be its cause.
  std::string refusal() const;

  const Plan& plan_;
  const Options& options_;
  Offsets own_;
  Offsets peer_;
  Sender captured_;
  Sender stack_;
  StreamRecord written_;
  StreamRecord peer_data_;
  std::int64_t read_ = 1;     // offset of the next byte that the application reads
  bool stream_lost_ = false;  // too much was outstanding to keep
  bool peer_contradicts_ = false;
  bool held_back_ = false;
  Boundaries boundaries_;
  AckTimes acks_;
  Arrivals arrivals_;
  std::int64_t peer_acked_ = 0;
  std::string refused_{};
  std::uint64_t refused_packet_ = 0;

  std::array<bool, kTiers> judged_{};
  std::array<bool, kTiers> diverged_{};
  std::vector<Divergence> divergences_;
  std::uint64_t divergences_total_ = 0;
  std::array<std::uint64_t, kTiers> told_{};
};

}  // namespace anteroom::replay
