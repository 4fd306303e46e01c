// `anteroom bridge`: carries frames between two TAP devices through an impairment, so that two
// kernels talk over the very link that `serve --impair` gives our own stack. Not here: the
// impairment (tap/impairment.h); there is no stack in it.
#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <anteroom/tap/clock.h>
#include <anteroom/tap/impairment.h>
#include <anteroom/tap/pcap_link.h>
#include <anteroom/tap/tap_device.h>

#include "tools/anteroom/command.h"

namespace anteroom::tools {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kFramesPerTurn = 64;  // in one direction, before the other gets its turn
constexpr char kExamples[] = R"(examples:
  anteroom bridge --tap left0 --tap right0 --impair loss=1%,delay=10ms
      a bad cable between two interfaces: a round trip takes 20 ms, each direction loses 1 %
  ip link set left0 netns LEFT; ip link set right0 netns RIGHT
      then hands its ends to two network namespaces; give them addresses and bring them up there
  anteroom bridge --tap left0 --tap right0 --impair rate=10mbit,queue=100 --capture left.pcap --json

The impairment works as in `serve --impair`: on both directions, each with its own dice and queue, so what goes
from the first device to the second meets what a client of `serve` sends, and the reverse what `serve` answers.
--capture shows the first device's side. The counters tell what was given to the second device and what came from it;
those of the impairment what became of both. Nothing is segmented, merged or left for the other side to checksum.
SIGINT or SIGTERM prints the counters and exits with 0. JSON events: ready, counters.
)";

struct BridgeOptions {
  std::vector<std::string> devices;
  std::string impair;
  std::string capture;
  std::optional<std::uint16_t> mtu;
  std::optional<std::uint64_t> seed;
  bool busy_poll = false;
  bool json = false;
};

struct BridgeStats {
  std::array<std::uint64_t, 2> frames{};  // given to the second device; taken from it
  std::array<std::uint64_t, 2> bytes{};
  std::uint64_t refused = 0;  // by a device: it was down, or its frame was unfit
  std::uint64_t sleeps = 0;
};

// SIGINT and SIGTERM as a descriptor; they are the system's again when it ends.
class SignalDescriptor {
 public:
  SignalDescriptor() {
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGTERM);
    sigprocmask(SIG_BLOCK, &signals, &before_);
    descriptor_ = signalfd(-1, &signals, SFD_NONBLOCK | SFD_CLOEXEC);
  }
  ~SignalDescriptor() {
    if (descriptor_ >= 0) close(descriptor_);
    sigprocmask(SIG_SETMASK, &before_, nullptr);
  }
  SignalDescriptor(const SignalDescriptor&) = delete;
  SignalDescriptor& operator=(const SignalDescriptor&) = delete;

  int get() const { return descriptor_; }
  // Takes what came; a signal that still waits would end the program once it is the system's again.
  bool take() {
    signalfd_siginfo signal{};
    bool any = false;
    while (read(descriptor_, &signal, sizeof signal) > 0) any = true;
    return any;
  }

 private:
  sigset_t before_{};
  int descriptor_ = -1;
};

class Bridge {
 public:
  static tap::Outcome<std::unique_ptr<Bridge>> open(const BridgeOptions& options);

  // Until a signal comes or a device is gone.
  tap::Trouble run();
  const BridgeStats& stats() const { return stats_; }
  const tap::ImpairmentStats& impairment() const { return impairment_->stats(); }

 private:
  Bridge() : frame_(tap::kFrameBytesMax) {}
  tap::Trouble open_capture(const std::string& path);
  std::size_t carry(Instant now, tap::Link& from, tap::Link& to, std::size_t direction);
  void wait(bool busy);
  bool is_gone() const { return first_->is_gone() || second_->is_gone(); }

  SignalDescriptor signals_;
  std::unique_ptr<tap::TapDevice> first_;
  std::unique_ptr<tap::TapDevice> second_;
  std::optional<tap::PcapWriter> capture_;
  std::unique_ptr<tap::PcapLink> captured_;
  std::unique_ptr<tap::Impairment> impairment_;
  std::vector<std::uint8_t> frame_;
  BridgeStats stats_;
  bool busy_poll_ = false;
  bool stopped_ = false;
};

tap::Trouble Bridge::open_capture(const std::string& path) {
  auto writer = tap::PcapWriter::open(path, Medium::ethernet);
  if (!writer) return writer.error();
  capture_.emplace(*std::move(writer));
  captured_ = std::make_unique<tap::PcapLink>(*first_, *capture_, tap::Stamp::clock);
  return std::nullopt;
}

tap::Outcome<std::unique_ptr<Bridge>> Bridge::open(const BridgeOptions& options) {
  if (options.devices.size() != 2 || options.devices[0] == options.devices[1]) {
    return tap::Problem{"a bridge has two ends: give --tap twice, with two different names"};
  }
  auto impairment = tap::parse_impairment(options.impair);
  if (!impairment) return tap::Problem{"--impair: " + impairment.error().sentence};
  if (options.seed) impairment->seed = *options.seed;
  std::unique_ptr<Bridge> bridge(new Bridge());
  bridge->busy_poll_ = options.busy_poll;
  if (bridge->signals_.get() < 0) {
    return tap::system_problem("cannot make a signal descriptor", errno, "");
  }
  for (std::size_t i = 0; i < 2; ++i) {
    auto device = tap::TapDevice::open({.name = options.devices[i],
                                        .medium = Medium::ethernet,
                                        .host_addresses = {},
                                        .mtu = options.mtu});
    if (!device) return device.error();
    (i == 0 ? bridge->first_ : bridge->second_) = *std::move(device);
  }
  tap::Link* inner = bridge->first_.get();
  if (!options.capture.empty()) {
    if (const tap::Trouble trouble = bridge->open_capture(options.capture)) return *trouble;
    inner = bridge->captured_.get();
  }
  bridge->impairment_ = std::make_unique<tap::Impairment>(*inner, *impairment);
  return bridge;
}

