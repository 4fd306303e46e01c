// One pass: nothing of the file is kept but what its connections need.
#include "conformance/replay/replay.h"

namespace anteroom::replay {
namespace {

constexpr std::uint64_t kProgressPackets = 4'096;

void count(const ConnectionReport& report, CaptureReport& capture) {
  ++capture.replays;
  if (!report.unjudged.empty()) ++capture.unjudged;
  bool diverged = false;
  for (std::size_t i = 0; i < kTiers; ++i) {
    ++capture.tiers[i][static_cast<std::size_t>(report.tiers[i])];
    diverged = diverged || report.tiers[i] == Finding::diverged;
  }
  if (diverged) ++capture.diverged;
}

}  // namespace

CaptureReport replay_capture(const std::string& path, const Options& options, const Sinks& sinks) {
  CaptureReport capture;
  capture.path = path;
  auto reader = CaptureReader::open(path, options.limits);
  if (!reader) {
    capture.unusable = reader.error();
    return capture;
  }
  std::uint64_t duplicates = 0;
  Datagrams datagrams(reader->link_type(), options.limits);
  Connections connections(options, sinks.observer, [&](ConnectionReport&& report) {
    count(report, capture);
    if (sinks.on_connection) sinks.on_connection(report);
  });
  while (const std::optional<CapturedFrame> frame = reader->next()) {
    if (std::optional<Segment> segment = datagrams.take(*frame)) {
      ++capture.segments;
      if (!connections.add(std::move(*segment))) ++duplicates;
    }
    if (sinks.on_progress && frame->number % kProgressPackets == 0) {
      sinks.on_progress(frame->number);
    }
  }
  datagrams.finish();
  connections.finish();
  capture.trouble = reader->trouble();
  capture.packets = reader->frames();
  if (capture.packets == 0 && capture.trouble) capture.unusable = capture.trouble;
  capture.reassembled = datagrams.reassembled();
  capture.skips = datagrams.skips();
  capture.skips[static_cast<std::size_t>(Skip::duplicate)] = duplicates;
  capture.time_faults = reader->time_faults();
  capture.connections = connections.count();
  capture.ended_early = connections.ended_early();
  return capture;
}

}  // namespace anteroom::replay
