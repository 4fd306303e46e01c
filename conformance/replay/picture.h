// What was seen of the connections of one capture, kept so that it can be drawn: every segment of
// both ends and of the stack, up to a bound. Not here: the page they are drawn on (page.h).
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "conformance/replay/player.h"

namespace anteroom::replay {

struct DrawnSegment {
  Observer::From from{};
  std::uint64_t packet = 0;  // of the capture; of the stack's: the last one before
  Duration at{};             // since the capture's first packet
  // Offsets, as in numbers.h, in the stream of its sender and in the other one.
  std::int64_t seq = 0;
  std::int64_t ack = 0;
  std::uint32_t bytes = 0;  // of payload
  std::uint16_t flags = 0;
  std::optional<std::uint32_t> window{};  // in bytes; none where the scale is not known
  bool is_again = false;                  // none of it is new
  const char* state = "";                 // of the stack's connection
  std::string text{};                     // in the notation
  std::vector<std::pair<std::int64_t, std::int64_t>> sack{};  // offsets in the other stream
};

// One side of one connection.
class Picture {
 public:
  Picture(const Plan& plan, const ReplayLimits& limits);

  void add(Observer::From from, const Segment& segment, const Moment& moment);
  void leave_out() { ++left_out_; }
  const std::vector<DrawnSegment>& segments() const { return segments_; }
  // Those behind the last one that was kept.
  std::uint64_t left_out() const { return left_out_; }

 private:
  struct Sender {
    Sent sent;
    bool has_syn = false;
    std::optional<std::uint8_t> scale{};
  };
  std::optional<std::uint32_t> window_of(Observer::From from, const Segment& segment) const;

  Offsets own_;
  Offsets peer_;
  std::vector<Sender> senders_;  // by Observer::From
  std::vector<DrawnSegment> segments_;
  std::uint64_t left_out_ = 0;
};

class Pictures final : public Observer {
 public:
  // `limits` must outlive it.
  explicit Pictures(const ReplayLimits& limits) : limits_(limits) {}

  void on_segment(const Plan& plan, From from, const Segment& segment,
                  const Moment& moment) override;
  // Of a connection that is over; none where nothing of it was played.
  std::optional<Picture> take(std::uint64_t connection, Side as);

 private:
  const ReplayLimits& limits_;
  std::map<std::pair<std::uint64_t, Side>, Picture> under_way_;
  std::size_t segments_ = 0;  // of these
};

}  // namespace anteroom::replay