std::size_t Bridge::carry(Instant now, tap::Link& from, tap::Link& to, std::size_t direction) {
  std::size_t count = 0;
  while (count < kFramesPerTurn) {
    const std::size_t size = from.receive(now, frame_);
    if (size == 0) break;
    ++count;
    ++stats_.frames[direction];
    stats_.bytes[direction] += size;
    to.send(now, Bytes(frame_).first(size));
  }
  return count;
}

void Bridge::wait(bool busy) {
  timespec limit{};
  const std::optional<Instant> due = impairment_->next_deadline();
  if (!busy && due) {
    const Duration left = std::max(*due - tap::monotonic_now(), Duration::zero());
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(left);
    limit.tv_sec = seconds.count();
    limit.tv_nsec = (left - seconds).count();
  }
  std::array<pollfd, 3> waited{{{first_->descriptor(), POLLIN, 0},
                                {second_->descriptor(), POLLIN, 0},
                                {signals_.get(), POLLIN, 0}}};
  if (!busy) ++stats_.sleeps;
  ppoll(waited.data(), waited.size(), busy || due ? &limit : nullptr, nullptr);
  if (waited[2].revents != 0 && signals_.take()) stopped_ = true;
}

tap::Trouble Bridge::run() {
  while (!stopped_) {
    const Instant now = tap::monotonic_now();
    // Through the impairment both ways: it stands around the first device.
    const std::size_t to_second = carry(now, *impairment_, *second_, 0);
    const std::size_t to_first = carry(now, *second_, *impairment_, 1);
    if (is_gone()) return tap::Problem{"a device is gone: somebody deleted its interface"};
    wait(busy_poll_ || to_second == kFramesPerTurn || to_first == kFramesPerTurn);
  }
  stats_.refused = first_->frames_refused() + second_->frames_refused();
  return capture_ ? capture_->flush() : std::nullopt;
}

void print_ready(const BridgeOptions& options) {
  if (options.json) {
    fmt::print("{}\n", Json{{"event", "ready"}, {"taps", options.devices}}.dump());
  } else {
    fmt::print("ready: carries frames between {} and {}\n", options.devices[0], options.devices[1]);
  }
  std::fflush(stdout);
}

void print_counters(const BridgeOptions& options, const Bridge& bridge) {
  const BridgeStats& stats = bridge.stats();
  const tap::ImpairmentStats& impairment = bridge.impairment();
  const std::vector<std::pair<const char*, std::uint64_t>> rows = {
      {"frames_to_second", stats.frames[0]},   {"bytes_to_second", stats.bytes[0]},
      {"frames_from_second", stats.frames[1]}, {"bytes_from_second", stats.bytes[1]},
      {"frames_refused", stats.refused},       {"sleeps", stats.sleeps}};
  const std::vector<std::pair<const char*, std::uint64_t>> mishaps = {
      {"frames", impairment.frames},         {"lost", impairment.lost},
      {"duplicated", impairment.duplicated}, {"corrupted", impairment.corrupted},
      {"marked", impairment.marked},         {"reordered", impairment.reordered},
      {"overflowed", impairment.overflowed}};
  if (options.json) {
    Json line = {{"event", "counters"}};
    for (const auto& [name, value] : rows) line[name] = value;
    for (const auto& [name, value] : mishaps) line["impairment"][name] = value;
    fmt::print("{}\n", line.dump());
  } else {
    fmt::print("counters\n");
    for (const auto& [name, value] : rows) fmt::print("  {:<36}{:>16}\n", name, value);
    for (const auto& [name, value] : mishaps) {
      fmt::print("  {:<36}{:>16}\n", fmt::format("impairment {}", name), value);
    }
  }
  std::fflush(stdout);
}

ExitCode bridge(const BridgeOptions& options) {
  auto opened = Bridge::open(options);
  if (!opened) return complain(opened.error(), ExitCode::misused);
  print_ready(options);
  const tap::Trouble trouble = (*opened)->run();
  print_counters(options, **opened);
  return trouble ? complain(*trouble, ExitCode::misused) : ExitCode::done;
}

}  // namespace

void add_bridge(CLI::App& program, Chosen& chosen) {
  CLI::App& command =
      *program.add_subcommand("bridge", "Carries frames between two devices over a bad link");
  const auto options = std::make_shared<BridgeOptions>();
  command.add_option("--tap", options->devices, "a device, made if it is not there; give it twice")
      ->required()
      ->allow_extra_args(false);
  command.add_option(
      "--impair", options->impair,
      "a bad link: loss=1%,delay=5ms,jitter=1ms,reorder=2%,duplicate=1%,corrupt=0.1%,mark=1%,"
      "rate=100mbit,queue=1000,seed=7");
  command.add_option("--mtu", options->mtu, "of both devices, in bytes (default: 1500)")
      ->check(CLI::Range(576, 65'521));
  command.add_option("--seed", options->seed, "of the impairment's dice; before seed= in --impair");
  command.add_option("--capture", options->capture,
                     "write every frame at the first device to this pcap file");
  command.add_flag("--busy-poll", options->busy_poll,
                   "never sleep: lowest latency, takes a processor");
  command.add_flag("--json", options->json, "one JSON object a line");
  command.footer(std::string(kExamples) + kExitCodes);
  command.callback([options, &chosen] { chosen = [options] { return bridge(*options); }; });
}

}  // namespace anteroom::tools
