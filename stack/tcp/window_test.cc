// Windows that are wide, closed or taken back, and what gets through a closed one: RFC 9293 3.4,
// 3.8.5, 3.8.6.
#include <gtest/gtest.h>

#include <anteroom/testing/notation.h>
#include <anteroom/testing/peer.h>

namespace anteroom::testing {
namespace {

// A connection whose receive buffer is full and whose peer knows that.
Peer closed_window() {
  PeerOptions options;
  options.config.limits.receive_buffer_bytes_max = 4096;
  Peer peer = Peer::established(options);
  peer.sends(". 1:4097(4096) ack 1");  // more than two segments
  EXPECT_EQ(peer.sees(". 1:1(0) ack 4097 win 0"), "");
  while (peer.event()) {
  }
  return peer;
}

std::uint32_t in_flight(Peer& peer) {
  return peer.stack().connection_info(peer.connection)->unacknowledged_bytes;
}

// RFC 9293 3.1 [MUST-1]: above 32,767 it is no negative number, with and without a scale.
TEST(Window, IsUnsigned) {
  for (const bool scaled : {false, true}) {
    PeerOptions options;
    options.config.tcp.initial_window_segments = 1000;
    Peer peer(options);
    peer.sends(scaled ? "S 0:0(0) win 60000 <mss 1000,wscale 1>" : "S 0:0(0) win 60000 <mss 1000>");
    EXPECT_NE(peer.next(), "");
    peer.sends(". 1:1(0) ack 1 win 60000");
    peer.connection = *peer.stack().take(peer.listener());
    ASSERT_TRUE(peer.writes(std::string(200'000, 'x')));
    while (!peer.next().empty()) {
    }
    EXPECT_EQ(in_flight(peer), scaled ? 120'000u : 60'000u);
  }
}

// RFC 9293 3.4 [MUST-66], 3.10.7.4: "special allowance" for RST and URG where nothing else is
// acceptable.
TEST(ClosedWindow, TakesResetUrgentPointerAndAck) {
  Peer reset = closed_window();
  reset.sends("R 4097:4097(0)");
  EXPECT_EQ(reset.event(EventKind::closed)->error, Error::reset_by_peer);

  Peer urgent = closed_window();
  urgent.sends("U. 4097:4097(0) ack 1 urg 1");
  EXPECT_TRUE(urgent.event(EventKind::urgent));

  Peer acked = closed_window();
  ASSERT_TRUE(acked.writes("abc"));
  EXPECT_EQ(acked.sees("P. 1:4(3) ack 4097 win 0"), "");
  acked.sends(". 4097:4097(0) ack 4");
  EXPECT_EQ(in_flight(acked), 0u);
}

// RFC 9293 3.8.6 [MUST-66]: with text as well, which stays out.
TEST(ClosedWindow, TakesResetAndUrgentPointerOfASegmentWithText) {
  Peer reset = closed_window();
  reset.sends("R. 4097:4197(100) ack 1");
  EXPECT_EQ(reset.event(EventKind::closed)->error, Error::reset_by_peer);

  Peer urgent = closed_window();
  urgent.sends("PU. 4097:4098(1) ack 1 urg 1");
  EXPECT_TRUE(urgent.event(EventKind::urgent));
  EXPECT_EQ(urgent.reads().size(), 4096u);
}

// RFC 9293 3.8.6 [MUST-35], 3.8.6.1 [MUST-37]: closed over data in flight it is probed by that
// data, and the connection lives as long as the peer answers.
TEST(ClosedWindow, OverDataInFlightEndsNothingWhileThePeerAnswers) {
  PeerOptions options;
  options.config.tcp.retries_max = 3;
  Peer peer = Peer::established(options);
  ASSERT_TRUE(peer.writes("abc"));
  EXPECT_EQ(peer.sees("P. 1:4(3) ack 1"), "");
  for (int i = 0; i < 12; ++i) {
    peer.sends(". 1:1(0) ack 1 win 0");
    std::string again;
    for (int tries = 0; again.empty() && tries < 10; ++tries) {
      peer.passes(10s);
      again = peer.next();
    }
    EXPECT_EQ(again.substr(0, 9), "P. 1:4(3)");
  }
  EXPECT_EQ(peer.state(), State::established);
}

// RFC 9293 3.8.6.1 [MAY-8]: it stays closed while nobody reads, and each probe is answered.
TEST(ClosedWindow, AnswersProbesWithoutEnd) {
  Peer peer = closed_window();
  for (int i = 0; i < 50; ++i) {
    peer.passes(60s);
    peer.sends("P. 4097:4098(1) ack 1");
    EXPECT_EQ(peer.sees(". 1:1(0) ack 4097 win 0"), "");
  }
  EXPECT_EQ(peer.reads().size(), 4096u);
}

// RFC 9293 3.8.6.1 [MUST-37]: more probes than R2 allows retransmissions, all of them answered.
TEST(ClosedWindow, IsProbedAsLongAsThePeerAnswers) {
  PeerOptions options;
  options.config.tcp.retries_max = 3;
  Peer peer = Peer::established(options, 3);
  ASSERT_TRUE(peer.writes("abcdef"));
  EXPECT_EQ(peer.sees(". 1:4(3) ack 1"), "");
  for (int i = 0; i < 20; ++i) {
    peer.sends(". 1:1(0) ack 4 win 0");
    EXPECT_EQ(peer.sees_nothing(), "");
    peer.passes(100s);
    EXPECT_EQ(peer.sees(". 4:5(1) ack 1"), "");
  }
  EXPECT_EQ(peer.state(), State::established);
}

// RFC 9293 3.8.6 [MUST-34], [SHLD-15], [SHLD-16]: the right edge moves left behind what was sent.
// Nothing new goes, what is inside goes again, and when it has arrived the rest follows.
TEST(ShrunkWindow, HoldsBackNewDataAlone) {
  Peer peer = Peer::established({}, 4000);
  ASSERT_TRUE(peer.writes(std::string(8000, 'x')));
  for (int i = 0; i < 4; ++i) EXPECT_NE(peer.next(), "");
  EXPECT_EQ(peer.sees_nothing(), "");
  peer.sends(". 1:1(0) ack 1001 win 1500");
  EXPECT_EQ(peer.sees_nothing(), "");
  peer.passes(10s);
  EXPECT_EQ(peer.sees(". 1001:2001(1000) ack 1"), "");
  peer.sends(". 1:1(0) ack 2001 win 1500");
  EXPECT_EQ(peer.sees(". 2001:3001(1000) ack 1"), "");
  EXPECT_EQ(peer.sees(". 3001:4001(1000) ack 1"), "");  // [MAY-7]
  EXPECT_EQ(peer.sees_nothing(), "");
  peer.sends(". 1:1(0) ack 4001 win 4000");
  EXPECT_EQ(peer.sees(". 4001:5001(1000) ack 1"), "");
  EXPECT_EQ(peer.state(), State::established);
}

// RFC 9293 3.8.6 [SHLD-14], RFC 7323 2.4: what one acknowledgment has promised is taken, whatever
// has been promised less precisely since.
TEST(Promise, IsKept) {
  PeerOptions options;
  options.config.limits.receive_buffer_bytes_max = 1u << 20;
  options.config.limits.receive_buffer_bytes_initial = 1u << 20;
  Peer peer(options);
  peer.sends("S 0:0(0) win 65535 <mss 1460,wscale 0>");
  EXPECT_EQ(*parse_segment(peer.next())->options->window_scale, 5);
  peer.sends(". 1:1(0) ack 1");
  peer.connection = *peer.stack().take(peer.listener());
  std::uint32_t edge = 0, seq = 1;
  for (int i = 0; i < 200; ++i) {
    const int bytes = 1 + i * 7 % 1460;
    const std::string from = std::to_string(seq);
    seq += static_cast<std::uint32_t>(bytes);
    peer.sends("P. " + from + ":" + std::to_string(seq) + "(" + std::to_string(bytes) + ") ack 1");
    for (std::string line = peer.next(); !line.empty(); line = peer.next()) {
      edge = std::max(
          edge, parse_segment(line)->ack + (std::uint32_t{*parse_segment(line)->window} << 5));
    }
    const auto info = *peer.stack().connection_info(peer.connection);
    EXPECT_GE(seq + info.receive_window_bytes, edge);
  }
  const std::string last = std::to_string(edge - 1), end = std::to_string(edge);
  peer.sends("P. " + last + ":" + end + "(1) ack 1");  // the last byte ever promised
  EXPECT_EQ(peer.stack().stats().dropped(DropReason::tcp_out_of_window), 0u);
}

// RFC 9293 3.8.6.2.1 [MUST-38]: a window that opens by little draws no little segments, until the
// override time-out; half of the largest window ever seen is enough.
TEST(SillyWindow, WaitsForASegmentOrForHalfTheWindow) {
  Peer peer = Peer::established({}, 800);
  ASSERT_TRUE(peer.writes(std::string(3000, 'x')));
  EXPECT_EQ(peer.sees(". 1:801(800) ack 1"), "");
  peer.sends(". 1:1(0) ack 801 win 100");
  EXPECT_EQ(peer.sees_nothing(), "");
  EXPECT_EQ(peer.stack().next_deadline()->timer, Timer::persist);
  peer.sends(". 1:1(0) ack 801 win 399");
  EXPECT_EQ(peer.sees_nothing(), "");
  peer.sends(". 1:1(0) ack 801 win 400");
  EXPECT_EQ(peer.sees(". 801:1201(400) ack 1"), "");
  peer.sends(". 1:1(0) ack 1201 win 100");
  EXPECT_EQ(peer.sees_nothing(), "");
  peer.passes(1s);
  EXPECT_EQ(peer.sees(". 1201:1301(100) ack 1"), "");
}

// RFC 9293 3.8.5 [MUST-31], [MUST-62]: urgent data longer than the pointer reaches; its last
// segments name the byte that follows it.
TEST(Urgent, IsOfAnyLength) {
  Peer peer = Peer::established();
  ASSERT_TRUE(
      peer.stack().send_urgent(peer.now(), peer.connection, bytes_of(std::string(100'000, 'u'))));
  ASSERT_TRUE(peer.writes("rest"));
  std::uint32_t acked = 1;
  while (acked < 100'005) {
    std::string line = peer.next();
    ASSERT_NE(line, "") << acked;
    for (; !line.empty(); line = peer.next()) {
      const SegmentNote segment = *parse_segment(line);
      const std::uint32_t ahead = 100'001 - std::min(segment.seq, 100'001u);
      EXPECT_EQ(segment.urgent_pointer, std::min(ahead, 65'535u)) << line.substr(0, 40);
      acked = segment.seq + segment.length;
    }
    peer.sends(". 1:1(0) ack " + std::to_string(acked));
  }
}

// RFC 9293 3.8.5 [MUST-31], [MUST-32], [MUST-33]: told again where the pointer advances; how much
// is left to read is known all the time.
TEST(Urgent, IsToldAgainWhereItAdvances) {
  Peer peer = Peer::established();
  peer.sends("U. 1:1001(1000) ack 1 urg 60000");
  EXPECT_TRUE(peer.event(EventKind::urgent));
  peer.sends("U. 1001:2001(1000) ack 1 urg 59000");  // the same byte
  EXPECT_FALSE(peer.event(EventKind::urgent));
  peer.sends("U. 2001:3001(1000) ack 1 urg 65000");
  EXPECT_TRUE(peer.event(EventKind::urgent));
  const auto left = [&] {
    return peer.stack().connection_info(peer.connection)->urgent_offset_bytes;
  };
  EXPECT_EQ(left(), 67'000u);
  EXPECT_EQ(peer.reads().size(), 3000u);
  EXPECT_EQ(left(), 64'000u);
  EXPECT_TRUE(peer.stack().connection_info(peer.connection)->urgent_ahead);
}

}  // namespace
}  // namespace anteroom::testing
