// The backlog against an explicit model of it, over every sequence of events up to a depth:
// arrivals, repeats, resets, expiry, every verdict on every request, the end of a listener; two
// listeners, each mode of deferral. conditional-accept 1 and 2. Not here: limits, handshake first
// and the answer to a challenge, which have tests of their own.
//
// States of the model that are equal are explored once: what is dead is compared when it dies and
// after each step, but makes no new state. Paths are played anew on a fresh stack.
#include <algorithm>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include <anteroom/testing/notation.h>
#include <anteroom/testing/peer.h>

#include "stack/accept/backlog_model.h"

namespace anteroom::testing {
namespace {

// --- The implementation, through its public face ---

std::uint32_t initial_of(int isn) { return isn == 0 ? 10'000 : 900'000; }

std::vector<std::uint8_t> packet_of(int flow, int isn, const std::string& segment) {
  static std::map<std::string, std::vector<std::uint8_t>> made;
  auto& packet = made[std::to_string(flow) + std::to_string(isn) + segment];
  if (packet.empty()) {
    PeerOptions options;
    options.listener.local.port = listener_of(flow) == 0 ? 80 : 81;
    options.port = static_cast<std::uint16_t>(40'000 + flow);
    options.initial_sequence = initial_of(isn);
    packet = Peer(options).packet_of(segment);
  }
  return packet;
}

class Real {
 public:
  explicit Real(const Model& model) : stack_(config()) {
    for (int l = 0; l < 2; ++l) {
      ListenOptions options;
      options.local = {{}, static_cast<std::uint16_t>(80 + l)};
      options.conditional = true;
      options.deferral = model.deferral[l];
      options.default_verdict = model.by_default[l];
      listeners_[l] = stack_.listen(options).value();
    }
  }

  Seen apply(const Action& action, Model& model) {
    Seen seen;
    const ModelRequest* request = model.find(action.flow);
    const int isn = action.what == What::syn ? action.isn : request != nullptr ? request->isn : 0;
    const auto send = [&](const std::string& segment) {
      stack_.receive(now_, packet_of(action.flow, isn, segment));
    };
    const std::string data = kData[action.data];
    switch (action.what) {
      case What::syn:
        send("S 0:" + std::to_string(data.size()) + "(" + std::to_string(data.size()) +
             ") win 65535 <mss 1460> \"" + data + "\"");
        break;
      case What::reset: send("R 1:1(0)"); break;
      case What::near_reset: send("R 99:99(0)"); break;
      case What::ack: send(". 1:1(0) ack 1"); break;
      case What::fin: send("F 1:1(0)"); break;
      case What::expire:
        now_ += 76s;
        stack_.advance(now_);
        break;
      case What::verdict: decide(action, seen); break;
      case What::close: EXPECT_TRUE(stack_.close(now_, listeners_[action.listener])); break;
    }
    drain(isn, seen);
    stack_.check_invariants();
    return seen;
  }

  // Everything that a request shows, and what the dead answer. Empty where it is as the model says.
  std::string compare(Model& model) {
    std::uint32_t held = 0;
    for (int flow = 0; flow < kFlows; ++flow) {
      const ModelRequest* expected = model.find(flow);
      if (expected == nullptr) continue;
      ++held;
      if (!expected->indicated) continue;
      const auto request = stack_.request(now_, live_[flow]);
      if (!request) return Model::name(flow) + " is not there";
      const bool same = text_of(request->caller_data) == kData[expected->data] &&
                        request->caller_data_changed == expected->changed &&
                        (request->deferrals != 0) == expected->deferred &&
                        request->initial_sequence == initial_of(expected->isn);
      if (!same) return Model::name(flow) + " shows something else";
    }
    if (stack_.stats().requests_held != held) return "another number is held";
    for (const auto& [id, why] : dead_) {
      const Error error = stack_.request(now_, id).error().error;
      // The reason is kept until the slot is used again.
      if (error != why && error != Error::stale_id) return "a dead id has another reason";
      const bool refused = !stack_.accept(now_, id, {}) && !stack_.reject(now_, id) &&
                           !stack_.ignore(now_, id) && !stack_.defer(now_, id) &&
                           !stack_.challenge(now_, id) && !stack_.abandon(now_, id);
      if (!refused) return "a verdict on a dead id counts";
    }
    return "";
  }

 private:
  static Config config() {
    Config config = test_config(1);
    config.interface.medium = Medium::ip;
    config.limits.connections_max = config.limits.requests_max = 16;
    return config;
  }

  void decide(const Action& action, Seen& seen) {
    const PendingId id = live_[action.flow];
    bool done = false;
    switch (action.verdict) {
      case Verdict::accept: {
        const auto made = stack_.accept(now_, id, {});
        done = made.has_value();
        if (!done) break;
        frames(0, seen);  // the connection is not what is looked at: its flow is free again at once
        EXPECT_TRUE(stack_.abort(now_, *made));
        Seen end;
        frames(0, end);
        break;
      }
      case Verdict::reject: done = stack_.reject(now_, id).has_value(); break;
      case Verdict::ignore: done = stack_.ignore(now_, id).has_value(); break;
      case Verdict::challenge: done = stack_.challenge(now_, id).has_value(); break;
      case Verdict::defer: done = stack_.defer(now_, id).has_value(); break;
      case Verdict::abandon: done = stack_.abandon(now_, id).has_value(); break;
    }
    EXPECT_TRUE(done) << words(action);
    if (action.verdict != Verdict::defer) dead_.emplace_back(id, Error::stale_id);
  }

  void frames(int, Seen& seen) {
    while (const std::size_t size = stack_.next_frame(now_, out_)) {
      const Bytes packet = Bytes(out_).first(size);
      const auto note = note_of(packet.subspan(20));
      const std::uint32_t near = note->ack < 500'000 ? initial_of(0) : initial_of(1);
      const bool syn = (note->flags & 2) != 0;
      seen.frames.insert((syn ? "S. ack " : "R. ack ") + std::to_string(note->ack - near));
    }
  }

  void drain(int isn, Seen& seen) {
    frames(isn, seen);
    while (const auto event = stack_.next_event()) {
      if (event->kind == EventKind::request_withdrawn) {
        const auto flow = std::find(std::begin(live_), std::end(live_), event->pending);
        const auto number = static_cast<int>(flow - std::begin(live_));
        seen.withdrawn.insert(Model::name(number) + " " + anteroom::to_string(event->error));
        dead_.emplace_back(event->pending, event->error);
      } else if (event->kind == EventKind::connection_requested) {
        const auto request = stack_.request(now_, event->pending);
        const int flow = request->flow.remote.port - 40'000;
        live_[flow] = event->pending;
        seen.requested[event->listener == listeners_[0] ? 0 : 1].push_back(Model::name(flow));
      }
    }
  }

  Stack stack_;
  Instant now_{1s};
  ListenerId listeners_[2];
  PendingId live_[kFlows];
  std::vector<std::pair<PendingId, Error>> dead_;
  std::vector<std::uint8_t> out_ = std::vector<std::uint8_t>(2'000);
};

// --- Exploration ---

struct Alphabet {
  std::vector<int> flows;
  int isns = 1;
  std::vector<int> data = {0};
  std::vector<int> closable;
};

std::vector<Action> actions(Model& model, const Alphabet& alphabet) {
  std::vector<Action> all;
  for (const int flow : alphabet.flows) {
    for (int isn = 0; isn < alphabet.isns; ++isn) {
      for (const int data : alphabet.data) {
        all.push_back({.what = What::syn, .flow = flow, .isn = isn, .data = data});
      }
    }
    const ModelRequest* request = model.find(flow);
    if (request == nullptr) continue;
    for (const What what : {What::reset, What::near_reset, What::ack, What::fin}) {
      all.push_back({.what = what, .flow = flow});
    }
    for (int verdict = 0; request->indicated && verdict < 6; ++verdict) {
      all.push_back(
          {.what = What::verdict, .flow = flow, .verdict = static_cast<Verdict>(verdict)});
    }
  }
  all.push_back({.what = What::expire});
  for (const int listener : alphabet.closable) {
    if (model.open[listener]) all.push_back({.what = What::close, .listener = listener});
  }
  return all;
}

struct Node {
  Model model;
  std::vector<Action> path;
};

// Plays `path` and then `action` on a fresh stack; what is wrong with the last step, or nothing.
std::string play(const Model& start, const std::vector<Action>& path, const Action& action,
                 Model& after) {
  Model model = start;
  Real real(model);
  for (const Action& step : path) {
    (void)real.apply(step, model);
    (void)model.apply(step);
  }
  const Seen seen = real.apply(action, model);
  const Seen expected = model.apply(action);
  after = model;
  if (!(seen == expected)) {
    return "expected " + words(expected) + "\n    seen " + words(seen);
  }
  return real.compare(model);
}

void explore(const Model& start, const Alphabet& alphabet, std::size_t depth) {
  std::set<std::string> known = {start.key()};
  std::deque<Node> open = {{start, {}}};
  std::size_t transitions = 0;
  while (!open.empty()) {
    Node node = std::move(open.front());
    open.pop_front();
    if (node.path.size() == depth) continue;
    for (const Action& action : actions(node.model, alphabet)) {
      Model after;
      const std::string wrong = play(start, node.path, action, after);
      ++transitions;
      if (!wrong.empty()) {
        std::string path;
        for (const Action& step : node.path) path += words(step) + ", ";
        FAIL() << "after " << path << words(action) << ":\n" << wrong;
      }
      if (!known.insert(after.key()).second) continue;
      std::vector<Action> path = node.path;
      path.push_back(action);
      open.push_back({after, std::move(path)});
    }
  }
  std::printf("%zu states, %zu transitions\n", known.size(), transitions);
}

constexpr std::size_t kDepth = 8;
constexpr Deferral kModes[] = {Deferral::strict, Deferral::independent, Deferral::unordered};

// One client: every copy of its SYN, whatever it brings, in every state of its request.
TEST(BacklogModel, OneFlowEveryCopy) {
  for (const Deferral mode : kModes) {
    Model model;
    model.deferral[0] = mode;
    explore(model, {.flows = {0}, .isns = 2, .data = {0, 1, 2}, .closable = {0}}, kDepth);
  }
}

// Two clients at one listener: who is shown, who waits, and what frees whom.
TEST(BacklogModel, TwoFlowsOneListener) {
  for (const Deferral mode : kModes) {
    Model model;
    model.deferral[0] = mode;
    explore(model, {.flows = {0, 1}, .isns = 2, .data = {0, 1, 2}, .closable = {0}}, kDepth);
  }
}

// Two listeners of different modes do not hear of each other.
TEST(BacklogModel, TwoListeners) {
  for (std::size_t first = 0; first < 3; ++first) {
    Model model;
    model.deferral[0] = kModes[first];
    model.deferral[1] = kModes[(first + 1) % 3];
    explore(model, {.flows = {0, 1, 2, 3}, .isns = 1, .data = {1}, .closable = {0, 1}}, kDepth);
  }
}

}  // namespace
}  // namespace anteroom::testing
