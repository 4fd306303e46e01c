// A script of the packetdrill language as a value, in both dialects: what was written, nothing
// resolved. conformance/README.md has the language. Not here: how text becomes this (parser.h), and
// what it means (conformance/runner).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "conformance/script/expression.h"
#include "conformance/script/packet.h"

namespace anteroom::script {

// Whose tool: google/packetdrill, or the fork nplab/packetdrill. The parser takes what either
// takes; a few texts mean different things.
enum class Dialect : std::uint8_t { google, nplab };

// --- Time ---

enum class TimeKind : std::uint8_t { absolute, relative, any, absolute_range, relative_range };

// Microseconds; `last` of a range, else equal to `first`.
struct EventTime {
  TimeKind kind = TimeKind::absolute;
  std::int64_t first = 0;
  std::int64_t last = 0;
};

// --- Other events ---

struct Call {
  std::string name{};
  std::vector<Expression> arguments{};
  std::optional<std::int64_t> end{};  // T...E: microseconds, counted as the event's time is
  Expression result{};                // integer, or (readers of fields) anything else
  std::string error{};                // name of the errno; empty: not checked
};

enum class Verdict : std::uint8_t { accept, reject, ignore, defer, challenge };

// Ours: condition(fd) = VERDICT; condition(fd, "caller data") checks what the request brought;
// VERDICT -1 ERRNO is for one that comes too late or cannot be.
struct Condition {
  std::int64_t fd = 0;
  std::optional<std::string> caller_data{};
  Verdict verdict = Verdict::accept;
  std::string error{};  // errno's name where the verdict is not carried out
  std::string response_data{};
};

struct Command {
  std::string text{};
};

// %{ text }%
struct Code {
  std::string text{};
};

struct Event {
  Place place{};
  EventTime time{};
  std::variant<Packet, Call, Condition, Command, Code> what{};
  std::string text{};  // the source of the event, one line, blanks squeezed
};

// --name=value, or --name where `value` is nothing.
struct Option {
  Place place{};
  std::string name{};
  std::optional<std::string> value{};
};

struct Script {
  std::string path{};
  std::vector<Option> options{};  // --define aside: those are replaced in what follows
  std::optional<Command> init{};
  std::vector<Event> events{};
  std::optional<Command> cleanup{};
};

}  // namespace anteroom::script
