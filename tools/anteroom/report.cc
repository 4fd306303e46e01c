// Every event twice: as a line for people and as a JSON object.
#include "tools/anteroom/report.h"

#include <unistd.h>

#include <cerrno>
#include <string>

#include <nlohmann/json.hpp>

#include <anteroom/tap/clock.h>

#include "tools/anteroom/byte_text.h"
#include "tools/anteroom/counters.h"

namespace anteroom::tools {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kShownBytesMax = 120;
constexpr const char* kPlain = "\x1b[0m";
constexpr const char* kFaint = "\x1b[2m";
constexpr const char* kGreen = "\x1b[32m";
constexpr const char* kRed = "\x1b[31m";
constexpr const char* kYellow = "\x1b[33m";
constexpr const char* kBlue = "\x1b[34m";

const char* colour_of(tap::VerdictKind kind) {
  switch (kind) {
    case tap::VerdictKind::accept: return kGreen;
    case tap::VerdictKind::reject: return kRed;
    case tap::VerdictKind::ignore: return kYellow;
    case tap::VerdictKind::defer:
    case tap::VerdictKind::challenge: return kBlue;
  }
  return kPlain;
}

// NAME_bytes and NAME_hex always, NAME itself where the bytes are text.
void add_data(Json& line, const std::string& name, Bytes bytes) {
  if (is_utf8(bytes)) line[name] = std::string(text_of(bytes));
  line[name + "_hex"] = to_hex(bytes);
  line[name + "_bytes"] = bytes.size();
}

Json options_json(const SynOptions& options) {
  Json json = Json::object();
  if (options.has_mss) json["mss"] = options.mss;
  if (options.window_scale) json["window_scale"] = *options.window_scale;
  json["sack_permitted"] = options.sack_permitted;
  json["timestamp"] = options.has_timestamp;
  json["fast_open"] = options.fast_open;
  return json;
}

double to_seconds(Duration duration) {
  // Whole microseconds, so that the number prints short.
  return static_cast<double>(duration / 1us) / 1e6;
}

}  // namespace

double Report::seconds(Instant now) const { return to_seconds(now - started_at_); }

void Report::json_line(const Json& line) {
  // Text that is not UTF-8 was left out before; what remains is replaced rather than thrown.
  lines_.append(line.dump(-1, ' ', false, Json::error_handler_t::replace));
  lines_.push_back('\n');
}

template <typename... Arguments>
void Report::text_line(Instant now, fmt::format_string<Arguments...> format,
                       Arguments&&... arguments) {
  auto out = std::back_inserter(lines_);
  fmt::format_to(out, "{}{:11.6f}{} ", paint(kFaint), seconds(now), paint(kPlain));
  fmt::format_to(out, format, std::forward<Arguments>(arguments)...);
  lines_.push_back('\n');
}

void Report::ready(Instant now, const std::string& device, const std::string& address,
                   const std::vector<std::uint16_t>& ports) {
  started_at_ = now;
  if (options_.json) {
    json_line({{"event", "ready"},
               {"time", 0.0},
               {"device", device},
               {"address", address},
               {"ports", ports},
               {"unix_time", to_seconds(tap::wall_now())}});
  } else {
    text_line(now, "ready       {} on {}, port {}", address, device, fmt::join(ports, ", "));
  }
  flush();
}

void Report::request(Instant now, const Request& request) {
  if (options_.quiet) return;
  KnownRequest& known = requests_.add(request.id);
  known = {++requests_seen_, request.flow, request.arrived_at, 0};
  if (!options_.json) {
    text_line(now, "request {:<4}from {} to port {}: {} byte{} {}", known.number,
              to_string(request.flow.remote), request.flow.local.port, request.caller_data.size(),
              request.caller_data.size() == 1 ? "" : "s",
              to_quoted(request.caller_data, kShownBytesMax));
    return;
  }
  Json line = {{"event", "request"},
               {"time", seconds(now)},
               {"request", known.number},
               {"from", to_string(request.flow.remote)},
               {"to", to_string(request.flow.local)}};
  add_data(line, "caller_data", request.caller_data);
  line["address_validated"] = request.address_validated;
  line["dscp"] = request.dscp;
  line["ecn"] = request.ecn;
  line["hop_limit"] = request.hop_limit;
  line["window"] = request.window_bytes;
  line["options"] = options_json(request.options);
  json_line(line);
}

void Report::verdict(Instant now, const tap::Decision& decision, Bytes response_data) {
  if (options_.quiet) return;
  KnownRequest* known = requests_.find(decision.pending);
  if (known == nullptr) return;
  if (decision.connection.is_set()) {
    connections_.add(decision.connection) = {++connections_seen_, known->flow, now};
  }
  const Duration held = now - known->arrived_at;
  if (options_.json) {
    Json line = {{"event", "verdict"},
                 {"time", seconds(now)},
                 {"request", known->number},
                 {"verdict", to_string(decision.kind)},
                 {"held_seconds", to_seconds(held)},
                 {"deferrals", known->deferrals}};
    if (decision.connection.is_set()) line["connection"] = connections_seen_;
    if (decision.kind == tap::VerdictKind::accept) add_data(line, "response_data", response_data);
    if (decision.error) line["error"] = to_string(*decision.error);
    json_line(line);
  } else {
    std::string rest;
    if (!response_data.empty()) {
      rest = fmt::format(" {} bytes {}", response_data.size(),
                         to_quoted(response_data, kShownBytesMax));
    }
    if (known->deferrals > 0) rest += fmt::format(" after {:.6f} s", to_seconds(held));
    if (decision.error) rest += fmt::format(" failed: {}", to_string(*decision.error));
    text_line(now, "verdict {:<4}{}{}{}{}", known->number, paint(colour_of(decision.kind)),
              to_string(decision.kind), paint(kPlain), rest);
  }
  ++known->deferrals;
  if (decision.kind != tap::VerdictKind::defer) requests_.remove(decision.pending);
}

