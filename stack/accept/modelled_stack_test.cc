// What is told of a stack is made from its answers alone; the model says only what to ask for.
#include "stack/accept/modelled_stack.h"

#include <algorithm>
#include <map>
#include <set>

#include <gtest/gtest.h>

#include <anteroom/testing/notation.h>
#include <anteroom/testing/peer.h>

namespace anteroom::testing {
namespace {

std::uint32_t initial_of(int isn) { return isn == 0 ? 10'000 : 900'000; }

const std::vector<std::uint8_t>& packet_of(int flow, int isn, const std::string& segment) {
  static std::map<std::string, std::vector<std::uint8_t>> made;
  auto& packet = made[std::to_string(flow) + std::to_string(isn) + segment];
  if (packet.empty()) {
    PeerOptions options;
    options.listener.local.port = static_cast<std::uint16_t>(80 + listener_of(flow));
    options.port = static_cast<std::uint16_t>(40'000 + flow);
    options.initial_sequence = initial_of(isn);
    packet = Peer(options).packet_of(segment);
  }
  return packet;
}

std::string segment_of(const Action& action) {
  switch (action.what) {
    case What::syn: {
      const std::string data = kData[action.data];
      const std::string size = std::to_string(data.size());
      return "S 0:" + size + "(" + size + ") win 65535 <mss 1460> \"" + data + "\"";
    }
    case What::reset: return "R 1:1(0)";
    case What::reset_behind: return "R 6:6(0)";
    case What::reset_beside: return "R 99:99(0)";
    case What::ack: return ". 1:1(0) ack 1";
    case What::fin: return "F 1:1(0)";
    default: return "";
  }
}

Config config() {
  Config config = test_config(1);
  config.interface.medium = Medium::ip;
  config.limits.connections_max = config.limits.requests_max = 16;
  return config;
}
std::string in_ms(Duration duration) {
  return std::to_string(std::chrono::duration_cast<std::chrono::milliseconds>(duration).count());
}

}  // namespace

ModelledStack::ModelledStack(const Model& model) : stack_(config()) {
  for (int l = 0; l < 2; ++l) {
    options_[l].local = {{}, static_cast<std::uint16_t>(80 + l)};
    options_[l].conditional = true;
    options_[l].deferral = model.deferral[l];
    options_[l].default_verdict = model.by_default[l];
    listeners_[l] = stack_.listen(options_[l]).value();
  }
}

Seen ModelledStack::apply(const Action& action, const Model& before) {
  Seen seen;
  const std::string segment = segment_of(action);
  if (!segment.empty()) send(action, segment, before);
  switch (action.what) {
    case What::pass:
      now_ += std::chrono::milliseconds(action.pass_ms);
      stack_.advance(now_);
      break;
    case What::verdict: decide(action, before.find(action.flow)->number, seen); break;
    case What::close:
      EXPECT_TRUE(stack_.close(now_, listeners_[action.listener]));
      closed_.push_back(listeners_[action.listener]);
      break;
    case What::reopen:
      listeners_[action.listener] = stack_.listen(options_[action.listener]).value();
      break;
    default: break;
  }
  take_frames(seen);
  if (before.eager || action.what == What::tell) take_events(seen);
  stack_.check_invariants();
  return seen;
}

std::string ModelledStack::asked(const Model& model) {
  std::string text;
  for (int flow = 0; flow < kFlows; ++flow) {
    const ModelRequest* expected = model.find(flow);
    if (expected != nullptr && expected->indicated) text += ask(*expected);
  }
  for (const Gone& gone : model.gone()) text += ask(gone);
  for (const ListenerId listener : closed_) {
    if (stack_.close(now_, listener)) text += "a listener closed twice\n";
  }
  const auto next = stack_.next_deadline();
  text += !next ? "no expiry\n" : "next expiry in " + in_ms(next->at - now_) + " ms\n";
  if (next && next->timer != Timer::request_expiry) text += "or another timer\n";
  return text + counters();
}

// In the numbers of the request that is there, if any.
void ModelledStack::send(const Action& action, const std::string& segment, const Model& before) {
  const ModelRequest* request = before.find(action.flow);
  const bool chosen = action.what == What::syn || request == nullptr;
  stack_.receive(now_, packet_of(action.flow, chosen ? action.isn : request->isn, segment));
}

void ModelledStack::decide(const Action& action, int number, Seen& seen) {
  const PendingId id = ids_[action.flow].at(static_cast<std::size_t>(number));
  bool done = false;
  switch (action.verdict) {
    case Verdict::accept: {
      const auto made = stack_.accept(now_, id, {});
      done = made.has_value();
      if (!done) break;
      take_frames(seen);
      // The connection is not what is looked at: its flow is free again at once.
      EXPECT_TRUE(stack_.abort(now_, *made));
      Seen end;
      take_frames(end);
      break;
    }
    case Verdict::reject: done = stack_.reject(now_, id).has_value(); break;
    case Verdict::ignore: done = stack_.ignore(now_, id).has_value(); break;
    case Verdict::challenge: done = stack_.challenge(now_, id).has_value(); break;
    case Verdict::defer: done = stack_.defer(now_, id).has_value(); break;
    case Verdict::abandon: done = stack_.abandon(now_, id).has_value(); break;
  }
  if (!done) seen.withdrawn.insert("no such request: " + words(action));
}

void ModelledStack::take_frames(Seen& seen) {
  while (const std::size_t size = stack_.next_frame(now_, out_)) {
    const auto note = note_of(Bytes(out_).first(size).subspan(20));
    const std::uint32_t near = initial_of(note->ack < 500'000 ? 0 : 1);
    const bool syn = (note->flags & 2) != 0;
    const bool ack = (note->flags & 16) != 0;
    std::string frame = syn ? "S" : "R";
    frame += ack ? ". ack " : " seq ";
    frame += std::to_string(ack ? note->ack - near : note->seq);
    seen.frames.insert(frame);
  }
}

std::string ModelledStack::name_of_id(PendingId id) const {
  for (int flow = 0; flow < kFlows; ++flow) {
    const auto at = std::find(ids_[flow].begin(), ids_[flow].end(), id);
    if (at != ids_[flow].end()) return name_of(flow, static_cast<int>(at - ids_[flow].begin()));
  }
  return "an id that nobody was given";
}

void ModelledStack::take_events(Seen& seen) {
  while (const auto event = stack_.next_event()) {
    if (event->kind == EventKind::request_withdrawn) {
      std::string text = name_of_id(event->pending) + " " + anteroom::to_string(event->error);
      const bool first = event->listener == listeners_[0];
      if (!first && event->listener != listeners_[1]) text += " of no listener";
      if (!seen.requested[0].empty() || !seen.requested[1].empty()) text += " after a request";
      seen.withdrawn.insert(text);
    } else if (event->kind == EventKind::connection_requested) {
      const int flow = stack_.request(now_, event->pending)->flow.remote.port - 40'000;
      ids_[flow].push_back(event->pending);
      const bool first = event->listener == listeners_[0];
      seen.requested[first ? 0 : 1].push_back(name_of_id(event->pending));
    }
  }
}

std::string ModelledStack::ask(const ModelRequest& expected) {
  const PendingId id = ids_[expected.flow].at(static_cast<std::size_t>(expected.number));
  const auto shown = stack_.request(now_, id);
  const std::string name = name_of(expected.flow, expected.number);
  if (!shown) return name + " " + anteroom::to_string(shown.error().error) + "\n";
  const std::string data(text_of(shown->caller_data));
  std::string text = name + " isn " + (shown->initial_sequence == initial_of(0) ? "0" : "1") +
                     " '" + data + "'" + (shown->caller_data_changed ? " changed" : "") +
                     " waits " + in_ms(shown->waited) + " ms, repeats " +
                     std::to_string(shown->repeats) + ", deferrals " +
                     std::to_string(shown->deferrals) + ", expires in " +
                     in_ms(shown->gives_up_at - now_) + " ms\n";
  if (shown->id != id || shown->listener != listeners_[listener_of(expected.flow)] ||
      shown->address_validated || shown->handshake_complete || shown->marked) {
    text += "it is not whom it says\n";
  }
  return text;
}

// Each verb answers alike, and leaves no trace.
std::string ModelledStack::ask(const Gone& gone) {
  const PendingId id = ids_[gone.flow].at(static_cast<std::size_t>(gone.number));
  const auto error = [](const auto& result) {
    return result ? "alive" : anteroom::to_string(result.error().error);
  };
  std::set<std::string> answers = {
      error(stack_.request(now_, id)),   error(stack_.accept(now_, id, {})),
      error(stack_.reject(now_, id)),    error(stack_.ignore(now_, id)),
      error(stack_.challenge(now_, id)), error(stack_.defer(now_, id)),
      error(stack_.abandon(now_, id))};
  if (!gone.sure && answers == std::set<std::string>{"stale_id"}) {
    answers = {anteroom::to_string(gone.why)};
  }
  std::string text = name_of(gone.flow, gone.number);
  for (const std::string& answer : answers) text += " " + answer;
  return text + "\n";
}

std::string ModelledStack::counters() const {
  const Stats stats = stack_.stats();
  std::map<std::string, std::uint64_t> counts = {
      {"requests", stats.requests},
      {"requests_repeated", stats.requests_repeated},
      {"requests_accepted", stats.requests_accepted},
      {"requests_rejected", stats.requests_rejected},
      {"requests_ignored", stats.requests_ignored},
      {"requests_deferred", stats.requests_deferred},
      {"requests_challenged", stats.requests_challenged},
      {"requests_abandoned", stats.requests_abandoned},
      {"requests_withdrawn_reset", stats.requests_withdrawn_reset},
      {"requests_withdrawn_replaced", stats.requests_withdrawn_replaced},
      {"requests_withdrawn_expired", stats.requests_withdrawn_expired},
      {"requests_withdrawn_listener_closed", stats.requests_withdrawn_listener_closed}};
  for (std::size_t i = 0; i < kDropReasons; ++i) {
    auto reason = static_cast<DropReason>(i);
    const std::uint64_t count = stats.dropped(reason);
    // While the answer to a challenge may come, an acknowledgment of nothing is taken for a bad
    // one.
    if (reason == DropReason::tcp_syn_cookie_invalid) reason = DropReason::tcp_no_connection;
    if (count != 0) counts[anteroom::to_string(reason)] += count;
  }
  std::string text = std::to_string(stats.requests_held) + " held";
  for (const auto& [name, count] : counts) {
    if (count != 0) text += ", " + name + " " + std::to_string(count);
  }
  return text;
}

}  // namespace anteroom::testing
