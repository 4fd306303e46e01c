// Explicit congestion notification on the wire: RFC 3168 and RFC 9768.
#include "stack/tcp/ecn.h"

#include <vector>

#include <gtest/gtest.h>

#include <anteroom/testing/pair.h>
#include <anteroom/testing/peer.h>

namespace anteroom::testing {
namespace {

PeerOptions uses(EcnUse use) {
  PeerOptions options;
  options.config.tcp.ecn = use;
  options.config.tcp.timestamps = options.config.tcp.window_scale = options.config.tcp.sack = false;
  return options;
}

ConnectionInfo info(Peer& peer) { return *peer.stack().connection_info(peer.connection); }

// A connection that the peer has opened with these flags on its SYN.
Peer asked(std::string_view syn_flags, std::string_view syn_ack, std::string_view ack,
           EcnUse use = EcnUse::accept) {
  Peer peer(uses(use));
  peer.sends(std::string(syn_flags) + " 0:0(0) win 65535 <mss 1000>");
  EXPECT_EQ(peer.sees(syn_ack), "");
  peer.sends(ack);
  peer.connection = *peer.stack().take(peer.listener());
  while (peer.event()) {
  }
  return peer;
}

Peer classic() { return asked("SEW", "S.E 0:0(0) ack 1", ". 1:1(0) ack 1"); }
Peer accurate() { return asked("SEWA", "S.W 0:0(0) ack 1", ".W 1:1(0) ack 1"); }

// RFC 3168 6.1.1; a peer that does not ask, or asks a stack that does not want, gets none.
TEST(EcnHandshake, TheServerAnswersAsAsked) {
  Peer peer = classic();
  EXPECT_EQ(info(peer).ecn, EcnMode::classic);
  peer = asked("S", "S. 0:0(0) ack 1", ". 1:1(0) ack 1");
  EXPECT_EQ(info(peer).ecn, EcnMode::none);
  peer = asked("SEW", "S. 0:0(0) ack 1", ". 1:1(0) ack 1", EcnUse::off);
  EXPECT_EQ(info(peer).ecn, EcnMode::none);
}

// RFC 9768 3.1.1, table 2: the SYN-ACK tells how the IP header of the SYN arrived.
TEST(EcnHandshake, AccurateFeedsBackTheSyn) {
  const std::pair<const char*, const char*> rows[] = {
      {"[noecn] SEWA", "S.W 0:0(0) ack 1 <mss 1460,ECN e0b 1 ceb 0 e1b 1>"},
      {"[ect1] SEWA", "S.EW 0:0(0) ack 1"},
      {"[ect0] SEWA", "S.A 0:0(0) ack 1"},
      {"[ce] SEWA", "S.WA 0:0(0) ack 1"}};
  for (const auto& [syn, syn_ack] : rows) {
    Peer peer = asked(syn, syn_ack, ".W 1:1(0) ack 1");
    EXPECT_EQ(info(peer).ecn, EcnMode::accurate) << syn;
  }
}

// RFC 9768 3.1.2, table 2, from the client's side; a broken peer reflects the flags.
TEST(EcnHandshake, TheClientTakesWhatItGets) {
  const struct {
    EcnUse use;
    const char* syn;
    const char* syn_ack;
    EcnMode mode;
  } rows[] = {{EcnUse::accurate, "SEWA 0:0(0)", "S.W", EcnMode::accurate},
              {EcnUse::accurate, "SEWA 0:0(0)", "S.E", EcnMode::classic},
              {EcnUse::accurate, "SEWA 0:0(0)", "S.", EcnMode::none},
              {EcnUse::accurate, "SEWA 0:0(0)", "S.EWA", EcnMode::none},
              {EcnUse::accurate, "SEWA 0:0(0)", "S.EA", EcnMode::accurate},
              {EcnUse::classic, "SEW 0:0(0)", "S.E", EcnMode::classic},
              {EcnUse::classic, "SEW 0:0(0)", "S.EW", EcnMode::none},
              {EcnUse::accept, "S 0:0(0)", "S.E", EcnMode::none}};
  for (const auto& row : rows) {
    SCOPED_TRACE(std::string(row.syn) + " " + row.syn_ack);
    Peer peer(uses(row.use));
    peer.connects();
    EXPECT_EQ(peer.sees(row.syn), "");
    peer.sends(std::string(row.syn_ack) + " 0:0(0) ack 1 win 65535 <mss 1000>");
    (void)peer.next();
    EXPECT_EQ(info(peer).ecn, row.mode);
  }
}

// RFC 3168 6.1.1.1: the second SYN does not ask; of RFC 9768 3.1.4.1 it does, and the third not.
TEST(EcnHandshake, ARepeatedSynDoesNotAskForEver) {
  const struct {
    EcnUse use;
    std::uint32_t retries_max;
    std::vector<const char*> syns;
  } rows[] = {{EcnUse::classic, 0, {"SEW", "S", "S"}},
              {EcnUse::classic, 1, {"SEW", "SEW", "S"}},
              {EcnUse::accurate, 0, {"SEWA", "SEWA", "S"}},
              {EcnUse::accurate, 2, {"SEWA", "SEWA", "SEWA", "S"}}};
  for (const auto& row : rows) {
    PeerOptions options = uses(row.use);
    options.config.tcp.ecn_syn_retries_max = row.retries_max;
    Peer peer(options);
    peer.connects();
    for (const char* flags : row.syns) {
      EXPECT_EQ(peer.sees(std::string(flags) + " 0:0(0)"), "");
      peer.passes(20s);
    }
    EXPECT_EQ(peer.sees("S 0:0(0)"), "");
    peer.sends("S.W 0:0(0) ack 1 win 65535 <mss 1000>");
    EXPECT_EQ(peer.sees(". 1:1(0) ack 1"), "");
    EXPECT_EQ(info(peer).ecn, EcnMode::none);
  }
}

// RFC 9768 3.2.3.2.2 and 3.1.4.2: a SYN-ACK that is not answered goes without the option, then
// without any sign of ECN.
TEST(EcnHandshake, ARepeatedSynAckSaysLessAndLess) {
  Peer peer(uses(EcnUse::accept));
  peer.sends("SEWA 0:0(0) win 65535 <mss 1000>");
  EXPECT_EQ(peer.sees("S.W 0:0(0) ack 1 <mss 1460,ECN e0b 1 ceb 0 e1b 1>"), "");
  peer.passes(10s);
  EXPECT_EQ(peer.sees("S.W 0:0(0) ack 1 <mss 1460>"), "");
  peer.passes(10s);
  EXPECT_EQ(peer.sees("S. 0:0(0) ack 1 <mss 1460>"), "");
}

// RFC 9768 3.1.5: a client that asks and then does not is answered as it asked first, and never
// gets anything that could be marked.
TEST(EcnHandshake, ASynThatComesAgainWithoutAsking) {
  Peer peer(uses(EcnUse::accept));
  peer.sends("[ect0] SEWA 0:0(0) win 65535 <mss 1000>");
  EXPECT_EQ(peer.sees("S.A 0:0(0) ack 1"), "");
  peer.sends("[noecn] S 0:0(0) win 65535 <mss 1000>");
  EXPECT_EQ(peer.sees("S.W 0:0(0) ack 1"), "");
  peer.sends(".W 1:1(0) ack 1");
  peer.connection = *peer.stack().take(peer.listener());
  ASSERT_TRUE(peer.writes("x"));
  EXPECT_EQ(peer.sees("[noecn] P.EA 1:2(1) ack 1"), "");
}

// RFC 9768 3.2.3: with the option on every segment, once the peer has shown one.
PeerOptions always(bool sack = false) {
  PeerOptions options = uses(EcnUse::accept);
  options.config.tcp.sack = sack;
  options.config.tcp.ecn_option = EcnOptionUse::always;
  options.config.tcp.ecn_option_ect1_first = options.config.tcp.ecn_on_all_segments = true;
  return options;
}

Peer always_shown(bool sack = false) {
  Peer peer(always(sack));
  peer.sends(sack ? "SEWA 0:0(0) win 65535 <mss 1000,sackOK>" : "SEWA 0:0(0) win 65535 <mss 1000>");
  EXPECT_NE(peer.next(), "");
  peer.sends(".W 1:1(0) ack 1 <ECN e0b 1 ceb 0 e1b 1>");
  peer.connection = *peer.stack().take(peer.listener());
  return peer;
}

TEST(EcnOption, IsOnEverySegmentWhereThePeerKnowsIt) {
  Peer peer = always_shown();
  ASSERT_TRUE(peer.writes(std::string(2 * 988, 'x')));
  EXPECT_EQ(peer.sees("[ect0] .EA 1:989(988) ack 1 <ECN1 e1b 1 ceb 0 e0b 1>"), "");
  EXPECT_EQ(peer.sees("[ect0] P.EA 989:1977(988) ack 1 <ECN1 e1b 1 ceb 0 e0b 1>"), "");
  Peer plain(always());
  plain.sends("SEWA 0:0(0) win 65535 <mss 1000>");
  EXPECT_EQ(plain.sees("S.W 0:0(0) ack 1 <mss 1460,ECN1 e1b 1 ceb 0 e0b 1>"), "");
  plain.sends(".W 1:1(0) ack 1");
  plain.connection = *plain.stack().take(plain.listener());
  ASSERT_TRUE(plain.writes(std::string(1000, 'x')));
  EXPECT_EQ(plain.sees("[ect0] P.EA 1:1001(1000) ack 1 <>"), "");
}

// A third SACK block goes where a counter has news, and the option where even then there is no
// room.
TEST(EcnOption, SharesTheRoomWithSackBlocks) {
  Peer peer = always_shown(true);
  for (int i = 0; i < 4; ++i) {
    const std::string at = std::to_string(101 + 200 * i), end = std::to_string(201 + 200 * i);
    peer.sends("[ect1] .EA " + at + ":" + end + "(100) ack 1");
    if (i < 3) (void)peer.next();
  }
  EXPECT_EQ(peer.sees("[ect0] .EA 1:1(0) ack 1 <ECN1 e1b 401 ceb 0 e0b 1,sack 701:801 501:601 "
                      "301:401>"),
            "");
}

// A client that sends the same again and again has not heard our answers: the option is to blame.
TEST(EcnOption, GoesWhereItDoesNotGetThrough) {
  Peer peer = always_shown(true);
  peer.sends("[ect0] P.EA 1:101(100) ack 1");
  (void)peer.next();
  peer.sends("[ect0] P.EA 1:101(100) ack 1");
  EXPECT_EQ(peer.sees("[ect0] .EA 1:1(0) ack 101 <ECN1 e1b 1 ceb 0 e0b 201,sack 1:101>"), "");
  peer.sends("[ect0] P.EA 1:101(100) ack 1");
  EXPECT_EQ(peer.sees("[ect0] .EA 1:1(0) ack 101 <sack 1:101>"), "");
}

// RFC 9768 A.2: more may have been marked than three bits tell.
TEST(EcnAccurate, ACounterThatMayHaveGoneRound) {
  Peer peer(always());
  peer.sends("SEWA 0:0(0) win 65535 <mss 1000>");
  EXPECT_NE(peer.next(), "");
  peer.sends(".W 1:1(0) ack 1");
  peer.connection = *peer.stack().take(peer.listener());
  ASSERT_TRUE(peer.writes(std::string(10'000, 'x')));
  while (!peer.next().empty()) {
  }
  peer.sends(".EA 1:1(0) ack 1001");
  EXPECT_EQ(info(peer).segments_marked, 0u);
  peer.sends(".EA 1:1(0) ack 10001");
  EXPECT_EQ(info(peer).segments_marked, 8u);
}

// RFC 9768 3.2.2.1: the client's first pure ACK tells how the SYN-ACK arrived; then the counter.
TEST(EcnHandshake, TheClientFeedsBackTheSynAck) {
  Peer peer(uses(EcnUse::accurate));
  peer.connects();
  EXPECT_NE(peer.next(), "");
  peer.sends("[ect0] S.W 0:0(0) ack 1 win 65535 <mss 1000>");
  EXPECT_EQ(peer.sees(".A 1:1(0) ack 1 <ECN e0b 1 ceb 0 e1b 1>"), "");
  ASSERT_TRUE(peer.writes("x"));
  EXPECT_EQ(peer.sees("[ect0] P.EA 1:2(1) ack 1"), "");
}

// RFC 3168 6.1.2, 6.1.4, 6.1.5: data is ECT(0), its repetition and pure ACKs are not.
TEST(EcnClassic, OnlyNewDataIsCapable) {
  Peer peer = classic();
  ASSERT_TRUE(peer.writes("abc"));
  EXPECT_EQ(peer.sees("[ect0] P. 1:4(3) ack 1"), "");
  peer.passes(10s);
  EXPECT_EQ(peer.sees("[noecn] P. 1:4(3) ack 1"), "");
  peer.sends(". 1:1(0) ack 4");
  peer.sends("P. 1:11(10) ack 4");
  peer.passes(40ms);
  EXPECT_EQ(peer.sees("[noecn] . 4:4(0) ack 11"), "");
}

// RFC 3168 6.1.3: ECE on every acknowledgment until the peer's CWR.
TEST(EcnClassic, MarksAreEchoedUntilAnswered) {
  Peer peer = classic();
  peer.sends("[ce] P. 1:11(10) ack 1");
  EXPECT_EQ(peer.sees(".E 1:1(0) ack 11"), "");
  peer.sends("[ect0] P. 11:21(10) ack 1");
  peer.passes(40ms);
  EXPECT_EQ(peer.sees(".E 1:1(0) ack 21"), "");
  peer.sends("[ect0] P.W 21:31(10) ack 1");
  peer.passes(40ms);
  EXPECT_EQ(peer.sees(". 1:1(0) ack 31"), "");
  EXPECT_EQ(peer.stack().stats().ecn_marks_in, 1u);
}

// RFC 3168 6.1.2: the window is reduced once for a window of data, and the next new data says so.
TEST(EcnClassic, AnEchoReducesTheWindowOnce) {
  Peer peer = classic();
  ASSERT_TRUE(peer.writes(std::string(10'000, 'd')));
  for (int i = 0; i < 10; ++i) EXPECT_NE(peer.next(), "");
  const std::uint32_t window = info(peer).congestion_window_bytes;
  peer.sends(".E 1:1(0) ack 1001");
  const std::uint32_t reduced = info(peer).congestion_window_bytes;
  EXPECT_LT(reduced, window);
  peer.sends(".E 1:1(0) ack 2001");
  EXPECT_EQ(peer.stack().stats().ecn_reductions, 1u);
  peer.sends(".E 1:1(0) ack 10001");
  ASSERT_TRUE(peer.writes(std::string(2000, 'e')));
  EXPECT_EQ(peer.sees("[ect0] .W 10001:11001(1000) ack 1"), "");
  EXPECT_EQ(peer.sees("[ect0] P. 11001:12001(1000) ack 1"), "");
}

// RFC 9768 3.2.2: the field counts marked packets, modulo 8, from 5 on; marked data is told at
// once.
TEST(EcnAccurate, MarksAreCounted) {
  Peer peer = accurate();
  peer.sends("[ect0] P.EA 1:11(10) ack 1");
  peer.passes(40ms);
  EXPECT_EQ(peer.sees(".EA 1:1(0) ack 11 <ECN e0b 11 ceb 0 e1b 1>"), "");
  peer.sends("[ce] P.EA 11:21(10) ack 1");
  EXPECT_EQ(peer.sees(".WA 1:1(0) ack 21 <ECN e0b 11 ceb 10 e1b 1>"), "");
  peer.sends("[ce] P.EA 21:31(10) ack 1");
  EXPECT_EQ(peer.sees(".EWA 1:1(0) ack 31 <ECN e0b 11 ceb 20 e1b 1>"), "");
  peer.sends("[ce] P.EA 31:41(10) ack 1");
  EXPECT_EQ(peer.sees(". 1:1(0) ack 41 <ECN e0b 11 ceb 30 e1b 1>"), "");
}

// RFC 9768 3.2.2, 3.2.3: the counter has moved, or the option's bytes where it is there.
TEST(EcnAccurate, CountersReduceTheWindow) {
  Peer peer = accurate();
  ASSERT_TRUE(peer.writes(std::string(10'000, 'd')));
  EXPECT_EQ(peer.sees("[ect0] .EA 1:1001(1000) ack 1"), "");
  for (int i = 1; i < 10; ++i) EXPECT_NE(peer.next(), "");
  peer.sends(".EA 1:1(0) ack 1001 <ECN e0b 1001 ceb 0 e1b 1>");
  EXPECT_EQ(peer.stack().stats().ecn_reductions, 0u);
  peer.sends(".WA 1:1(0) ack 2001 <ECN e0b 1001 ceb 1000 e1b 1>");
  EXPECT_EQ(peer.stack().stats().ecn_reductions, 1u);
  peer.sends(".EWA 1:1(0) ack 10001");
  ASSERT_TRUE(peer.writes("x"));
  EXPECT_EQ(peer.stack().stats().ecn_reductions, 2u);
  EXPECT_EQ(peer.sees("[ect0] P.EA 10001:10002(1) ack 1"), "");  // no CWR here
  peer.sends(". 1:1(0) ack 10002");                              // from 7 to 0
  EXPECT_EQ(peer.stack().stats().ecn_reductions, 3u);
}

// RFC 9768 3.2.2.1: somebody has cleared the flags of the client's ACK, so marks would be lost.
TEST(EcnAccurate, WithoutFeedbackNothingIsCapable) {
  Peer peer = asked("SEWA", "S.W 0:0(0) ack 1", ". 1:1(0) ack 1");
  ASSERT_TRUE(peer.writes("abc"));
  EXPECT_EQ(peer.sees("[noecn] P.EA 1:4(3) ack 1"), "");
}

// A held request is answered in the way that its SYN asked for.
TEST(EcnHandshake, AHeldRequestKeepsWhatItAsked) {
  PeerOptions options = uses(EcnUse::accept);
  options.listener.conditional = true;
  Peer peer(options);
  peer.sends("[ect0] SEWA 0:5(5) win 65535 <mss 1000> \"hello\"");
  ASSERT_TRUE(peer.accept(*peer.requested(), "world"));
  EXPECT_EQ(peer.sees("S.A 0:5(5) ack 6 <mss 1460> \"world\""), "");
}

// Two of our stacks, a bottleneck that marks: the sender slows down without a loss.
TEST(EcnPair, MarksStandInForLosses) {
  for (const EcnUse use : {EcnUse::classic, EcnUse::accurate}) {
    Config config = test_config(2);
    config.tcp.ecn = use;
    Pair pair(test_config(1), config);
    const auto listener = pair.server.listen({.local = {{}, 80}});
    const auto id = pair.client.connect(pair.now(), {.remote = {pair.server_address(), 80}});
    ASSERT_TRUE(listener && id);
    pair.run_for(10ms);
    int frames = 0;
    pair.set_wire([&](Toward toward, std::vector<std::uint8_t>& frame) {
      const bool capable =
          toward == Toward::server && frame.size() > 1000 && (frame[15] & 3) == kEct0;
      if (!capable || ++frames % 40 != 0) return true;
      // ECT(0) becomes CE, and the header checksum follows: one bit more in the first word.
      frame[15] |= kCongestionExperienced;
      const unsigned sum = frame[24] * 256u + frame[25] - 1u;
      frame[24] = static_cast<std::uint8_t>(sum >> 8);
      frame[25] = static_cast<std::uint8_t>(sum);
      return true;
    });
    const auto to = pair.server.take(*listener);
    ASSERT_TRUE(to);
    std::vector<std::uint8_t> data(500'000), in(500'000);
    std::size_t sent = 0, received = 0;
    for (int i = 0; i < 3000 && received < data.size(); ++i) {
      sent += pair.client.send(pair.now(), *id, Bytes(data).subspan(sent)).value_or(0);
      pair.run_for(1ms);
      received += pair.server.receive_into(pair.now(), *to, in).value_or(0);
    }
    EXPECT_EQ(received, data.size());
    EXPECT_GT(pair.server.stats().ecn_marks_in, 2u);
    EXPECT_GT(pair.client.stats().ecn_reductions, 1u);
    EXPECT_EQ(pair.client.stats().segments_retransmitted, 0u);
    EXPECT_EQ(pair.server.stats().dropped(DropReason::ip_checksum), 0u);
  }
}

// RFC 5681 4.2: one acknowledgment for a segment that is both out of order and marked.
TEST(EcnFeedback, AMarkBehindAGapIsToldOnce) {
  for (const bool is_accurate : {false, true}) {
    Peer peer = is_accurate ? accurate() : classic();
    peer.sends("[ce] P. 1001:2001(1000) ack 1");
    EXPECT_NE(peer.next(), "");
    EXPECT_EQ(peer.sees_nothing(), "");
  }
}

}  // namespace
}  // namespace anteroom::testing
