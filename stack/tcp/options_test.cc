// What SYNs offer and what follows from it: MSS (RFC 9293 3.7.1), window scale and timestamps (RFC
// 7323), SACK (RFC 2018 2).
#include "stack/tcp/options.h"

#include <gtest/gtest.h>

#include <anteroom/testing/notation.h>
#include <anteroom/testing/peer.h>

#include "stack/tcp/timestamps.h"

namespace anteroom::testing {
namespace {

ConnectionInfo info(Peer& peer) { return *peer.stack().connection_info(peer.connection); }

// A connection of the peer's SYN with these options; its last ACK has `of_ack`.
Peer connected(const std::string& options, const std::string& of_ack = {},
               PeerOptions peer_options = {}) {
  Peer peer(std::move(peer_options));
  peer.sends("S 0:0(0) win 60000 <" + options + ">");
  (void)peer.next();
  peer.sends(". 1:1(0) ack 1" + of_ack);
  peer.connection = *peer.stack().take(peer.listener());
  while (peer.event()) {
  }
  return peer;
}

PeerOptions without_listener() {
  PeerOptions options;
  options.listen = false;
  return options;
}

OptionsNote options_of(const std::string& segment) { return *parse_segment(segment)->options; }

// RFC 9293 3.7.1 [MUST-15]: 536 where the peer says nothing.
TEST(Mss, IsTheDefaultWhereThePeerSaysNothing) {
  Peer peer = connected("");
  ASSERT_TRUE(peer.writes(std::string(600, 'x')));
  EXPECT_EQ(peer.sees(". 1:537(536) ack 1"), "");
}

// RFC 9293 3.7.1 [MUST-14], [MUST-16]: the smaller of what the peer takes and what the interface
// carries, less the options of each segment.
TEST(Mss, IsTheSmallerOfBothEndsLessOptions) {
  struct Row {
    const char* syn;
    const char* of_ack;
    std::uint32_t bytes;
  };
  const Row rows[] = {{"mss 1000", "", 1000},
                      {"mss 9000", "", 1460},
                      {"mss 1000,TS val 5 ecr 0", " <TS val 6 ecr 0>", 988}};
  for (const Row& row : rows) {
    SCOPED_TRACE(row.syn);
    Peer peer = connected(row.syn, row.of_ack);
    ASSERT_TRUE(peer.writes(std::string(2000, 'x')));
    EXPECT_EQ(parse_segment(peer.next())->length, row.bytes);
  }
}

// RFC 9293 3.7.1 [MUST-67], [SHLD-5], [MAY-3], 3.2 [MUST-65]: in every SYN, what one packet of the
// interface brings; in nothing else.
TEST(Mss, IsInEverySynAndNowhereElse) {
  for (const std::uint16_t mtu : std::initializer_list<std::uint16_t>{576, 1500, 9000}) {
    PeerOptions options;
    options.config.interface.mtu = mtu;
    Peer peer(options);
    peer.sends("S 0:0(0) win 60000 <mss 1000>");
    EXPECT_EQ(options_of(peer.next()).mss, mtu - 40);
    peer.sends(". 1:1(0) ack 1");
    peer.connection = *peer.stack().take(peer.listener());
    ASSERT_TRUE(peer.writes("data"));
    EXPECT_EQ(peer.sees("P. 1:5(4) ack 1 <>"), "");
    peer.sends("F. 1:1(0) ack 5");
    EXPECT_EQ(peer.sees(". 5:5(0) ack 2 <>"), "");
    ASSERT_TRUE(peer.stack().shutdown(peer.now(), peer.connection));
    EXPECT_EQ(peer.sees("F. 5:5(0) ack 2 <>"), "");
    ASSERT_TRUE(peer.stack().abort(peer.now(), peer.connection));
    EXPECT_EQ(peer.sees("R. 6:6(0) ack 2 <>"), "");
    peer.restarts();
    peer.connects();
    EXPECT_EQ(options_of(peer.next()).mss, mtu - 40);
  }
}

// RFC 9293 3.1 [MUST-5], [MUST-6]: an option, known or not, may come with any segment.
TEST(Options, AreTakenFromAnySegment) {
  Peer peer = connected("mss 1000,exp 253 616e7465");
  peer.sends("P. 1:4(3) ack 1 <exp 254 0102,mss 500> \"abc\"");
  EXPECT_EQ(peer.reads(), "abc");
  EXPECT_EQ(info(peer).send_mss, 1000);  // 3.7.1: an MSS belongs to a SYN
  // RFC 7413 4.1.1: nor does a cookie belong anywhere else.
  peer.sends("P. 4:7(3) ack 1 <FO 0011223344556677> \"def\"");
  EXPECT_EQ(peer.reads(), "def");
  peer.sends("F. 7:7(0) ack 1 <exp 253 0102>");
  EXPECT_EQ(peer.state(), State::close_wait);
  peer.sends("R 8:8(0) <exp 253 0102>");
  EXPECT_EQ(peer.state(), State::closed);
}

// RFC 7323 2.2: both SYNs must offer it; windows of SYNs are as they stand.
TEST(WindowScale, IsNotAppliedToSyns) {
  Peer peer(without_listener());
  peer.connects();
  EXPECT_EQ(*parse_segment(peer.next())->window, 65'535);
  peer.sends("S. 0:0(0) ack 1 win 1000 <mss 1000,wscale 7>");
  EXPECT_EQ(info(peer).send_window_bytes, 1000u);
  EXPECT_TRUE(info(peer).window_scale);

  Peer plain(without_listener());
  plain.connects();
  EXPECT_NE(plain.next(), "");
  plain.sends("S. 0:0(0) ack 1 win 1000 <mss 1000>");
  EXPECT_FALSE(info(plain).window_scale);
  EXPECT_EQ(plain.sees(". 1:1(0) ack 1 win 65535"), "");

  Peer refused;
  refused.sends("S 0:0(0) win 1000 <mss 1000>");
  EXPECT_FALSE(options_of(refused.next()).window_scale);
}

// RFC 7323 2.3: every other window is shifted, ours to the right and the peer's to the left.
TEST(WindowScale, ShiftsEveryOtherWindow) {
  PeerOptions options;
  options.config.limits.receive_buffer_bytes_max = 1u << 20;
  options.config.limits.receive_buffer_bytes_initial = 1u << 20;
  Peer peer(options);
  peer.sends("S 0:0(0) win 1000 <mss 1000,wscale 7>");
  const SegmentNote answer = *parse_segment(peer.next());
  EXPECT_EQ(*answer.options->window_scale, 5);
  EXPECT_EQ(*answer.window, 65'535);
  peer.sends(". 1:1(0) ack 1 win 10");
  peer.connection = *peer.stack().take(peer.listener());
  EXPECT_EQ(info(peer).send_window_bytes, 1280u);
  ASSERT_TRUE(peer.writes("x"));
  EXPECT_EQ(peer.sees("P. 1:2(1) ack 1 win 32768"), "");
  EXPECT_EQ(info(peer).receive_window_bytes, 1u << 20);
}

// RFC 7323 2.3: more than 14 counts as 14. 2.2: the option counts in a SYN only.
TEST(WindowScale, IsFourteenAtMostAndOfTheSyn) {
  Peer peer = connected("mss 1000,wscale 15", " win 2");
  EXPECT_EQ(info(peer).send_window_bytes, 2u << 14);
  Peer later = connected("mss 1000,wscale 2", " win 10 <wscale 7>");
  EXPECT_EQ(info(later).send_window_bytes, 40u);
  later.sends(". 1:1(0) ack 1 win 20 <wscale 7>");
  EXPECT_EQ(info(later).send_window_bytes, 80u);
}

// RFC 7323 2.3: ours is the smallest that can say the whole buffer.
TEST(WindowScale, OursIsFourteenAtMost) {
  EXPECT_EQ(scale_for(65'535), 0);
  EXPECT_EQ(scale_for(65'536), 1);
  EXPECT_EQ(scale_for(1u << 28), 13);
  EXPECT_EQ(scale_for(1u << 30), 14);
  EXPECT_EQ(scale_for(UINT32_MAX), 14);
}

// RFC 7323 3.2: agreed on by both SYNs, then in every segment; the echo is the last value that
// reached the left edge (4.3).
TEST(Timestamps, AreInEverySegmentOnceAgreedOn) {
  PeerOptions options;
  options.config.tcp.keepalive = KeepaliveConfig{.idle = 10s, .interval = 1s, .probes_max = 2};
  Peer peer(options);
  peer.sends("S 0:0(0) win 3 <mss 1000,TS val 1000 ecr 77>");
  EXPECT_EQ(options_of(peer.next()).timestamp->second, 1000u);
  peer.sends(". 1:1(0) ack 1 win 3 <TS val 1001 ecr 1>");
  peer.connection = *peer.stack().take(peer.listener());
  const auto echo = [&] {
    const std::string segment = peer.next();
    const auto timestamp = options_of(segment).timestamp;
    return timestamp ? std::optional(timestamp->second) : std::nullopt;
  };
  peer.sends("P. 2:3(1) ack 1 win 3 <TS val 1005 ecr 1>");
  EXPECT_EQ(echo(), 1001u);  // a gap keeps the older echo
  peer.sends("P. 1:2(1) ack 1 win 3 <TS val 1006 ecr 1>");
  EXPECT_EQ(echo(), 1006u);
  peer.passes(10s);
  EXPECT_EQ(echo(), 1006u);  // the keep-alive
  peer.sends(". 3:3(0) ack 1 win 3 <TS val 2000 ecr 1>");
  ASSERT_TRUE(peer.writes("abcd"));
  EXPECT_EQ(echo(), 2000u);  // data
  peer.sends(". 3:3(0) ack 4 win 0 <TS val 2001 ecr 1>");
  EXPECT_EQ(peer.sees_nothing(), "");
  peer.passes(10s);
  EXPECT_EQ(echo(), 2001u);  // the probe of a closed window
  peer.sends(". 3:3(0) ack 5 win 3 <TS val 2002 ecr 1>");
  ASSERT_TRUE(peer.stack().shutdown(peer.now(), peer.connection));
  EXPECT_EQ(echo(), 2002u);  // the FIN
}

// RFC 7323 3.2: what was not agreed on is ignored, and not sent.
TEST(Timestamps, AreIgnoredWhereNotAgreedOn) {
  Peer peer = connected("mss 1000");
  peer.sends("P. 1:4(3) ack 1 <TS val 5 ecr 6> \"abc\"");
  peer.sends("P. 4:7(3) ack 1 <TS val 4 ecr 6> \"def\"");
  EXPECT_EQ(peer.reads(), "abcdef");
  ASSERT_TRUE(peer.writes("x"));
  EXPECT_EQ(peer.sees("P. 1:2(1) ack 7 <>"), "");

  Peer first(without_listener());
  first.connects();
  const auto offered = options_of(first.next()).timestamp;
  ASSERT_TRUE(offered);
  EXPECT_EQ(offered->second, 0u);  // without ACK nothing is echoed
}

// RFC 7323 5.2: a reset is not judged by its timestamp, and does not move the one that is echoed.
TEST(Timestamps, OfAResetDoNotCount) {
  Peer peer = connected("mss 1000,TS val 1000 ecr 0", " <TS val 1001 ecr 1>");
  peer.sends("R 100:100(0) <TS val 5000 ecr 1>");
  EXPECT_EQ(options_of(peer.next()).timestamp->second, 1001u);
  peer.sends("R 1:1(0) <TS val 1 ecr 1>");
  EXPECT_EQ(peer.event(EventKind::closed)->error, Error::reset_by_peer);

  Peer waiting = connected("mss 1000,TS val 1000 ecr 0", " <TS val 1001 ecr 1>");
  ASSERT_TRUE(waiting.stack().shutdown(waiting.now(), waiting.connection));
  EXPECT_NE(waiting.next(), "");
  waiting.sends("F. 1:1(0) ack 2 <TS val 1002 ecr 1>");
  EXPECT_EQ(options_of(waiting.next()).timestamp->second, 1002u);
  waiting.sends("R 2:2(0) <TS val 5000 ecr 1>");  // RFC 1337: ignored
  waiting.sends("F. 1:1(0) ack 2 <TS val 1003 ecr 1>");
  EXPECT_EQ(options_of(waiting.next()).timestamp->second, 1002u);
  EXPECT_EQ(waiting.state(), State::time_wait);
}

// RFC 7323 4.1, 5.4: a millisecond is a tick, whatever the offset; they wrap after 49 days.
TEST(Timestamps, FollowTheClock) {
  for (const std::uint32_t offset : {0u, 0xffff'ff00u}) {
    const Timestamps clock(offset);
    const Instant start(1000s);
    EXPECT_EQ(clock.value(start + 1ms) - clock.value(start), 1u);
    EXPECT_EQ(clock.value(start + 3600s) - clock.value(start), 3'600'000u);
    EXPECT_EQ(clock.age_of(clock.value(start), start + 250ms), 250ms);
  }
}

// RFC 7323 5.3, 5.5: an older value is old, also across the wrap, until it is older than 24 days.
TEST(Timestamps, AreOldForTwentyFourDays) {
  Timestamps clock;
  const Instant start(1000s);
  clock.set_recent(5, start);
  EXPECT_TRUE(clock.is_old(4, start));
  EXPECT_TRUE(clock.is_old(0xffff'ffff, start));
  EXPECT_FALSE(clock.is_old(5, start));
  EXPECT_FALSE(clock.is_old(6, start));
  EXPECT_TRUE(clock.is_old(4, start + 23 * 24h));
  EXPECT_FALSE(clock.is_old(4, start + 24 * 24h));
}

// RFC 2018 2, 4: permitted by SYNs only, and not sent where it was not permitted.
TEST(SackPermitted, IsOfBothSynsOrThereAreNoBlocks) {
  for (const bool permitted : {true, false}) {
    Peer peer;
    peer.sends(permitted ? "S 0:0(0) win 60000 <mss 1000,sackOK>"
                         : "S 0:0(0) win 60000 <mss 1000>");
    EXPECT_EQ(options_of(peer.next()).sack_permitted, permitted);
    peer.sends(". 1:1(0) ack 1");
    peer.connection = *peer.stack().take(peer.listener());
    peer.sends("P. 11:21(10) ack 1");
    EXPECT_EQ(peer.sees(permitted ? ". 1:1(0) ack 1 <sack 11:21>" : ". 1:1(0) ack 1 <>"), "");
    ASSERT_TRUE(peer.writes("x"));
    EXPECT_FALSE(options_of(peer.next()).sack_permitted);
  }
}

// RFC 2018 8: what there was no room for is not reported, what is reported is kept.
TEST(SackBlocks, TellOfWhatIsHeldAlone) {
  PeerOptions options;
  options.config.limits.out_of_order_ranges_max = 2;
  Peer peer = connected("mss 1000,sackOK", "", options);
  peer.sends("P. 3:4(1) ack 1 \"c\"");
  EXPECT_EQ(peer.sees(". 1:1(0) ack 1 <sack 3:4>"), "");
  peer.sends("P. 5:6(1) ack 1 \"e\"");
  EXPECT_EQ(peer.sees(". 1:1(0) ack 1 <sack 5:6 3:4>"), "");
  peer.sends("P. 7:8(1) ack 1 \"g\"");
  EXPECT_EQ(peer.sees(". 1:1(0) ack 1 <sack 5:6 3:4>"), "");
  EXPECT_EQ(peer.stack().stats().dropped(DropReason::tcp_out_of_order_limit), 1u);
  peer.sends("P. 1:3(2) ack 1 \"ab\"");
  peer.sends("P. 4:5(1) ack 1 \"d\"");
  EXPECT_EQ(peer.reads(), "abcde");
}

}  // namespace
}  // namespace anteroom::testing
