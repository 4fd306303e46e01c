// The backlog as conditional-accept 1 and 2 specify it, in the simplest form: two queues and a list
// of what is gone. Not here: limits, handshake first, the answer to a challenge.
#include "stack/accept/backlog_model.h"

#include <algorithm>
#include <string_view>

namespace anteroom::testing {
namespace {

constexpr std::int64_t kAssumedGapMs = 3'000;  // before the first repeat
constexpr std::int64_t kLifetimeMinMs = 3'000;
constexpr std::int64_t kLifetimeMaxMs = 75'000;

int bytes_of(int data) { return static_cast<int>(std::string_view(kData[data]).size()); }

// The bytes that both have are not the same.
bool contradicts(int one, int other) {
  const std::string_view a = kData[one];
  const std::string_view b = kData[other];
  const std::size_t common = std::min(a.size(), b.size());
  return a.substr(0, common) != b.substr(0, common);
}

std::string refusal(int data) { return "R. ack " + std::to_string(1 + bytes_of(data)); }

}  // namespace

// --- The rules ---

Seen Model::apply(const Action& action) {
  Seen seen;
  switch (action.what) {
    case What::syn: syn(action, seen); break;
    case What::reset:
    case What::reset_behind:
    case What::reset_beside: reset(action); break;
    case What::ack:
    case What::fin: stray(action, seen); break;
    case What::pass: pass(action.pass_ms); break;
    case What::verdict: decide(action, seen); break;
    case What::close: close(action.listener); break;
    case What::reopen:
      open_[action.listener] = true;
      ++opening_[action.listener];
      break;
    case What::tell: tell(seen); break;
  }
  if (eager) tell(seen);
  return seen;
}

void Model::syn(const Action& action, Seen& seen) {
  const int l = listener_of(action.flow);
  if (!open_[l]) {
    seen.frames.insert(refusal(action.data));
    ++counts_["tcp_no_connection"];
    return;
  }
  ModelRequest* known = find(action.flow);
  if (known != nullptr && known->isn == action.isn) return repeat(*known, action.data);
  if (known != nullptr) withdraw(action.flow, Error::withdrawn_replaced);
  ++counts_["requests"];
  for (Gone& gone : gone_) gone.sure = gone.sure && !gone.told;
  ModelRequest request{action.flow, action.isn, action.data, now_ms_, now_ms_};
  queue_[l].push_back(request);
}

// The same request: the first copy's data stays, what it lacked is added until it was shown.
void Model::repeat(ModelRequest& known, int data) {
  ++counts_["requests_repeated"];
  ++counts_["request_duplicate"];
  ++known.repeats;
  known.gap_ms = std::max(known.gap_ms, now_ms_ - known.seen_ms);
  known.seen_ms = now_ms_;
  if (data == 0) return;
  if (known.data != 0) {
    known.changed = known.changed || contradicts(known.data, data);
  } else if (!known.indicated) {
    known.data = data;
  }
}

// Three times the gap between the client's SYNs.
std::int64_t ModelRequest::expires_ms() const {
  const std::int64_t gap = repeats == 0 ? kAssumedGapMs : gap_ms;
  return seen_ms + std::clamp(3 * gap, kLifetimeMinMs, kLifetimeMaxMs);
}

// Exactly what the client would send next, whether or not its data counts as sent.
void Model::reset(const Action& action) {
  const ModelRequest* known = find(action.flow);
  if (known == nullptr) {
    ++counts_[open_[listener_of(action.flow)] ? "tcp_reset_unmatched" : "tcp_no_connection"];
    return;
  }
  const bool exact = action.what == What::reset ||
                     (action.what == What::reset_behind && bytes_of(known->data) == 5);
  if (exact) return withdraw(action.flow, Error::withdrawn_reset);
  ++counts_["request_reset_unmatched"];
}

// A request that has sent nothing expects nothing but SYN and RST; without a request it is RFC 9293
// 3.10.7.1 and 3.10.7.2.
void Model::stray(const Action& action, Seen& seen) {
  const bool open = open_[listener_of(action.flow)];
  if (find(action.flow) != nullptr) {
    ++counts_["request_segment_unexpected"];
  } else if (action.what == What::ack) {
    ++counts_["tcp_no_connection"];
    seen.frames.insert("R seq 1");
  } else if (open) {
    ++counts_["tcp_listener_flags"];
  } else {
    ++counts_["tcp_no_connection"];
    seen.frames.insert("R. ack 2");
  }
}

void Model::decide(const Action& action, Seen& seen) {
  ModelRequest& request = *find(action.flow);
  Verdict verdict = action.verdict;
  if (verdict == Verdict::abandon) {
    ++counts_["requests_abandoned"];
    const bool rejects = by_default[listener_of(action.flow)] == DefaultVerdict::reject;
    verdict = rejects ? Verdict::reject : Verdict::ignore;
  }
  switch (verdict) {
    case Verdict::accept:
      ++counts_["requests_accepted"];
      seen.frames.insert("S. ack " + std::to_string(1 + bytes_of(request.data)));
      break;
    case Verdict::reject:
      ++counts_["requests_rejected"];
      seen.frames.insert(refusal(request.data));
      break;
    case Verdict::ignore: ++counts_["requests_ignored"]; break;
    case Verdict::challenge:
      ++counts_["requests_challenged"];
      seen.frames.insert("S. ack 1");
      break;
    case Verdict::defer:
    case Verdict::abandon:
      ++counts_["requests_deferred"];
      ++request.deferrals;
      return;  // it stays where it is
  }
  erase(action.flow, Error::stale_id, true);
}

void Model::pass(std::int64_t ms) {
  now_ms_ += ms;
  for (int flow = 0; flow < kFlows; ++flow) {
    const ModelRequest* request = find(flow);
    const bool over = request != nullptr && request->expires_ms() <= now_ms_;
    if (over) withdraw(flow, Error::withdrawn_expired);
  }
}

void Model::close(int listener) {
  for (int flow = 0; flow < kFlows; ++flow) {
    const bool its = listener_of(flow) == listener && find(flow) != nullptr;
    if (its) withdraw(flow, Error::withdrawn_listener_closed);
  }
  open_[listener] = false;
}

void Model::withdraw(int flow, Error why) {
  ++counts_[std::string("requests_") + anteroom::to_string(why)];
  erase(flow, why, false);
}

// Whose id nobody was given is gone without a trace.
void Model::erase(int flow, Error why, bool told) {
  const int l = listener_of(flow);
  const ModelRequest request = *find(flow);
  if (request.indicated) gone_.push_back({flow, request.number, why, told, true, opening_[l]});
  std::erase_if(queue_[l], [&](const ModelRequest& r) { return r.flow == flow; });
}

// Withdrawals first; then requests, in order of arrival as far as the mode of deferral lets them.
void Model::tell(Seen& seen) {
  for (Gone& gone : gone_) {
    if (gone.told) continue;
    gone.told = true;
    const int l = listener_of(gone.flow);
    const bool there = open_[l] && opening_[l] == gone.opening;
    seen.withdrawn.insert(name_of(gone.flow, gone.number) + " " + anteroom::to_string(gone.why) +
                          (there ? "" : " of no listener"));
  }
  for (int l = 0; l < 2; ++l) {
    while (may_indicate(l)) {
      const auto next = std::find_if(queue_[l].begin(), queue_[l].end(),
                                     [](const ModelRequest& r) { return !r.indicated; });
      next->indicated = true;
      next->number = indicated_[next->flow]++;
      seen.requested[l].push_back(name_of(next->flow, next->number));
    }
  }
}

bool Model::may_indicate(int listener) const {
  bool waits = false, undecided = false, deferred = false;
  for (const ModelRequest& request : queue_[listener]) {
    waits |= !request.indicated;
    undecided |= request.indicated && request.deferrals == 0;
    deferred |= request.indicated && request.deferrals != 0;
  }
  switch (deferral[listener]) {
    case Deferral::strict: return waits && !undecided && !deferred;
    case Deferral::independent: return waits && !undecided;
    case Deferral::unordered: return waits;
  }
  return false;
}

// --- What can be asked ---

const ModelRequest* Model::find(int flow) const {
  const auto& queue = queue_[listener_of(flow)];
  const auto found = std::find_if(queue.begin(), queue.end(),
                                  [&](const ModelRequest& r) { return r.flow == flow; });
  return found == queue.end() ? nullptr : &*found;
}

ModelRequest* Model::find(int flow) {
  return const_cast<ModelRequest*>(static_cast<const Model*>(this)->find(flow));
}

std::optional<std::int64_t> Model::next_expiry_ms() const {
  std::optional<std::int64_t> next;
  for (int flow = 0; flow < kFlows; ++flow) {
    const ModelRequest* request = find(flow);
    if (request != nullptr) next = std::min(next.value_or(INT64_MAX), request->expires_ms());
  }
  return next;
}

bool Model::has_news() const {
  return may_indicate(0) || may_indicate(1) ||
         std::any_of(gone_.begin(), gone_.end(), [](const Gone& gone) { return !gone.told; });
}

std::string Model::asked() const {
  std::string text;
  std::size_t held = 0;
  for (int flow = 0; flow < kFlows; ++flow) {
    const ModelRequest* request = find(flow);
    held += request != nullptr;
    if (request != nullptr && request->indicated) text += line_of(*request, now_ms_);
  }
  for (const Gone& gone : gone_) {
    text += name_of(gone.flow, gone.number) + " " + anteroom::to_string(gone.why) + "\n";
  }
  const auto next = next_expiry_ms();
  text += next ? "next expiry in " + std::to_string(*next - now_ms_) + " ms\n" : "no expiry\n";
  text += std::to_string(held) + " held";
  for (const auto& [name, count] : counts_) text += ", " + name + " " + std::to_string(count);
  return text;
}

std::string Model::key(Distinguish distinguish) const {
  std::string text;
  for (int l = 0; l < 2; ++l) {
    text += open_[l] ? "|" : "x";
    for (const ModelRequest& r : queue_[l]) {
      text += static_cast<char>('a' + r.flow);
      text += static_cast<char>('0' + r.isn * 4 + r.data);
      text += static_cast<char>('A' + (r.indicated ? 1 : 0) + (r.deferrals != 0 ? 2 : 0) +
                                (r.changed ? 4 : 0));
      if (!distinguish.clock) continue;
      text += std::to_string(now_ms_ - r.seen_ms);
      text += r.repeats == 0 ? "," : "," + std::to_string(r.gap_ms);
    }
  }
  std::map<int, std::string> dead;
  for (const Gone& gone : gone_) {
    const auto why = static_cast<char>('A' + static_cast<int>(gone.why));
    const bool there = opening_[listener_of(gone.flow)] == gone.opening;
    if (!gone.told) text += std::string("!") + static_cast<char>('a' + gone.flow) + why;
    if (!gone.told && !there) text += "-";
    if (distinguish.dead) dead[gone.flow] = std::string(1, why) + (gone.sure ? "" : "?");
  }
  for (const auto& [flow, why] : dead) text += "+" + std::to_string(flow) + why;
  return text;
}

// --- In words ---

std::string name_of(int flow, int number) {
  return std::string(1, static_cast<char>('a' + flow)) + std::to_string(number);
}

std::string line_of(const ModelRequest& r, std::int64_t now_ms) {
  return name_of(r.flow, r.number) + " isn " + std::to_string(r.isn) + " '" + kData[r.data] + "'" +
         (r.changed ? " changed" : "") + " waits " + std::to_string(now_ms - r.arrived_ms) +
         " ms, repeats " + std::to_string(r.repeats) + ", deferrals " +
         std::to_string(r.deferrals) + ", expires in " + std::to_string(r.expires_ms() - now_ms) +
         " ms\n";
}

std::string words(const Action& a) {
  static constexpr const char* kVerdicts[] = {"accept",    "reject", "ignore",
                                              "challenge", "defer",  "abandon"};
  const std::string flow(1, static_cast<char>('a' + a.flow));
  switch (a.what) {
    case What::syn:
      return "SYN(" + flow + " isn " + std::to_string(a.isn) + " '" + kData[a.data] + "')";
    case What::reset: return "RST(" + flow + ")";
    case What::reset_behind: return "RST behind 5 bytes(" + flow + ")";
    case What::reset_beside: return "RST beside(" + flow + ")";
    case What::ack: return "ACK(" + flow + ")";
    case What::fin: return "FIN(" + flow + ")";
    case What::pass: return "pass(" + std::to_string(a.pass_ms) + " ms)";
    case What::verdict:
      return std::string(kVerdicts[static_cast<int>(a.verdict)]) + "(" + flow + ")";
    case What::close: return "close(" + std::to_string(a.listener) + ")";
    case What::reopen: return "reopen(" + std::to_string(a.listener) + ")";
    case What::tell: return "take events";
  }
  return "?";
}

std::string words(const Seen& seen) {
  std::string text = "frames:";
  for (const auto& frame : seen.frames) text += " [" + frame + "]";
  text += " withdrawn:";
  for (const auto& gone : seen.withdrawn) text += " [" + gone + "]";
  for (const auto& requested : seen.requested) {
    text += " requested:";
    for (const auto& request : requested) text += " " + request;
  }
  return text + "\n" + seen.asked;
}

}  // namespace anteroom::testing
