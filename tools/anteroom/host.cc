// Options to a running host. The capture is taken at the device: it shows what the kernel sees.
#include "tools/anteroom/host.h"

#include <charconv>
#include <utility>

#include <fmt/format.h>

#include <anteroom/tap/entropy.h>

#include "tools/anteroom/byte_text.h"
#include "tools/anteroom/stop_signals.h"

namespace anteroom::tools {
namespace {

using Seed = std::array<std::uint8_t, 32>;

// Digits fill the seed from the front; the rest is zero.
tap::Outcome<Seed> parse_seed(const std::string& text) {
  if (text.empty()) return tap::random_seed();
  Seed seed{};
  const std::string even = text.size() % 2 == 0 ? text : text + "0";
  bool good = even.size() <= 2 * seed.size();
  for (std::size_t i = 0; good && i < even.size() / 2; ++i) {
    const char* first = even.data() + 2 * i;
    const auto [rest, error] = std::from_chars(first, first + 2, seed[i], 16);
    good = error == std::errc() && rest == first + 2;
  }
  if (good) return seed;
  return tap::Problem{
      fmt::format("cannot use --seed {}: it needs 1 to 64 hexadecimal digits", text)};
}

tap::Outcome<Prefix> parse_prefix(const char* option, const std::string& text) {
  const Result<Prefix> prefix = Prefix::parse(text);
  if (prefix && text.find('/') != std::string::npos) return *prefix;
  return tap::Problem{
      fmt::format("cannot use {} {}: it needs an address and its network's length, such as "
                  "192.0.2.1/24 or 2001:db8::1/64",
                  option, text)};
}

tap::Outcome<std::vector<Prefix>> parse_prefixes(const char* option,
                                                 const std::vector<std::string>& texts) {
  std::vector<Prefix> prefixes;
  for (const std::string& text : texts) {
    const auto prefix = parse_prefix(option, text);
    if (!prefix) return prefix.error();
    prefixes.push_back(*prefix);
  }
  return prefixes;
}

// One default route for each gateway; of two of one version the first counts.
tap::Outcome<std::vector<RouteConfig>> parse_gateways(const std::vector<std::string>& texts) {
  std::vector<RouteConfig> routes;
  for (const std::string& text : texts) {
    const Result<IpAddress> gateway = IpAddress::parse(text);
    if (!gateway) {
      return tap::Problem{fmt::format(
          "cannot use --gateway {}: it needs an address, such as 192.0.2.254 or 2001:db8::fe",
          text)};
    }
    const IpAddress any = gateway->is_v4() ? IpAddress::v4(0) : IpAddress();
    routes.push_back({{any, 0}, *gateway});
  }
  return routes;
}

tap::Outcome<Config> make_config(const HostOptions& options, const TcpConfig& tcp) {
  Config config;
  config.tcp = tcp;
  config.interface.medium = options.is_tun ? Medium::ip : Medium::ethernet;
  if (options.mtu) config.interface.mtu = *options.mtu;
  config.limits.connections_max = options.connections_max;
  config.limits.requests_max = options.connections_max;
  config.limits.send_buffer_bytes_max = options.buffer_kibibytes_max << 10;
  config.limits.receive_buffer_bytes_max = options.buffer_kibibytes_max << 10;
  auto addresses = parse_prefixes("--address", options.addresses);
  if (!addresses) return addresses.error();
  config.interface.addresses = *std::move(addresses);
  auto routes = parse_gateways(options.gateways);
  if (!routes) return routes.error();
  config.routes = *std::move(routes);
  const auto seed = parse_seed(options.seed);
  if (!seed) return seed.error();
  config.seed = *seed;
  const std::string_view complaint = check_config(config);
  if (!complaint.empty())
    return tap::Problem{fmt::format("cannot use these options: {}", complaint)};
  return config;
}

}  // namespace

void add_fast_open_option(CLI::App& command, std::string& option, const std::string& help) {
  command.add_flag("--fast-open{cookie}", option, help)
      ->check(CLI::IsMember({"off", "cookie", "cookie-less"}));
}

FastOpen fast_open_of(const std::string& option) {
  if (option == "cookie") return FastOpen::cookie;
  return option == "cookie-less" ? FastOpen::cookie_less : FastOpen::off;
}

void add_host_options(CLI::App& command, HostOptions& options) {
  command.add_option("--tap", options.device, "name of the device; made if it is not there")
      ->required();
  command.add_flag("--tun", options.is_tun, "make it a TUN device: no Ethernet header");
  command
      .add_option(
          "--address", options.addresses,
          "own address and network, such as 192.0.2.1/24 or 2001:db8::1/64; may be repeated")
      ->required()
      ->allow_extra_args(false);
  command
      .add_option("--host-address", options.host_addresses,
                  "address of the kernel's side, such as 192.0.2.2/24; may be repeated")
      ->allow_extra_args(false);
  command
      .add_option("--gateway", options.gateways,
                  "where packets to other networks go; one for each version of IP")
      ->allow_extra_args(false);
  command.add_option("--mtu", options.mtu, "of both sides, in bytes (default: 1500)")
      ->check(CLI::Range(576, 65'521));
  command.add_option(
      "--impair", options.impair,
      "a bad link: loss=1%,delay=5ms,jitter=1ms,reorder=2%,duplicate=1%,corrupt=0.1%,mark=1%,"
      "rate=100mbit,queue=1000,seed=7");
  command.add_option("--capture", options.capture,
                     "write every frame to this pcap file; NAME.pcapng: with comments where a "
                     "verdict or a state changed, and with configuration and seed");
  command.add_option("--seed", options.seed,
                     "hexadecimal; the same numbers again, for runs that repeat (not for use)");
  command.add_flag("--busy-poll", options.busy_poll,
                   "never sleep: lowest latency, takes a processor");
  command
      .add_option("--connections", options.connections_max,
                  "held at most, and as many requests (default: 65536); tables are that large")
      ->check(CLI::Range(16u, 16'777'216u));
  command
      .add_option("--buffer", options.buffer_kibibytes_max,
                  "KiB that a connection may buffer in each direction (default: 1024)")
      ->check(CLI::Range(4u, 65'536u));
  command.add_option("--spin", options.spin_microseconds,
                     "microseconds to poll after a frame before sleeping");
}

Host::~Host() = default;

tap::Trouble Host::open_capture(const HostOptions& options, const Config& config) {
  tap::FrameSink* sink = nullptr;
  if (options.capture.ends_with(".pcapng")) {
    const std::string about =
        fmt::format("seed={}\n{}", to_hex(Bytes(config.seed)), options.configuration);
    auto recorder = Recorder::open(options.capture, device_->medium(), about);
    if (!recorder) return recorder.error();
    recorder_ = *std::move(recorder);
    sink = recorder_.get();
  } else {
    auto writer = tap::PcapWriter::open(options.capture, device_->medium());
    if (!writer) return writer.error();
    sink = &capture_.emplace(*std::move(writer));
  }
  captured_ = std::make_unique<tap::PcapLink>(*link_, *sink, tap::Stamp::clock);
  link_ = captured_.get();
  return std::nullopt;
}

tap::Trouble Host::open_link(const HostOptions& options, const Config& config) {
  auto host_addresses = parse_prefixes("--host-address", options.host_addresses);
  if (!host_addresses) return host_addresses.error();
  auto impairment = tap::parse_impairment(options.impair);
  if (!impairment) return tap::Problem{"--impair: " + impairment.error().sentence};
  auto device = tap::TapDevice::open({.name = options.device,
                                      .medium = options.is_tun ? Medium::ip : Medium::ethernet,
                                      .host_addresses = *std::move(host_addresses),
                                      .mtu = options.mtu});
  if (!device) return device.error();
  device_ = *std::move(device);
  link_ = device_.get();
  if (!options.capture.empty()) {
    if (tap::Trouble trouble = open_capture(options, config)) return trouble;
  }
  if (!options.impair.empty()) {
    impairment_ = std::make_unique<tap::Impairment>(*link_, *impairment);
    link_ = impairment_.get();
  }
  return std::nullopt;
}

tap::Outcome<std::unique_ptr<Host>> Host::open(const HostOptions& options, const TcpConfig& tcp) {
  auto config = make_config(options, tcp);
  if (!config) return config.error();
  std::unique_ptr<Host> host(new Host());
  if (const tap::Trouble trouble = host->open_link(options, *config)) return *trouble;
  host->stack_ = std::make_unique<Stack>(*config);
  if (host->recorder_) host->recorder_->set_stack(*host->stack_);
  tap::LoopOptions loop_options;
  loop_options.busy_poll = options.busy_poll;
  loop_options.spin_before_sleep = std::chrono::microseconds(options.spin_microseconds);
  auto loop = tap::Loop::make(*host->stack_, *host->link_, loop_options);
  if (!loop) return loop.error();
  host->loop_ = *std::move(loop);
  return host;
}

void Host::record_verdict(const Flow& flow, const tap::Decision& decision) {
  if (!recorder_) return;
  std::string text = fmt::format("verdict {}", tap::to_string(decision.kind));
  if (decision.response_bytes != 0) {
    text += fmt::format(", {} bytes of response data", decision.response_bytes);
  }
  if (decision.error) text += fmt::format(", failed: {}", to_string(*decision.error));
  recorder_->verdict(flow, text);
}

void Host::record_states(ConnectionId connection) {
  if (recorder_) recorder_->watch(connection);
}

void Host::end_turn() {
  if (recorder_) recorder_->end_turn();
}

tap::Trouble Host::run() {
  const StopSignals signals(*loop_);
  tap::Trouble trouble = loop_->run();
  if (captured_) {
    tap::Trouble unwritten = recorder_ ? recorder_->flush() : capture_->flush();
    if (!trouble) trouble = std::move(unwritten);
  }
  return trouble;
}

}  // namespace anteroom::tools
