// What `anteroom serve` says: one line for each event, and the counters at the end; for people or
// as JSON. Lines are collected and written when report time costs no answer. Not here: what
// happened (serve.cc).
#pragma once

#include <string>

#include <fmt/format.h>
#include <nlohmann/json_fwd.hpp>

#include <anteroom/stack.h>
#include <anteroom/tap/impairment.h>
#include <anteroom/tap/loop.h>
#include <anteroom/tap/verdict.h>

#include "tools/anteroom/slot_table.h"

namespace anteroom::tools {

struct ReportOptions {
  bool json = false;
  bool quiet = false;   // no line for each event; the ready line and the counters remain
  bool colour = false;  // where it is for people
};

class Report {
 public:
  // Lines go to the descriptor `out`.
  Report(int out, const ReportOptions& options) : out_(out), options_(options) {}

  // Events need not be described: nothing would be said of them.
  bool is_quiet() const { return options_.quiet; }

  void ready(Instant now, const std::string& device, const std::string& address,
             const std::vector<std::uint16_t>& ports);
  void request(Instant now, const Request& request);
  void verdict(Instant now, const tap::Decision& decision, Bytes response_data);
  void withdrawn(Instant now, const Event& event);
  // A connection of an ordinary listener, which no verdict has announced.
  void taken(const Event& event, const ConnectionInfo& info);
  void established(Instant now, const Event& event);
  void closed(Instant now, const Event& event);
  void address_conflict(Instant now, const Event& event);
  void counters(Instant now, const Stats& stats, const tap::LoopStats& loop,
                const tap::ImpairmentStats* impairment);

  // Writes what was collected. Waits where the reader is slow; gives up where there is none.
  void flush();

 private:
  struct KnownRequest {
    std::uint64_t number = 0;
    Flow flow;
    Instant arrived_at{};
    std::uint32_t deferrals = 0;
  };
  struct KnownConnection {
    std::uint64_t number = 0;
    Flow flow;
    Instant opened_at{};
  };

  double seconds(Instant now) const;
  const char* paint(const char* colour) const { return options_.colour ? colour : ""; }
  void json_line(const nlohmann::ordered_json& line);
  template <typename... Arguments>
  void text_line(Instant now, fmt::format_string<Arguments...> format, Arguments&&... arguments);
  void text_counters(const Stats& stats, const tap::LoopStats& loop);

  int out_;
  ReportOptions options_;
  Instant started_at_{};
  fmt::memory_buffer lines_;
  SlotTable<PendingId, KnownRequest> requests_;
  SlotTable<ConnectionId, KnownConnection> connections_;
  std::uint64_t requests_seen_ = 0;
  std::uint64_t connections_seen_ = 0;
};

}  // namespace anteroom::tools
