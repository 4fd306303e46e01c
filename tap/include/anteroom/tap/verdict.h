// What a condition function answers. Not here: what a verdict puts on the wire (the stack), who
// asks the condition function and when (loop.h).
#pragma once

#include <cstdint>
#include <functional>
#include <optional>

#include <anteroom/bytes.h>
#include <anteroom/connection.h>
#include <anteroom/error.h>
#include <anteroom/id.h>
#include <anteroom/time.h>

namespace anteroom::tap {

enum class VerdictKind : std::uint8_t {
  accept,
  reject,  // the client sees "connection refused"
  ignore,  // the client sees nothing and tries until it gives up
  defer,   // later
  // The client must prove its address: a stateless answer, and the request comes again when it has.
  challenge,
};

struct Verdict {
  VerdictKind kind = VerdictKind::accept;
  // accept: rides in the SYN-ACK. Borrowed until the condition function is called again.
  Bytes response_data{};
  // accept: what does not fit the SYN-ACK follows as the first bytes of the stream.
  bool overflow_to_stream = false;
  // defer: when the condition function is asked again; without it decide() is the owner's task.
  std::optional<Duration> ask_again_after;

  static Verdict accept(Bytes response_data) {
    return {VerdictKind::accept, response_data, false, {}};
  }
  static Verdict accept_with_overflow(Bytes response_data) {
    return {VerdictKind::accept, response_data, true, {}};
  }
  static Verdict reject() { return {VerdictKind::reject, {}, false, {}}; }
  static Verdict ignore() { return {VerdictKind::ignore, {}, false, {}}; }
  static Verdict challenge() { return {VerdictKind::challenge, {}, false, {}}; }
  static Verdict defer() { return {VerdictKind::defer, {}, false, {}}; }
  static Verdict defer(Duration ask_again_after) {
    return {VerdictKind::defer, {}, false, ask_again_after};
  }
};

// Looks at a request and decides; nullopt stands for LoopOptions::default_verdict. A request that
// was deferred comes again with `deferrals` counted up.
using Condition = std::function<std::optional<Verdict>(const Request&)>;

// A verdict that was carried out, or could not be.
struct Decision {
  PendingId pending{};
  VerdictKind kind{};
  ConnectionId connection{};   // set where the request was accepted
  std::optional<Error> error;  // an accept that failed: the request was rejected, or was gone
  std::size_t response_bytes = 0;
};

const char* to_string(VerdictKind kind);

}  // namespace anteroom::tap
