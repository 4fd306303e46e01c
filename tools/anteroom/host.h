// The host that `serve` and `connect` make: a device, what stands in front of it, a stack and a
// loop, all from one set of options. Not here: what the host then does.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include <anteroom/stack.h>
#include <anteroom/tap/impairment.h>
#include <anteroom/tap/loop.h>
#include <anteroom/tap/pcap_link.h>
#include <anteroom/tap/problem.h>
#include <anteroom/tap/tap_device.h>
#include <anteroom/tap/verdict.h>

#include "tools/anteroom/recorder.h"

namespace anteroom::tools {

// As on the command line.
struct HostOptions {
  std::string device;
  std::vector<std::string> addresses;
  std::vector<std::string> host_addresses;
  std::vector<std::string> gateways;
  std::optional<std::uint16_t> mtu;
  std::string impair;
  std::string capture;
  std::string seed;
  std::uint32_t spin_microseconds = 0;
  std::uint32_t connections_max = Limits().connections_max;
  std::uint32_t buffer_kibibytes_max = Limits().send_buffer_bytes_max >> 10;
  bool is_tun = false;
  bool busy_poll = false;
  std::string configuration;  // the whole command line, for a recording
};

void add_host_options(CLI::App& command, HostOptions& options);

// `--fast-open[=cookie-less]`, and what its text means.
void add_fast_open_option(CLI::App& command, std::string& option, const std::string& help);
FastOpen fast_open_of(const std::string& option);

class Host {
 public:
  // `tcp` is what the command wants of its connections.
  static tap::Outcome<std::unique_ptr<Host>> open(const HostOptions& options, const TcpConfig& tcp);
  ~Host();

  Stack& stack() { return *stack_; }
  tap::Loop& loop() { return *loop_; }
  const std::string& device_name() const { return device_->name(); }
  // Null where nothing is impaired.
  const tap::Impairment* impairment() const { return impairment_.get(); }

  // --- For a recording; without one they do nothing ---
  void record_verdict(const Flow& flow, const tap::Decision& decision);
  void record_states(ConnectionId connection);
  // At the end of every turn.
  void end_turn();

  // Runs the loop until SIGINT, SIGTERM or a stop from inside; writes the capture to its end.
  tap::Trouble run();

 private:
  Host() = default;
  tap::Trouble open_link(const HostOptions& options, const Config& config);
  tap::Trouble open_capture(const HostOptions& options, const Config& config);

  std::unique_ptr<tap::TapDevice> device_;
  std::optional<tap::PcapWriter> capture_;
  std::unique_ptr<Recorder> recorder_;
  std::unique_ptr<tap::PcapLink> captured_;
  std::unique_ptr<tap::Impairment> impairment_;
  tap::Link* link_ = nullptr;
  std::unique_ptr<Stack> stack_;
  std::unique_ptr<tap::Loop> loop_;
};

}  // namespace anteroom::tools
