// Flags and ports are read from the wire; everything else is asked through the public API.
#include "conformance/simulation/checkers.h"

#include <algorithm>

#include <fmt/format.h>

#include "stack/wire/ethernet.h"
#include "stack/wire/ip.h"
#include "stack/wire/tcp_header.h"

namespace anteroom::simulation {
namespace {

struct SegmentOnWire {
  Flow flow;  // as its sender sees it
  std::uint16_t flags = 0;
};

std::optional<SegmentOnWire> segment_in(Bytes frame) {
  const auto ethernet = parse_ethernet(frame);
  if (!ethernet || ethernet->type == kEtherTypeArp) return std::nullopt;
  const auto packet = parse_ip(frame.subspan(kEthernetHeaderBytes));
  if (!packet || packet->header.protocol != kProtocolTcp) return std::nullopt;
  const auto view = parse_tcp(packet->payload);
  if (!view) return std::nullopt;
  return SegmentOnWire{{{packet->header.source, view->header.source_port},
                        {packet->header.destination, view->header.destination_port}},
                       view->header.flags};
}

}  // namespace

void Checkers::fail(std::size_t host, const std::string& what) {
  if (problem_.empty()) problem_ = fmt::format("host {}: {}", host, what);
}

void Checkers::expect_empty(std::size_t host, const std::string& what) {
  if (!what.empty()) fail(host, what);
}

// --- Frames ---

bool Checkers::has_connection(std::size_t host, const Flow& flow) {
  const auto& lives = hosts_[host].lives;
  return std::any_of(lives.rbegin(), lives.rend(), [&](const auto& entry) {
    if (entry.second.dead) return false;
    const auto info = world_->stack(host).connection_info(entry.second.id);
    return info && info->flow == flow;
  });
}

// A segment comes from a connection that its owner knows, from one that a listener completes by
// itself, or answers a challenged SYN; all others are resets. A held request, above all, has sent
// nothing; a reset of an earlier one may have waited for the link address.
void Checkers::on_frame_out(std::size_t host, Bytes frame) {
  const auto segment = segment_in(frame);
  if (!segment) return;
  HostView& view = hosts_[host];
  const bool reset = (segment->flags & tcp_flag::rst) != 0;
  // Such an answer may have waited for the link address while a copy of the SYN came.
  const bool challenged = std::find(view.challenged.begin(), view.challenged.end(),
                                    segment->flow) != view.challenged.end();
  const bool answers = challenged || view.answering_ports.contains(segment->flow.local.port);
  if (!reset && !answers && !has_connection(host, segment->flow)) {
    fail(host, fmt::format("sends a segment to {} from port {}, where it has no connection",
                           to_string(segment->flow.remote), segment->flow.local.port));
  }
  const bool late_answer = answers && (segment->flags & tcp_flag::syn) != 0;
  for (const auto& [number, held] : view.held) {
    if (!reset && !late_answer && !held.connected && held.flow == segment->flow) {
      fail(host, fmt::format("sends a segment to {}, whose request is held",
                             to_string(held.flow.remote)));
    }
  }
}

void Checkers::on_frame_in(std::size_t host, Bytes frame) {
  if (segment_in(frame)) ++hosts_[host].segments_in;
}

void Checkers::after_call(std::size_t host) { world_->stack(host).check_invariants(); }

// --- Owners ---

void Checkers::on_listen(std::size_t host, ListenerId listener, const ListenOptions& options) {
  hosts_[host].listeners[listener.number()] = options;
  const bool answers = !options.conditional || options.handshake_first ||
                       options.overload == OverloadPolicy::challenge;
  if (answers) hosts_[host].answering_ports.insert(options.local.port);
}

void Checkers::on_connection(std::size_t host, ConnectionId id) {
  Life& life = hosts_[host].lives[id.number()];
  if (life.owned) fail(host, "an id was given out twice");
  life.id = id;
  life.owned = true;
}

void Checkers::on_decided(std::size_t host, PendingId pending) {
  hosts_[host].held.erase(pending.number());
  const auto again = world_->stack(host).request(world_->now(), pending);
  if (again || again.error().error != Error::stale_id) fail(host, "a decided request lives on");
}

void Checkers::on_deferred(std::size_t host, PendingId pending) {
  const auto held = hosts_[host].held.find(pending.number());
  if (held != hosts_[host].held.end()) held->second.deferred = true;
}

void Checkers::on_challenged(std::size_t host, const Flow& flow) {
  hosts_[host].challenged.push_back(flow);
}

void Checkers::on_released(std::size_t host, ConnectionId id) {
  Life& life = hosts_[host].lives[id.number()];
  life.id = id;
  life.released = true;
  const auto sent = world_->stack(host).send(world_->now(), id, {});
  if (sent || sent.error().error != Error::stale_id) fail(host, "a released id can still send");
}

// --- Events ---

void Checkers::on_event(std::size_t host, const Event& event) {
  switch (event.kind) {
    case EventKind::connection_requested: return on_request(host, event);
    case EventKind::request_withdrawn:
      if (!is_withdrawn(event.error)) fail(host, "a request was withdrawn without a reason");
      if (hosts_[host].held.erase(event.pending.number()) == 0) {
        fail(host, "a request was withdrawn that was not held");
      }
      return;
    case EventKind::address_conflict: return;
    default: return on_connection_event(host, event);
  }
}

void Checkers::on_connection_event(std::size_t host, const Event& event) {
  Life& life = hosts_[host].lives[event.connection.number()];
  life.id = event.connection;
  const char* const name = to_string(event.kind);
  if (life.closed) return fail(host, fmt::format("event {} after closed", name));
  if (event.kind == EventKind::closed) {
    life.closed = true;
    if (!life.connected && !event.failed && !life.released) {
      fail(host, "a connection closed in order that was never open");
    }
    return;
  }
  if (event.kind == EventKind::connected || event.kind == EventKind::accept_ready) {
    if (life.connected) fail(host, fmt::format("event {} twice", name));
    life.connected = true;
    return;
  }
}

// One indication of one request; one request of a listener at a time, unless it was deferred there.
void Checkers::on_request(std::size_t host, const Event& event) {
  HostView& view = hosts_[host];
  if (!view.ever_requested.insert(event.pending.number()).second) {
    return fail(host, "a request was indicated twice");
  }
  const auto request = world_->stack(host).request(world_->now(), event.pending);
  if (!request) {
    if (!is_withdrawn(request.error().error)) fail(host, "an indicated request is not there");
    return;
  }
  const auto options = view.listeners.find(event.listener.number());
  if (options == view.listeners.end() || !options->second.conditional) {
    return fail(host, "a request without a conditional listener");
  }
  const bool strict = options->second.deferral == Deferral::strict;
  const bool ordered = options->second.deferral != Deferral::unordered;
  for (const auto& [number, held] : view.held) {
    if (held.flow == request->flow && held.initial_sequence == request->initial_sequence) {
      fail(host, "the same SYN made two requests");
    }
    if (ordered && held.listener == event.listener && (strict || !held.deferred)) {
      fail(host, fmt::format("a request was indicated while another of its {} listener waits",
                             strict ? "strict" : "independent"));
    }
  }
  view.held[event.pending.number()] = {event.listener, request->flow, request->initial_sequence,
                                       request->handshake_complete, false};
}

// --- After a turn ---

void Checkers::after_turn(std::size_t host) {
  check_stats(host);
  check_ids(host);
}

void Checkers::check_stats(std::size_t host) {
  const Stats& s = world_->stack(host).stats();
  const std::uint64_t withdrawn = s.requests_withdrawn_reset + s.requests_withdrawn_replaced +
                                  s.requests_withdrawn_expired +
                                  s.requests_withdrawn_listener_closed;
  const std::uint64_t decided =
      s.requests_accepted + s.requests_rejected + s.requests_ignored + s.requests_challenged;
  if (s.requests_held != s.requests - decided - withdrawn) {
    fail(host, fmt::format("{} requests held, but {} came, {} were decided, {} withdrawn",
                           s.requests_held, s.requests, decided, withdrawn));
  }
  if (hosts_[host].held.size() > s.requests_held) {
    fail(host, fmt::format("{} requests held, {} of which the owner was told", s.requests_held,
                           hosts_[host].held.size()));
  }
  // Each reset answers a segment or a request, or ends a connection.
  const std::uint64_t causes =
      hosts_[host].segments_in + s.requests_rejected + s.connections_failed + s.connections_closed;
  if (s.resets_out > causes) {
    fail(host, fmt::format("{} resets sent for {} causes", s.resets_out, causes));
  }
  const Limits& limits = world_->stack(host).config().limits;
  if (s.connections > limits.connections_max || s.requests_held > limits.requests_max ||
      s.buffer_bytes > limits.buffer_bytes_max) {
    fail(host, "a limit is exceeded");
  }
}

void Checkers::check_ids(std::size_t host) {
  std::uint32_t alive = 0;
  for (auto& [number, life] : hosts_[host].lives) {
    if (!life.dead) check_id(host, life, alive);
  }
  const std::uint32_t all = world_->stack(host).stats().connections;
  // Half-open ones, not yet taken or not yet judged.
  const bool others = !hosts_[host].answering_ports.empty() || !hosts_[host].challenged.empty();
  if (alive > all || (alive < all && !others)) {
    fail(host, fmt::format("{} connections, of which the owner knows {}", all, alive));
  }
}

// An id lives until it was released and its end was told; after that only TIME-WAIT keeps it, or a
// last segment that waits for a link address.
void Checkers::check_id(std::size_t host, Life& life, std::uint32_t& alive) {
  constexpr Duration kWaitsMax = 10s;
  const auto info = world_->stack(host).connection_info(life.id);
  const bool over = life.closed && life.released;
  if (!info) {
    life.dead = true;
    if (life.owned && !over) fail(host, fmt::format("id {} is dead too early", life.id.index));
    return;
  }
  ++alive;
  if (!over || info->state == State::time_wait) return;
  if (life.over_since < clock_jumped_at_) life.over_since = world_->now();
  if (info->state != State::closed || world_->now() - life.over_since > kWaitsMax) {
    fail(host, fmt::format("connection {} to {} is over, but its id lives on in {}", life.id.index,
                           to_string(info->flow.remote), to_string(info->state)));
  }
}

std::string Checkers::remains(std::size_t host) const {
  const Stats& s = world_->stack(host).stats();
  if (s.requests_held == 0 && s.connections == 0 && s.buffer_bytes == 0) return "";
  std::string text = fmt::format("host {}: {} requests, {} connections, {} bytes of buffers", host,
                                 s.requests_held, s.connections, s.buffer_bytes);
  for (const auto& [number, life] : hosts_[host].lives) {
    const auto info = world_->stack(host).connection_info(life.id);
    if (!info) continue;
    text += fmt::format("\n    {} > {} {}: {} to send ({} in flight), {} to read, window {}",
                        to_string(info->flow.local), to_string(info->flow.remote),
                        to_string(info->state), info->send_queued_bytes, info->unacknowledged_bytes,
                        info->receive_queued_bytes, info->send_window_bytes);
  }
  return text;
}

}  // namespace anteroom::simulation
