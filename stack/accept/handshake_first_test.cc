// Requests whose handshake comes first, by choice of the listener or as the answer to a challenge:
// conditional-accept 1, 4 and 5.
#include <gtest/gtest.h>

#include <anteroom/testing/peer.h>

namespace anteroom::testing {
namespace {

PeerOptions handshake_first(ListenOptions listener = {}) {
  PeerOptions options;
  listener.conditional = true;
  listener.handshake_first = true;
  options.listener = listener;
  return options;
}

PeerOptions conditional(ListenOptions listener = {}) {
  PeerOptions options;
  listener.conditional = true;
  options.listener = listener;
  return options;
}

Request request(Peer& peer, PendingId pending) {
  return peer.stack().request(peer.now(), pending).value();
}

// Handshake, with `data` in the segment that completes it.
PendingId shake_hands(Peer& peer, std::string_view data = "hello") {
  peer.sends("S 0:5(5) win 65535 <mss 1460> \"hello\"");
  EXPECT_EQ(peer.sees("S. 0:0(0) ack 1"), "");  // the data comes again
  EXPECT_FALSE(peer.event());
  peer.sends(data.empty()
                 ? ". 1:1(0) ack 1"
                 : "P. 1:" + std::to_string(1 + data.size()) + "(" + std::to_string(data.size()) +
                       ") ack 1 \"" + std::string(data) + "\"");
  return peer.requested().value_or(PendingId{});
}

TEST(HandshakeFirst, TheRequestIsWhatTheHandshakeBrought) {
  Peer peer(handshake_first());
  const Request seen = request(peer, shake_hands(peer));
  EXPECT_EQ(text_of(seen.caller_data), "hello");
  EXPECT_TRUE(seen.handshake_complete && seen.address_validated);
  EXPECT_EQ(seen.options.mss, 1460);
  EXPECT_EQ(seen.gives_up_at, Instant::max());
  EXPECT_EQ(peer.stack().stats().requests_held, 1u);
}

TEST(HandshakeFirst, AcceptedItIsAnOrdinaryConnection) {
  Peer peer(handshake_first());
  const PendingId pending = shake_hands(peer);
  EXPECT_EQ(peer.sees_nothing(), "");
  ASSERT_TRUE(peer.accept(pending, "world"));
  EXPECT_EQ(peer.sees("P. 1:6(5) ack 6 \"world\""), "");
  EXPECT_TRUE(peer.event(EventKind::connected));
  EXPECT_TRUE(peer.event(EventKind::readable));
  EXPECT_EQ(peer.reads(), "hello");
  EXPECT_EQ(peer.state(), State::established);
  EXPECT_EQ(peer.stack().stats().requests_held, 0u);
  EXPECT_EQ(peer.stack().request(peer.now(), pending).error().error, Error::stale_id);
}

TEST(HandshakeFirst, ConsumedCallerDataIsNotInTheStream) {
  Peer peer(handshake_first({.consume_caller_data = true}));
  const PendingId pending = shake_hands(peer);
  ASSERT_TRUE(peer.accept(pending));
  peer.sends("P. 6:9(3) ack 1 \"abc\"");
  EXPECT_EQ(peer.reads(), "abc");
}

TEST(HandshakeFirst, RejectedItIsReset) {
  Peer peer(handshake_first());
  ASSERT_TRUE(peer.stack().reject(peer.now(), shake_hands(peer)));
  EXPECT_EQ(peer.sees("R. 1:1(0) ack 6"), "");
  EXPECT_EQ(peer.sees_nothing(), "");
  EXPECT_EQ(peer.stack().stats().connections, 0u);
  EXPECT_EQ(peer.stack().stats().requests_rejected, 1u);
}

TEST(HandshakeFirst, IgnoredItIsGoneWithoutAWord) {
  Peer peer(handshake_first());
  ASSERT_TRUE(peer.stack().ignore(peer.now(), shake_hands(peer)));
  EXPECT_EQ(peer.sees_nothing(), "");
  EXPECT_EQ(peer.stack().stats().connections, 0u);
}

// The same information each time, whatever has come meanwhile.
TEST(HandshakeFirst, DeferredItKeepsItsCallerData) {
  Peer peer(handshake_first());
  const PendingId pending = shake_hands(peer);
  for (int i = 0; i < 2; ++i) {
    ASSERT_TRUE(peer.stack().defer(peer.now(), pending));
    peer.sends("P. 6:9(3) ack 1 \"abc\"");
    EXPECT_EQ(text_of(request(peer, pending).caller_data), "hello");
    while (!peer.next().empty()) {
    }
    peer.passes(100s);
    while (!peer.next().empty()) {
    }
  }
  ASSERT_TRUE(peer.accept(pending));
  EXPECT_EQ(peer.reads(), "helloabc");
}

TEST(HandshakeFirst, AChallengeHasNothingToProve) {
  Peer peer(handshake_first());
  const PendingId pending = shake_hands(peer);
  EXPECT_EQ(peer.stack().challenge(peer.now(), pending).error().error, Error::invalid_argument);
  EXPECT_TRUE(peer.accept(pending));
}

TEST(HandshakeFirst, WithdrawnByReset) {
  Peer peer(handshake_first());
  const PendingId pending = shake_hands(peer);
  peer.sends("R 6:6(0)");
  const auto gone = peer.event(EventKind::request_withdrawn);
  ASSERT_TRUE(gone);
  EXPECT_EQ(gone->pending, pending);
  EXPECT_EQ(gone->error, Error::withdrawn_reset);
  EXPECT_EQ(peer.accept(pending).error().error, Error::withdrawn_reset);
  EXPECT_EQ(peer.sees_nothing(), "");
  EXPECT_EQ(peer.stack().stats().connections, 0u);
}

// One that nobody was told of leaves without a word: the handshake was never completed.
TEST(HandshakeFirst, AnUnfinishedHandshakeIsNoRequest) {
  Peer peer(handshake_first());
  peer.sends("S 0:0(0) win 65535 <mss 1460>");
  EXPECT_EQ(peer.sees("S. 0:0(0) ack 1"), "");
  peer.sends("R 1:1(0)");
  EXPECT_FALSE(peer.event());
  EXPECT_EQ(peer.sees_nothing(), "");
  EXPECT_EQ(peer.stack().stats().connections, 0u);
  EXPECT_EQ(peer.stack().stats().requests, 0u);
}

TEST(HandshakeFirst, OneThatNeverBringsItsMarkedDataIsGivenUp) {
  Peer peer(handshake_first({.marked = true}));
  peer.sends("S 0:0(0) win 65535 <mss 1460,cdata 5>");
  EXPECT_EQ(peer.sees("S. 0:0(0) ack 1"), "");
  peer.sends(". 1:1(0) ack 1");
  peer.passes(75s - 1us);
  EXPECT_EQ(peer.sees_nothing(), "");
  peer.passes(1us);
  EXPECT_EQ(peer.sees("R. 1:1(0) ack 1"), "");
  EXPECT_EQ(peer.sees_nothing(), "");
  EXPECT_EQ(peer.stack().stats().connections, 0u);
  EXPECT_FALSE(peer.event());
}

// A client that ends its stream has not gone: accepting succeeds and what it sent is read.
TEST(HandshakeFirst, AFinIsNoWithdrawal) {
  Peer peer(handshake_first());
  const PendingId pending = shake_hands(peer);
  peer.sends("F. 6:6(0) ack 1");
  EXPECT_EQ(peer.sees(". 1:1(0) ack 7"), "");
  ASSERT_TRUE(peer.accept(pending));
  EXPECT_EQ(peer.reads(), "hello");
  EXPECT_EQ(peer.state(), State::close_wait);
}

TEST(HandshakeFirst, AClosedListenerResetsAllOfThem) {
  Peer peer(handshake_first());
  const PendingId pending = shake_hands(peer);
  ASSERT_TRUE(peer.stack().close(peer.now(), peer.listener()));
  EXPECT_EQ(peer.sees("R. 1:1(0) ack 6"), "");
  EXPECT_EQ(peer.sees_nothing(), "");
  EXPECT_EQ(peer.accept(pending).error().error, Error::withdrawn_listener_closed);
  EXPECT_EQ(peer.stack().stats().connections, 0u);

  Peer early(handshake_first());
  early.sends("S 0:0(0) win 65535 <mss 1460>");
  EXPECT_EQ(early.sees("S. 0:0(0) ack 1"), "");
  ASSERT_TRUE(early.stack().close(early.now(), early.listener()));
  EXPECT_EQ(early.sees("R. 1:1(0) ack 1"), "");
  EXPECT_EQ(early.sees_nothing(), "");
  EXPECT_EQ(early.stack().stats().connections, 0u);
}

TEST(HandshakeFirst, TheBacklogCountsHandshakesAndRequests) {
  Peer peer(handshake_first({.backlog_max = 1}));
  peer.sends("S 0:0(0) win 65535 <mss 1460>");
  EXPECT_EQ(peer.sees("S. 0:0(0) ack 1"), "");
  Peer other(PeerOptions{.port = 40'001});
  peer.sends_packet(other.packet_of("S 0:0(0) win 65535 <mss 1460>"));
  EXPECT_EQ(peer.sees_nothing(), "");
  EXPECT_EQ(peer.stack().stats().dropped(DropReason::request_limit), 1u);
}

// --- The verdict "challenge" ---

TEST(Challenge, TheRequestComesBackValidated) {
  Peer peer(conditional());
  peer.sends("S 0:5(5) win 65535 <mss 1460> \"hello\"");
  const PendingId first = peer.requested().value();
  EXPECT_FALSE(request(peer, first).address_validated);
  ASSERT_TRUE(peer.stack().challenge(peer.now(), first));
  EXPECT_EQ(peer.sees("S. 0:0(0) ack 1"), "");  // the SYN alone
  EXPECT_EQ(peer.stack().stats().requests_held, 0u);
  EXPECT_EQ(peer.stack().stats().connections, 0u);
  EXPECT_EQ(peer.stack().request(peer.now(), first).error().error, Error::stale_id);

  peer.sends("P. 1:6(5) ack 1 \"hello\"");
  const PendingId second = peer.requested().value();
  const Request seen = request(peer, second);
  EXPECT_EQ(text_of(seen.caller_data), "hello");
  EXPECT_TRUE(seen.address_validated && seen.handshake_complete);
  EXPECT_EQ(seen.options.mss, 1460);
  ASSERT_TRUE(peer.accept(second, "world"));
  EXPECT_EQ(peer.sees("P. 1:6(5) ack 6 \"world\""), "");
  EXPECT_EQ(peer.reads(), "hello");
}

TEST(Challenge, RejectedAfterwardsItIsReset) {
  Peer peer(conditional());
  peer.sends("S 0:0(0) win 65535 <mss 1460>");
  ASSERT_TRUE(peer.stack().challenge(peer.now(), *peer.requested()));
  EXPECT_EQ(peer.sees("S. 0:0(0) ack 1"), "");
  peer.sends(". 1:1(0) ack 1");
  ASSERT_TRUE(peer.stack().reject(peer.now(), *peer.requested()));
  EXPECT_EQ(peer.sees("R. 1:1(0) ack 1"), "");
}

// Nothing is kept: a wrong number gets what it gets without a challenge.
TEST(Challenge, AForgedAnswerIsReset) {
  Peer peer(conditional());
  peer.sends("S 0:0(0) win 65535 <mss 1460>");
  ASSERT_TRUE(peer.stack().challenge(peer.now(), *peer.requested()));
  EXPECT_EQ(peer.sees("S. 0:0(0) ack 1"), "");
  peer.sends(". 1:1(0) ack 2");
  EXPECT_EQ(peer.sees("R 2:2(0)"), "");
  EXPECT_FALSE(peer.requested());
  EXPECT_EQ(peer.stack().stats().dropped(DropReason::tcp_syn_cookie_invalid), 1u);
}

TEST(Challenge, BringsTheFastOpenCookieThatWasAskedFor) {
  Peer peer(conditional({.fast_open = FastOpen::cookie}));
  peer.sends("S 0:0(0) win 65535 <mss 1460,FO>");
  ASSERT_TRUE(peer.stack().challenge(peer.now(), *peer.requested()));
  const std::string answer = peer.next();
  const auto at = answer.find("FO ");
  ASSERT_NE(at, std::string::npos) << answer;
  const std::string cookie = answer.substr(at + 3, 16);
  Peer other(PeerOptions{.port = 40'001});
  peer.sends_packet(other.packet_of("S 0:5(5) win 65535 <mss 1460,FO " + cookie + "> \"hello\""));
  EXPECT_TRUE(request(peer, *peer.requested()).address_validated);
}

// A copy of the SYN crosses the answer: the proven client takes the place of the unproven one.
TEST(Challenge, TheAnswerReplacesACopyOfItsSyn) {
  Peer peer(conditional());
  peer.sends("S 0:5(5) win 65535 <mss 1460> \"hello\"");
  ASSERT_TRUE(peer.stack().challenge(peer.now(), *peer.requested()));
  EXPECT_EQ(peer.sees("S. 0:0(0) ack 1"), "");
  peer.sends("S 0:5(5) win 65535 <mss 1460> \"hello\"");
  const PendingId copy = *peer.requested();
  peer.sends(". 1:1(0) ack 2");  // no cookie of ours
  EXPECT_EQ(peer.stack().stats().dropped(DropReason::request_segment_unexpected), 1u);
  peer.sends("P. 1:6(5) ack 1 \"hello\"");
  EXPECT_EQ(peer.event(EventKind::request_withdrawn)->pending, copy);
  const PendingId proven = *peer.requested();
  EXPECT_TRUE(request(peer, proven).address_validated);
  ASSERT_TRUE(peer.accept(proven, "world"));
  EXPECT_EQ(peer.sees("P. 1:6(5) ack 6 \"world\""), "");
}

// At a limit whoever answers a challenge finds the place that forged SYNs cannot take.
TEST(Challenge, AsOverloadPolicyLetsValidatedClientsIn) {
  Peer peer(conditional({.overload = OverloadPolicy::challenge, .backlog_max = 4}));
  for (std::uint16_t i = 0; i < 10; ++i) {
    Peer forged(PeerOptions{.port = static_cast<std::uint16_t>(50'000 + i)});
    peer.sends_packet(forged.packet_of("S 0:5(5) win 65535 <mss 1460> \"spoof\""));
    (void)peer.next();
  }
  EXPECT_EQ(peer.stack().stats().requests_held, 3u);
  peer.sends("S 0:5(5) win 65535 <mss 1460> \"hello\"");
  EXPECT_EQ(peer.stack().stats().requests_held, 3u);
  peer.restarts();
  EXPECT_EQ(peer.sees("S. 0:0(0) ack 1"), "");
  peer.sends("P. 1:6(5) ack 1 \"hello\"");
  EXPECT_EQ(peer.stack().stats().requests_held, 4u);
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(peer.stack().ignore(peer.now(), peer.requested().value()));
  }
  EXPECT_TRUE(peer.accept(peer.requested().value(), "world"));
  EXPECT_EQ(peer.sees("P. 1:6(5) ack 6 \"world\""), "");
}

// --- What nobody decides ---

TEST(Abandon, TheListenerSaysWhatBecomesOfIt) {
  for (const bool rejects : {false, true}) {
    Peer peer(conditional(
        {.default_verdict = rejects ? DefaultVerdict::reject : DefaultVerdict::ignore}));
    peer.sends("S 0:5(5) win 65535 <mss 1460> \"hello\"");
    const PendingId pending = *peer.requested();
    ASSERT_TRUE(peer.stack().abandon(peer.now(), pending));
    EXPECT_EQ(rejects ? peer.sees("R. 0:0(0) ack 6") : peer.sees_nothing(), "");
    EXPECT_EQ(peer.stack().stats().requests_abandoned, 1u);
    EXPECT_EQ(peer.stack().abandon(peer.now(), pending).error().error, Error::stale_id);
  }
}

TEST(RawSyn, IsKeptWhereTheListenerSavesIt) {
  for (const bool saved : {false, true}) {
    Peer peer(conditional({.save_syn = saved}));
    const std::string syn = "S 0:0(0) win 65535 <mss 1460,sackOK>";
    const std::vector<std::uint8_t> packet = peer.packet_of(syn);
    peer.sends(syn);
    peer.sends("S 0:5(5) win 65535 <mss 1460,sackOK> \"hello\"");  // data that comes later
    const Request seen = request(peer, *peer.requested());
    EXPECT_EQ(text_of(seen.caller_data), "hello");
    const std::vector<std::uint8_t> raw(seen.raw_syn.begin(), seen.raw_syn.end());
    EXPECT_EQ(raw, saved ? packet : std::vector<std::uint8_t>());
  }
}

// RFC 2474: both ends' packets carry what their owners ask for, the SYN-ACK first of all.
TEST(Dscp, RidesOnEveryPacketOfTheConnection) {
  Peer peer(conditional());
  peer.sends("S 0:0(0) win 65535 <mss 1460>");
  const PendingId pending = *peer.requested();
  EXPECT_EQ(peer.stack().accept(peer.now(), pending, {.dscp = 64}).error().error,
            Error::invalid_argument);
  const auto made = peer.stack().accept(peer.now(), pending, {.dscp = 46});
  ASSERT_TRUE(made);
  std::vector<std::uint8_t> frame(peer.stack().frame_bytes_max());
  ASSERT_NE(peer.stack().next_frame(peer.now(), frame), 0u);
  EXPECT_EQ(frame[1] >> 2, 46);
  EXPECT_EQ(peer.stack().set_dscp(peer.now(), *made, 64).error().error, Error::invalid_argument);
}

}  // namespace
}  // namespace anteroom::testing
