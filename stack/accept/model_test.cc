// The backlog against an explicit model of it, over every sequence of events up to a depth:
// arrivals, repeats, resets, strays, expiry, every verdict on every request, the end of a listener
// and its return; two listeners, each mode of deferral; every id that was ever given out asked
// after every step. conditional-accept 1 and 2. Not here: the model (backlog_model.cc), how the
// stack is asked (modelled_stack_test.cc); limits, handshake first and the answer to a challenge,
// which have tests of their own.
//
// States of the model that are equal are explored once, by the shortest path to them, played anew
// on a fresh stack. Counters, and the numbers of repeats and deferrals, are compared but make no
// new state; ages and dead ids do where the alphabet says so. The flows of a listener are alike,
// and the two listeners but for their options: what two flows of one do is not repeated for the
// other.
#include <deque>
#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "stack/accept/backlog_model.h"
#include "stack/accept/modelled_stack.h"

namespace anteroom::testing {
namespace {

struct Alphabet {
  std::vector<int> flows;
  int isns = 1;
  std::vector<int> data = {0};
  std::vector<What> segments = {What::reset, What::reset_behind, What::reset_beside, What::ack,
                                What::fin};
  std::vector<Verdict> verdicts = {Verdict::accept,    Verdict::reject, Verdict::ignore,
                                   Verdict::challenge, Verdict::defer,  Verdict::abandon};
  std::vector<int> closable;
  bool reopen = false;
  Distinguish distinguish{};
};

void add_flow(const Model& model, const Alphabet& alphabet, int flow, std::vector<Action>& all) {
  for (int isn = 0; isn < alphabet.isns; ++isn) {
    for (const int data : alphabet.data) {
      all.push_back({.what = What::syn, .flow = flow, .isn = isn, .data = data});
    }
  }
  for (const What what : alphabet.segments) all.push_back({.what = what, .flow = flow});
  const ModelRequest* request = model.find(flow);
  if (request == nullptr || !request->indicated) return;
  for (const Verdict verdict : alphabet.verdicts) {
    all.push_back({.what = What::verdict, .flow = flow, .verdict = verdict});
  }
}

std::vector<Action> actions(const Model& model, const Alphabet& alphabet) {
  std::vector<Action> all;
  for (const int flow : alphabet.flows) add_flow(model, alphabet, flow, all);
  if (!alphabet.distinguish.clock) {
    all.push_back({.what = What::pass, .pass_ms = 76'000});  // all that is held expires
  } else {
    all.push_back({.what = What::pass, .pass_ms = 1'000});
    if (const auto next = model.next_expiry_ms()) {
      const std::int64_t left = *next - model.now_ms();
      all.push_back({.what = What::pass, .pass_ms = left});
      if (left > 1) all.push_back({.what = What::pass, .pass_ms = left - 1});
    }
  }
  for (const int l : alphabet.closable) {
    if (model.is_open(l)) all.push_back({.what = What::close, .listener = l});
    if (!model.is_open(l) && alphabet.reopen) all.push_back({.what = What::reopen, .listener = l});
  }
  if (!model.eager && model.has_news()) all.push_back({.what = What::tell});
  return all;
}

struct Node {
  Model model;
  std::vector<Action> path;
};

// Plays `path` and then `action` on a fresh stack; what is wrong with the last step, or nothing.
std::string play(const Model& start, const std::vector<Action>& path, const Action& action,
                 Model& after) {
  after = start;
  ModelledStack real(start);
  for (const Action& step : path) {
    (void)real.apply(step, after);
    (void)after.apply(step);
  }
  Seen seen = real.apply(action, after);
  Seen expected = after.apply(action);
  seen.asked = real.asked(after);
  expected.asked = after.asked();
  return seen == expected ? "" : "expected " + words(expected) + "\n\nseen " + words(seen);
}

void explore(const Model& start, const Alphabet& alphabet) {
  constexpr std::size_t kDepth = 8;
  std::set<std::string> known = {start.key(alphabet.distinguish)};
  std::deque<Node> open = {{start, {}}};
  std::size_t transitions = 0;
  while (!open.empty()) {
    const Node node = std::move(open.front());
    open.pop_front();
    for (const Action& action : actions(node.model, alphabet)) {
      Model after;
      const std::string wrong = play(start, node.path, action, after);
      ++transitions;
      if (!wrong.empty()) {
        std::string path;
        for (const Action& step : node.path) path += words(step) + ", ";
        FAIL() << "after " << path << words(action) << ":\n" << wrong;
      }
      if (!known.insert(after.key(alphabet.distinguish)).second) continue;
      if (node.path.size() + 1 == kDepth) continue;
      std::vector<Action> path = node.path;
      path.push_back(action);
      open.push_back({after, std::move(path)});
    }
  }
  std::printf("%zu states, %zu transitions\n", known.size(), transitions);
}

constexpr Deferral kModes[] = {Deferral::strict, Deferral::independent, Deferral::unordered};

// At listener 0 and, of the next mode, at listener 1.
Model model_of(std::size_t mode) {
  Model model;
  model.deferral[0] = kModes[mode];
  model.deferral[1] = kModes[(mode + 1) % 3];
  return model;
}

// One client: every copy of its SYN, whatever it brings, in every state of its request and after
// each end that the last one may have had.
TEST(BacklogModel, OneFlowEveryCopy) {
  for (std::size_t mode = 0; mode < 3; ++mode) {
    explore(model_of(mode), {.flows = {0},
                             .isns = 2,
                             .data = {0, 1, 2, 3},
                             .closable = {0},
                             .reopen = true,
                             .distinguish = {.dead = true}});
  }
}

// Two clients at one listener: who is shown, who waits, and what frees whom.
TEST(BacklogModel, TwoFlowsOneListener) {
  for (std::size_t mode = 0; mode < 3; ++mode) {
    explore(model_of(mode), {.flows = {0, 1}, .isns = 2, .data = {0, 1, 2}, .closable = {0}});
  }
}

// Two listeners of different modes do not hear of each other.
TEST(BacklogModel, TwoListeners) {
  for (std::size_t mode = 0; mode < 3; ++mode) {
    explore(model_of(mode),
            {.flows = {0, 1, 2, 3}, .data = {1}, .closable = {0, 1}, .reopen = true});
  }
}

// The owner takes its events late: what happens between a withdrawal and its event, and before a
// request is shown at all.
TEST(BacklogModel, EventsTakenLate) {
  for (std::size_t mode = 0; mode < 3; ++mode) {
    Model model = model_of(mode);
    model.eager = false;
    explore(model, {.flows = {0},
                    .isns = 2,
                    .data = {0, 1, 2},
                    .closable = {0},
                    .reopen = true,
                    .distinguish = {.dead = true}});
    explore(model, {.flows = {0, 1},
                    .isns = 2,
                    .segments = {What::reset, What::ack},
                    .closable = {0},
                    .reopen = true});
  }
}

// The same at two listeners.
TEST(BacklogModel, EventsOfTwoListenersTakenLate) {
  for (std::size_t mode = 0; mode < 3; ++mode) {
    Model model = model_of(mode);
    model.eager = false;
    explore(model, {.flows = {0, 1, 2},
                    .segments = {What::reset},
                    .verdicts = {Verdict::reject, Verdict::defer, Verdict::abandon},
                    .closable = {0, 1},
                    .reopen = true});
  }
}

// The hold clock: to the next expiry, to one millisecond before it, and a second at a time.
TEST(BacklogModel, TimePasses) {
  for (std::size_t mode = 0; mode < 3; ++mode) {
    explore(model_of(mode), {.flows = {0, 1},
                             .segments = {What::reset},
                             .verdicts = {Verdict::reject, Verdict::defer},
                             .closable = {},
                             .distinguish = {.clock = true}});
  }
}

}  // namespace
}  // namespace anteroom::testing
