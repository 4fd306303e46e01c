// Ends of a connection: every way through the states of RFC 9293 3.6 and 3.10.4 to 3.10.8.
#include <gtest/gtest.h>

#include <anteroom/testing/peer.h>

namespace anteroom::testing {
namespace {

TEST(Close, ActiveThroughTimeWait) {
  Peer peer = Peer::established();
  ASSERT_TRUE(peer.stack().shutdown(peer.now(), peer.connection));
  EXPECT_EQ(peer.state(), State::fin_wait_1);
  EXPECT_EQ(peer.sees("F. 1:1(0) ack 1"), "");
  peer.sends(". 1:1(0) ack 2");
  EXPECT_EQ(peer.state(), State::fin_wait_2);
  peer.sends("P. 1:4(3) ack 2 \"bye\"");
  EXPECT_EQ(peer.reads(), "bye");
  peer.sends("F. 4:4(0) ack 2");
  EXPECT_EQ(peer.sees(". 2:2(0) ack 5"), "");
  EXPECT_EQ(peer.state(), State::time_wait);
  EXPECT_FALSE(peer.event(EventKind::closed)->failed);
  ASSERT_TRUE(peer.stack().close(peer.now(), peer.connection));
  peer.passes(60s);
  EXPECT_EQ(peer.stack().stats().connections, 0u);
  EXPECT_EQ(peer.stack().stats().connections_closed, 1u);
}

TEST(Close, PassiveThroughLastAck) {
  Peer peer = Peer::established();
  peer.sends("F. 1:1(0) ack 1");
  EXPECT_EQ(peer.sees(". 1:1(0) ack 2"), "");
  EXPECT_EQ(peer.event()->kind, EventKind::peer_closed);
  EXPECT_EQ(peer.state(), State::close_wait);
  ASSERT_TRUE(peer.writes("rest"));
  EXPECT_EQ(peer.sees("P. 1:5(4) ack 2 \"rest\""), "");
  ASSERT_TRUE(peer.stack().close(peer.now(), peer.connection));
  EXPECT_EQ(peer.sees("F. 5:5(0) ack 2"), "");
  peer.sends(". 2:2(0) ack 6");
  EXPECT_FALSE(peer.event(EventKind::closed)->failed);
  EXPECT_EQ(peer.sees_nothing(), "");
  EXPECT_EQ(peer.stack().stats().connections, 0u);
}

TEST(Close, Simultaneous) {
  Peer peer = Peer::established();
  ASSERT_TRUE(peer.stack().close(peer.now(), peer.connection));
  EXPECT_EQ(peer.sees("F. 1:1(0) ack 1"), "");
  peer.sends("F. 1:1(0) ack 1");
  EXPECT_EQ(peer.sees(". 2:2(0) ack 2"), "");
  EXPECT_EQ(peer.state(), State::closing);
  peer.sends(". 2:2(0) ack 2");
  EXPECT_EQ(peer.state(), State::time_wait);
}

TEST(Close, FinTravelsWithTheLastDataAndIsRetransmittedWithIt) {
  Peer peer = Peer::established();
  ASSERT_TRUE(peer.writes("last"));
  ASSERT_TRUE(peer.stack().shutdown(peer.now(), peer.connection));
  EXPECT_EQ(peer.sees("FP. 1:5(4) ack 1 \"last\""), "");
  peer.passes(201ms);
  EXPECT_EQ(peer.sees("FP. 1:5(4) ack 1 \"last\""), "");
}

TEST(Close, OutOfOrderFinWaitsForTheGap) {
  Peer peer = Peer::established();
  peer.sends("FP. 4:7(3) ack 1 \"def\"");
  EXPECT_EQ(peer.sees(". 1:1(0) ack 1"), "");
  EXPECT_EQ(peer.state(), State::established);
  peer.sends("P. 1:4(3) ack 1 \"abc\"");
  EXPECT_EQ(peer.sees(". 1:1(0) ack 8"), "");
  EXPECT_EQ(peer.reads(), "abcdef");
  EXPECT_EQ(peer.state(), State::close_wait);
}

// RFC 9293 3.6.1 [SHLD-3]: the peer must learn that data was lost.
TEST(Close, UnreadOrLateDataIsReset) {
  Peer unread = Peer::established();
  unread.sends("P. 1:4(3) ack 1 \"abc\"");
  ASSERT_TRUE(unread.stack().close(unread.now(), unread.connection));
  EXPECT_EQ(unread.sees("R. 1:1(0) ack 4"), "");

  Peer late = Peer::established();
  ASSERT_TRUE(late.stack().close(late.now(), late.connection));
  EXPECT_EQ(late.sees("F. 1:1(0) ack 1"), "");
  late.sends("P. 1:4(3) ack 2 \"abc\"");
  EXPECT_EQ(late.sees("R. 2:2(0) ack 1"), "");
}

TEST(Abort, ResetsAtOnce) {
  Peer peer = Peer::established();
  ASSERT_TRUE(peer.stack().abort(peer.now(), peer.connection));
  EXPECT_EQ(peer.sees("R. 1:1(0) ack 1"), "");
  EXPECT_EQ(peer.event(EventKind::closed)->error, Error::aborted);
  EXPECT_EQ(peer.sees_nothing(), "");
  EXPECT_EQ(peer.stack().stats().connections, 0u);
  EXPECT_EQ(peer.stack().close(peer.now(), peer.connection).error().error, Error::stale_id);
}

TEST(TimeWait, AcknowledgesTheFinAgainAndStartsOver) {
  Peer peer = Peer::established();
  ASSERT_TRUE(peer.stack().close(peer.now(), peer.connection));
  EXPECT_NE(peer.next(), "");
  peer.sends("F. 1:1(0) ack 2");
  EXPECT_EQ(peer.sees(". 2:2(0) ack 2"), "");
  peer.passes(40s);
  peer.sends("F. 1:1(0) ack 2");
  EXPECT_EQ(peer.sees(". 2:2(0) ack 2"), "");
  peer.passes(40s);
  EXPECT_EQ(peer.state(), State::time_wait);
  peer.passes(20s);
  EXPECT_EQ(peer.state(), State::closed);
}

// RFC 1337 3: a reset does not end TIME-WAIT; RFC 9293 [MAY-2]: a later SYN does.
TEST(TimeWait, ResetStaysOutAndANewSynComesIn) {
  Peer peer = Peer::established();
  ASSERT_TRUE(peer.stack().close(peer.now(), peer.connection));
  EXPECT_NE(peer.next(), "");
  peer.sends("F. 1:1(0) ack 2");
  EXPECT_NE(peer.next(), "");
  peer.sends("R 2:2(0)");
  EXPECT_EQ(peer.state(), State::time_wait);
  peer.sends("S 1:1(0) win 1000");
  EXPECT_EQ(peer.state(), State::time_wait);
  EXPECT_EQ(peer.sees(". 2:2(0) ack 2"), "");
  peer.sends("S 100000:100000(0) win 1000 <mss 1000>");
  EXPECT_NE(peer.next().find("ack 100001"), std::string::npos);
}

// RFC 6191 2: with timestamps these decide; at the same one the sequence number does; a SYN that
// brings timestamps where the old connection had none is welcome.
TEST(TimeWait, TimestampsTellANewSyn) {
  struct Row {
    bool had;
    const char* syn;
    bool opens;
  };
  const Row rows[] = {{true, "S 1:1(0) win 1000 <mss 1000,TS val 2000 ecr 0>", true},
                      {true, "S 1:1(0) win 1000 <mss 1000,TS val 1100 ecr 0>", false},
                      {true, "S 100000:100000(0) win 1000 <mss 1000,TS val 1100 ecr 0>", true},
                      {true, "S 100000:100000(0) win 1000 <mss 1000,TS val 900 ecr 0>", false},
                      {true, "S 100000:100000(0) win 1000 <mss 1000>", true},
                      {false, "S 1:1(0) win 1000 <mss 1000,TS val 1 ecr 0>", true},
                      {false, "S 1:1(0) win 1000 <mss 1000>", false}};
  for (const Row& row : rows) {
    SCOPED_TRACE(row.syn);
    Peer peer;
    peer.sends(row.had ? "S 0:0(0) win 65535 <mss 1000,TS val 1000 ecr 0>"
                       : "S 0:0(0) win 65535 <mss 1000>");
    (void)peer.next();
    const std::string ts = row.had ? " <TS val 1100 ecr 0>" : "";
    peer.sends(". 1:1(0) ack 1" + ts);
    peer.connection = *peer.stack().take(peer.listener());
    ASSERT_TRUE(peer.stack().close(peer.now(), peer.connection));
    EXPECT_NE(peer.next(), "");
    peer.sends("F. 1:1(0) ack 2" + ts);
    EXPECT_NE(peer.next(), "");
    ASSERT_EQ(peer.state(), State::time_wait);
    peer.sends(row.syn);
    EXPECT_EQ(peer.next().starts_with("S."), row.opens);
  }
}

// Lingering is the owner's: shutdown() keeps what is queued going out, `closed` tells that the peer
// has all of it, and abort() ends the wait.
TEST(Linger, ShutdownThenWaitOrAbort) {
  for (const bool answered : {true, false}) {
    Peer peer = Peer::established();
    ASSERT_TRUE(peer.writes("last words"));
    ASSERT_TRUE(peer.stack().shutdown(peer.now(), peer.connection));
    EXPECT_EQ(peer.sees("FP. 1:11(10) ack 1 \"last words\""), "");
    if (answered) {
      peer.sends("F. 1:1(0) ack 12");
      EXPECT_EQ(peer.sees(". 12:12(0) ack 2"), "");
      EXPECT_FALSE(peer.event(EventKind::closed)->failed);
      continue;
    }
    ASSERT_TRUE(peer.stack().abort(peer.now(), peer.connection));
    EXPECT_EQ(peer.sees("R. 12:12(0) ack 1"), "");
    EXPECT_EQ(peer.event(EventKind::closed)->error, Error::aborted);
  }
}

// The old connection's owner keeps its id and its unread data until it closes.
TEST(TimeWait, IsReplacedWhileItsOwnerStillHoldsIt) {
  Peer peer = Peer::established();
  ASSERT_TRUE(peer.stack().shutdown(peer.now(), peer.connection));
  EXPECT_NE(peer.next(), "");
  peer.sends("FP. 1:4(3) ack 2 \"abc\"");
  EXPECT_EQ(peer.state(), State::time_wait);
  peer.sends("S 100000:100000(0) win 1000 <mss 1000>");
  EXPECT_NE(peer.next().find("ack 100001"), std::string::npos);
  EXPECT_EQ(peer.stack().stats().connections, 2u);
  EXPECT_EQ(peer.reads(), "abc");
  EXPECT_TRUE(peer.event(EventKind::closed));
  ASSERT_TRUE(peer.stack().close(peer.now(), peer.connection));
  EXPECT_EQ(peer.stack().stats().connections, 1u);
  peer.stack().check_invariants();
}

// CLOSED is no connection, whoever still holds its id. RFC 9293 3.3.2
TEST(Closed, LeavesItsFlowToTheNextSyn) {
  Peer peer = Peer::established();
  peer.sends("P. 1:4(3) ack 1 \"abc\"");
  peer.sends("R 4:4(0)");
  peer.sends("S 100000:100000(0) win 1000 <mss 1000>");
  EXPECT_NE(peer.next().find("S. "), std::string::npos);
  peer.stack().check_invariants();
  EXPECT_EQ(peer.event(EventKind::closed)->connection, peer.connection);
  ASSERT_TRUE(peer.stack().close(peer.now(), peer.connection));
  peer.sends("R 100001:100001(0)");
  EXPECT_EQ(peer.sees_nothing(), "");
  EXPECT_EQ(peer.stack().stats().connections, 0u);
  peer.stack().check_invariants();
}

TEST(FinWait2, AnOrphanDoesNotWaitForEver) {
  Peer peer = Peer::established();
  ASSERT_TRUE(peer.stack().close(peer.now(), peer.connection));
  EXPECT_NE(peer.next(), "");
  peer.sends(". 1:1(0) ack 2");
  EXPECT_EQ(peer.stack().next_deadline()->timer, Timer::fin_wait_2);
  peer.passes(60s);
  EXPECT_TRUE(peer.event(EventKind::closed));
  EXPECT_EQ(peer.stack().stats().connections, 0u);
}

TEST(Shutdown, TwiceIsAnError) {
  Peer peer = Peer::established();
  ASSERT_TRUE(peer.stack().shutdown(peer.now(), peer.connection));
  EXPECT_EQ(peer.stack().shutdown(peer.now(), peer.connection).error().error,
            Error::direction_closed);
  EXPECT_EQ(peer.writes("x").error().error, Error::direction_closed);
}

}  // namespace
}  // namespace anteroom::testing
