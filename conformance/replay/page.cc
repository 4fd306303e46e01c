// Numbers as short rows: the page's script (page/page.js) reads them by place.
#include "conformance/replay/page.h"

#include <algorithm>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace anteroom::replay {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kCallerDataShown = 400;
constexpr std::size_t kTroublesMax = 100;

double seconds(Duration duration) { return static_cast<double>(duration.count()) / 1e9; }

// Printable as it is, everything else as \xNN.
std::string visible(Bytes bytes) {
  std::string text;
  for (const std::uint8_t byte : bytes.first(std::min(bytes.size(), kCallerDataShown))) {
    if (byte >= 0x20 && byte < 0x7f && byte != '\\') {
      text += static_cast<char>(byte);
    } else {
      text += fmt::format("\\x{:02x}", byte);
    }
  }
  if (bytes.size() > kCallerDataShown) text += "...";
  return text;
}

Json json_of(const Divergence& divergence) {
  return {{"tier", to_string(divergence.tier)}, {"packet", divergence.packet},
          {"at", seconds(divergence.at)},       {"first", divergence.is_cause},
          {"state", divergence.state},          {"why", divergence.why},
          {"captured", divergence.captured},    {"stack", divergence.stack}};
}

// [from, at, packet, seq, bytes, ack, window, flags, again, state, text, [[sack begin, end]...]]
Json json_of(const DrawnSegment& segment) {
  Json row = Json::array({static_cast<int>(segment.from), seconds(segment.at), segment.packet,
                          segment.seq, segment.bytes,
                          (segment.flags & flag::ack) != 0 ? Json(segment.ack) : Json(nullptr),
                          segment.window ? Json(*segment.window) : Json(nullptr), segment.flags,
                          segment.is_again ? 1 : 0, segment.state, segment.text});
  if (!segment.sack.empty()) row.push_back(segment.sack);
  return row;
}

Json json_of(const ConnectionReport& report) {
  Json json{{"number", report.number},
            {"client", report.client},
            {"server", report.server},
            {"as", to_string(report.as)},
            {"mode", to_string(report.mode)},
            {"packets", report.packets},
            {"firstPacket", report.first_packet},
            {"lastPacket", report.last_packet},
            {"at", seconds(report.first_at)},
            {"bytesOut", report.bytes_out},
            {"bytesIn", report.bytes_in},
            {"notJudged", report.unjudged},
            {"notes", report.notes},
            {"divergencesTotal", report.divergences_total}};
  json["tiers"] = Json::array();
  for (const Finding finding : report.tiers) json["tiers"].push_back(to_string(finding));
  const auto reached = report.reached();
  json["reached"] = reached ? to_string(*reached) : "";
  if (!report.caller_data.empty()) {
    json["callerData"] = visible(report.caller_data);
    json["callerDataBytes"] = report.caller_data.size();
  }
  if (report.verdict) {
    json["verdict"] = report.verdict->verdict.empty() ? "no rule matched" : report.verdict->verdict;
  }
  json["divergences"] = Json::array();
  for (const Divergence& divergence : report.divergences) {
    json["divergences"].push_back(json_of(divergence));
  }
  return json;
}

}  // namespace

// Pictures of what is the same go, the latest first; nothing goes where that does not suffice.
bool Page::make_room(std::size_t segments, bool has_diverged) {
  if (drawn_segments_ + segments <= limits_.page_segments_max) return true;
  if (!has_diverged) return false;
  std::size_t spare = 0;
  for (const Row& row : rows_) {
    if (!row.has_diverged && row.picture) spare += row.picture->segments().size();
  }
  if (drawn_segments_ + segments > limits_.page_segments_max + spare) return false;
  for (auto row = rows_.rbegin(); drawn_segments_ + segments > limits_.page_segments_max; ++row) {
    if (row->has_diverged || !row->picture) continue;
    drawn_segments_ -= row->picture->segments().size();
    row->picture.reset();
    row->is_left_out = true;
  }
  return true;
}

void Page::add(const std::string& capture, const ConnectionReport& report,
               std::optional<Picture> picture) {
  const bool has_diverged = report.has_diverged(tiers_);
  if (rows_.size() >= limits_.page_connections_max) {
    ++rows_left_out_;
    const auto same = std::find_if(rows_.rbegin(), rows_.rend(),
                                   [](const Row& row) { return !row.has_diverged; });
    if (!has_diverged || same == rows_.rend()) return;
    if (same->picture) drawn_segments_ -= same->picture->segments().size();
    rows_.erase(std::next(same).base());
  }
  Row row{capture, report, std::nullopt, has_diverged, false};
  if (picture) {
    row.is_left_out = !make_room(picture->segments().size(), has_diverged);
    if (!row.is_left_out) drawn_segments_ += picture->segments().size();
    if (!row.is_left_out) row.picture = std::move(picture);
  }
  rows_.push_back(std::move(row));
}

void Page::complain(const std::string& capture, const std::string& sentence) {
  if (troubles_.size() < kTroublesMax) troubles_.emplace_back(capture, sentence);
}

std::string Page::data() const {
  Json json;
  json["tiers"] = Json::array();
  json["deciding"] = Json::array();
  for (std::size_t i = 0; i < kTiers; ++i) {
    json["tiers"].push_back(to_string(static_cast<Tier>(i)));
    json["deciding"].push_back(tiers_[i]);
  }
  json["leftOut"] = rows_left_out_;
  json["troubles"] = Json::array();
  for (const auto& [capture, sentence] : troubles_) {
    json["troubles"].push_back({{"capture", capture}, {"sentence", sentence}});
  }
  json["connections"] = Json::array();
  for (const Row& row : rows_) {
    Json one = json_of(row.report);
    one["capture"] = row.capture;
    one["diverged"] = row.has_diverged;
    one["drawn"] = row.picture.has_value();
    one["pictureLeftOut"] = row.is_left_out;
    one["segmentsLeftOut"] = row.picture ? row.picture->left_out() : 0;
    one["segments"] = Json::array();
    if (row.picture) {
      for (const DrawnSegment& segment : row.picture->segments()) {
        one["segments"].push_back(json_of(segment));
      }
    }
    json["connections"].push_back(std::move(one));
  }
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string Page::html() const {
  const std::string_view page = page_template();
  const std::size_t at = page.find(kPageData);
  std::string out(page.substr(0, at));
  out += for_script(data());
  if (at != std::string_view::npos) out += page.substr(at + kPageData.size());
  return out;
}

std::string for_script(std::string_view json) {
  std::string out;
  out.reserve(json.size());
  for (const char c : json) {
    if (c == '<') {
      out += "\\u003c";
    } else {
      out += c;
    }
  }
  return out;
}

}  // namespace anteroom::replay
