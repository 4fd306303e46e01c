// The recording of `--capture NAME.pcapng`: frames as they pass, with a comment on the one that
// brought a verdict or a new state: what is new when the next frame comes, or when a turn ends, is
// the doing of the frame before. A turn's frames wait for its end, so that comments find them.
// Not here: the format (tap/pcapng_writer.h).
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <anteroom/stack.h>
#include <anteroom/tap/pcap_link.h>
#include <anteroom/tap/pcapng_writer.h>

#include "conformance/replay/flow_key.h"

namespace anteroom::tools {

class Recorder final : public tap::FrameSink {
 public:
  // `about` goes into the section header.
  static tap::Outcome<std::unique_ptr<Recorder>> open(const std::string& path, Medium medium,
                                                      const std::string& about);

  // Whose connections these are; before the first frame. It must outlive this object.
  void set_stack(const Stack& stack) { stack_ = &stack; }
  void write(Instant now, Bytes frame) override;
  // What was decided about the flow: on its latest frame of this turn, else on its next one.
  void verdict(const Flow& flow, const std::string& text);
  // The states of this connection are told from now on.
  void watch(ConnectionId connection);
  void end_turn();
  tap::Trouble flush();

 private:
  using FlowKey = replay::FlowKey;
  struct Frame {
    Duration wall_time{};
    std::vector<std::uint8_t> bytes;
    std::optional<FlowKey> flow{};  // of frames that are no segments it is empty
    std::string comment{};
  };
  struct Watched {
    ConnectionId connection{};
    std::optional<State> state{};
  };
  explicit Recorder(tap::PcapngWriter writer, Medium medium);

  std::optional<FlowKey> flow_of(Bytes frame) const;
  Frame* latest_of(const FlowKey& flow);
  void tell_state(const FlowKey& flow);
  void write_oldest();

  tap::PcapngWriter writer_;
  Medium medium_;
  const Stack* stack_ = nullptr;
  Duration wall_origin_;  // wall time less monotonic time
  std::deque<Frame> frames_;
  std::map<FlowKey, Watched> watched_;
  std::map<FlowKey, std::string> waiting_;  // comments whose flow has no frame in this turn
};

}  // namespace anteroom::tools
