// Any bytes as a capture: from the file's header through links, fragments and connections to the
// stack and back, both ends played, in either mode. Nothing may crash, hang or grow without bound.
#include "conformance/replay/replay.h"

#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <string>

#include "stack/base/assert.h"

namespace anteroom::replay {
namespace {

constexpr std::size_t kFileMax = 16'384;

// libpcap wants a file; one in memory will do.
std::string path_of(int descriptor) { return "/proc/self/fd/" + std::to_string(descriptor); }

void run_once(const std::string& path, std::optional<Mode> mode) {
  Options options;
  options.as_client = true;
  options.mode = mode;
  // Small, so that every bound is met.
  options.limits.connections_max = 4;
  options.limits.lookahead_segments_max = 6;
  options.limits.reordered_segments_max = 3;
  options.limits.out_of_order_segments_max = 4;
  options.limits.stream_bytes_max = 64u << 10;
  options.limits.marks_max = 8;
  options.limits.divergences_per_tier_max = 2;
  options.limits.steps_per_gap_max = 64;
  options.condition = [](const Request&) { return std::optional(tap::Verdict::reject()); };
  std::uint64_t reports = 0;
  Sinks sinks;
  sinks.on_connection = [&](const ConnectionReport& report) {
    ++reports;
    STACK_ASSERT(report.divergences.size() <= 2 * kTiers);
    for (const Divergence& divergence : report.divergences) STACK_ASSERT(!divergence.why.empty());
  };
  const CaptureReport capture = replay_capture(path, options, sinks);
  STACK_ASSERT(capture.replays == reports);
  STACK_ASSERT(!capture.unusable || reports == 0);
}

}  // namespace
}  // namespace anteroom::replay

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  namespace ar = anteroom::replay;
  if (size > ar::kFileMax) return 0;
  std::FILE* file = std::tmpfile();
  if (file == nullptr) return 0;
  if (size == 0 || std::fwrite(data, 1, size, file) == size) {
    std::fflush(file);
    const std::string path = ar::path_of(fileno(file));
    ar::run_once(path, std::nullopt);
    ar::run_once(path, ar::Mode::causal);
  }
  std::fclose(file);
  return 0;
}
