// A connection joined to two descriptors, as netcat does: input is sent, what is received is
// written. Where a taker is full its giver waits: never more than one buffer is held in each
// direction.
#pragma once

#include <cstdint>
#include <vector>

#include <anteroom/stack.h>
#include <anteroom/tap/loop.h>
#include <anteroom/tap/problem.h>

namespace anteroom::tools {

class StreamJoint {
 public:
  StreamJoint(Stack& stack, tap::Loop& loop, ConnectionId connection, int input, int output);
  ~StreamJoint();
  StreamJoint(const StreamJoint&) = delete;
  StreamJoint& operator=(const StreamJoint&) = delete;

  // Takes up to `bytes` received bytes now, to be looked at; they are written first by start().
  Bytes read_ahead(std::size_t bytes);
  // Starts joining. Without `with_input` our direction stays open until the peer ends its own.
  tap::Trouble start(bool with_input);
  // To be called on every event of the connection but its last.
  void pump();
  // The connection is over: what is held, and what can still be read, is written, then the loop
  // stops.
  void finish();

 private:
  void pump_input();
  void pump_output();
  bool write_held();
  void watch_output(bool wanted);
  void on_input();
  bool output_is_ready() const;
  void stop_input();

  Stack& stack_;
  tap::Loop& loop_;
  ConnectionId connection_;
  int input_;
  int output_;
  std::vector<std::uint8_t> buffer_;
  std::vector<std::uint8_t> to_stack_;
  std::vector<std::uint8_t> to_output_;
  bool started_ = false;
  bool input_open_ = false;
  bool input_watched_ =
      false;  // false for files, which are always readable and cannot be waited for
  bool output_watched_ = false;
  bool peer_ended_ = false;
  bool finished_ = false;
};

}  // namespace anteroom::tools
