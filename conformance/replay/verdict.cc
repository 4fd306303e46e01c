// One packet in, one request out.
#include "conformance/replay/verdict.h"

#include <algorithm>

#include <fmt/format.h>

#include <anteroom/stack.h>

namespace anteroom::replay {
namespace {

constexpr Instant kNow{Duration{1'000s}};

}  // namespace

std::string verdict_text(const tap::Verdict& verdict) {
  std::string text = tap::to_string(verdict.kind);
  if (verdict.kind == tap::VerdictKind::defer && verdict.ask_again_after) {
    const auto wait =
        std::chrono::duration_cast<std::chrono::milliseconds>(*verdict.ask_again_after);
    text += fmt::format(" {} ms", wait.count());
  }
  if (!verdict.response_data.empty()) {
    text += fmt::format(" with {} bytes of response data", verdict.response_data.size());
  }
  return text;
}

void ask(const Plan& plan, const Options& options, ConnectionReport& report) {
  if (!plan.syn || (plan.syn->payload.empty() && !options.condition)) return;
  Stack stack(plan.config);
  const std::uint16_t port = std::max<std::uint16_t>(plan.syn->destination.port, 1);
  const Endpoint own{plan.config.interface.addresses.front().address, port};
  const Endpoint peer{played_address(plan.peer.address, false),
                      std::max<std::uint16_t>(plan.syn->source.port, 1)};
  if (!stack.listen({.local = {{}, port}, .conditional = true})) return;
  std::vector<std::uint8_t> packet;
  write_packet(*plan.syn, peer, own, plan.syn->payload, packet);
  stack.receive(kNow, packet);
  while (const std::optional<Event> event = stack.next_event()) {
    if (event->kind != EventKind::connection_requested) continue;
    auto request = stack.request(kNow, event->pending);
    if (!request) return;
    const Bytes data = request->caller_data;
    const std::size_t shown =
        std::min<std::size_t>(data.size(), options.limits.caller_data_bytes_max);
    report.caller_data.assign(data.begin(), data.begin() + static_cast<std::ptrdiff_t>(shown));
    if (!options.condition) return;
    // The condition sees who really called.
    request->flow = {plan.syn->destination, plan.syn->source};
    report.verdict = VerdictNote{};
    report.verdict->caller_data_bytes = data.size();
    // A verdict that is put off is asked for again, as serve does.
    constexpr std::uint32_t kDeferralsMax = 16;
    for (request->deferrals = 0; request->deferrals <= kDeferralsMax; ++request->deferrals) {
      const auto verdict = options.condition(*request);
      if (!report.verdict->verdict.empty()) report.verdict->verdict += ", then ";
      report.verdict->verdict += verdict ? verdict_text(*verdict) : "no rule matches";
      if (!verdict || verdict->kind != tap::VerdictKind::defer || !verdict->ask_again_after) return;
    }
    return;
  }
}

}  // namespace anteroom::replay
