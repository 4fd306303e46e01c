// Flows are found by addresses and ports alone: a frame need not be right to be recorded.
#include "tools/anteroom/recorder.h"

#include <algorithm>
#include <set>
#include <utility>

#include <anteroom/tap/clock.h>

#include "stack/wire/ethernet.h"
#include "stack/wire/ip.h"

namespace anteroom::tools {
namespace {

// Frames of one turn that are kept, and flows that a comment waits for.
constexpr std::size_t kFramesMax = 4'096;
constexpr std::size_t kWaitingMax = 1'024;

void add(std::string& comment, const std::string& text) {
  if (!comment.empty()) comment += "; ";
  comment += text;
}

}  // namespace

Recorder::Recorder(tap::PcapngWriter writer, Medium medium)
    : writer_(std::move(writer)),
      medium_(medium),
      wall_origin_(tap::wall_now() - tap::monotonic_now().time_since_epoch()) {}

tap::Outcome<std::unique_ptr<Recorder>> Recorder::open(const std::string& path, Medium medium,
                                                       const std::string& about) {
  auto writer = tap::PcapngWriter::open(path, medium, "anteroom " ANTEROOM_VERSION, about);
  if (!writer) return writer.error();
  return std::unique_ptr<Recorder>(new Recorder(*std::move(writer), medium));
}

std::optional<Recorder::FlowKey> Recorder::flow_of(Bytes frame) const {
  if (medium_ == Medium::ethernet) {
    const auto header = parse_ethernet(frame);
    if (!header || (header->type != kEtherTypeIpv4 && header->type != kEtherTypeIpv6)) {
      return std::nullopt;
    }
    frame = frame.subspan(kEthernetHeaderBytes);
  }
  const auto packet = parse_ip(frame);
  if (!packet || packet->header.protocol != kProtocolTcp || packet->payload.size() < 4 ||
      packet->header.fragment_offset_bytes != 0) {
    return std::nullopt;
  }
  return replay::flow_key({packet->header.source, load_be16(packet->payload.data())},
                          {packet->header.destination, load_be16(packet->payload.data() + 2)});
}

void Recorder::write(Instant now, Bytes frame) {
  if (!frames_.empty() && frames_.back().flow) tell_state(*frames_.back().flow);
  Frame kept;
  kept.wall_time = wall_origin_ + now.time_since_epoch();
  kept.bytes.assign(frame.begin(), frame.end());
  kept.flow = flow_of(frame);
  if (kept.flow) {
    const auto waiting = waiting_.find(*kept.flow);
    if (waiting != waiting_.end()) kept.comment = std::move(waiting->second);
    if (waiting != waiting_.end()) waiting_.erase(waiting);
  }
  frames_.push_back(std::move(kept));
  if (frames_.size() > kFramesMax) write_oldest();
}

Recorder::Frame* Recorder::latest_of(const FlowKey& flow) {
  const auto found = std::find_if(frames_.rbegin(), frames_.rend(),
                                  [&](const Frame& frame) { return frame.flow == flow; });
  return found == frames_.rend() ? nullptr : &*found;
}

void Recorder::verdict(const Flow& flow, const std::string& text) {
  const FlowKey key = replay::flow_key(flow.local, flow.remote);
  if (Frame* frame = latest_of(key)) return add(frame->comment, text);
  if (waiting_.size() < kWaitingMax || waiting_.contains(key)) add(waiting_[key], text);
}

void Recorder::watch(ConnectionId connection) {
  const auto info = stack_->connection_info(connection);
  if (!info) return;
  const FlowKey flow = replay::flow_key(info->flow.local, info->flow.remote);
  watched_[flow] = {connection, std::nullopt};
  tell_state(flow);
}

// Not before there is a frame to tell it on.
void Recorder::tell_state(const FlowKey& flow) {
  const auto watched = watched_.find(flow);
  Frame* const frame = latest_of(flow);
  if (watched == watched_.end() || frame == nullptr) return;
  std::optional<State>& before = watched->second.state;
  const auto info = stack_->connection_info(watched->second.connection);
  const State now = info ? info->state : State::closed;
  if (before == now) return;
  std::string text = "state " + std::string(to_string(now));
  if (before) text += ", was " + std::string(to_string(*before));
  add(frame->comment, text);
  before = now;
  if (now == State::closed) watched_.erase(watched);
}

void Recorder::end_turn() {
  std::set<FlowKey> moved;
  for (const Frame& frame : frames_) {
    if (frame.flow) moved.insert(*frame.flow);
  }
  for (const FlowKey& flow : moved) tell_state(flow);
  while (!frames_.empty()) write_oldest();
}

void Recorder::write_oldest() {
  const Frame& frame = frames_.front();
  writer_.write(frame.wall_time, frame.bytes, frame.comment);
  frames_.pop_front();
}

tap::Trouble Recorder::flush() {
  while (!frames_.empty()) write_oldest();
  return writer_.flush();
}

}  // namespace anteroom::tools
