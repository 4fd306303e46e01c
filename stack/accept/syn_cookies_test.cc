// SYN cookies: RFC 4987 3.6, and what RFC 7323 and RFC 6528 ask beside them.
#include "stack/accept/syn_cookies.h"

#include <gtest/gtest.h>

#include <anteroom/testing/notation.h>
#include <anteroom/testing/peer.h>

namespace anteroom::testing {
namespace {

// One half-open connection, of the peer's port 1,000, is all that it holds; the peer's own port
// meets cookies.
PeerOptions flooded() {
  PeerOptions options;
  options.listener.backlog_max = 1;
  options.listener.overload = OverloadPolicy::challenge;
  return options;
}

void flood(Peer& peer) {
  PeerOptions other;
  other.port = 1'000;
  Peer first(other);
  peer.sends_packet(first.packet_of("S 0:0(0) win 65535 <mss 1000>"));
  EXPECT_NE(peer.next_packet().size(), 0u);
}

// RFC 4987 3.6: it is bound to the flow, the client's number, the options and the time.
TEST(SynCookie, IsBoundToEverything) {
  const SynCookies cookies(HashKey{1});
  const SynCookies::Handshake handshake{1234, Seq(77), true};
  const Instant now{1000s};
  const Seq cookie = cookies.make(now, handshake, 1460);
  EXPECT_EQ(cookies.check(now, handshake, cookie), 1460);
  EXPECT_EQ(cookies.check(now + 64s, handshake, cookie), 1460);
  EXPECT_FALSE(cookies.check(now + 128s, handshake, cookie));
  EXPECT_FALSE(cookies.check(now - 64s, handshake, cookie));
  EXPECT_FALSE(cookies.check(now, {1235, Seq(77), true}, cookie));
  EXPECT_FALSE(cookies.check(now, {1234, Seq(78), true}, cookie));
  EXPECT_FALSE(cookies.check(now, {1234, Seq(77), false}, cookie));
  EXPECT_FALSE(SynCookies(HashKey{2}).check(now, handshake, cookie));
  for (int bit = 0; bit < 32; ++bit) {
    EXPECT_FALSE(cookies.check(now, handshake, Seq(cookie.value() ^ (1u << bit)))) << bit;
  }
}

TEST(SynCookie, MakesOneConnection) {
  SynCookies cookies(HashKey{1});
  const SynCookies::Handshake handshake{1234, Seq(77), true};
  const Seq cookie = cookies.make(Instant(1s), handshake, 1460);
  EXPECT_TRUE(cookies.spend(handshake, cookie));
  EXPECT_FALSE(cookies.spend(handshake, cookie));
  for (std::uint32_t i = 1; i < 4; ++i) EXPECT_TRUE(cookies.spend(handshake, cookie + i));
  EXPECT_FALSE(cookies.spend(handshake, cookie));
}

TEST(SynCookie, RoundsTheMssDown) {
  const SynCookies cookies(HashKey{1});
  const SynCookies::Handshake handshake{1234, Seq(77), true};
  const Instant now{1000s};
  for (const auto& [said, kept] : {std::pair{48, 48},
                                   {500, 48},
                                   {536, 536},
                                   {1459, 1440},
                                   {1460, 1460},
                                   {9000, 8960},
                                   {65'495, 8960}}) {
    const Seq cookie = cookies.make(now, handshake, static_cast<std::uint16_t>(said));
    EXPECT_EQ(cookies.check(now, handshake, cookie), kept) << said;
  }
}

// RFC 7323 5.4: a timestamp that is never ahead of the clock, and at most 63 ms behind.
TEST(SynCookie, TimestampsCarryTheOptions) {
  for (const std::uint32_t clock : {0u, 1u, 63u, 64u, 1'000'000u, UINT32_MAX}) {
    for (int scale = 0; scale <= 15; ++scale) {
      for (int flags = 0; flags < 4; ++flags) {
        SynOptions options;
        if (scale != 15) options.window_scale = static_cast<std::uint8_t>(scale);
        options.sack_permitted = (flags & 1) != 0;
        const std::uint32_t value = SynCookies::timestamp(clock, options, (flags & 2) != 0);
        EXPECT_LE(clock - value, 63u);
        SynOptions read;
        EXPECT_EQ(SynCookies::read_timestamp(value, read), (flags & 2) != 0);
        EXPECT_EQ(read.window_scale, options.window_scale);
        EXPECT_EQ(read.sack_permitted, options.sack_permitted);
      }
    }
  }
}

// The connection is in order: options, numbers, windows, both directions.
TEST(SynCookies, TheAcknowledgmentMakesTheConnection) {
  Peer peer(flooded());
  flood(peer);
  peer.sends("SEW 0:0(0) win 65535 <mss 1400,sackOK,TS val 100 ecr 0,wscale 7>");
  const auto answer = parse_segment(peer.next());
  ASSERT_TRUE(answer);
  EXPECT_EQ(to_string(*answer).substr(0, 26), "S.E 0:0(0) ack 1 win 65535");
  ASSERT_TRUE(answer->options->timestamp && answer->options->sack_permitted);
  EXPECT_EQ(answer->options->window_scale, 5);
  EXPECT_EQ(peer.stack().stats().connections, 1u);
  EXPECT_EQ(peer.stack().stats().syn_cookies_sent, 1u);

  const std::string stamp = " <TS val 101 ecr " + std::to_string(answer->options->timestamp->first);
  peer.sends("P. 1:6(5) ack 1 win 1000" + stamp + "> \"hello\"");
  ASSERT_TRUE(peer.event(EventKind::accept_ready));
  peer.connection = peer.stack().take(peer.listener()).value();
  EXPECT_EQ(peer.reads(), "hello");
  const ConnectionInfo info = *peer.stack().connection_info(peer.connection);
  EXPECT_EQ(info.state, State::established);
  EXPECT_EQ(info.send_mss, 1400 - 12);
  EXPECT_EQ(info.send_window_bytes, 1000u << 7);
  EXPECT_EQ(info.congestion_window_bytes, 10u * (1400 - 12));
  EXPECT_TRUE(info.sack && info.timestamps && info.window_scale);
  EXPECT_EQ(info.ecn, EcnMode::classic);
  EXPECT_TRUE(peer.writes("world"));
  EXPECT_EQ(peer.sees("P. 1:6(5) ack 6 \"world\""), "");
  EXPECT_EQ(peer.stack().stats().syn_cookies_accepted, 1u);
}

// Without timestamps there is only the MSS.
TEST(SynCookies, WithoutTimestampsOnlyTheMss) {
  Peer peer(flooded());
  flood(peer);
  peer.sends("SEW 0:0(0) win 65535 <mss 1000,sackOK,wscale 7>");
  EXPECT_EQ(peer.sees("S. 0:0(0) ack 1 win 65535 <mss 1460>"), "");
  peer.sends(". 1:1(0) ack 1 win 1000");
  ASSERT_TRUE(peer.event(EventKind::accept_ready));
  peer.connection = peer.stack().take(peer.listener()).value();
  const ConnectionInfo info = *peer.stack().connection_info(peer.connection);
  EXPECT_EQ(info.send_mss, 536);
  EXPECT_EQ(info.send_window_bytes, 1000u);
  EXPECT_FALSE(info.sack || info.window_scale || info.timestamps);
}

// RFC 9293 3.4: old duplicates. A late copy of the acknowledgment opens nothing.
TEST(SynCookies, ALateCopyOfTheAcknowledgmentIsAStranger) {
  Peer peer(flooded());
  flood(peer);
  peer.sends("S 0:0(0) win 65535 <mss 1000>");
  EXPECT_EQ(peer.sees("S. 0:0(0) ack 1"), "");
  peer.sends("P. 1:6(5) ack 1 \"hello\"");
  peer.connection = peer.stack().take(peer.listener()).value();
  EXPECT_EQ(peer.reads(), "hello");
  EXPECT_TRUE(peer.stack().abort(peer.now(), peer.connection));
  EXPECT_EQ(peer.sees("R. 1:1(0) ack 6"), "");
  EXPECT_EQ(peer.sees_nothing(), "");
  while (peer.event()) {
  }
  peer.sends("P. 1:6(5) ack 1 \"hello\"");
  EXPECT_EQ(peer.sees("R 1:1(0)"), "");
  EXPECT_EQ(peer.stack().stats().syn_cookies_accepted, 1u);
}

// What is forged or too old is answered as to any stranger: RFC 9293 3.10.7.1.
TEST(SynCookies, ForgedAndOldOnesAreRefused) {
  Peer peer(flooded());
  flood(peer);
  peer.sends("S 0:0(0) win 65535 <mss 1000>");
  EXPECT_EQ(peer.sees("S. 0:0(0) ack 1"), "");
  peer.sends(". 1:1(0) ack 2");
  EXPECT_EQ(peer.sees("R 2:2(0)"), "");
  peer.sends(". 2:2(0) ack 1");
  EXPECT_EQ(peer.sees("R 1:1(0)"), "");
  EXPECT_EQ(peer.stack().stats().dropped(DropReason::tcp_syn_cookie_invalid), 2u);
  const Instant expired = peer.now() + SynCookies::kLifetimeMax;
  while (peer.now() < expired) {  // the other one's SYN-ACK is repeated meanwhile
    peer.passes(15s);
    while (!peer.next_packet().empty()) {
    }
  }
  peer.sends(". 1:1(0) ack 1");
  EXPECT_EQ(peer.sees("R 1:1(0)"), "");
  EXPECT_EQ(peer.stack().stats().syn_cookies_accepted, 0u);
}

// A full accept queue is the owner's doing, and no cookie helps.
TEST(SynCookies, NoneWhereTheAcceptQueueIsFull) {
  Peer peer(flooded());
  flood(peer);
  peer.sends("S 0:0(0) win 65535 <mss 1000>");
  EXPECT_EQ(peer.sees("S. 0:0(0) ack 1"), "");
  peer.sends(". 1:1(0) ack 1");
  PeerOptions other;
  other.port = 2'000;
  peer.sends_packet(Peer(other).packet_of("S 0:0(0) win 65535 <mss 1000>"));
  EXPECT_EQ(peer.sees_nothing(), "");
  EXPECT_EQ(peer.stack().stats().dropped(DropReason::accept_queue_full), 1u);
  EXPECT_EQ(peer.stack().stats().syn_cookies_sent, 1u);
}

}  // namespace
}  // namespace anteroom::testing
