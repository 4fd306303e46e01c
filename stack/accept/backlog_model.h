// A model of the backlog, for model_test.cc: what conditional-accept 1 and 2 say, and no more.
// backlog_model.cc reads as the specification. Not here: how it is compared with the
// implementation.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include <anteroom/stack.h>

namespace anteroom::testing {

// --- What can happen ---

enum class What {
  syn,
  reset,         // the number after the SYN
  reset_behind,  // the number after the SYN and five bytes of data
  reset_beside,  // another number
  ack,
  fin,
  pass,  // of time
  verdict,
  close,
  reopen,
  tell,  // the owner takes the events that there are
};
enum class Verdict { accept, reject, ignore, challenge, defer, abandon };

struct Action {
  What what{};
  int flow = 0;              // segments; of a verdict: whose request
  int isn = 0;               // syn: which of the client's two initial numbers
  int data = 0;              // syn: which of kData
  Verdict verdict{};         // on the request of `flow`
  int listener = 0;          // close, reopen
  std::int64_t pass_ms = 0;  // pass
};

// None, some, other bytes of the same number, and the beginning of the first.
inline constexpr const char* kData[] = {"", "hello", "jello", "hell"};
inline constexpr int kFlows = 4;  // two at each listener
inline int listener_of(int flow) { return flow / 2; }

std::string words(const Action& action);

// What is seen from outside: frames as "FLAGS ack N", events by request; and what can be asked
// afterwards: every request and every id that was ever given out, the next expiry, the counters.
struct Seen {
  std::multiset<std::string> frames;
  std::multiset<std::string> withdrawn;
  std::vector<std::string> requested[2];  // by listener, in order
  std::string asked;
  friend bool operator==(const Seen&, const Seen&) = default;
};

std::string words(const Seen& seen);

// --- The state ---

struct ModelRequest {
  int flow = 0;
  int isn = 0;
  int data = 0;
  std::int64_t arrived_ms = 0;
  std::int64_t seen_ms = 0;  // the latest copy
  std::int64_t gap_ms = 0;   // the longest between two copies
  int repeats = 0;
  int deferrals = 0;
  bool changed = false;
  bool indicated = false;
  int number = 0;  // of the flow's requests that were indicated, from 0

  std::int64_t expires_ms() const;
};

// An id that was given out and that is dead.
struct Gone {
  int flow = 0;
  int number = 0;
  Error why{};       // what a verb answers; stale_id where it had its verdict
  bool told = true;  // by an event, where it was withdrawn
  // Nothing was held since it was told: the reason is there. Later the stack may have forgotten it,
  // and answers with stale_id.
  bool sure = true;
  int opening = 0;  // of its listener
};

// What makes two states two, beyond the requests held and the events to be told.
struct Distinguish {
  bool clock = false;  // ages: where time passes in small steps
  bool dead = false;   // the last dead id of each flow, and its reason
};

class Model {
 public:
  // Carries it out. `asked` is empty: asked() makes it, where it is wanted.
  Seen apply(const Action& action);
  std::string asked() const;

  const ModelRequest* find(int flow) const;
  std::optional<std::int64_t> next_expiry_ms() const;
  bool is_open(int listener) const { return open_[listener]; }
  bool has_news() const;
  const std::vector<Gone>& gone() const { return gone_; }
  std::int64_t now_ms() const { return now_ms_; }
  std::string key(Distinguish distinguish) const;

  Deferral deferral[2] = {Deferral::strict, Deferral::strict};
  DefaultVerdict by_default[2] = {DefaultVerdict::ignore, DefaultVerdict::reject};
  bool eager = true;  // events are taken after every action; else only by What::tell

 private:
  ModelRequest* find(int flow);
  void syn(const Action& action, Seen& seen);
  void repeat(ModelRequest& known, int data);
  void reset(const Action& action);
  void stray(const Action& action, Seen& seen);
  void decide(const Action& action, Seen& seen);
  void pass(std::int64_t ms);
  void close(int listener);
  void withdraw(int flow, Error why);
  void erase(int flow, Error why, bool told);
  void tell(Seen& seen);
  bool may_indicate(int listener) const;

  std::deque<ModelRequest> queue_[2];
  std::vector<Gone> gone_;
  bool open_[2] = {true, true};
  int opening_[2] = {0, 0};  // how often it was opened again
  int indicated_[kFlows] = {};
  std::int64_t now_ms_ = 1'000;
  std::map<std::string, std::uint64_t> counts_;  // by the name in Stats; none is 0
};

// "a0": the first request of flow a that was indicated.
std::string name_of(int flow, int number);
// A line of Seen::asked about a request, made alike for both.
std::string line_of(const ModelRequest& request, std::int64_t now_ms);

}  // namespace anteroom::testing
