// The connections of a capture: which segment belongs to which, when a flow begins anew, when one
// is over. Each is read ahead a little, then played as its packets come. Not here: playing
// (player.h), files (replay.h).
#pragma once

#include <deque>
#include <functional>
#include <list>
#include <memory>
#include <unordered_map>
#include <vector>

#include "conformance/replay/flow_key.h"
#include "conformance/replay/player.h"

namespace anteroom::replay {

// One connection's segments, and the stacks that play it.
class Connection {
 public:
  Connection(std::uint64_t number, const Options& options, Observer* observer)
      : number_(number), options_(options), observer_(observer) {}

  // False: the capture has it twice.
  bool add(Segment segment);
  // The segment is no part of this connection but the first of the next one on the same flow.
  bool is_succeeded_by(const Segment& segment) const;
  // Both ends have closed it, or one has reset it.
  bool is_closed() const { return has_reset_ || (has_fin_[0] && has_fin_[1]); }
  Duration last_at() const { return last_at_; }
  // Plays what is left; one report for each side that was played.
  std::vector<ConnectionReport> finish();

 private:
  struct Part {
    Plan plan;
    std::unique_ptr<Player> player;
    ConnectionReport report;
  };

  void begin();
  void add_part(Side as);
  void play_until(std::size_t left);
  void play(const Segment& segment);
  bool comes_too_early(const Segment& segment) const;
  bool is_duplicate(const Segment& segment);

  std::uint64_t number_;
  const Options& options_;
  Observer* observer_;
  std::deque<Segment> ahead_;
  std::size_t ahead_bytes_ = 0;
  std::vector<std::unique_ptr<Part>> parts_;
  std::uint64_t packets_ = 0;
  std::uint64_t first_packet_ = 0;
  std::uint64_t last_packet_ = 0;
  Duration first_at_{};
  Duration last_at_{};
  Endpoint first_source_{};
  bool has_fin_[2] = {false, false};  // of the end that was seen first, and of the other
  bool has_reset_ = false;
  std::optional<std::uint32_t> syn_[2];      // their SYNs
  std::optional<std::uint32_t> syn_ack_[2];  // and SYN-ACKs
  std::optional<std::uint32_t> answered_;  // the SYN that a SYN-ACK answers, whose data it may have
  bool is_cut_ = false;
  std::optional<std::uint32_t> played_[2];  // behind the last byte of each end that was played
  // The latest packets, to know one that a mirrored port had captured twice.
  struct Recent {
    Segment head;
    std::size_t payload_bytes;
  };
  std::deque<Recent> recent_;
  std::uint32_t duplicates_ = 0;
};

class Connections {
 public:
  using Sink = std::function<void(ConnectionReport&& report)>;
  Connections(const Options& options, Observer* observer, Sink sink)
      : options_(options), observer_(observer), sink_(std::move(sink)) {}

  // False: the capture has it more than once, and it is not played again.
  bool add(Segment segment);
  void finish();

  std::uint64_t count() const { return count_; }
  std::uint64_t ended_early() const { return ended_early_; }

 private:
  struct KeyHash {
    std::size_t operator()(const FlowKey& key) const;
  };
  struct Entry {
    FlowKey key;
    std::unique_ptr<Connection> connection;
  };
  using Entries = std::list<Entry>;  // the one that was silent longest in front

  void end(Entries::iterator entry);
  void end_silent(Duration now);
  void make_room();

  const Options& options_;
  Observer* observer_;
  Sink sink_;
  Entries entries_;
  std::unordered_map<FlowKey, Entries::iterator, KeyHash> by_flow_;
  std::uint64_t count_ = 0;
  std::uint64_t ended_early_ = 0;
};

}  // namespace anteroom::replay