void Report::withdrawn(Instant now, const Event& event) {
  const KnownRequest* known = requests_.find(event.pending);
  if (known == nullptr) return;
  if (options_.json) {
    json_line({{"event", "withdrawn"},
               {"time", seconds(now)},
               {"request", known->number},
               {"reason", to_string(event.error)},
               {"held_seconds", to_seconds(now - known->arrived_at)}});
  } else {
    text_line(now, "withdrawn {:<2}{} after {:.6f} s", known->number, to_string(event.error),
              to_seconds(now - known->arrived_at));
  }
  requests_.remove(event.pending);
}

void Report::taken(const Event& event, const ConnectionInfo& info) {
  if (options_.quiet) return;
  connections_.add(event.connection) = {++connections_seen_, info.flow, started_at_};
}

void Report::established(Instant now, const Event& event) {
  KnownConnection* known = connections_.find(event.connection);
  if (known == nullptr) return;
  known->opened_at = now;
  if (options_.json) {
    json_line({{"event", "established"},
               {"time", seconds(now)},
               {"connection", known->number},
               {"from", to_string(known->flow.remote)},
               {"to", to_string(known->flow.local)}});
  } else {
    text_line(now, "established {} with {}", known->number, to_string(known->flow.remote));
  }
}

void Report::closed(Instant now, const Event& event) {
  const KnownConnection* known = connections_.find(event.connection);
  if (known == nullptr) return;
  const char* how = event.failed ? to_string(event.error) : "in_order";
  if (options_.json) {
    json_line({{"event", "closed"},
               {"time", seconds(now)},
               {"connection", known->number},
               {"how", how},
               {"open_seconds", to_seconds(now - known->opened_at)}});
  } else {
    text_line(now, "closed {:<5}{} after {:.6f} s", known->number, how,
              to_seconds(now - known->opened_at));
  }
  connections_.remove(event.connection);
}

void Report::address_conflict(Instant now, const Event& event) {
  if (options_.json) {
    json_line({{"event", "address_conflict"},
               {"time", seconds(now)},
               {"address", to_string(event.address)}});
  } else {
    text_line(now, "conflict    another host on the link answers for {}", to_string(event.address));
  }
}

void Report::text_counters(const Stats& stats, const tap::LoopStats& loop) {
  auto out = std::back_inserter(lines_);
  const auto row = [&](std::string_view name, std::uint64_t value) {
    if (value > 0) fmt::format_to(out, "  {:<36}{:>16}\n", name, value);
  };
  fmt::format_to(out, "counters (those that are 0 left out)\n");
  for (const Counter& counter : counters_of(stats)) row(counter.name, counter.value);
  row("loop_turns", loop.turns);
  row("loop_sleeps", loop.sleeps);
  row("link_frames_lost", loop.frames_lost);
  for (const Counter& drop : drops_of(stats)) row(fmt::format("drop {}", drop.name), drop.value);
}

void Report::counters(Instant now, const Stats& stats, const tap::LoopStats& loop,
                      const tap::ImpairmentStats* impairment) {
  if (!options_.json) {
    text_counters(stats, loop);
    flush();
    return;
  }
  Json line = {{"event", "counters"}, {"time", seconds(now)}};
  for (const Counter& counter : counters_of(stats)) line[std::string(counter.name)] = counter.value;
  line["drops"] = Json::object();
  for (const Counter& drop : drops_of(stats)) line["drops"][std::string(drop.name)] = drop.value;
  line["loop"] = {{"turns", loop.turns},
                  {"sleeps", loop.sleeps},
                  {"frames_in", loop.frames_in},
                  {"frames_out", loop.frames_out},
                  {"frames_lost", loop.frames_lost}};
  if (impairment != nullptr) {
    line["impairment"] = {
        {"frames", impairment->frames},         {"lost", impairment->lost},
        {"duplicated", impairment->duplicated}, {"corrupted", impairment->corrupted},
        {"marked", impairment->marked},         {"reordered", impairment->reordered},
        {"overflowed", impairment->overflowed}};
  }
  json_line(line);
  flush();
}

void Report::flush() {
  if (lines_.size() == 0) return;
  std::size_t written = 0;
  while (written < lines_.size() && out_ >= 0) {
    const ssize_t count = write(out_, lines_.data() + written, lines_.size() - written);
    if (count > 0) written += static_cast<std::size_t>(count);
    if (count < 0 && errno != EINTR) out_ = -1;
  }
  lines_.clear();
}

}  // namespace anteroom::tools
