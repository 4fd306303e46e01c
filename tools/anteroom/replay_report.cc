// One paragraph for a connection, one line for a capture.
#include "tools/anteroom/replay_report.h"

#include <array>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "tools/anteroom/byte_text.h"

namespace anteroom::tools {
namespace {

using Json = nlohmann::ordered_json;
using replay::CaptureReport;
using replay::ConnectionReport;
using replay::Divergence;
using replay::Finding;
using replay::kTiers;
using replay::Tier;

constexpr char kRed[] = "\033[31m";
constexpr char kGreen[] = "\033[32m";
constexpr char kDim[] = "\033[2m";
constexpr char kPlain[] = "\033[0m";
constexpr std::size_t kCallerDataShown = 80;

double seconds(Duration duration) { return static_cast<double>(duration.count()) / 1e9; }

std::string painted(const std::string& text, const char* colour, bool on) {
  return on ? colour + text + kPlain : text;
}

// "same stream, close; diverged timing; not judged boundaries"
std::string tiers_text(const ConnectionReport& report, const ReplayReportOptions& options) {
  std::string text;
  for (const Finding finding : {Finding::held, Finding::diverged, Finding::unjudged}) {
    const char* colour = finding == Finding::held       ? kGreen
                         : finding == Finding::diverged ? kRed
                                                        : kDim;
    std::string names;
    for (std::size_t i = 0; i < kTiers; ++i) {
      if (report.tiers[i] != finding) continue;
      names += names.empty() ? " " : ", ";
      names += to_string(static_cast<Tier>(i));
    }
    if (names.empty()) continue;
    text += "; " + painted(to_string(finding) + names, colour, options.colour);
  }
  return text;
}

std::string divergence_text(const Divergence& divergence, const ReplayReportOptions& options) {
  const bool counts = options.tiers[static_cast<std::size_t>(divergence.tier)];
  std::string text = fmt::format(
      "  {} packet {} ({:.6f} s), {}, {}: {}\n",
      painted(divergence.is_cause ? "first" : "then", counts ? kRed : kDim, options.colour),
      divergence.packet, seconds(divergence.at), to_string(divergence.tier), divergence.state,
      divergence.why);
  if (!divergence.captured.empty()) text += "    captured  " + divergence.captured + "\n";
  if (!divergence.stack.empty()) text += "    stack     " + divergence.stack + "\n";
  return text;
}

Json json_of(const Divergence& divergence) {
  Json json{{"tier", to_string(divergence.tier)}, {"packet", divergence.packet},
            {"seconds", seconds(divergence.at)},  {"first", divergence.is_cause},
            {"state", divergence.state},          {"why", divergence.why}};
  if (!divergence.captured.empty()) json["captured"] = divergence.captured;
  if (!divergence.stack.empty()) json["stack"] = divergence.stack;
  return json;
}

std::string dump(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::string skips_text(const CaptureReport& report) {
  std::string text;
  for (std::size_t i = 0; i < replay::kSkips; ++i) {
    if (report.skips[i] == 0) continue;
    text += fmt::format("  skipped {} packets: {}\n", report.skips[i],
                        to_string(static_cast<replay::Skip>(i)));
  }
  const auto& faults = report.time_faults;
  if (faults.backwards != 0) {
    text += fmt::format("  {} packets were earlier than the one before: time stood still\n",
                        faults.backwards);
  }
  if (faults.leaps != 0)
    text += fmt::format("  {} gaps of more than a day were cut\n", faults.leaps);
  if (faults.absurd != 0) text += fmt::format("  {} packets had no sensible time\n", faults.absurd);
  if (report.ended_early != 0) {
    text += fmt::format("  {} connections were ended early to make room\n", report.ended_early);
  }
  return text;
}

}  // namespace

std::string connection_text(const std::string& path, const ConnectionReport& report,
                            const ReplayReportOptions& options) {
  const bool diverged = report.has_diverged(options.tiers);
  const bool is_asked = report.verdict || !report.caller_data.empty();
  if (options.quiet && !diverged && !is_asked) return "";
  std::string text = fmt::format(
      "{} #{} {} > {} as {}, {}: {} packets from {} on, {} bytes out, {} in", path, report.number,
      report.client, report.server, to_string(report.as), to_string(report.mode), report.packets,
      report.first_packet, report.bytes_out, report.bytes_in);
  text +=
      report.unjudged.empty() ? tiers_text(report, options) : "; not judged: " + report.unjudged;
  text += "\n";
  if (!report.caller_data.empty()) {
    text += fmt::format("  caller data, {} bytes: {}\n", report.caller_data.size(),
                        to_quoted(report.caller_data, kCallerDataShown));
  }
  if (report.verdict) text += fmt::format("  verdict: {}\n", report.verdict->verdict);
  if (!diverged && !options.verbose) return text;
  for (const std::string& note : report.notes) text += "  note: " + note + "\n";
  // The first cause, and the first of each tier that decides.
  std::size_t shown = 0;
  std::array<bool, kTiers> seen{};
  for (const Divergence& divergence : report.divergences) {
    const auto tier = static_cast<std::size_t>(divergence.tier);
    const bool wanted = divergence.is_cause || (options.tiers[tier] && !seen[tier]);
    if (!options.verbose && !wanted) continue;
    seen[tier] = true;
    text += divergence_text(divergence, options);
    ++shown;
  }
  if (report.divergences_total > shown) {
    text += fmt::format("  and {} more\n", report.divergences_total - shown);
  }
  return text;
}

std::string capture_text(const CaptureReport& report, const ReplayReportOptions& options) {
  if (report.unusable) return "";
  std::string text = fmt::format("{}: {} packets, {} segments, {} connections", report.path,
                                 report.packets, report.segments, report.connections);
  if (report.replays != report.connections) text += fmt::format(", {} replays", report.replays);
  for (std::size_t i = 0; i < kTiers; ++i) {
    const auto& counts = report.tiers[i];
    if (!options.tiers[i] && !options.verbose) continue;
    const std::uint64_t judged = counts[0] + counts[1];
    if (judged == 0) continue;
    text += fmt::format("; {} {}", to_string(static_cast<Tier>(i)),
                        painted(fmt::format("{}/{}", counts[0], judged),
                                counts[1] == 0 ? kGreen : kRed, options.colour));
  }
  if (report.unjudged != 0) text += fmt::format("; {} not judged", report.unjudged);
  return text + "\n" + skips_text(report);
}

std::string connection_json(const std::string& path, const ConnectionReport& report,
                            const ReplayReportOptions& options) {
  Json json{{"capture", path},
            {"connection", report.number},
            {"client", report.client},
            {"server", report.server},
            {"as", to_string(report.as)},
            {"mode", to_string(report.mode)},
            {"handshake_captured", report.has_handshake},
            {"packets", report.packets},
            {"first_packet", report.first_packet},
            {"seconds", seconds(report.first_at)},
            {"bytes_out", report.bytes_out},
            {"bytes_in", report.bytes_in},
            {"stand_in_bytes", report.stand_in_bytes},
            {"diverged", report.has_diverged(options.tiers)}};
  for (std::size_t i = 0; i < kTiers; ++i) {
    json["tiers"][to_string(static_cast<Tier>(i))] = to_string(report.tiers[i]);
  }
  const auto reached = report.reached();
  json["reached"] = reached ? Json(to_string(*reached)) : Json(nullptr);
  if (!report.unjudged.empty()) json["not_judged"] = report.unjudged;
  if (!report.caller_data.empty()) {
    json["caller_data_bytes"] = report.caller_data.size();
    json["caller_data_hex"] = to_hex(report.caller_data);
  }
  if (report.verdict) json["verdict"] = report.verdict->verdict;
  if (!report.notes.empty()) json["notes"] = report.notes;
  json["divergences_total"] = report.divergences_total;
  json["divergences"] = Json::array();
  for (const Divergence& divergence : report.divergences) {
    json["divergences"].push_back(json_of(divergence));
  }
  return dump(json);
}

std::string capture_json(const CaptureReport& report) {
  Json json{{"capture", report.path}};
  if (report.unusable) {
    json["unusable"] = report.unusable->sentence;
    return dump(json);
  }
  json["packets"] = report.packets;
  json["segments"] = report.segments;
  json["reassembled"] = report.reassembled;
  json["connections"] = report.connections;
  json["replays"] = report.replays;
  json["diverged_in_any_tier"] = report.diverged;
  json["not_judged"] = report.unjudged;
  json["ended_early"] = report.ended_early;
  for (std::size_t i = 0; i < kTiers; ++i) {
    const auto& counts = report.tiers[i];
    json["tiers"][to_string(static_cast<Tier>(i))] = {
        {"same", counts[0]}, {"diverged", counts[1]}, {"not_judged", counts[2]}};
  }
  json["skipped"] = Json::object();
  for (std::size_t i = 0; i < replay::kSkips; ++i) {
    if (report.skips[i] != 0)
      json["skipped"][to_string(static_cast<replay::Skip>(i))] = report.skips[i];
  }
  json["times"] = {{"backwards", report.time_faults.backwards},
                   {"leaps", report.time_faults.leaps},
                   {"absurd", report.time_faults.absurd}};
  if (report.trouble) json["trouble"] = report.trouble->sentence;
  return dump(json);
}

}  // namespace anteroom::tools
