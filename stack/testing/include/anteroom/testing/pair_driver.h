// Drives the sockets of one stack of a Pair: a call that blocks lets virtual time pass.
//
//   Pair pair;
//   PairDriver server(pair, pair.server);
//   server.at(pair.now() + 200ms, [&] { ... });  // what another thread would do meanwhile
#pragma once

#include <functional>
#include <map>

#include <anteroom/driver.h>
#include <anteroom/testing/pair.h>

namespace anteroom::testing {

class PairDriver final : public Driver {
 public:
  PairDriver(Pair& pair, Stack& own) : pair_(pair), own_(own) {}

  Stack& stack() override { return own_; }
  Instant now() override { return pair_.now(); }
  std::optional<Event> next_event() override { return pair_.next_event(own_); }
  void turn() override { pair_.settle(); }
  bool wait(Instant deadline) override;

  // Runs `action` inside the first wait() that reaches `when`.
  void at(Instant when, std::function<void()> action) { actions_.emplace(when, std::move(action)); }

 private:
  Pair& pair_;
  Stack& own_;
  std::multimap<Instant, std::function<void()>> actions_;
};

}  // namespace anteroom::testing
