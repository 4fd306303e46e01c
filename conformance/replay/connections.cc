// A flow begins anew with a SYN that its connection has not seen.
#include "conformance/replay/connections.h"

#include <algorithm>

#include <fmt/format.h>

#include "conformance/replay/verdict.h"

namespace anteroom::replay {

bool Connection::is_duplicate(const Segment& segment) {
  constexpr std::size_t kRecentMax = 8;
  constexpr Duration kAtOnce = 1us;
  // Without an identification equal acknowledgments may well be two, unless what cannot be two was
  // there twice as well.
  constexpr std::uint32_t kMirroredMin = 2;
  const bool tells = segment.identification != 0 || segment.length() != 0;
  if (!tells && duplicates_ < kMirroredMin) return false;
  const bool known = std::any_of(recent_.begin(), recent_.end(), [&](const Recent& recent) {
    const Segment& head = recent.head;
    return segment.at - head.at <= kAtOnce && head.identification == segment.identification &&
           head.source == segment.source && head.seq == segment.seq && head.ack == segment.ack &&
           head.flags == segment.flags && head.window == segment.window &&
           head.hop_limit == segment.hop_limit && head.options == segment.options &&
           recent.payload_bytes == segment.payload.size();
  });
  if (known) ++duplicates_;
  if (known) return true;
  Recent recent{{}, segment.payload.size()};
  recent.head.at = segment.at;
  recent.head.identification = segment.identification;
  recent.head.source = segment.source;
  recent.head.seq = segment.seq;
  recent.head.ack = segment.ack;
  recent.head.flags = segment.flags;
  recent.head.window = segment.window;
  recent.head.hop_limit = segment.hop_limit;
  recent.head.options = segment.options;
  recent_.push_back(std::move(recent));
  if (recent_.size() > kRecentMax) recent_.pop_front();
  return false;
}

bool Connection::add(Segment segment) {
  if (is_duplicate(segment)) return false;
  if (packets_ == 0) {
    first_packet_ = segment.number;
    first_at_ = segment.at;
    first_source_ = segment.source;
  }
  ++packets_;
  last_at_ = segment.at;
  last_packet_ = segment.number;
  const std::size_t end = segment.source == first_source_ ? 0 : 1;
  if (segment.has(flag::fin)) has_fin_[end] = true;
  if (segment.has(flag::rst)) has_reset_ = true;
  if (segment.is_syn() && !syn_[end]) syn_[end] = segment.seq;
  if (segment.is_syn_ack()) {
    if (!syn_ack_[end]) syn_ack_[end] = segment.seq;
    answered_ = segment.ack;
  }
  is_cut_ = is_cut_ || segment.is_cut;
  ahead_bytes_ += segment.payload.size();
  ahead_.push_back(std::move(segment));
  const ReplayLimits& limits = options_.limits;
  if (parts_.empty()) {
    const bool enough = ahead_.size() >= limits.lookahead_segments_max ||
                        ahead_bytes_ >= limits.lookahead_bytes_max;
    if (!enough) return true;
    begin();
  }
  play_until(limits.reordered_segments_max);
  return true;
}

bool Connection::is_succeeded_by(const Segment& segment) const {
  if (!segment.has(flag::syn)) return false;
  const std::size_t end = segment.source == first_source_ ? 0 : 1;
  if (segment.has(flag::ack)) {
    return syn_ack_[end] && *syn_ack_[end] != segment.seq && is_closed();
  }
  if (syn_[end]) return *syn_[end] != segment.seq;
  // Its SYN-ACK may stand before it in the capture; data that rode in it is acknowledged too.
  if (syn_ack_[1 - end] && answered_) {
    const std::uint32_t distance = *answered_ - segment.seq;
    return distance == 0 || distance > 65'536;
  }
  // Both ends may open at once.
  return !syn_[1 - end] || is_closed();
}

void Connection::add_part(Side as) {
  auto part = std::make_unique<Part>();
  part->plan = make_plan(ahead_, as, options_);
  part->plan.number = number_;
  part->player = std::make_unique<Player>(part->plan, options_, observer_);
  const Plan& plan = part->plan;
  ConnectionReport& report = part->report;
  report.number = number_;
  report.as = as;
  report.mode = plan.mode;
  report.has_handshake = plan.has_handshake;
  report.server = to_string(as == Side::server ? plan.subject : plan.peer);
  report.client = to_string(as == Side::server ? plan.peer : plan.subject);
  ask(plan, options_, report);
  parts_.push_back(std::move(part));
}

void Connection::begin() {
  if (options_.as_server) add_part(Side::server);
  if (options_.as_client) add_part(Side::client);
}

bool Connection::comes_too_early(const Segment& segment) const {
  if (!segment.has(flag::ack) || segment.has(flag::rst)) return false;
  const auto& played = played_[segment.source == first_source_ ? 1 : 0];
  // Where the beginning is missing nothing can be told.
  if (!played) return segment.is_syn_ack();
  if (static_cast<std::int32_t>(segment.ack - *played) > 0) return true;
  // It may acknowledge what fills a gap.
  return parts_.front()->player->comes_too_early(segment);
}

void Connection::play(const Segment& segment) {
  const std::size_t end = segment.source == first_source_ ? 0 : 1;
  const auto raise = [](std::optional<std::uint32_t>& mark, std::uint32_t to) {
    if (!mark || static_cast<std::int32_t>(to - *mark) > 0) mark = to;
  };
  if (!segment.has(flag::rst)) {
    raise(played_[end], segment.end());
    if (segment.has(flag::ack)) raise(played_[1 - end], segment.ack);
  }
  for (auto& part : parts_) part->player->play(segment);
}

void Connection::play_until(std::size_t left) {
  while (ahead_.size() > left) {
    Segment front = std::move(ahead_.front());
    ahead_.pop_front();
    if (front.has(flag::rst)) {
      front.is_foreign = std::any_of(ahead_.begin(), ahead_.end(), [&](const Segment& later) {
        return later.source == front.source && later.length() != 0 && !later.has(flag::rst);
      });
    }
    // What it acknowledges may be captured behind it.
    std::size_t looked = 0;
    for (auto at = ahead_.begin(); at != ahead_.end() && !parts_.empty();) {
      if (!comes_too_early(front) || ++looked > options_.limits.reordered_segments_max) break;
      const bool helps = at->source != front.source && at->length() != 0 && !at->has(flag::rst) &&
                         static_cast<std::int32_t>(front.ack - at->seq) > 0;
      if (!helps) {
        ++at;
        continue;
      }
      Segment taken = std::move(*at);
      at = ahead_.erase(at);
      taken.at = front.at;
      play(taken);
    }
    play(front);
  }
}

std::vector<ConnectionReport> Connection::finish() {
  std::vector<ConnectionReport> reports;
  if (parts_.empty() && !ahead_.empty()) begin();
  play_until(0);
  for (auto& part : parts_) {
    ConnectionReport& report = part->report;
    report.packets = packets_;
    report.first_packet = first_packet_;
    report.last_packet = last_packet_;
    report.first_at = first_at_;
    report.last_at = last_at_;
    part->player->finish(report);
    if (is_cut_) report.notes.emplace_back("the capture cut packets short");
    if (!part->plan.has_handshake) {
      report.notes.emplace_back(part->plan.syn       ? "no SYN-ACK is in the capture"
                                : part->plan.syn_ack ? "no SYN is in the capture"
                                                     : "the capture began after the connection");
    }
    if (part->plan.peer_absent) {
      report.notes.emplace_back("the other end's packets are not in the capture");
    }
    reports.push_back(std::move(report));
  }
  return reports;
}

std::size_t Connections::KeyHash::operator()(const FlowKey& key) const {
  return std::hash<std::string_view>()(text_of(Bytes(key)));
}

bool Connections::add(Segment segment) {
  const Duration now = segment.at;
  const FlowKey key = flow_key(segment.source, segment.destination);
  auto found = by_flow_.find(key);
  if (found != by_flow_.end() && found->second->connection->is_succeeded_by(segment)) {
    end(found->second);
    found = by_flow_.end();
  }
  if (found == by_flow_.end()) {
    if (entries_.size() >= options_.limits.connections_max) {
      make_room();
    }
    entries_.push_back({key, std::make_unique<Connection>(++count_, options_, observer_)});
    found = by_flow_.emplace(key, std::prev(entries_.end())).first;
  } else {
    entries_.splice(entries_.end(), entries_, found->second);
  }
  const bool is_new = found->second->connection->add(std::move(segment));
  end_silent(now);
  return is_new;
}

void Connections::end(Entries::iterator entry) {
  by_flow_.erase(entry->key);
  const std::unique_ptr<Connection> connection = std::move(entry->connection);
  entries_.erase(entry);
  for (ConnectionReport& report : connection->finish()) sink_(std::move(report));
}

// Only those in front: an open one that is silent keeps closed ones behind it, but not for ever.
void Connections::end_silent(Duration now) {
  while (!entries_.empty()) {
    const Connection& oldest = *entries_.front().connection;
    const bool silent = now - oldest.last_at() > options_.limits.closed_silence;
    if (!silent || !oldest.is_closed()) return;
    end(entries_.begin());
  }
}

// One that is over goes first.
void Connections::make_room() {
  const auto closed = std::find_if(entries_.begin(), entries_.end(), [](const Entry& entry) {
    return entry.connection->is_closed();
  });
  if (closed == entries_.end()) ++ended_early_;
  end(closed == entries_.end() ? entries_.begin() : closed);
}

void Connections::finish() {
  while (!entries_.empty()) end(entries_.begin());
}

}  // namespace anteroom::replay
