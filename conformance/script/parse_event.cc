// Times, and what kind of event stands behind one. Whether times go forward is known to the runner:
// most of them are relative to what happens.
#include <limits>
#include <utility>

#include "conformance/script/grammar.h"

namespace anteroom::script {
namespace {

constexpr std::int64_t kSecondsMax = 1'000'000'000;
constexpr std::string_view kTimeExpected = "a time: SECONDS, +SECONDS, *, FROM~TO or +FROM~+TO";

// Exact, unlike the real tools, which multiply a float and cut it.
std::int64_t parse_seconds(Reader& in, std::string_view expected) {
  if (!in.at(TokenKind::integer) && !in.at(TokenKind::decimal)) in.fail(expected);
  const std::string_view text = in.peek().text;
  if (text.starts_with('-')) in.fail("a time that is not negative");
  std::int64_t seconds = 0;
  std::int64_t micros = 0;
  if (in.at(TokenKind::integer)) {
    seconds = in.value(in.peek()).value_or(kSecondsMax + 1);
  } else {
    const std::size_t dot = text.find('.');
    for (const char digit : text.substr(0, dot)) {
      seconds = std::min(seconds * 10 + (digit - '0'), kSecondsMax + 1);
    }
    std::int64_t unit = 100'000;
    for (const char digit : text.substr(dot + 1)) {
      micros += unit * (digit - '0');
      unit /= 10;
    }
  }
  if (seconds > kSecondsMax || seconds < 0) {
    in.fail("a time of at most " + std::to_string(kSecondsMax) + " seconds");
  }
  in.take();
  return seconds * 1'000'000 + micros;
}

EventTime parse_time(Reader& in) {
  EventTime time;
  if (in.take_if('*')) {
    time.kind = TimeKind::any;
    return time;
  }
  const bool is_relative = in.take_if('+');
  time.kind = is_relative ? TimeKind::relative : TimeKind::absolute;
  time.first = parse_seconds(in, is_relative ? "seconds behind '+'" : kTimeExpected);
  time.last = time.first;
  if (!in.take_if('~')) return time;
  time.kind = is_relative ? TimeKind::relative_range : TimeKind::absolute_range;
  if (is_relative != in.at('+')) {
    in.fail(is_relative ? "'+' here too" : "seconds without '+', as before the '~'");
  }
  in.take_if('+');
  const Place place = in.peek().place;
  time.last = parse_seconds(in, "seconds behind '~'");
  if (time.last < time.first) {
    in.fail_at(place, "found a range that ends before it begins; expected a later end");
  }
  return time;
}

bool is_one_instant(const EventTime& time) {
  return time.kind == TimeKind::absolute || time.kind == TimeKind::relative;
}

Command parse_command(Reader& in) { return {std::string(in.take().text)}; }

Code parse_code(Reader& in) {
  constexpr std::string_view kBlanks = " \t\r\n\v\f";
  const std::string_view text = in.take().text;
  const std::size_t first = text.find_first_not_of(kBlanks);
  if (first == text.npos) return {};
  return {std::string(text.substr(first, text.find_last_not_of(kBlanks) - first + 1))};
}

Call parse_blocking_call(Reader& in, const EventTime& time) {
  in.take();
  const Place place = in.peek().place;
  if (!is_one_instant(time)) in.fail("a call that begins at one instant");
  if (time.kind == TimeKind::relative) in.take_if('+');
  const std::int64_t end = parse_seconds(in, "the time when the call ends");
  if (end < time.first) {
    in.fail_at(place, "found an end before the call begins; expected a later one");
  }
  if (!in.at(TokenKind::word)) in.fail("the call that blocks until then");
  Call call = parse_call(in);
  call.end = end;
  return call;
}

}  // namespace

Event parse_event(Reader& in) {
  Event event;
  event.place = in.peek().place;
  in.begin_text();
  event.time = parse_time(in);
  const Token next = in.peek();
  if (next.is('<') || next.is('>')) {
    if (next.is('<') && !is_one_instant(event.time)) {
      in.fail_at(
          event.place,
          "found a range of time; expected one instant for a packet that is sent to the stack");
    }
    event.what = parse_packet(in);
  } else if (!is_one_instant(event.time)) {
    in.fail("'>' and a packet: only that can come at a range of time");
  } else if (next.kind == TokenKind::ellipsis) {
    event.what = parse_blocking_call(in, event.time);
  } else if (next.kind == TokenKind::command) {
    event.what = parse_command(in);
  } else if (next.kind == TokenKind::code) {
    event.what = parse_code(in);
  } else if (next.is("condition")) {
    event.what = parse_condition(in);
  } else if (next.kind == TokenKind::word) {
    event.what = parse_call(in);
  } else {
    in.fail("an event: '<' or '>' and a packet, a call, a `command` or %{ code }%");
  }
  event.text = in.text();
  return event;
}

}  // namespace anteroom::script
