// Data on its way: windows, Nagle, delayed acknowledgments, probes, retransmission, SACK,
// keep-alive.
#include <gtest/gtest.h>

#include <anteroom/testing/peer.h>

namespace anteroom::testing {
namespace {

Peer with_sack() {
  Peer peer;
  peer.sends("S 0:0(0) win 65535 <mss 1000,sackOK>");
  (void)peer.next();
  peer.sends(". 1:1(0) ack 1");
  peer.connection = *peer.stack().take(peer.listener());
  while (peer.event()) {
  }
  return peer;
}

// RFC 9293 3.7.4.
TEST(Nagle, SmallSegmentsWaitForTheAck) {
  Peer peer = Peer::established();
  ASSERT_TRUE(peer.writes("a"));
  EXPECT_EQ(peer.sees("P. 1:2(1) ack 1 \"a\""), "");
  ASSERT_TRUE(peer.writes("b"));
  ASSERT_TRUE(peer.writes("c"));
  EXPECT_EQ(peer.sees_nothing(), "");
  peer.sends(". 1:1(0) ack 2");
  EXPECT_EQ(peer.sees("P. 2:4(2) ack 1 \"bc\""), "");
  ASSERT_TRUE(peer.stack().set_no_delay(peer.now(), peer.connection, true));
  ASSERT_TRUE(peer.writes("d"));
  EXPECT_EQ(peer.sees("P. 4:5(1) ack 1 \"d\""), "");
}

// RFC 9293 3.8.6.3 [MUST-58], [MUST-59], [SHLD-19].
TEST(DelayedAck, SecondFullSegmentOrTheTimer) {
  Peer peer = Peer::established();
  peer.sends("P. 1:11(10) ack 1");
  EXPECT_EQ(peer.sees_nothing(), "");
  EXPECT_EQ(peer.stack().next_deadline()->timer, Timer::delayed_ack);
  peer.passes(40ms);
  EXPECT_EQ(peer.sees(". 1:1(0) ack 11"), "");
  peer.sends(". 11:1471(1460) ack 1");
  EXPECT_EQ(peer.sees_nothing(), "");
  peer.sends(". 1471:2931(1460) ack 1");
  EXPECT_EQ(peer.sees(". 1:1(0) ack 2931"), "");
  EXPECT_EQ(peer.sees_nothing(), "");
}

// RFC 9293 3.10.7.4 [MUST-58], [MUST-59]: what is read before anything is sent is acknowledged at
// once, whatever filled the gap meanwhile.
TEST(DelayedAck, OfABatchThereIsOne) {
  Peer peer = Peer::established();
  for (const char* segment :
       {". 1:1001(1000) ack 1", ". 2001:3001(1000) ack 1", ". 3001:4001(1000) ack 1",
        ". 1001:2001(1000) ack 1", ". 4001:5001(1000) ack 1", "P. 5001:6001(1000) ack 1"}) {
    peer.sends(segment);
  }
  EXPECT_EQ(peer.sees(". 1:1(0) ack 6001"), "");
  EXPECT_EQ(peer.sees_nothing(), "");
}

// Two segments that are as large as the peer makes them: smaller than announced by the timestamps,
// or by what its path takes.
TEST(DelayedAck, FullIsWhatThePeerSends) {
  for (const int bytes : {1448, 1000, 536}) {
    Peer peer = Peer::established();
    int seq = 1;
    const auto segment = [&] {
      const std::string text = ". " + std::to_string(seq) + ":" + std::to_string(seq + bytes) +
                               "(" + std::to_string(bytes) + ") ack 1";
      seq += bytes;
      return text;
    };
    for (int pair = 0; pair < 2; ++pair) {
      peer.sends(segment());
      EXPECT_EQ(peer.sees_nothing(), "");
      peer.sends(segment());
      EXPECT_EQ(peer.sees(". 1:1(0) ack " + std::to_string(seq)), "");
    }
  }
}

// After a gap was seen acknowledgments do not wait for a while.
TEST(DelayedAck, NotAfterALoss) {
  Peer peer = Peer::established();
  peer.sends("P. 11:21(10) ack 1");
  EXPECT_EQ(peer.sees(". 1:1(0) ack 1"), "");
  peer.sends("P. 1:11(10) ack 1");
  EXPECT_EQ(peer.sees(". 1:1(0) ack 21"), "");
  for (int i = 0; i < 15; ++i) {
    const std::string from = std::to_string(21 + 10 * i), to = std::to_string(31 + 10 * i);
    peer.sends("P. " + from + ":" + to + "(10) ack 1");
    EXPECT_EQ(peer.sees(". 1:1(0) ack " + to), "");
  }
  peer.sends("P. 171:181(10) ack 1");
  EXPECT_EQ(peer.sees_nothing(), "");
}

TEST(DelayedAck, RidesOnData) {
  Peer peer = Peer::established();
  peer.sends("P. 1:11(10) ack 1");
  ASSERT_TRUE(peer.writes("reply"));
  EXPECT_EQ(peer.sees("P. 1:6(5) ack 11 \"reply\""), "");
  peer.passes(100ms);
  EXPECT_EQ(peer.sees_nothing(), "");
}

// RFC 5681 3.2 and 4.2: each out-of-order segment its own duplicate, also in a batch; what fills
// the gap is acknowledged at once. RFC 2018 4: the newest block first.
TEST(OutOfOrder, DuplicatesAreCountedAndBlocksReported) {
  Peer peer = with_sack();
  peer.sends("P. 11:21(10) ack 1");
  peer.sends("P. 31:41(10) ack 1");
  EXPECT_EQ(peer.sees(". 1:1(0) ack 1 <sack 31:41 11:21>"), "");
  EXPECT_EQ(peer.sees(". 1:1(0) ack 1 <sack 31:41 11:21>"), "");
  EXPECT_EQ(peer.sees_nothing(), "");
  peer.sends("P. 1:11(10) ack 1");
  EXPECT_EQ(peer.sees(". 1:1(0) ack 21 <sack 31:41>"), "");
  peer.sends("P. 21:31(10) ack 1");
  EXPECT_EQ(peer.sees(". 1:1(0) ack 41 <>"), "");
  EXPECT_EQ(peer.reads().size(), 40u);
}

TEST(OutOfOrder, RangesAreLimited) {
  PeerOptions options;
  options.config.limits.out_of_order_ranges_max = 2;
  Peer peer = Peer::established(options);
  for (const char* segment : {"P. 11:12(1) ack 1", "P. 21:22(1) ack 1", "P. 31:32(1) ack 1"}) {
    peer.sends(segment);
    (void)peer.next();
  }
  EXPECT_EQ(peer.stack().stats().dropped(DropReason::tcp_out_of_order_limit), 1u);
  peer.sends("P. 1:41(40) ack 1");
  EXPECT_EQ(peer.reads().size(), 40u);
}

// RFC 6298 5.4 to 5.6: retransmit, back off, give up at R2 with a reset.
TEST(Retransmit, BacksOffAndGivesUp) {
  PeerOptions options;
  options.config.tcp.retries_max = 3;
  Peer peer = Peer::established(options);
  ASSERT_TRUE(peer.writes("abc"));
  EXPECT_NE(peer.next(), "");
  for (const Duration wait :
       {200'001us, 400'002us, 800'004us}) {  // 200 ms over a round trip of 1 us
    peer.passes(wait - 1ns);
    EXPECT_EQ(peer.sees_nothing(), "");
    peer.passes(1ns);
    EXPECT_EQ(peer.sees("P. 1:4(3) ack 1 \"abc\""), "");
  }
  peer.passes(1601ms);
  EXPECT_EQ(peer.sees("R. 4:4(0) ack 1"), "");
  EXPECT_EQ(peer.event(EventKind::closed)->error, Error::timed_out);
}

// RFC 5681 3.2: three duplicates; RFC 6582 3.2: a partial acknowledgment sends the next hole.
TEST(FastRetransmit, WithoutSack) {
  Peer peer = Peer::established();
  ASSERT_TRUE(peer.writes(std::string(6000, 'd')));
  for (int i = 0; i < 6; ++i) EXPECT_NE(peer.next(), "");
  EXPECT_EQ(peer.sees_nothing(), "");
  peer.sends(". 1:1(0) ack 1");
  peer.sends(". 1:1(0) ack 1");
  EXPECT_EQ(peer.sees_nothing(), "");
  peer.sends(". 1:1(0) ack 1");
  EXPECT_EQ(peer.sees(". 1:1001(1000) ack 1"), "");
  EXPECT_EQ(peer.sees_nothing(), "");
  peer.sends(". 1:1(0) ack 3001");
  EXPECT_EQ(peer.sees(". 3001:4001(1000) ack 1"), "");
  peer.sends(". 1:1(0) ack 6001");
  EXPECT_EQ(peer.sees_nothing(), "");
  EXPECT_EQ(peer.stack().stats().fast_retransmits, 1u);
  EXPECT_EQ(peer.stack().stats().retransmit_timeouts, 0u);
}

// RFC 6675 5: what has three segments reported above it is lost, the holes and nothing else.
TEST(FastRetransmit, WithSackFillsTheHoles) {
  Peer peer = with_sack();
  ASSERT_TRUE(peer.writes(std::string(8000, 'd')));
  for (int i = 0; i < 8; ++i) EXPECT_NE(peer.next(), "");
  peer.sends(". 1:1(0) ack 1 <sack 1001:2001>");
  peer.sends(". 1:1(0) ack 1 <sack 3001:4001 1001:2001>");
  EXPECT_EQ(peer.sees_nothing(), "");
  peer.sends(". 1:1(0) ack 1 <sack 3001:6001 1001:2001>");
  EXPECT_EQ(peer.sees(". 1:1001(1000) ack 1"), "");
  EXPECT_EQ(peer.sees(". 2001:3001(1000) ack 1"), "");
  EXPECT_EQ(peer.sees_nothing(), "");
  peer.sends(". 1:1(0) ack 8001");
  EXPECT_EQ(peer.stack().connection_info(peer.connection)->unacknowledged_bytes, 0u);
}

// RFC 5482, RFC 9293 3.8.3: the user timeout ends it to the millisecond, later and sooner than R2.
TEST(UserTimeout, EndsAConnectionThatIsNotAcknowledged) {
  for (const Duration timeout : {Duration(1500ms), Duration(100s)}) {
    PeerOptions options;
    options.config.tcp.retries_max = 4;
    Peer peer = Peer::established(options);
    ASSERT_TRUE(peer.stack().set_user_timeout(peer.now(), peer.connection, timeout));
    ASSERT_TRUE(peer.writes("abc"));
    const Instant start = peer.now();
    std::string last;
    for (std::string line = peer.next(); !line.empty(); line = peer.next()) {
      last = line;
      peer.passes(200s);
    }
    EXPECT_EQ(last.substr(0, 2), "R.");
    const auto closed = peer.event(EventKind::closed);
    ASSERT_TRUE(closed);
    EXPECT_EQ(closed->error, Error::timed_out);
    EXPECT_EQ(peer.now() - 200s - start, timeout);
  }
}

TEST(UserTimeout, EndsASynThatIsNotAnswered) {
  for (const Duration timeout : {Duration(5s), Duration(3h)}) {
    PeerOptions options;
    options.config.tcp.user_timeout = timeout;
    Peer peer(options);
    peer.connects();
    const Instant start = peer.now();
    const Duration step = timeout / 10;
    std::optional<Event> closed;
    for (int turn = 0; turn < 400 && !closed; ++turn) {  // each ends with a SYN
      while (!peer.next().empty()) {
      }
      peer.passes(step);
      closed = peer.event(EventKind::closed);
    }
    ASSERT_TRUE(closed);
    EXPECT_EQ(closed->error, Error::timed_out);
    EXPECT_GE(peer.now() - start, timeout);
    EXPECT_LE(peer.now() - start, timeout + step);
  }
}

// The buffer promises little at first and doubles while it is filled and read; a reader that stands
// still gets no more.
TEST(Autotuning, FollowsAFastReader) {
  for (const bool reads : {true, false}) {
    PeerOptions options;
    options.config.limits.receive_buffer_bytes_initial = 16 << 10;
    Peer peer(options);
    peer.sends("S 0:0(0) win 65535 <mss 1460,wscale 0>");
    (void)peer.next();
    peer.passes(100ms);
    peer.sends(". 1:1(0) ack 1");
    peer.connection = *peer.stack().take(peer.listener());
    const auto buffer = [&] {
      return peer.stack().connection_info(peer.connection)->receive_buffer_bytes;
    };
    EXPECT_EQ(buffer(), 16u << 10);
    std::uint32_t seq = 1;
    for (int trip = 0; trip < 8; ++trip) {
      std::uint32_t window = peer.stack().connection_info(peer.connection)->receive_window_bytes;
      for (; window >= 1460; window -= 1460) {
        peer.sends(". " + std::to_string(seq) + ":" + std::to_string(seq + 1460) + "(1460) ack 1");
        seq += 1460;
        if (reads) (void)peer.reads();
        while (!peer.next().empty()) {
        }
      }
      peer.passes(110ms);
      while (!peer.next().empty()) {
      }
    }
    EXPECT_EQ(buffer() > 64u << 10, reads) << buffer();
  }
}

// RFC 9293 3.8.6.1 [MUST-35], [MUST-36], [MUST-37]: probes of a closed window, without end while
// answered.
TEST(Persist, ProbesAClosedWindow) {
  Peer peer = Peer::established({}, 3);
  ASSERT_TRUE(peer.writes("abcdef"));
  EXPECT_EQ(peer.sees(". 1:4(3) ack 1 \"abc\""), "");
  peer.sends(". 1:1(0) ack 4 win 0");
  EXPECT_EQ(peer.sees_nothing(), "");
  for (const Duration wait : {200'001us, 400'002us, 800'004us}) {
    peer.passes(wait);
    EXPECT_EQ(peer.sees(". 4:5(1) ack 1 \"d\""), "");
    peer.sends(". 1:1(0) ack 4 win 0");
    EXPECT_EQ(peer.sees_nothing(), "");
  }
  peer.sends(". 1:1(0) ack 4 win 100");
  EXPECT_EQ(peer.sees("P. 4:7(3) ack 1 \"def\""), "");
  peer.sends(". 1:1(0) ack 7 win 100");
  EXPECT_FALSE(peer.stack().next_deadline());
}

TEST(Persist, TheByteOfAProbeMayBeTaken) {
  Peer peer = Peer::established({}, 3);
  ASSERT_TRUE(peer.writes("abcdef"));
  EXPECT_NE(peer.next(), "");
  peer.sends(". 1:1(0) ack 4 win 0");
  EXPECT_EQ(peer.sees_nothing(), "");
  peer.passes(200'001us);
  EXPECT_EQ(peer.sees(". 4:5(1) ack 1 \"d\""), "");
  peer.sends(". 1:1(0) ack 5 win 100");
  EXPECT_EQ(peer.sees("P. 5:7(2) ack 1 \"ef\""), "");
}

// RFC 9293 3.8.6.2.2: a window that closed opens by a segment or half the buffer, not by a byte.
TEST(Window, ClosesAndOpensWithoutSilliness) {
  PeerOptions options;
  options.config.limits.receive_buffer_bytes_max = 4096;
  Peer peer = Peer::established(options);
  peer.sends(". 1:1461(1460) ack 1");
  peer.sends(". 1461:2921(1460) ack 1");
  EXPECT_EQ(peer.sees(". 1:1(0) ack 2921 win 1176"), "");
  peer.sends(". 2921:4097(1176) ack 1");
  EXPECT_EQ(peer.sees_nothing(), "");
  peer.passes(40ms);
  EXPECT_EQ(peer.sees(". 1:1(0) ack 4097 win 0"), "");
  std::uint8_t byte[1];
  ASSERT_TRUE(peer.stack().receive_into(peer.now(), peer.connection, byte));
  EXPECT_EQ(peer.sees_nothing(), "");
  peer.sends("P. 4097:4098(1) ack 1");  // a probe
  EXPECT_EQ(peer.sees(". 1:1(0) ack 4097 win 0"), "");
  EXPECT_EQ(peer.reads().size(), 4095u);
  EXPECT_EQ(peer.sees(". 1:1(0) ack 4097 win 4096"), "");
}

TEST(Keepalive, ProbesAndGivesUp) {
  PeerOptions options;
  options.config.tcp.keepalive = KeepaliveConfig{.idle = 10s, .interval = 1s, .probes_max = 2};
  Peer peer = Peer::established(options);
  peer.passes(10s);
  EXPECT_EQ(peer.sees(". 0:0(0) ack 1"), "");
  peer.sends(". 1:1(0) ack 1");
  EXPECT_EQ(peer.sees_nothing(), "");
  peer.passes(10s);
  EXPECT_EQ(peer.sees(". 0:0(0) ack 1"), "");
  peer.passes(1s);
  EXPECT_EQ(peer.sees(". 0:0(0) ack 1"), "");
  peer.passes(1s);
  EXPECT_EQ(peer.sees("R. 1:1(0) ack 1"), "");
  EXPECT_EQ(peer.event(EventKind::closed)->error, Error::timed_out);
}

// RFC 9293 3.8.4 [MUST-26].
TEST(Keepalive, IsSilentWhileDataIsOutstanding) {
  PeerOptions options;
  options.config.tcp.keepalive = KeepaliveConfig{.idle = 300ms, .interval = 100ms, .probes_max = 1};
  Peer peer = Peer::established(options);
  ASSERT_TRUE(peer.writes("hello"));
  EXPECT_EQ(peer.sees("P. 1:6(5) ack 1"), "");
  for (int i = 0; i < 4; ++i) {
    peer.passes(10s);  // stops where the stack speaks
    EXPECT_EQ(peer.sees("P. 1:6(5) ack 1"), "");
  }
  EXPECT_EQ(peer.state(), State::established);
}

TEST(Buffers, AreGivenBackWhenEmpty) {
  Peer peer = Peer::established();
  ASSERT_TRUE(peer.writes(std::string(5000, 'x')));
  peer.sends("P. 1:1001(1000) ack 1");
  while (!peer.next().empty()) {
  }
  EXPECT_GT(peer.stack().stats().buffer_bytes, 0u);
  EXPECT_EQ(peer.reads().size(), 1000u);
  peer.sends(". 1001:1001(0) ack 5001");
  EXPECT_EQ(peer.stack().stats().buffer_bytes, 0u);
}

// Data that took all memory could not leave for want of a record: the record comes first.
TEST(Buffers, WhatWasTakenCanLeave) {
  PeerOptions options;
  options.config.limits.buffer_bytes_max = 64 << 10;
  Peer peer = Peer::established(options);
  ASSERT_TRUE(peer.writes(std::string(16'000, 'x')));
  std::size_t taken = 16'000;
  for (;;) {
    const auto more = peer.writes(std::string(4'000, 'x'));
    if (!more) {
      EXPECT_EQ(more.error().error, Error::no_buffer);
      break;
    }
    taken += *more;
  }
  std::uint32_t acked = 1;
  for (int i = 0; i < 100 && acked <= taken; ++i) {
    while (!peer.next().empty()) {
    }
    acked += peer.stack().connection_info(peer.connection)->unacknowledged_bytes;
    peer.sends(". 1:1(0) ack " + std::to_string(acked));
  }
  EXPECT_EQ(acked, taken + 1);
}

TEST(Buffers, SendTellsWhenThereIsRoomAgain) {
  PeerOptions options;
  options.config.limits.send_buffer_bytes_max = 4096;
  Peer peer = Peer::established(options);
  EXPECT_EQ(*peer.writes(std::string(5000, 'x')), 4096u);
  EXPECT_EQ(peer.writes("x").error().error, Error::would_block);
  while (!peer.next().empty()) {
  }
  peer.sends(". 1:1(0) ack 4001");
  EXPECT_TRUE(peer.event(EventKind::writable));
}

// RFC 5681 3.1: what acknowledges a full window lets it grow, whether each acknowledgment is
// answered before the next is read or all of them are read first.
TEST(SlowStart, ABatchOfAcksGrowsTheWindowLikeSingleOnes) {
  for (const bool batch : {false, true}) {
    Peer peer = with_sack();
    ASSERT_TRUE(peer.writes(std::string(60'000, 'd')));
    while (!peer.next().empty()) {
    }
    peer.passes(10ms);
    for (int acked = 2; acked <= 10; acked += 2) {
      peer.sends(". 1:1(0) ack " + std::to_string(1000 * acked + 1));
      while (!batch && !peer.next().empty()) {
      }
    }
    const auto info = peer.stack().connection_info(peer.connection);
    EXPECT_EQ(info->congestion_window_bytes, 20'000u) << batch;
  }
}

// RFC 7661 4.5.3: a window that the owner does not fill does not grow.
TEST(SlowStart, AWindowThatIsNotFilledDoesNotGrow) {
  Peer peer = with_sack();
  ASSERT_TRUE(peer.writes(std::string(4'000, 'd')));
  while (!peer.next().empty()) {
  }
  const std::uint32_t window =
      peer.stack().connection_info(peer.connection)->congestion_window_bytes;
  peer.sends(". 1:1(0) ack 2001");
  peer.sends(". 1:1(0) ack 4001");
  EXPECT_EQ(peer.stack().connection_info(peer.connection)->congestion_window_bytes, window);
}

}  // namespace
}  // namespace anteroom::testing
