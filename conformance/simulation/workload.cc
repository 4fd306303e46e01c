// Errors that a verb may answer with under load are taken as they come; any other is a violation.
#include "conformance/simulation/workload.h"

#include <algorithm>

#include <fmt/format.h>

namespace anteroom::simulation {

std::string to_string(const WorkloadOptions& o) {
  std::string text = fmt::format(
      "connects={} within {:g}s caller_data={:g} fast_open={:g} marked={:g} impatient={:g} "
      "reject={:g} ignore={:g} challenge={:g} abandon={:g} "
      "silence={:g} defer={:g} slow={:g} bytes<={} slow_writer={:g} slow_reader={:g} urgent={:g} "
      "rude={:g} keepalive={:g}",
      o.connects, static_cast<double>(o.connects_within.count()) / 1e9, o.caller_data, o.fast_open,
      o.marked, o.impatient, o.verdicts.reject, o.verdicts.ignore, o.verdicts.challenge,
      o.verdicts.abandon, o.verdicts.silence, o.verdicts.defer, o.verdicts.slow,
      o.manners.stream_bytes_max, o.manners.slow_writer, o.manners.slow_reader, o.manners.urgent,
      o.manners.rude, o.manners.keepalive);
  for (const ListenerPlan& plan : o.listeners) {
    const ListenOptions& l = plan.options;
    text += fmt::format("\n      port {}:{}{}{}{}{}{} fast_open={}/{} backlog={}", l.local.port,
                        l.conditional ? " conditional" : " ordinary",
                        !l.conditional                   ? ""
                        : l.deferral == Deferral::strict ? " strict"
                                                         : " independent",
                        l.handshake_first ? " handshake-first" : "", l.marked ? " marked" : "",
                        l.consume_caller_data ? " consume" : "",
                        l.overload == OverloadPolicy::reset       ? " reset"
                        : l.overload == OverloadPolicy::challenge ? " challenge"
                                                                  : "",
                        static_cast<int>(l.fast_open), l.fast_open_pending_max, l.backlog_max);
    if (plan.closes_after) {
      text +=
          fmt::format(" closes after {:g}s", static_cast<double>(plan.closes_after->count()) / 1e9);
    }
  }
  return text;
}

Application::Application(std::size_t host, World& world, const WorkloadOptions& options,
                         std::uint64_t seed, Checkers& checkers, Trace& trace)
    : options_(options),
      world_(world),
      dice_(seed, 1'000 + host),
      more_dice_(seed, 2'000 + host),
      owner_{host, world.stack(host), checkers, trace, dice_} {
  const Instant now = world.now();
  for (const ListenerPlan& plan : options.listeners) {
    listenings_.push_back({plan, {}, false, now, {}});
    listen(now, listenings_.back());
  }
  for (std::uint32_t i = 0; i < options.connects; ++i) {
    connects_.push_back(now + dice_.between(0ms, options.connects_within));
  }
  std::sort(connects_.rbegin(), connects_.rend());
}

// --- Listeners ---

void Application::listen(Instant now, Listening& listening) {
  const auto id = owner_.stack.listen(listening.plan.options);
  if (!id) return owner_.checkers.fail(owner_.host, "listen was refused");
  const auto again = owner_.stack.listen(listening.plan.options);
  if (again || again.error().error != Error::address_in_use) {
    owner_.checkers.fail(owner_.host, "two listeners on one port");
  }
  owner_.note(now, fmt::format("listens on {}", listening.plan.options.local.port));
  listening.id = *id;
  listening.open = true;
  listening.next_change.reset();
  if (listening.plan.closes_after && !calm_) {
    listening.next_change = now + *listening.plan.closes_after;
  }
  owner_.checkers.on_listen(owner_.host, *id, listening.plan.options);
}

void Application::change_listener(Instant now, Listening& listening) {
  if (!listening.open) return listen(now, listening);
  owner_.note(now, fmt::format("closes its listener on {}", listening.plan.options.local.port));
  if (!owner_.stack.close(now, listening.id)) owner_.checkers.fail(owner_.host, "close: stale id");
  if (owner_.stack.close(now, listening.id)) owner_.checkers.fail(owner_.host, "closed twice");
  listening.open = false;
  listening.take_at.reset();
  listening.next_change = now + 1s;
}

void Application::take_from(Instant now, Listening& listening) {
  listening.take_at.reset();
  for (;;) {
    const auto id = owner_.stack.take(listening.id);
    if (!id) {
      if (id.error().error != Error::would_block) owner_.checkers.fail(owner_.host, "take");
      return;
    }
    owner_.checkers.on_connection(owner_.host, *id);
    const auto info = owner_.stack.connection_info(*id);
    if (!info) return owner_.checkers.fail(owner_.host, "take gave a dead id");
    const Manner manner = draw_manner(now, options_.manners, dice_);
    const std::uint64_t stream = owner_.checkers.streams.open(info->flow);
    owner_.note(now, fmt::format("takes {}", id->index));
    talk(now, *id, stream, {++readings_ * 16 + owner_.host, stream, info->flow, 0, 0}, manner);
    Event event{.kind = EventKind::connected};
    talks_.at(id->number()).on_event(event);
    const auto early = untaken_.find(id->number());
    event.kind = EventKind::closed;
    if (early != untaken_.end() && early->second) talks_.at(id->number()).on_event(event);
    if (early != untaken_.end()) untaken_.erase(early);
  }
}

bool Application::is_consumed(ListenerId listener) const {
  const auto found = std::find_if(listenings_.begin(), listenings_.end(),
                                  [&](const Listening& l) { return l.id == listener; });
  return found != listenings_.end() && found->plan.options.consume_caller_data;
}

// --- Connections ---

void Application::talk(Instant now, ConnectionId id, std::uint64_t stream, const Reading& reading,
                       const Manner& manner) {
  ++connections_;
  const auto [entry, fresh] =
      talks_.insert_or_assign(id.number(), Talk(id, stream, reading, manner));
  if (!fresh) owner_.checkers.fail(owner_.host, "an id was given out twice");
  entry->second.begin(now, owner_);
  if (calm_) entry->second.hurry(now, owner_);
}

void Application::connect(Instant now) {
  const std::size_t others = world_.hosts() - 1;
  const std::size_t target = (owner_.host + 1 + dice_.below(others)) % world_.hosts();
  ConnectOptions options;
  options.remote = {world_.stack(target).config().interface.addresses.front().address,
                    static_cast<std::uint16_t>(dice_.between(kPortFirst, kPortLast))};
  options.caller_data_on_retransmission = dice_.happens(0.5);
  if (dice_.happens(options_.fast_open)) {
    options.fast_open = dice_.one_of({FastOpen::cookie, FastOpen::cookie, FastOpen::cookie_less});
  }
  options.marked = more_dice_.happens(options_.marked);
  options.require_marked = options.marked && more_dice_.happens(0.3);
  options.dscp = static_cast<std::uint8_t>(more_dice_.below(64));
  const std::uint64_t stream = owner_.checkers.streams.open({});
  Manner manner = draw_manner(now, options_.manners, dice_);
  std::vector<std::uint8_t> caller_data;
  if (dice_.happens(options_.caller_data)) {
    const std::uint64_t most = dice_.one_of<std::uint64_t>({1, 9, 300, 1'400, 1'600});
    caller_data = Streams::bytes(stream, 0, dice_.between(1, most));
    manner.bytes = std::max<std::uint64_t>(manner.bytes, caller_data.size());
  }
  options.caller_data = caller_data;
  if (dice_.happens(options_.impatient)) manner.abort_at = now + dice_.between(0ms, 3s);
  const auto id = owner_.stack.connect(now, options);
  if (!id) {
    owner_.checkers.streams.forget(stream);
    const Error error = id.error().error;
    owner_.note(now, fmt::format("connect refused: {}", to_string(error)));
    if (error == Error::too_large && id.error().detail >= caller_data.size()) {
      owner_.checkers.fail(owner_.host, "caller data that fits was too large");
    }
    const bool known = error == Error::too_large || error == Error::no_port ||
                       error == Error::limit_reached || error == Error::no_buffer;
    if (!known) owner_.checkers.fail(owner_.host, fmt::format("connect: {}", to_string(error)));
    return;
  }
  const auto info = owner_.stack.connection_info(*id);
  if (!info) return owner_.checkers.fail(owner_.host, "connect gave a dead id");
  owner_.note(now, fmt::format("connect({}) to {} with {} bytes", id->index,
                               to_string(options.remote), caller_data.size()));
  owner_.checkers.on_connection(owner_.host, *id);
  Stream& sent = owner_.checkers.streams[stream];
  sent.flow = info->flow;
  sent.sent_bytes = sent.on_syn_bytes = caller_data.size();
  talk(now, *id, stream, {++readings_ * 16 + owner_.host, stream, info->flow, 0, 0}, manner);
}

// --- Turn ---

void Application::on_event(Instant now, const Event& event) {
  if (owner_.trace.is_on()) {
    owner_.note(
        now, fmt::format("event {}({}){}{}", to_string(event.kind),
                         event.connection.is_set() ? event.connection.index : event.pending.index,
                         event.failed ? " " : "", event.failed ? to_string(event.error) : ""));
  }
  if (event.kind == EventKind::connection_requested) return on_request(now, event);
  if (event.kind == EventKind::request_withdrawn) {
    held_.erase(event.pending.number());
    return;
  }
  if (event.kind == EventKind::address_conflict) return;
  const auto found = talks_.find(event.connection.number());
  if (found != talks_.end()) return found->second.on_event(event);
  bool& over = untaken_[event.connection.number()];
  over = over || event.kind == EventKind::closed;
  if (event.kind != EventKind::accept_ready) return;
  for (Listening& listening : listenings_) {
    if (listening.id != event.listener || listening.take_at) continue;
    listening.take_at = now + (dice_.happens(0.7) || calm_ ? 0ms : dice_.between(1ms, 3s));
  }
}

void Application::act(Instant now) {
  for (Listening& listening : listenings_) {
    if (listening.next_change && *listening.next_change <= now) change_listener(now, listening);
    if (listening.take_at && *listening.take_at <= now) take_from(now, listening);
  }
  while (!connects_.empty() && connects_.back() <= now) {
    connects_.pop_back();
    connect(now);
  }
  for (auto entry = held_.begin(); entry != held_.end();) {
    const bool done = entry->second.decide_at <= now && decide(now, entry->second);
    entry = done ? held_.erase(entry) : std::next(entry);
  }
  for (auto& [number, talk] : talks_) talk.act(now, owner_);
  std::erase_if(talks_, [](const auto& entry) { return entry.second.is_over(); });
}

std::optional<Instant> Application::next_wake() const {
  std::optional<Instant> next;
  const auto consider = [&](std::optional<Instant> at) {
    if (at && (!next || *at < *next)) next = at;
  };
  for (const Listening& listening : listenings_) {
    consider(listening.next_change);
    consider(listening.take_at);
  }
  if (!connects_.empty()) consider(connects_.back());
  for (const auto& [number, held] : held_) {
    if (held.decide_at != kNever) consider(held.decide_at);
  }
  for (const auto& [number, talk] : talks_) consider(talk.next_wake());
  return next;
}

void Application::calm_down(Instant now) {
  calm_ = true;
  connects_.clear();
  for (Listening& listening : listenings_) {
    if (listening.open) listening.next_change.reset();
    if (listening.take_at) listening.take_at = now;
  }
  for (auto& [number, held] : held_) {
    // A held SYN expires without a verdict; a client that is connected waits for one.
    const auto request = owner_.stack.request(now, held.id);
    const bool waits = request && request->handshake_complete;
    if (held.verdict == Verdict::silence && waits) held.verdict = Verdict::reject;
    if (held.verdict != Verdict::silence) held.decide_at = now;
  }
  for (auto& [number, talk] : talks_) talk.hurry(now, owner_);
}

}  // namespace anteroom::simulation
