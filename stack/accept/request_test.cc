// A request while it is held: the same SYN again, withdrawal, expiry, order, limits.
// conditional-accept 1, 2 and 4.
#include <gtest/gtest.h>

#include <anteroom/testing/peer.h>

namespace anteroom::testing {
namespace {

PeerOptions conditional(ListenOptions listener = {}) {
  PeerOptions options;
  listener.conditional = true;
  options.listener = listener;
  return options;
}

std::string caller_data(Peer& peer, PendingId pending) {
  return std::string(text_of(peer.stack().request(peer.now(), pending)->caller_data));
}

TEST(Repeat, SameSynIsTheSameRequest) {
  Peer peer(conditional());
  peer.sends("S 0:5(5) win 65535 <mss 1460> \"hello\"");
  peer.sends("S 0:5(5) win 65535 <mss 1460> \"hello\"");
  ASSERT_TRUE(peer.requested());
  EXPECT_FALSE(peer.requested());
  EXPECT_EQ(peer.stack().stats().requests, 1u);
  EXPECT_EQ(peer.stack().stats().requests_repeated, 1u);
}

TEST(Repeat, DataIsAddedOnlyBeforeTheRequestWasShown) {
  Peer peer(conditional());
  peer.sends("S 0:0(0) win 65535 <mss 1460>");
  peer.sends("S 0:5(5) win 65535 <mss 1460> \"hello\"");
  EXPECT_EQ(caller_data(peer, *peer.requested()), "hello");

  Peer shown(conditional());
  shown.sends("S 0:0(0) win 65535 <mss 1460>");
  const PendingId pending = *shown.requested();
  shown.sends("S 0:5(5) win 65535 <mss 1460> \"hello\"");
  EXPECT_EQ(caller_data(shown, pending), "");
  ASSERT_TRUE(shown.accept(pending));
  EXPECT_EQ(shown.sees("S. 0:0(0) ack 1"), "");  // what was not judged is not acknowledged
}

TEST(Repeat, OtherBytesAreNotedAndTheFirstKept) {
  Peer peer(conditional());
  peer.sends("S 0:5(5) win 65535 <mss 1460> \"hello\"");
  const PendingId pending = *peer.requested();
  peer.sends("S 0:4(4) win 65535 <mss 1460> \"hell\"");
  EXPECT_FALSE(peer.stack().request(peer.now(), pending)->caller_data_changed);
  peer.sends("S 0:5(5) win 65535 <mss 1460> \"jello\"");
  EXPECT_TRUE(peer.stack().request(peer.now(), pending)->caller_data_changed);
  EXPECT_EQ(caller_data(peer, pending), "hello");
}

TEST(Repeat, TimestampIsRefreshed) {
  Peer peer(conditional());
  peer.sends("S 0:0(0) win 65535 <mss 1460,TS val 100 ecr 0>");
  const PendingId pending = *peer.requested();
  peer.sends("S 0:0(0) win 65535 <mss 1460,TS val 1100 ecr 0>");
  ASSERT_TRUE(peer.accept(pending));
  EXPECT_NE(peer.next().find("ecr 1100"), std::string::npos);
}

TEST(Withdrawal, ResetMustMatchExactly) {
  Peer peer(conditional());
  peer.sends("S 0:5(5) win 65535 <mss 1460> \"hello\"");
  const PendingId pending = *peer.requested();
  peer.sends("R 3:3(0)");
  EXPECT_TRUE(peer.stack().request(peer.now(), pending));
  EXPECT_EQ(peer.stack().stats().dropped(DropReason::request_reset_unmatched), 1u);
  peer.sends("R 6:6(0)");
  const auto gone = peer.event(EventKind::request_withdrawn);
  ASSERT_TRUE(gone);
  EXPECT_EQ(gone->pending, pending);
  EXPECT_EQ(gone->error, Error::withdrawn_reset);
  EXPECT_EQ(peer.accept(pending).error().error, Error::withdrawn_reset);
  EXPECT_EQ(peer.sees_nothing(), "");
}

TEST(Withdrawal, ResetBehindTheSynAloneMatchesToo) {
  Peer peer(conditional());
  peer.sends("S 0:5(5) win 65535 <mss 1460> \"hello\"");
  (void)peer.requested();
  peer.sends("R 1:1(0)");
  EXPECT_EQ(peer.stack().stats().requests_withdrawn_reset, 1u);
}

TEST(Withdrawal, NewInitialSequenceNumberReplacesTheRequest) {
  Peer peer(conditional());
  peer.sends("S 0:5(5) win 65535 <mss 1460> \"first\"");
  const PendingId first = *peer.requested();
  peer.sends("S 777:783(6) win 65535 <mss 1460> \"second\"");
  EXPECT_EQ(peer.event(EventKind::request_withdrawn)->error, Error::withdrawn_replaced);
  const PendingId second = *peer.requested();
  EXPECT_EQ(caller_data(peer, second), "second");
  EXPECT_EQ(peer.stack().reject(peer.now(), first).error().error, Error::withdrawn_replaced);
}

TEST(Withdrawal, BeforeItWasShownNobodyHearsOfIt) {
  Peer peer(conditional());
  peer.sends("S 0:0(0) win 65535 <mss 1460>");
  peer.sends("R 1:1(0)");
  EXPECT_FALSE(peer.event());
}

TEST(Withdrawal, ClosingTheListenerWithdraws) {
  Peer peer(conditional());
  peer.sends("S 0:0(0) win 65535 <mss 1460>");
  const PendingId pending = *peer.requested();
  ASSERT_TRUE(peer.stack().close(peer.now(), peer.listener()));
  EXPECT_EQ(peer.event(EventKind::request_withdrawn)->error, Error::withdrawn_listener_closed);
  EXPECT_EQ(peer.accept(pending).error().error, Error::withdrawn_listener_closed);
}

// Told late, a withdrawal is not the next listener's, which may have the slot of the first.
TEST(Withdrawal, OfAClosedListenerIsNotTheNextOnes) {
  Peer peer(conditional());
  peer.sends("S 0:0(0) win 65535 <mss 1460>");
  ASSERT_TRUE(peer.requested());
  peer.sends("R 1:1(0)");
  ASSERT_TRUE(peer.stack().close(peer.now(), peer.listener()));
  ASSERT_TRUE(peer.stack().listen({.local = {{}, 80}, .conditional = true}));
  const auto event = peer.event(EventKind::request_withdrawn);
  EXPECT_EQ(event->error, Error::withdrawn_reset);
  EXPECT_EQ(event->listener, ListenerId{});
}

TEST(Held, SegmentsBesideTheSynAreDroppedAndCounted) {
  Peer peer(conditional());
  peer.sends("S 0:0(0) win 65535 <mss 1460>");
  peer.sends("P. 1:6(5) ack 1 \"early\"");
  peer.sends("F. 1:1(0) ack 1");
  peer.sends("SF 0:0(0)");
  EXPECT_EQ(peer.sees_nothing(), "");
  EXPECT_EQ(peer.stack().stats().dropped(DropReason::request_segment_unexpected), 3u);
  EXPECT_TRUE(peer.requested());
}

// Three times the last gap between SYNs, at least 3 s, at most 75 s. conditional-accept 2.
TEST(Expiry, FollowsTheClientsOwnGaps) {
  struct Row {
    std::vector<int> syn_seconds;
    int expires_after_last_seconds;
  };
  const Row rows[] = {{{0}, 9},
                      {{0, 1}, 3},
                      {{0, 1, 3}, 6},
                      {{0, 1, 3, 7}, 12},
                      {{0, 1, 3, 7, 15, 31}, 48},
                      {{0, 1, 3, 7, 15, 31, 63}, 75}};
  for (const Row& row : rows) {
    Peer peer(conditional());
    const Instant start = peer.now();
    for (const int second : row.syn_seconds) {
      peer.passes(start + std::chrono::seconds(second) - peer.now());
      peer.sends("S 0:0(0) win 65535 <mss 1460>");
    }
    const PendingId pending = *peer.requested();
    const Duration lifetime = std::chrono::seconds(row.expires_after_last_seconds);
    EXPECT_EQ(peer.stack().request(peer.now(), pending)->gives_up_at, peer.now() + lifetime);
    EXPECT_EQ(peer.stack().next_deadline()->timer, Timer::request_expiry);
    peer.passes(lifetime - 1ns);
    EXPECT_FALSE(peer.event());
    peer.passes(1ns);
    EXPECT_EQ(peer.event(EventKind::request_withdrawn)->error, Error::withdrawn_expired);
    EXPECT_EQ(peer.sees_nothing(), "");
  }
}

// A copy that the network made is early and says nothing of the client's patience.
TEST(Expiry, ADuplicateDoesNotShortenIt) {
  Peer peer(conditional());
  for (const Duration gap : {0s, 1s, 2s, 4s}) {
    peer.passes(gap);
    peer.sends("S 0:0(0) win 65535 <mss 1460>");
  }
  peer.passes(1ms);
  peer.sends("S 0:0(0) win 65535 <mss 1460>");
  EXPECT_EQ(peer.stack().request(peer.now(), *peer.requested())->gives_up_at, peer.now() + 12s);
}

// Several clients of one listener, told apart by port.
class Crowd {
 public:
  explicit Crowd(ListenOptions listener, Limits limits = {}) {
    Config config = test_config(1);
    config.limits = limits;
    listener.local.port = 80;
    listener.conditional = true;
    pair_ = std::make_unique<Pair>(config);
    listener_ = pair_->server.listen(listener).value();
  }
  Pair& pair() { return *pair_; }
  ConnectionId connect(std::string_view caller_data) {
    const auto id = pair_->client.connect(pair_->now(), {.remote = {pair_->server_address(), 80},
                                                         .caller_data = bytes_of(caller_data)});
    pair_->run_for(5ms);
    return *id;
  }
  // Caller data of the requests indicated since the last call, by id.
  std::vector<std::pair<PendingId, std::string>> shown() {
    std::vector<std::pair<PendingId, std::string>> found;
    for (const Event& event : pair_->take_events(pair_->server)) {
      if (event.kind != EventKind::connection_requested) continue;
      const auto request = pair_->server.request(pair_->now(), event.pending);
      found.emplace_back(event.pending, text_of(request->caller_data));
    }
    return found;
  }

