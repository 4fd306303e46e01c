// First the shortest beginning that still diverges, then ever smaller pieces left out of it.
#include "conformance/replay/minimise.h"

#include <algorithm>
#include <memory>

#include <fmt/format.h>
#include <pcap/pcap.h>

namespace anteroom::replay {
namespace {

constexpr std::size_t kSegmentsMax = 20'000;
constexpr std::size_t kReplaysMax = 4'000;

// Plays segments that are in memory, and says what came of the connection.
class Trial {
 public:
  Trial(const Options& options, const ConnectionReport& whole, const Divergence& wanted)
      : options_(options), whole_(whole), wanted_(wanted) {
    options_.as_server = whole.as == Side::server;
    options_.as_client = whole.as == Side::client;
    options_.condition = {};
  }

  bool diverges(const std::vector<Segment>& segments) {
    ++count_;
    found_.reset();
    Connections connections(options_, nullptr, [this](ConnectionReport&& report) {
      // Without its handshake, or with zeros for what was left out, a connection is another one.
      const bool is_alike = report.mode == whole_.mode &&
                            report.has_handshake == whole_.has_handshake &&
                            report.stand_in_bytes <= whole_.stand_in_bytes;
      if (!found_ && is_alike && has_wanted(report)) found_ = std::move(report);
    });
    for (const Segment& segment : segments) connections.add(segment);
    connections.finish();
    return found_.has_value();
  }
  bool is_spent() const { return count_ >= kReplaysMax; }
  std::size_t count() const { return count_; }
  ConnectionReport& found() { return *found_; }

 private:
  // The same difference at the same packet, not only one of the same tier.
  bool has_wanted(const ConnectionReport& report) const {
    return std::any_of(
        report.divergences.begin(), report.divergences.end(), [&](const Divergence& divergence) {
          return divergence.tier == wanted_.tier && divergence.packet == wanted_.packet &&
                 divergence.captured == wanted_.captured &&
                 divergence.stack.empty() == wanted_.stack.empty();
        });
  }

