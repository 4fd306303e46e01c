// `anteroom trace`: prints a capture, one line for each frame. Not here: the words (frame_text.h).
#include <memory>
#include <string>

#include <fmt/format.h>

#include <anteroom/tap/pcap_link.h>

#include "tools/anteroom/command.h"
#include "tools/anteroom/frame_text.h"

namespace anteroom::tools {
namespace {

constexpr char kExamples[] = R"(examples:
  anteroom trace capture.pcap
      seconds since the first frame, from > to, then the segment with numbers relative to its flow:
      0.000012 192.0.2.2:40000 > 192.0.2.1:80 S 0:5(5) win 64240 <mss 1460,sackOK,wscale 7>
  anteroom trace capture.pcap --payload 40
      with up to 40 bytes of each payload behind the segment
  anteroom trace capture.pcap --tcp
      segments only, without ARP, ICMP, UDP and fragments

Reads pcap and pcapng files of Ethernet frames or raw IP packets.
)";

struct TraceOptions {
  std::string path;
  std::size_t excerpt_bytes_max = 0;
  bool segments_only = false;
};

ExitCode trace(const TraceOptions& options) {
  auto reader = tap::PcapReader::open(options.path);
  if (!reader) return complain(reader.error(), ExitCode::misused);
  FrameTeller teller(reader->medium(), options.excerpt_bytes_max);
  std::optional<Duration> first_time;
  while (const std::optional<tap::CapturedFrame> frame = reader->next()) {
    if (!first_time) first_time = frame->wall_time;
    const FrameText text = teller.tell(frame->bytes);
    if (options.segments_only && !text.is_segment) continue;
    const Duration time = frame->wall_time - *first_time;
    fmt::print("{:.6f} {} > {} {}\n", static_cast<double>(time.count()) / 1e9, text.source,
               text.target, text.what);
  }
  if (const tap::Trouble trouble = reader->trouble()) return complain(*trouble, ExitCode::failed);
  return ExitCode::done;
}

}  // namespace

void add_trace(CLI::App& program, Chosen& chosen) {
  CLI::App& command = *program.add_subcommand("trace", "Prints a capture in the segment notation");
  const auto options = std::make_shared<TraceOptions>();
  command.add_option("FILE", options->path, "a pcap or pcapng file")->required();
  command.add_option("--payload", options->excerpt_bytes_max, "bytes of each payload to print");
  command.add_flag("--tcp", options->segments_only, "segments only");
  command.footer(std::string(kExamples) + kExitCodes);
  command.callback([options, &chosen] { chosen = [options] { return trace(*options); }; });
}

}  // namespace anteroom::tools
