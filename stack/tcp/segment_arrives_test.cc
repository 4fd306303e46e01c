// A segment arrives, check by check: RFC 9293 3.10.7, RFC 5961, RFC 7323 5.
#include <gtest/gtest.h>

#include <anteroom/testing/peer.h>

namespace anteroom::testing {
namespace {

PeerOptions small_window() {
  PeerOptions options;
  options.config.limits.receive_buffer_bytes_max = 4096;
  return options;
}

std::uint64_t dropped(Peer& peer, DropReason reason) {
  return peer.stack().stats().dropped(reason);
}

// RFC 9293 3.10.7.4, first check: what lies outside the window earns an ACK and nothing else.
TEST(CheckSequence, OutsideTheWindowIsAnsweredWithAck) {
  const char* outside[] = {"P. 4097:4098(1) ack 1", "P. 60000:60001(1) ack 1", ". 0:0(0) ack 1",
                           "P. 0:1(1) ack 1", "F. 5000:5000(0) ack 1"};
  for (const char* segment : outside) {
    SCOPED_TRACE(segment);
    Peer peer = Peer::established(small_window());
    peer.sends(segment);
    EXPECT_EQ(peer.sees(". 1:1(0) ack 1"), "");
    EXPECT_EQ(peer.state(), State::established);
    EXPECT_EQ(peer.reads(), "");
    EXPECT_EQ(dropped(peer, DropReason::tcp_out_of_window), 1u);
  }
}

// Whoever has filled our window acknowledges from its right edge, also while a byte before it is
// missing.
TEST(CheckSequence, AnAckFromTheRightEdgeCounts) {
  Peer peer = Peer::established(small_window());
  ASSERT_TRUE(peer.writes("hello"));
  EXPECT_EQ(peer.sees("P. 1:6(5) ack 1"), "");
  peer.sends(". 2:4097(4095) ack 1");
  EXPECT_EQ(peer.sees(". 6:6(0) ack 1"), "");
  peer.sends("R 4097:4097(0)");  // RFC 5961 3.2: this one must be inside
  peer.sends(". 4097:4097(0) ack 6");
  EXPECT_EQ(peer.sees_nothing(), "");
  EXPECT_EQ(peer.stack().connection_info(peer.connection)->unacknowledged_bytes, 0u);
}

// Probes of closed windows cross, both windows open, and both bytes are taken: neither end counts
// its own yet, and the next ACK of each lies one byte before what the other expects.
TEST(CheckSequence, AnAckThatDoesNotCountItsOwnProbeEndsTheTalk) {
  Peer peer = Peer::established({}, 0);
  ASSERT_TRUE(peer.writes("ab"));
  EXPECT_EQ(peer.sees_nothing(), "");
  peer.passes(10s);
  EXPECT_EQ(peer.sees(". 1:2(1) ack 1"), "");
  peer.sends(". 1:2(1) ack 1 win 0");
  peer.sends(". 1:1(0) ack 2 win 4096");
  EXPECT_EQ(peer.sees("P. 2:3(1) ack 2"), "");
  EXPECT_EQ(peer.sees_nothing(), "");
}

TEST(CheckSequence, OverlapAtTheLeftEdgeIsTrimmed) {
  Peer peer = Peer::established();
  peer.sends("P. 1:4(3) ack 1 \"abc\"");
  peer.sends("P. 2:7(5) ack 1 \"bcdef\"");
  EXPECT_EQ(peer.reads(), "abcdef");
}

TEST(CheckSequence, BeyondTheRightEdgeIsTrimmed) {
  Peer peer = Peer::established(small_window());
  peer.sends("P. 1:4001(4000) ack 1");
  (void)peer.next();
  peer.sends("PF. 4001:4201(200) ack 1");
  EXPECT_EQ(peer.reads().size(), 4096u);
  EXPECT_EQ(peer.state(), State::established);  // the FIN lay outside
}

// RFC 5961 3.2: only the exact number resets; inside the window earns a challenge, outside nothing.
TEST(CheckReset, ExactInsideOutside) {
  Peer exact = Peer::established();
  exact.sends("R 1:1(0)");
  EXPECT_EQ(exact.event(EventKind::closed)->error, Error::reset_by_peer);
  EXPECT_EQ(exact.sees_nothing(), "");

  Peer inside = Peer::established();
  inside.sends("R 100:100(0)");
  EXPECT_EQ(inside.sees(". 1:1(0) ack 1"), "");
  EXPECT_EQ(inside.state(), State::established);
  EXPECT_EQ(dropped(inside, DropReason::tcp_reset_challenged), 1u);

  Peer outside = Peer::established(small_window());
  outside.sends("R 5000:5000(0)");
  EXPECT_EQ(outside.sees_nothing(), "");
  EXPECT_EQ(outside.state(), State::established);
}

// RFC 9293 3.5.3 [SHLD-2].
TEST(CheckReset, MayCarryData) {
  Peer peer = Peer::established();
  peer.sends("R 1:8(7) \"because\"");
  EXPECT_EQ(peer.event(EventKind::closed)->error, Error::reset_by_peer);
  EXPECT_EQ(peer.reads(), "");
}

// RFC 5961 4.2: whatever its number is, and nothing of it is taken.
TEST(CheckSyn, IsChallengedWhereverItIs) {
  for (const char* syn :
       {"S 0:0(0) win 9", "S 1:1(0) win 9", "S 10:13(3) win 9 \"abc\"", "S. 1:1(0) ack 1 win 9",
        "S 100000:100000(0) win 9", "S 4000000000:4000000000(0) win 9"}) {
    Peer peer = Peer::established();
    peer.sends(syn);
    EXPECT_EQ(peer.sees(". 1:1(0) ack 1"), "") << syn;
    EXPECT_EQ(peer.sees_nothing(), "");
    EXPECT_EQ(peer.state(), State::established);
    EXPECT_EQ(peer.reads(), "");
    EXPECT_EQ(peer.stack().connection_info(peer.connection)->send_window_bytes, 65'535u);
  }
}

// RFC 5961 4.2.
TEST(CheckSyn, InTheWindowIsChallenged) {
  Peer peer = Peer::established();
  peer.sends("S 10:10(0) win 1000");
  EXPECT_EQ(peer.sees(". 1:1(0) ack 1"), "");
  EXPECT_EQ(peer.state(), State::established);
}

TEST(CheckSyn, ChallengesAreRateLimited) {
  PeerOptions options;
  options.config.limits.challenge_acks_per_second = 2;
  Peer peer = Peer::established(options);
  for (int i = 0; i < 5; ++i) {
    peer.sends("S 10:10(0) win 1000");
    (void)peer.next();
  }
  EXPECT_EQ(peer.stack().stats().challenge_acks_out, 2u);
}

// RFC 5961 5.2.
TEST(CheckAck, OfTheUnsentOrTheAncientIsChallenged) {
  for (const char* segment :
       {". 1:1(0) ack 2", ". 1:1(0) ack 4000000000", ". 1:1(0) ack 4294900000"}) {
    SCOPED_TRACE(segment);
    Peer peer = Peer::established();
    peer.sends(segment);
    EXPECT_EQ(peer.sees(". 1:1(0) ack 1"), "");
    EXPECT_EQ(dropped(peer, DropReason::tcp_ack_unacceptable), 1u);
  }
}

// RFC 5961 5.2: MAX.SND.WND is the largest window ever seen, scaled; what is older by no more than
// that brings its data.
TEST(CheckAck, OlderByALargestWindowIsTaken) {
  Peer peer;
  peer.sends("S 0:0(0) win 1000 <mss 1000,wscale 2>");
  EXPECT_NE(peer.next(), "");
  peer.sends(". 1:1(0) ack 1 win 20000");
  peer.connection = *peer.stack().take(peer.listener());
  peer.sends(". 1:1(0) ack 1 win 100");
  peer.sends("P. 1:4(3) ack 4294887296 win 1 \"old\"");  // 80,001 below
  EXPECT_EQ(peer.sees(". 1:1(0) ack 1"), "");
  EXPECT_EQ(peer.reads(), "");
  peer.sends("P. 1:4(3) ack 4294887297 win 1 \"new\"");
  EXPECT_EQ(peer.reads(), "new");
}

TEST(CheckAck, WithoutAckIsDropped) {
  Peer peer = Peer::established();
  peer.sends("P 1:4(3) \"abc\"");
  EXPECT_EQ(peer.sees_nothing(), "");
  EXPECT_EQ(peer.reads(), "");
  EXPECT_EQ(dropped(peer, DropReason::tcp_ack_missing), 1u);
}

// RFC 9293 3.10.7.4, SYN-RECEIVED.
TEST(SynReceived, WrongAckIsReset) {
  Peer peer;
  peer.sends("S 0:0(0) win 1000 <mss 1000>");
  EXPECT_EQ(peer.sees("S. 0:0(0) ack 1"), "");
  peer.sends(". 1:1(0) ack 500");
  EXPECT_EQ(peer.sees("R 500:500(0) win 0"), "");
  peer.sends("R 1:1(0)");
  EXPECT_EQ(peer.sees_nothing(), "");
  EXPECT_EQ(peer.stack().stats().connections, 0u);
  EXPECT_FALSE(peer.event());  // an ordinary listener never told of it
}

// RFC 9293 3.10.7.1 and 3.10.7.2.
TEST(Closed, AnswersWithResetWhereNobodyListens) {
  PeerOptions options;
  options.listen = false;
  Peer peer(options);
  peer.sends("S 0:3(3) win 1000 \"abc\"");
  EXPECT_EQ(peer.sees("R. 0:0(0) ack 4 win 0"), "");
  peer.sends("P. 9:12(3) ack 77 \"abc\"");
  EXPECT_EQ(peer.sees("R 77:77(0) win 0"), "");
  peer.sends("R 9:9(0)");
  EXPECT_EQ(peer.sees_nothing(), "");
  peer.sends("F 5:5(0)");
  EXPECT_EQ(peer.sees("R. 0:0(0) ack 6"), "");
}

TEST(Listen, AckIsResetAndTheRestDropped) {
  Peer peer;
  peer.sends(". 9:9(0) ack 77");
  EXPECT_EQ(peer.sees("R 77:77(0) win 0"), "");
  peer.sends("R 9:9(0)");
  peer.sends("P 9:12(3)");
  peer.sends("SF 9:9(0)");
  EXPECT_EQ(peer.sees_nothing(), "");
  EXPECT_EQ(dropped(peer, DropReason::tcp_listener_flags), 2u);
}

// RFC 9293 3.10.7.3.
TEST(SynSent, EachAnswer) {
  PeerOptions options;
  options.listen = false;
  {
    Peer peer(options);
    peer.connects();
    EXPECT_NE(peer.next(), "");
    peer.sends("R. 0:0(0) ack 1");
    EXPECT_EQ(peer.event(EventKind::closed)->error, Error::refused);
  }
  {
    Peer peer(options);
    peer.connects();
    EXPECT_NE(peer.next(), "");
    peer.sends("R. 0:0(0) ack 99");
    peer.sends("R 0:0(0)");
    EXPECT_EQ(peer.state(), State::syn_sent);
    peer.sends("S. 0:0(0) ack 99");
    EXPECT_EQ(peer.sees("R 99:99(0)"), "");
    peer.sends(". 0:0(0) ack 1");
    EXPECT_EQ(peer.sees_nothing(), "");
    peer.sends("S. 0:0(0) ack 1 win 1000 <mss 1000>");
    EXPECT_EQ(peer.sees(". 1:1(0) ack 1"), "");
    EXPECT_EQ(peer.state(), State::established);
  }
}

// RFC 9293 3.5, figure 7 [MUST-10].
TEST(SynSent, SimultaneousOpen) {
  PeerOptions options;
  options.listen = false;
  Peer peer(options);
  peer.connects();
  EXPECT_NE(peer.next(), "");
  peer.sends("S 0:0(0) win 1000 <mss 1000>");
  EXPECT_EQ(peer.sees("S. 0:0(0) ack 1"), "");
  EXPECT_EQ(peer.state(), State::syn_received);
  peer.sends(". 1:1(0) ack 1 win 1000");
  EXPECT_EQ(peer.state(), State::established);
}

TEST(SynSent, CallerDataTakenOrSentAgain) {
  PeerOptions options;
  options.listen = false;
  Peer taken(options);
  taken.connects("hello");
  EXPECT_EQ(taken.sees("S 0:5(5) \"hello\""), "");
  taken.sends("S. 0:5(5) ack 6 win 1000 <mss 1000> \"world\"");
  EXPECT_EQ(taken.sees(". 6:6(0) ack 6"), "");
  const auto info = taken.stack().connection_info(taken.connection);
  EXPECT_EQ(info->caller_data_taken_bytes, 5u);
  EXPECT_EQ(info->response_data_bytes, 5u);
  EXPECT_EQ(taken.reads(), "world");

  Peer refused(options);
  refused.connects("hello");
  (void)refused.next();
  refused.sends("S. 0:0(0) ack 1 win 1000 <mss 1000>");
  EXPECT_EQ(refused.sees("P. 1:6(5) ack 1 \"hello\""), "");
  EXPECT_EQ(refused.sees_nothing(), "");
  EXPECT_EQ(refused.stack().connection_info(refused.connection)->caller_data_taken_bytes, 0u);
}

// RFC 7323 5.3 (R1): an old timestamp is answered with an ACK and dropped; a missing one is
// dropped.
TEST(Timestamps, PawsAndMissing) {
  Peer peer;
  peer.sends("S 0:0(0) win 1000 <mss 1000,TS val 1000 ecr 0>");
  EXPECT_NE(peer.next(), "");
  peer.sends(". 1:1(0) ack 1 win 1000 <TS val 1001 ecr 1>");
  peer.connection = *peer.stack().take(peer.listener());
  peer.sends("P. 1:4(3) ack 1 <TS val 900 ecr 1> \"old\"");
  EXPECT_NE(peer.next().find("ack 1 "), std::string::npos);
  EXPECT_EQ(dropped(peer, DropReason::tcp_paws), 1u);
  peer.sends("P. 1:4(3) ack 1 \"bad\"");
  EXPECT_EQ(peer.sees_nothing(), "");
  EXPECT_EQ(dropped(peer, DropReason::tcp_timestamp_missing), 1u);
  peer.sends("P. 1:4(3) ack 1 <TS val 1002 ecr 1> \"new\"");
  EXPECT_EQ(peer.reads(), "new");
}

// RFC 9293 3.8.5 and RFC 6093 3.1.
TEST(Urgent, ToldOnceAndLocated) {
  Peer peer = Peer::established();
  peer.sends("PU. 1:6(5) ack 1 urg 3 \"hello\"");
  EXPECT_TRUE(peer.event(EventKind::urgent));
  const auto info = peer.stack().connection_info(peer.connection);
  EXPECT_TRUE(info->urgent_ahead);
  EXPECT_EQ(info->urgent_offset_bytes, 3u);
  EXPECT_EQ(peer.reads(), "hello");
  EXPECT_FALSE(peer.stack().connection_info(peer.connection)->urgent_ahead);
}

TEST(Urgent, SentBehindTheUrgentByte) {
  Peer peer = Peer::established();
  ASSERT_TRUE(peer.stack().send_urgent(peer.now(), peer.connection, bytes_of("abc")));
  EXPECT_EQ(peer.sees("PU. 1:4(3) ack 1 urg 3 \"abc\""), "");
}

}  // namespace
}  // namespace anteroom::testing