  Options options_;
  ConnectionReport whole_;
  Divergence wanted_;
  std::size_t count_ = 0;
  std::optional<ConnectionReport> found_;
};

std::vector<Segment> beginning(const std::vector<Segment>& segments, std::size_t size) {
  return {segments.begin(), segments.begin() + static_cast<std::ptrdiff_t>(size)};
}

void shorten(std::vector<Segment>& segments, Trial& trial) {
  std::size_t low = 1;
  std::size_t high = segments.size();
  while (low < high && !trial.is_spent()) {
    const std::size_t middle = low + (high - low) / 2;
    if (trial.diverges(beginning(segments, middle))) {
      high = middle;
    } else {
      low = middle + 1;
    }
  }
  // Not every longer beginning need diverge because a shorter one does.
  std::vector<Segment> shorter = beginning(segments, high);
  if (trial.diverges(shorter)) segments = std::move(shorter);
}

void thin_out(std::vector<Segment>& segments, Trial& trial) {
  for (std::size_t piece = std::max<std::size_t>(segments.size() / 2, 1);; piece /= 2) {
    for (std::size_t at = 0; at < segments.size() && !trial.is_spent();) {
      std::vector<Segment> without = beginning(segments, at);
      const std::size_t end = std::min(at + piece, segments.size());
      without.insert(without.end(), segments.begin() + static_cast<std::ptrdiff_t>(end),
                     segments.end());
      if (!without.empty() && trial.diverges(without)) {
        segments = std::move(without);
      } else {
        at = end;
      }
    }
    if (piece <= 1) return;
  }
}

struct Culprit {
  ConnectionReport report;
  Divergence divergence;
};

std::optional<Culprit> find_culprit(const std::string& path, const Options& options,
                                    const TierSet& tiers, CaptureReport& capture) {
  std::optional<Culprit> culprit;
  Sinks sinks;
  sinks.on_connection = [&](const ConnectionReport& report) {
    if (culprit || !report.has_diverged(tiers)) return;
    for (const Divergence& divergence : report.divergences) {
      if (!tiers[static_cast<std::size_t>(divergence.tier)]) continue;
      culprit = Culprit{report, divergence};
      return;
    }
  };
  capture = replay_capture(path, options, sinks);
  return culprit;
}

// The segments of the connection, from the file again.
tap::Outcome<std::vector<Segment>> segments_of(const std::string& path, const Options& options,
                                               const ConnectionReport& report) {
  auto reader = CaptureReader::open(path, options.limits);
  if (!reader) return reader.error();
  Datagrams datagrams(reader->link_type(), options.limits);
  std::vector<Segment> segments;
  while (const std::optional<CapturedFrame> frame = reader->next()) {
    if (frame->number > report.last_packet) break;
    std::optional<Segment> segment = datagrams.take(*frame);
    if (!segment || segment->number < report.first_packet) continue;
    const std::string source = to_string(segment->source);
    const std::string destination = to_string(segment->destination);
    const bool outward = source == report.client && destination == report.server;
    const bool inward = source == report.server && destination == report.client;
    if (!outward && !inward) continue;
    if (segments.size() == kSegmentsMax) {
      return tap::Problem{
          fmt::format("the connection that diverges has more than {} packets; cut the capture "
                      "yourself first",
                      kSegmentsMax)};
    }
    segments.push_back(std::move(*segment));
  }
  return segments;
}

struct ClosePcap {
  void operator()(pcap_t* handle) const { pcap_close(handle); }
};
struct CloseDumper {
  void operator()(pcap_dumper_t* dumper) const { pcap_dump_close(dumper); }
};

}  // namespace

tap::Outcome<Minimised> minimise(const std::string& path, const Options& options,
                                 const TierSet& tiers) {
  CaptureReport capture;
  const std::optional<Culprit> culprit = find_culprit(path, options, tiers, capture);
  if (capture.unusable) return *capture.unusable;
  if (!culprit) {
    return tap::Problem{fmt::format(
        "nothing of {} diverges in the chosen tiers; there is nothing to cut down", path)};
  }
  auto segments = segments_of(path, options, culprit->report);
  if (!segments) return segments.error();
  Minimised minimised;
  minimised.segments = *std::move(segments);
  minimised.tier = culprit->divergence.tier;
  minimised.packets_before = minimised.segments.size();
  Trial trial(options, culprit->report, culprit->divergence);
  if (!trial.diverges(minimised.segments)) {
    return tap::Problem{"the connection does not diverge any more when it is alone"};
  }
  shorten(minimised.segments, trial);
  thin_out(minimised.segments, trial);
  if (!trial.diverges(minimised.segments)) {
    return tap::Problem{"what was cut down does not diverge; this is a defect of the replay"};
  }
  minimised.report = std::move(trial.found());
  minimised.replays = trial.count();
  return minimised;
}

tap::Trouble write_capture(const std::string& path, const std::vector<Segment>& segments) {
  constexpr int kSnapBytes = 262'144;
  const std::unique_ptr<pcap_t, ClosePcap> handle(
      pcap_open_dead_with_tstamp_precision(DLT_RAW, kSnapBytes, PCAP_TSTAMP_PRECISION_NANO));
  if (!handle) return tap::Problem{fmt::format("cannot write {}: out of memory", path)};
  const std::unique_ptr<pcap_dumper_t, CloseDumper> dumper(
      pcap_dump_open(handle.get(), path.c_str()));
  if (!dumper) return tap::Problem{fmt::format("cannot write {}", pcap_geterr(handle.get()))};
  std::vector<std::uint8_t> packet;
  for (const Segment& segment : segments) {
    write_packet(segment, segment.source, segment.destination, segment.payload, packet);
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(segment.at);
    pcap_pkthdr header{};
    header.ts.tv_sec = seconds.count();
    header.ts.tv_usec = (segment.at - seconds).count();
    header.len = static_cast<bpf_u_int32>(packet.size());
    header.caplen =
        static_cast<bpf_u_int32>(packet.size() - (segment.payload.size() - segment.real_bytes));
    pcap_dump(reinterpret_cast<u_char*>(dumper.get()), &header, packet.data());
  }
  if (pcap_dump_flush(dumper.get()) == 0) return std::nullopt;
  return tap::Problem{fmt::format("cannot write {}: is the disk full?", path)};
}

}  // namespace anteroom::replay
