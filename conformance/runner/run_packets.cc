// Packets: whose they are, when they may come, and pieces of one that the script has whole.
#include <algorithm>

#include <fmt/format.h>

#include "conformance/runner/player.h"

namespace anteroom::runner {
namespace {

using script::Packet;
using script::TcpPacket;
using script::TimeKind;

// How long after an expected time a missing packet is still waited for, so that the report can say
// when it came.
constexpr std::int64_t kPatienceUs = 2'000'000;
// The same where any time is right.
constexpr Duration kAnyTime = 24h;

const TcpPacket* tcp_of(const Packet& packet) { return std::get_if<TcpPacket>(&packet.body); }

}  // namespace

Flow& Player::new_child(const Flow& parent) {
  flows_.push_back(std::make_unique<Flow>());
  Flow& child = *flows_.back();
  child.role = Role::child;
  child.local = parent.local.port != 0 ? parent.local : ends_.bind;
  child.remote = {remote_address_, next_port_++};
  child.complete = true;
  flow_ = &child;
  return child;
}

// What goes in decides whose packet it is: the first to a listening or a fresh socket makes a
// child.
Flow& Player::flow_for(const Packet& packet) {
  const bool adopts = flow_ == nullptr || flow_->role == Role::listening ||
                      (flow_->role == Role::fresh && !flow_->complete);
  if (!adopts) {
    if (!flow_->complete) throw Failed("nothing has told yet which ports the connection has");
    return *flow_;
  }
  const Flow parent = flow_ != nullptr ? *flow_ : Flow{};
  Flow& child = new_child(parent);
  if (const TcpPacket* tcp = tcp_of(packet)) {
    child.remote_isn = tcp->seq.value;
    child.has_remote_isn = true;
  }
  return child;
}

void Player::inject(const Packet& packet) {
  const TcpPacket* tcp = tcp_of(packet);
  const bool adopted = flow_ != nullptr && flow_->role == Role::fresh;
  Flow& flow = flow_for(packet);
  constexpr std::uint16_t kSynAck = kSyn | kAck;
  if (tcp != nullptr && flow.role == Role::connecting && (tcp->flags & kSynAck) == kSynAck &&
      !flow.has_remote_isn) {
    flow.remote_isn = tcp->seq.value;
    flow.has_remote_isn = true;
  }
  Flow numbers = flow;
  // A socket that never listened counts from no ISN: the number is live as it stands.
  if (adopted) numbers.remote_isn = 0;
  const LivePacket live = compose(packet, numbers);
  note(text_of(live, flow, true));
  host().receive(put_together(live));
}

std::optional<std::pair<LivePacket, Instant>> Player::next_packet(Instant limit) {
  Host& host = this->host();
  for (;;) {
    while (!host.sent().empty()) {
      const SentPacket sent = std::move(host.sent().front());
      host.sent().pop_front();
      std::string problem;
      const auto live = take_apart(sent.bytes, problem);
      if (!live) throw Failed("what came out is no packet: " + problem);
      if (flow_ == nullptr) continue;
      const bool ours = live->source == flow_->local.address &&
                        live->destination == flow_->remote.address &&
                        (live->is_icmp() || (live->source_port == flow_->local.port &&
                                             live->destination_port == flow_->remote.port));
      if (ours) return std::pair(*live, sent.at);
    }
    if (!host.step(limit)) return std::nullopt;
  }
}

// Our ISN is that of the first SYN that came out as expected.
void Player::learn_local(const LivePacket& live, const Packet& packet) {
  const TcpPacket* tcp = tcp_of(packet);
  if (tcp == nullptr || live.protocol != kTcp || flow_->has_local_isn) return;
  if ((live.tcp.flags & kSyn) == 0) return;
  flow_->live_local_isn = live.tcp.seq;
  flow_->script_local_isn = tcp->seq.value;
  flow_->has_local_isn = true;
}

// Google's tool takes several segments for one: a stack without segmentation offload passes too.
std::pair<LivePacket, Instant> Player::gather(const Packet& packet, Instant limit) {
  auto first = next_packet(limit);
  if (!first) throw Failed("it did not come");
  auto [live, at] = *first;
  learn_local(live, packet);
  const TcpPacket* tcp = tcp_of(packet);
  if (tcp == nullptr || !aggregate_ || live.protocol != kTcp) return {live, at};
  const std::uint32_t seq = live.tcp.seq;
  const auto cwr = static_cast<std::uint16_t>(live.tcp.flags & kCwr);
  const std::size_t piece = live.payload.size();
  while (piece != 0 && live.payload.size() < tcp->length) {
    const auto more = next_packet(limit);
    if (!more) break;
    const LivePacket& next = more->first;
    const bool last = live.payload.size() + next.payload.size() >= tcp->length;
    const bool continues =
        next.protocol == kTcp &&
        next.tcp.seq == seq + static_cast<std::uint32_t>(live.payload.size()) &&
        next.tcp.ack == live.tcp.ack && next.tcp.window == live.tcp.window &&
        ((next.tcp.flags ^ live.tcp.flags) & (kSyn | kRst | kAck | kUrg | kEce | kAe)) == 0 &&
        (last || next.payload.size() == piece);
    if (!continues) {
      host().sent().push_front({more->second, put_together(next)});
      break;
    }
    std::vector<std::uint8_t> payload = std::move(live.payload);
    payload.insert(payload.end(), next.payload.begin(), next.payload.end());
    live = next;
    live.payload = std::move(payload);
    at = more->second;
    rules_.joined = true;
  }
  live.tcp.seq = seq;
  live.tcp.flags = static_cast<std::uint16_t>((live.tcp.flags & ~kCwr) | cwr);
  return {live, at};
}

void Player::check_time(Micros at, const script::EventTime& time) {
  if (time.kind == TimeKind::any) return;
  const Micros slack = tolerance(current_);
  const Micros last = current_ + (time.last - time.first);
  if (at >= current_ - slack && at <= last + slack) return;
  throw Failed(fmt::format(
      "it came at {:.6f}; expected: {:.6f}{} (tolerance {:.6f})", static_cast<double>(at) / 1e6,
      static_cast<double>(current_) / 1e6,
      last != current_ ? fmt::format(" to {:.6f}", static_cast<double>(last) / 1e6) : "",
      static_cast<double>(slack) / 1e6));
}

void Player::expect(const Packet& packet, const script::EventTime& time) {
  if (flow_ == nullptr) throw Failed("there is no socket that a packet could come from");
  const bool relative = time.kind == TimeKind::relative || time.kind == TimeKind::relative_range;
  const bool any = time.kind == TimeKind::any;
  host();
  rules_.joined = false;
  current_ = any ? now() : scheduled(time.last, relative) - (time.last - time.first);
  const Instant limit =
      any ? host_->now() + kAnyTime : instant(current_ + (time.last - time.first) + kPatienceUs);
  const auto [live, at] = gather(packet, std::max(limit, host_->now()));
  actual_ = text_of(live, *flow_, false);
  const Micros at_us = std::chrono::duration_cast<std::chrono::microseconds>(at - start_).count();
  // Where pieces were waited for it is later by now.
  note_at(at_us, actual_);
  rules_.stamp_tolerance_us = std::max(
      tolerance_us_, static_cast<Micros>(tolerance_percent_ / 100 * static_cast<double>(at_us)));
  if (const auto wrong = difference(packet, live, *flow_, rules_)) {
    if (!packets_may_differ_) throw Failed(*wrong);
    note("non-fatal: " + *wrong);
    return;
  }
  note_names(packet, live, *flow_);
  check_time(at_us, time);
  constexpr std::uint16_t kSynAck = kSyn | kAck;
  // Of a simultaneous opening: the peer's ISN counts as 0, whatever follows.
  if ((live.tcp.flags & kSynAck) == kSynAck) flow_->has_remote_isn = true;
  if (any) current_ = at_us;
}

}  // namespace anteroom::runner
