// Packets of a capture per second, from the file to the report: one long connection, and many short
// ones. The files are made here, in the folder for temporary ones, and are 65,536 packets long.
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>

#include <benchmark/benchmark.h>

#include "conformance/replay/minimise.h"

namespace anteroom::benchmarks {
namespace {

using replay::Segment;

constexpr std::size_t kPackets = 65'536;
constexpr Endpoint kServer{IpAddress::v4(192, 0, 2, 1), 80};

// A connection of so many exchanges: a question of 200 bytes, two full segments, an acknowledgment.
class Conversation {
 public:
  Conversation(std::uint16_t port, std::uint32_t exchanges, std::vector<Segment>& out)
      : client_{IpAddress::v4(192, 0, 2, 2), port}, out_(out) {
    constexpr std::uint16_t kSyn = replay::flag::syn, kAck = replay::flag::ack;
    add(true, kSyn, 0);
    add(false, kSyn | kAck, 0);
    add(true, kAck, 0);
    for (std::uint32_t i = 0; i < exchanges; ++i) {
      add(true, kAck | replay::flag::psh, 200);
      add(false, kAck | replay::flag::psh, 1'460);
      add(false, kAck | replay::flag::psh, 1'460);
      add(true, kAck, 0);
    }
    add(true, kAck | replay::flag::fin, 0);
    add(false, kAck | replay::flag::fin, 0);
    add(true, kAck, 0);
  }

 private:
  void add(bool by_client, std::uint16_t flags, std::size_t bytes) {
    Segment segment;
    segment.source = by_client ? client_ : kServer;
    segment.destination = by_client ? kServer : client_;
    segment.at = 200us * static_cast<int>(out_.size());
    segment.identification = static_cast<std::uint16_t>(out_.size());
    segment.seq = next_[by_client];
    segment.ack = segment.is_syn() || flags == replay::flag::syn ? 0 : next_[!by_client];
    segment.flags = flags;
    segment.window = 65'000;
    if (segment.has(replay::flag::syn)) {
      segment.options = {2, 4, 0x05, 0xb4};
      segment.option_bytes = 4;
    }
    segment.payload.assign(bytes, 'a');
    segment.real_bytes = bytes;
    next_[by_client] = segment.end();
    out_.push_back(std::move(segment));
  }

  Endpoint client_;
  std::vector<Segment>& out_;
  std::uint32_t next_[2] = {5'000, 1'000};
};

void replay_file(benchmark::State& state) {
  const auto exchanges = static_cast<std::uint32_t>(state.range(0));
  std::vector<Segment> segments;
  for (std::uint16_t port = 1'024; segments.size() < kPackets; ++port) {
    Conversation(port, exchanges, segments);
  }
  const std::string path =
      (std::filesystem::temp_directory_path() / ("replay_bench_" + std::to_string(getpid())))
          .string();
  if (replay::write_capture(path, segments)) {
    state.SkipWithError("the capture could not be written");
    return;
  }
  std::uint64_t packets = 0;
  for ([[maybe_unused]] auto turn : state) {
    const replay::CaptureReport report = replay::replay_capture(path, {}, {});
    packets += report.packets;
    if (report.diverged != 0) state.SkipWithError("it diverged");
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(packets));
  std::remove(path.c_str());
}
BENCHMARK(replay_file)->ArgName("exchanges")->Arg(3)->Arg(16'384)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace anteroom::benchmarks
