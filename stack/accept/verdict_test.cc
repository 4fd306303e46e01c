// Each verdict and what it puts on the wire: conditional-accept 1 and 3.
#include <gtest/gtest.h>

#include <anteroom/testing/peer.h>

namespace anteroom::testing {
namespace {

constexpr const char* kSynHello = "S 0:5(5) win 65535 <mss 1460> \"hello\"";

PeerOptions conditional(ListenOptions listener = {}) {
  PeerOptions options;
  listener.conditional = true;
  options.listener = listener;
  return options;
}

// What the request promises fits, whichever bound is the smallest; so does what connect() reports.
TEST(Accept, TheSendBufferBoundsWhatRidesOnASyn) {
  PeerOptions options = conditional();
  options.config.interface.mtu = 9000;
  options.config.limits.send_buffer_bytes_max = 4096;
  options.config.limits.amplification_factor_max = 0;
  Peer peer(options);
  peer.sends("S 0:0(0) win 65535 <mss 8960>");
  const PendingId pending = *peer.requested();
  EXPECT_EQ(peer.stack().request(peer.now(), pending)->response_bytes_max, 4096u);
  EXPECT_TRUE(peer.accept(pending, std::string(4096, 'r')));

  const std::string caller_data(5000, 'c');
  const auto refused = peer.stack().connect(
      peer.now(),
      {.remote = {IpAddress::v4(192, 0, 2, 9), 80}, .caller_data = bytes_of(caller_data)});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error(), (Failure{Error::too_large, 4096}));
}

TEST(Accept, SynAckAcknowledgesSynAndCallerDataAndCarriesTheResponse) {
  Peer peer(conditional());
  peer.sends(kSynHello);
  EXPECT_EQ(peer.sees_nothing(), "");
  const auto pending = peer.requested();
  ASSERT_TRUE(pending);
  ASSERT_TRUE(peer.accept(*pending, "world"));
  EXPECT_EQ(peer.sees("S. 0:5(5) ack 6 win 65535 <mss 1460> \"world\""), "");
  peer.sends(". 6:6(0) ack 6");
  EXPECT_EQ(peer.sees_nothing(), "");
  EXPECT_EQ(peer.state(), State::established);
  EXPECT_EQ(peer.reads(), "hello");
}

// A peer that acknowledges only the SYN has thrown the data away: it goes again at once, no timer,
// no window reduction. conditional-accept 3.
TEST(Accept, ThrownAwayResponseFollowsAtOnce) {
  Peer peer(conditional());
  peer.sends(kSynHello);
  ASSERT_TRUE(peer.accept(*peer.requested(), "world"));
  EXPECT_EQ(peer.sees("S. 0:5(5) ack 6 \"world\""), "");
  peer.sends(". 6:6(0) ack 1");
  EXPECT_EQ(peer.sees("P. 1:6(5) ack 6 \"world\""), "");
  EXPECT_EQ(peer.sees_nothing(), "");
  const auto info = peer.stack().connection_info(peer.connection);
  EXPECT_EQ(info->congestion_window_bytes, 14'600u);
  EXPECT_EQ(info->retransmission_timeout, 200'001us);  // the handshake's sample stands
  EXPECT_EQ(peer.stack().stats().response_data_resent, 1u);
  EXPECT_EQ(peer.stack().stats().fast_retransmits, 0u);
  peer.sends(". 6:6(0) ack 6");
  EXPECT_EQ(peer.stack().connection_info(peer.connection)->unacknowledged_bytes, 0u);
}

TEST(Accept, PartOfTheResponseKept) {
  Peer peer(conditional());
  peer.sends(kSynHello);
  ASSERT_TRUE(peer.accept(*peer.requested(), "world"));
  EXPECT_EQ(peer.sees("S. 0:5(5) ack 6"), "");
  peer.sends(". 6:6(0) ack 3");
  EXPECT_EQ(peer.sees("P. 3:6(3) ack 6 \"rld\""), "");
}

// SYN-ACK retransmissions carry the data twice, then go without it. conditional-accept 3.
TEST(Accept, SynAckRetransmissionsDropTheDataInTheEnd) {
  Peer peer(conditional());
  peer.sends(kSynHello);
  ASSERT_TRUE(peer.accept(*peer.requested(), "world"));
  EXPECT_EQ(peer.sees("S. 0:5(5) ack 6 \"world\""), "");
  peer.passes(1s);
  EXPECT_EQ(peer.sees("S. 0:5(5) ack 6 \"world\""), "");
  peer.passes(2s);
  EXPECT_EQ(peer.sees("S. 0:5(5) ack 6 \"world\""), "");
  peer.passes(4s);
  EXPECT_EQ(peer.sees("S. 0:0(0) ack 6"), "");
  peer.sends(". 6:6(0) ack 1");
  EXPECT_EQ(peer.sees("P. 1:6(5) ack 6 \"world\""), "");
}

TEST(Accept, RepeatedSynAfterTheVerdictBringsTheSynAckAgain) {
  Peer peer(conditional());
  peer.sends(kSynHello);
  ASSERT_TRUE(peer.accept(*peer.requested(), "world"));
  EXPECT_EQ(peer.sees("S. 0:5(5) ack 6 \"world\""), "");
  peer.sends("S 0:0(0) win 65535 <mss 1460>");
  EXPECT_EQ(peer.sees("S. 0:5(5) ack 6 \"world\""), "");
  EXPECT_FALSE(peer.requested());
}

// The response must fit the peer's MSS, its unscaled window, and three times the SYN.
// conditional-accept 3.
TEST(Accept, TooLargeSaysHowMuchFitsAndTheRequestWaitsOn) {
  struct Row {
    const char* syn;
    std::uint32_t factor;
    std::uint64_t fits;
  };
  const Row rows[] = {
      {"S 0:5(5) win 65535 <mss 100>", 0, 100 - 4},
      {"S 0:5(5) win 40 <mss 1460>", 0, 40},
      {"S 0:5(5) win 65535 <mss 1460>", 3, 3 * 49 - 44},
      {"S 0:5(5) win 65535 <mss 1460,sackOK,TS val 1 ecr 0,wscale 7>", 3, 3 * 65 - 60},
      {"S 0:5(5) win 65535 <mss 1460,sackOK,TS val 1 ecr 0,wscale 7>", 0, 1440},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(row.syn);
    PeerOptions options = conditional();
    options.config.limits.amplification_factor_max = row.factor;
    Peer peer(options);
    peer.sends(row.syn);
    const PendingId pending = *peer.requested();
    EXPECT_EQ(peer.stack().request(peer.now(), pending)->response_bytes_max, row.fits);
    const Status refused = peer.accept(pending, std::string(row.fits + 1, 'r'));
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error(), (Failure{Error::too_large, row.fits}));
    EXPECT_TRUE(peer.accept(pending, std::string(row.fits, 'r')));
    EXPECT_NE(peer.next(), "");
  }
}

TEST(Accept, OverflowFollowsAsStream) {
  PeerOptions options = conditional();
  Peer peer(options);
  peer.sends("S 0:5(5) win 10 <mss 1460>");
  const auto accepted = peer.stack().accept(
      peer.now(), *peer.requested(),
      {.response_data = bytes_of("0123456789abcdef"), .overflow_to_stream = true});
  ASSERT_TRUE(accepted);
  EXPECT_EQ(peer.sees("S. 0:10(10) ack 6 \"0123456789\""), "");
  peer.sends(". 6:6(0) ack 11 win 1000");
  EXPECT_EQ(peer.sees("P. 11:17(6) ack 6 \"abcdef\""), "");
}

TEST(Accept, ConsumedCallerDataIsNotInTheStream) {
  Peer peer(conditional({.consume_caller_data = true}));
  peer.sends(kSynHello);
  const PendingId pending = *peer.requested();
  EXPECT_EQ(text_of(peer.stack().request(peer.now(), pending)->caller_data), "hello");
  ASSERT_TRUE(peer.accept(pending));
  EXPECT_EQ(peer.sees("S. 0:0(0) ack 6"), "");
  peer.sends("P. 6:9(3) ack 1 \"abc\"");
  EXPECT_EQ(peer.reads(), "abc");
}

TEST(Reject, ResetAcknowledgesSynAndData) {
  Peer peer(conditional());
  peer.sends(kSynHello);
  ASSERT_TRUE(peer.stack().reject(peer.now(), *peer.requested()));
  EXPECT_EQ(peer.sees("R. 0:0(0) ack 6 win 0 <>"), "");
  EXPECT_EQ(peer.sees_nothing(), "");
  // A client that tries again is a new request.
  peer.sends(kSynHello);
  EXPECT_TRUE(peer.requested());
}

TEST(Ignore, Silence) {
  Peer peer(conditional());
  peer.sends(kSynHello);
  ASSERT_TRUE(peer.stack().ignore(peer.now(), *peer.requested()));
  peer.passes(100s);
  EXPECT_EQ(peer.sees_nothing(), "");
  EXPECT_EQ(peer.stack().stats().requests_held, 0u);
}

TEST(Defer, SendsNothingAbsorbsRepeatsAndIsAcceptedLater) {
  Peer peer(conditional());
  peer.sends(kSynHello);
  const PendingId pending = *peer.requested();
  ASSERT_TRUE(peer.stack().defer(peer.now(), pending));
  peer.passes(1s);
  peer.sends("S 0:0(0) win 65535 <mss 1460>");
  EXPECT_EQ(peer.sees_nothing(), "");
  const auto request = peer.stack().request(peer.now(), pending);
  EXPECT_EQ(request->repeats, 1u);
  EXPECT_EQ(request->deferrals, 1u);
  EXPECT_EQ(request->waited, 1s);
  EXPECT_EQ(text_of(request->caller_data), "hello");  // a repeat without data does not erase it
  ASSERT_TRUE(peer.accept(pending, "at last"));
  EXPECT_EQ(peer.sees("S. 0:7(7) ack 6 \"at last\""), "");
}

// Each id takes one verdict; a second one is an error. conditional-accept 1.
TEST(Verdict, SecondVerdictIsStale) {
  Peer peer(conditional());
  peer.sends(kSynHello);
  const PendingId pending = *peer.requested();
  ASSERT_TRUE(peer.stack().ignore(peer.now(), pending));
  EXPECT_EQ(peer.accept(pending).error().error, Error::stale_id);
  EXPECT_EQ(peer.stack().reject(peer.now(), pending).error().error, Error::stale_id);
  EXPECT_EQ(peer.stack().defer(peer.now(), pending).error().error, Error::stale_id);
  EXPECT_EQ(peer.stack().request(peer.now(), pending).error().error, Error::stale_id);
  EXPECT_EQ(peer.stack().accept(peer.now(), PendingId{}, {}).error().error, Error::stale_id);
}

TEST(Verdict, CountersTellEachStory) {
  Peer peer(conditional({.deferral = Deferral::independent}));
  for (int i = 0; i < 4; ++i) {
    peer.sends("S 0:5(5) win 65535 <mss 1460>");
    const PendingId pending = *peer.requested();
    if (i == 0) (void)peer.stack().reject(peer.now(), pending);
    if (i == 1) (void)peer.stack().ignore(peer.now(), pending);
    if (i == 2) (void)peer.stack().reject(peer.now(), pending);
    if (i == 3) (void)peer.accept(pending, "ok");
  }
  const Stats& stats = peer.stack().stats();
  EXPECT_EQ(stats.requests, 4u);
  EXPECT_EQ(stats.requests_rejected, 2u);
  EXPECT_EQ(stats.requests_ignored, 1u);
  EXPECT_EQ(stats.requests_accepted, 1u);
  EXPECT_EQ(stats.caller_data_bytes, 20u);
  EXPECT_EQ(stats.response_data_bytes, 2u);
}

}  // namespace
}  // namespace anteroom::testing
