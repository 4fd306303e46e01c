// Plays one connection of a capture: a stack of its own takes the place of one end, its application
// does what the captured host's did, and the other end's packets arrive with their numbers
// translated. Addresses are documentation's, whatever the capture has: the stack must find nothing
// special about them. Not here: what is compared (judge.h), finding connections
// (connections.h).
#pragma once

#include <deque>
#include <memory>
#include <vector>

#include <anteroom/stack.h>

#include "conformance/replay/judge.h"
#include "conformance/replay/numbers.h"
#include "conformance/replay/plan.h"
#include "conformance/replay/stream_record.h"

namespace anteroom::replay {

// Sees every segment of every connection, in the capture's numbers, as it goes by: for pictures.
// The plan says which connection it is, and which end is played.
class Observer {
 public:
  enum class From : std::uint8_t { captured_host, peer, stack };
  virtual ~Observer() = default;
  virtual void on_segment(const Plan& plan, From from, const Segment& segment,
                          const Moment& moment) = 0;
};

class Player {
 public:
  // `plan` and `options` must outlive it; the observer may be null.
  Player(const Plan& plan, const Options& options, Observer* observer);

  // The next segment of the connection, of either end.
  void play(const Segment& segment);
  // True where this segment acknowledges what the other end has not sent yet, as far as was played:
  // if the capture has that later, it should come first.
  bool comes_too_early(const Segment& segment) const;
  void finish(ConnectionReport& report);

 private:
  struct Write {
    std::vector<std::uint8_t> bytes;
    std::size_t taken = 0;
  };

  // --- player.cc: time, and what the stack says ---
  void start();
  void pass_to(Instant target, std::uint32_t steps_max);
  void settle();
  void acknowledge_all();
  void take_event(const Event& event);
  void take_frame(Bytes frame);
  void read_all();
  Moment moment() const;
  const char* state() const;
  std::optional<ConnectionInfo> info() const;

  // --- player_application.cc: what the captured host's application did ---
  void on_captured(const Segment& segment);
  void open(const Segment& segment);
  void write(const Segment& segment);
  void append(Bytes bytes, std::size_t real_bytes, bool is_gap, bool is_sent_already);
  void fill_written(std::int64_t end);
  void flush();
  void connect(const Segment* syn);
  void learn_cookie(const Segment& syn);

  // --- player_peer.cc: what arrives ---
  void on_peer(const Segment& segment);
  void release(const Segment& segment, std::int64_t needed);
  void acknowledge_sent(const Segment& like);
  void inject(Segment segment);
  Segment translated(const Segment& segment) const;
  void note_peer_data(std::int64_t offset, Bytes bytes, std::size_t real_bytes);
  void stand_in(std::int64_t end, bool with_fin);
  void make_syn();
  void make_syn_ack();
  Segment bare(std::uint16_t flags) const;

  const Plan& plan_;
  const Options& options_;
  Observer* observer_;
  Judge judge_;
  Stack stack_;
  Endpoint own_;
  Endpoint peer_;
  std::vector<std::uint8_t> frame_;
  std::vector<std::uint8_t> packet_;
  std::vector<std::uint8_t> buffer_;

  Instant now_{};
  Duration shift_{};
  Duration first_at_{};
  std::uint64_t packet_number_ = 0;
  bool has_started_ = false;
  bool is_finishing_ = false;

  ListenerId listener_{};
  PendingId pending_{};
  ConnectionId connection_{};
  bool is_over_ = false;  // the stack has closed it

  std::optional<std::uint32_t> stack_initial_;
  std::int64_t stack_sent_ = 0;     // one past the highest offset that the stack has sent
  std::int64_t captured_sent_ = 0;  // the same of the captured host
  Stamps stamps_;
  InOrder out_;               // the captured host's stream
  InOrder in_;                // the peer's
  std::int64_t out_fin_ = 0;  // offset of the captured host's FIN; 0: not seen
  std::int64_t in_fin_ = 0;   // of the peer's
  std::deque<Write> writes_;
  std::size_t unwritten_bytes_ = 0;  // of these
  bool gave_up_ = false;             // they became too many
  std::uint32_t steps_ = 0;          // timers served
  std::int64_t sent_with_open_ = 1;  // stream bytes up to here went with SYN or SYN-ACK
  bool has_shut_down_ = false;
  bool has_reset_ = false;   // the stack has sent RST
  bool has_stamps_ = false;  // its last segment had a time-stamp
  std::uint32_t fed_ack_ = 0;
  std::uint16_t peer_window_ = 65'535;
  std::uint32_t peer_timestamp_ = 0;
  std::uint64_t stand_in_bytes_ = 0;
  std::uint64_t foreign_resets_ = 0;
};

}  // namespace anteroom::replay
