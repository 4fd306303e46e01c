// The run of one script: its clock, its sockets, and each kind of event. Internal to run*.cc.
#pragma once

#include <deque>
#include <exception>
#include <map>
#include <memory>
#include <set>

#include "conformance/runner/calls.h"
#include "conformance/runner/code.h"
#include "conformance/runner/commands.h"
#include "conformance/runner/outcome.h"
#include "conformance/runner/packets.h"
#include "conformance/runner/run.h"

namespace anteroom::runner {

class Player {
 public:
  Player(const script::Script& script, const RunOptions& options);

  // Throws Failed or Skipped; event() and report() tell where.
  void play();
  const script::Event* event() const { return event_; }
  Report report(Outcome outcome, std::string reason) const;

 private:
  // All in microseconds since the first event.
  using Micros = std::int64_t;

  struct PendingCall {
    const script::Event* event = nullptr;
    PreparedCall prepared{};
    Micros start = 0;
    Micros end = 0;
    ssize_t result = 0;
    int error = 0;
    bool done = false;
    std::exception_ptr thrown{};  // by the call, in its thread
  };

  // --- run.cc ---
  void set_option(const std::string& name, const std::string& value);
  void apply_options();
  void happen(const script::Event& event);
  Host& host();
  // Throws Skipped where a command has set since what a stack cannot change.
  void expect_current_limits();
  Micros now() const;
  Instant instant(Micros time) const;
  Micros scheduled(Micros time, bool relative) const;
  Micros tolerance(Micros time) const;
  void wait_for(const script::EventTime& time);
  void happen(const script::Command& command);
  void happen(const script::Code& code);
  void note(std::string line) { note_at(now(), std::move(line)); }
  void note_at(Micros time, std::string line);

  // --- run_packets.cc ---
  void inject(const script::Packet& packet);
  Flow& flow_for(const script::Packet& packet);
  Flow& new_child(const Flow& parent);
  void expect(const script::Packet& packet, const script::EventTime& time);
  // The next packet of the flow that is not older than was looked at; waits up to `limit`.
  std::optional<std::pair<LivePacket, Instant>> next_packet(Instant limit);
  void learn_local(const LivePacket& live, const script::Packet& packet);
  std::pair<LivePacket, Instant> gather(const script::Packet& packet, Instant limit);
  void check_time(Micros at, const script::EventTime& time);
  void log_packet(Instant at, Bytes bytes, bool inbound);

  // --- run_calls.cc ---
  void call(const script::Event& event, const script::Call& call);
  void before(const script::Call& call);
  void after(const script::Call& call, ssize_t result);
  void finish(PendingCall& pending);
  void collect_blocked(Micros until);
  void accepted(int live_fd, std::int64_t script_fd);
  void judge(const script::Condition& condition);
  Flow* flow_of(int live_fd);
  std::size_t count(const SocketQuery& query);
  std::optional<std::int64_t> outside(const std::string& name);

  const script::Script& script_;
  const RunOptions& options_;
  Settings settings_;
  std::map<std::string, std::string> chosen_;  // options by name
  Micros tolerance_us_ = 4000;
  double tolerance_percent_ = 12.5;
  bool aggregate_ = true;
  bool packets_may_differ_ = false;  // non_fatal
  MatchRules rules_;
  Ends ends_;
  IpAddress remote_address_;

  std::unique_ptr<Host> host_;
  Instant start_{};
  Micros previous_ = 0;  // script time of the event before
  Micros current_ = 0;   // of this one
  const script::Event* event_ = nullptr;
  std::string actual_;
  std::deque<std::string> history_;

  Descriptors descriptors_;
  std::vector<std::unique_ptr<Flow>> flows_;
  Flow* flow_ = nullptr;                   // the current one
  std::map<int, std::deque<int>> judged_;  // by listener: accepted by condition(), not yet taken
  std::uint16_t next_port_ = 40'000;
  // Shared with the call's thread, which may end after the script has failed.
  std::shared_ptr<PendingCall> blocked_;
  Variables variables_;
};

}  // namespace anteroom::runner
