// A model of the backlog in a page, for model_test.cc: what conditional-accept 1 and 2 say, and no
// more. Not here: how it is compared with the implementation.
#pragma once

#include <algorithm>
#include <deque>
#include <set>
#include <string>
#include <vector>

#include <anteroom/stack.h>

namespace anteroom::testing {

// --- What can happen ---

enum class What { syn, reset, near_reset, ack, fin, expire, verdict, close };
enum class Verdict { accept, reject, ignore, challenge, defer, abandon };

struct Action {
  What what{};
  int flow = 0;       // segments; of a verdict: whose request
  int isn = 0;        // syn: which of the client's two initial numbers
  int data = 0;       // syn: none, "hello", "jello"
  Verdict verdict{};  // on the request of `flow`
  int listener = 0;   // close
};

inline constexpr const char* kData[] = {"", "hello", "jello"};
inline constexpr const char* kVerdicts[] = {"accept",    "reject", "ignore",
                                            "challenge", "defer",  "abandon"};
inline constexpr int kFlows = 4;  // two at each listener
inline int listener_of(int flow) { return flow / 2; }

inline std::string words(const Action& a) {
  const std::string flow(1, static_cast<char>('a' + a.flow));
  switch (a.what) {
    case What::syn: return "SYN(" + flow + std::to_string(a.isn) + " '" + kData[a.data] + "')";
    case What::reset: return "RST(" + flow + ")";
    case What::near_reset: return "RST beside(" + flow + ")";
    case What::ack: return "ACK(" + flow + ")";
    case What::fin: return "FIN(" + flow + ")";
    case What::expire: return "expire";
    case What::verdict:
      return std::string(kVerdicts[static_cast<int>(a.verdict)]) + "(" + flow + ")";
    case What::close: return "close(" + std::to_string(a.listener) + ")";
  }
  return "?";
}

// What is seen from outside: frames as "FLAGS ack N", events by flow.
struct Seen {
  std::multiset<std::string> frames;
  std::multiset<std::string> withdrawn;
  std::vector<std::string> requested[2];  // by listener, in order
  friend bool operator==(const Seen&, const Seen&) = default;
};

inline std::string words(const Seen& seen) {
  std::string text = "frames:";
  for (const auto& frame : seen.frames) text += " [" + frame + "]";
  text += " withdrawn:";
  for (const auto& gone : seen.withdrawn) text += " " + gone;
  for (const auto& requested : seen.requested) {
    text += " requested:";
    for (const auto& flow : requested) text += " " + flow;
  }
  return text;
}

// --- The model: the specification in a page ---

struct ModelRequest {
  int flow = 0;
  int isn = 0;
  int data = 0;
  bool indicated = false;
  bool deferred = false;
  bool changed = false;
};

struct Model {
  std::deque<ModelRequest> queue[2];
  bool open[2] = {true, true};
  Deferral deferral[2] = {Deferral::strict, Deferral::strict};
  DefaultVerdict by_default[2] = {DefaultVerdict::ignore, DefaultVerdict::reject};

  ModelRequest* find(int flow) {
    for (ModelRequest& request : queue[listener_of(flow)]) {
      if (request.flow == flow) return &request;
    }
    return nullptr;
  }
  void erase(int flow) {
    std::erase_if(queue[listener_of(flow)], [&](const ModelRequest& r) { return r.flow == flow; });
  }
  void withdraw(int flow, const char* why, Seen& seen) {
    if (find(flow)->indicated) seen.withdrawn.insert(name(flow) + " " + why);
    erase(flow);
  }
  static std::string name(int flow) { return std::string(1, static_cast<char>('a' + flow)); }

  Seen apply(const Action& action) {
    Seen seen;
    switch (action.what) {
      case What::syn: syn(action, seen); break;
      case What::reset: withdraw(action.flow, "withdrawn_reset", seen); break;
      case What::near_reset:
      case What::ack:
      case What::fin: break;
      case What::expire:
        for (int flow = 0; flow < kFlows; ++flow) {
          if (find(flow) != nullptr) withdraw(flow, "withdrawn_expired", seen);
        }
        break;
      case What::verdict: decide(action, seen); break;
      case What::close:
        for (int flow = 0; flow < kFlows; ++flow) {
          const bool its = listener_of(flow) == action.listener && find(flow) != nullptr;
          if (its) withdraw(flow, "withdrawn_listener_closed", seen);
        }
        open[action.listener] = false;
        break;
    }
    for (int l = 0; l < 2; ++l) indicate(l, seen);
    return seen;
  }

  void syn(const Action& action, Seen& seen) {
    const int l = listener_of(action.flow);
    const std::size_t bytes = std::string(kData[action.data]).size();
    if (!open[l]) {
      seen.frames.insert("R. ack " + std::to_string(1 + bytes));
      return;
    }
    ModelRequest* known = find(action.flow);
    if (known != nullptr && known->isn == action.isn) {
      if (action.data == 0) return;
      if (known->data == 0) {
        if (!known->indicated) known->data = action.data;
      } else if (known->data != action.data) {
        known->changed = true;
      }
      return;
    }
    if (known != nullptr) withdraw(action.flow, "withdrawn_replaced", seen);
    queue[l].push_back({action.flow, action.isn, action.data});
  }

  void decide(const Action& action, Seen& seen) {
    const ModelRequest request = *find(action.flow);
    const std::string ack = std::to_string(1 + std::string(kData[request.data]).size());
    const bool rejects = action.verdict == Verdict::reject ||
                         (action.verdict == Verdict::abandon &&
                          by_default[listener_of(action.flow)] == DefaultVerdict::reject);
    if (action.verdict == Verdict::defer) {
      find(action.flow)->deferred = true;
      return;
    }
    if (rejects) seen.frames.insert("R. ack " + ack);
    if (action.verdict == Verdict::accept) seen.frames.insert("S. ack " + ack);
    if (action.verdict == Verdict::challenge) seen.frames.insert("S. ack 1");
    erase(action.flow);
  }

  void indicate(int l, Seen& seen) {
    for (ModelRequest& request : queue[l]) {
      if (request.indicated) continue;
      const bool blocked =
          std::any_of(queue[l].begin(), queue[l].end(), [&](const ModelRequest& r) {
            if (!r.indicated || deferral[l] == Deferral::unordered) return false;
            return !r.deferred || deferral[l] == Deferral::strict;
          });
      if (blocked) return;
      request.indicated = true;
      seen.requested[l].push_back(name(request.flow));
    }
  }

  std::string key() const {
    std::string text;
    for (int l = 0; l < 2; ++l) {
      text += open[l] ? "|" : "x";
      for (const ModelRequest& r : queue[l]) {
        text += static_cast<char>('a' + r.flow);
        text += static_cast<char>('0' + r.isn * 3 + r.data);
        text += static_cast<char>('A' + (r.indicated ? 1 : 0) + (r.deferred ? 2 : 0) +
                                  (r.changed ? 4 : 0));
      }
    }
    return text;
  }
};

}  // namespace anteroom::testing