 private:
  std::unique_ptr<Pair> pair_;
  ListenerId listener_;
};

TEST(Order, StrictShowsTheNextOnlyWhenTheHeadIsDecided) {
  Crowd crowd({.deferral = Deferral::strict});
  crowd.connect("a");
  crowd.connect("b");
  auto shown = crowd.shown();
  ASSERT_EQ(shown.size(), 1u);
  EXPECT_EQ(shown[0].second, "a");
  ASSERT_TRUE(crowd.pair().server.defer(crowd.pair().now(), shown[0].first));
  EXPECT_TRUE(crowd.shown().empty());
  ASSERT_TRUE(crowd.pair().server.accept(crowd.pair().now(), shown[0].first, {}));
  shown = crowd.shown();
  ASSERT_EQ(shown.size(), 1u);
  EXPECT_EQ(shown[0].second, "b");
}

TEST(Order, IndependentStepsAsideAndIsDecidedInAnyOrder) {
  Crowd crowd({.deferral = Deferral::independent});
  crowd.connect("a");
  crowd.connect("b");
  const auto first = crowd.shown();
  ASSERT_EQ(first.size(), 1u);
  ASSERT_TRUE(crowd.pair().server.defer(crowd.pair().now(), first[0].first));
  const auto second = crowd.shown();
  ASSERT_EQ(second.size(), 1u);
  EXPECT_EQ(second[0].second, "b");
  EXPECT_TRUE(crowd.pair().server.accept(crowd.pair().now(), second[0].first, {}));
  EXPECT_TRUE(crowd.pair().server.accept(crowd.pair().now(), first[0].first, {}));
  crowd.pair().server.check_invariants();
}

TEST(Order, UnorderedShowsEachAsItArrives) {
  Crowd crowd({.deferral = Deferral::unordered});
  crowd.connect("a");
  crowd.connect("b");
  const auto shown = crowd.shown();
  ASSERT_EQ(shown.size(), 2u);
  ASSERT_TRUE(crowd.pair().server.defer(crowd.pair().now(), shown[0].first));
  crowd.connect("c");
  EXPECT_EQ(crowd.shown().size(), 1u);
  EXPECT_TRUE(crowd.pair().server.accept(crowd.pair().now(), shown[1].first, {}));
  EXPECT_TRUE(crowd.pair().server.reject(crowd.pair().now(), shown[0].first));
  crowd.pair().server.check_invariants();
}

TEST(Order, WithdrawalOfADeferredHeadLetsTheNextBeShown) {
  Crowd crowd({.deferral = Deferral::strict});
  crowd.connect("a");
  crowd.connect("b");
  const auto shown = crowd.shown();
  ASSERT_TRUE(crowd.pair().server.defer(crowd.pair().now(), shown[0].first));
  crowd.pair().set_wire([](Toward, auto&) { return false; });  // nobody repeats a SYN any more
  crowd.pair().run_for(80s);
  int withdrawn = 0, requested = 0;
  for (const Event& event : crowd.pair().take_events(crowd.pair().server)) {
    withdrawn += event.kind == EventKind::request_withdrawn;
    requested += event.kind == EventKind::connection_requested;
  }
  EXPECT_EQ(requested, 1);
  EXPECT_EQ(withdrawn, 2);
  crowd.pair().server.check_invariants();
  EXPECT_EQ(crowd.pair().server.stats().requests_held, 0u);
}

TEST(Limit, RequestsPerListenerDropOrReset) {
  for (const OverloadPolicy policy : {OverloadPolicy::drop, OverloadPolicy::reset}) {
    Crowd crowd({.overload = policy, .backlog_max = 2});
    crowd.connect("a");
    crowd.connect("b");
    const ConnectionId c = crowd.connect("c");
    const Stats& stats = crowd.pair().server.stats();
    EXPECT_EQ(stats.requests_held, 2u);
    EXPECT_EQ(stats.dropped(DropReason::request_limit), 1u);
    EXPECT_EQ(stats.overload_resets, policy == OverloadPolicy::reset ? 1u : 0u);
    const auto send = crowd.pair().client.send(crowd.pair().now(), c, {});
    if (policy == OverloadPolicy::reset) {
      EXPECT_EQ(send.error().error, Error::refused);
    } else {
      EXPECT_TRUE(send);
    }
  }
}

TEST(Limit, RequestsPerSourceAndCallerDataBytes) {
  Limits limits;
  limits.requests_per_source_max = 1;
  Crowd crowd({}, limits);
  crowd.connect("a");
  crowd.connect("b");
  EXPECT_EQ(crowd.pair().server.stats().dropped(DropReason::request_source_limit), 1u);

  limits = {};
  limits.caller_data_bytes_max = 4;
  limits.caller_data_bytes_per_listener_max = 6;
  Crowd bytes({}, limits);
  bytes.connect("abcde");
  bytes.connect("abcd");
  bytes.connect("abc");
  EXPECT_EQ(bytes.pair().server.stats().dropped(DropReason::request_data_too_large), 1u);
  EXPECT_EQ(bytes.pair().server.stats().dropped(DropReason::request_bytes_limit), 1u);
  EXPECT_EQ(bytes.pair().server.stats().requests_held, 1u);
}

TEST(Ordinary, SynAckAtOnceAndAcceptQueue) {
  Peer peer;
  peer.sends("S 0:5(5) win 65535 <mss 1460> \"hello\"");
  EXPECT_EQ(peer.sees("S. 0:0(0) ack 1"), "");  // the data comes again once the client is known
  EXPECT_EQ(peer.stack().take(peer.listener()).error().error, Error::would_block);
  peer.sends(". 1:1(0) ack 1");
  EXPECT_EQ(peer.event()->kind, EventKind::accept_ready);
  EXPECT_TRUE(peer.stack().take(peer.listener()));
}

TEST(Ordinary, FullAcceptQueueDropsTheSyn) {
  Pair pair;
  const auto listener = pair.server.listen({.local = {{}, 80}, .backlog_max = 1});
  for (int i = 0; i < 2; ++i) {
    ASSERT_TRUE(pair.client.connect(pair.now(), {.remote = {pair.server_address(), 80}}));
    pair.run_for(5ms);
  }
  EXPECT_EQ(pair.server.stats().dropped(DropReason::accept_queue_full), 1u);
  ASSERT_TRUE(pair.server.take(*listener));
  pair.run_for(2s);  // the second client's SYN comes again, and there is room
  EXPECT_TRUE(pair.server.take(*listener));
}

}  // namespace
}  // namespace anteroom::testing
