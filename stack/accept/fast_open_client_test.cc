// Fast Open as a client: RFC 7413 4.1.3, 4.2.1, 4.2.2.
#include <gtest/gtest.h>

#include <anteroom/testing/pair.h>
#include <anteroom/testing/peer.h>

namespace anteroom::testing {
namespace {

constexpr const char* kCookie = "00112233445566aa";

PeerOptions client() {
  PeerOptions options;
  options.listen = false;
  options.config.tcp.timestamps = options.config.tcp.window_scale = options.config.tcp.sack = false;
  return options;
}

void connects(Peer& peer, std::string_view data, FastOpen fast_open = FastOpen::cookie) {
  const auto made =
      peer.stack().connect(peer.now(), {.remote = {IpAddress::v4(192, 0, 2, 2), 40'000},
                                        .local = {{}, 80},
                                        .caller_data = bytes_of(data),
                                        .fast_open = fast_open});
  ASSERT_TRUE(made) << to_string(made.error().error);
  peer.connection = *made;
}

ConnectionInfo info(Peer& peer) { return *peer.stack().connection_info(peer.connection); }

// The connection is gone without a trace, and the next one's numbers count anew.
void forgets(Peer& peer) {
  (void)peer.stack().abort(peer.now(), peer.connection);
  while (!peer.next().empty()) {
  }
  while (peer.event()) {
  }
  peer.restarts();
}

void learns_cookie(Peer& peer) {
  connects(peer, "hello");
  EXPECT_EQ(peer.sees("S 0:0(0) <mss 1460,FO>"), "");
  peer.sends(std::string("S. 0:0(0) ack 1 <mss 1000,FO ") + kCookie + ">");
  EXPECT_EQ(peer.sees("P. 1:6(5) ack 1 \"hello\""), "");
  peer.sends(". 1:1(0) ack 6");
  EXPECT_FALSE(info(peer).fast_open);
  forgets(peer);
}

// RFC 7413 4.2.1, 4.2.2: without a cookie the SYN asks for one and the data follows; with it the
// data rides.
TEST(FastOpenClient, AsksThenUses) {
  Peer peer(client());
  learns_cookie(peer);
  connects(peer, "hello");
  EXPECT_EQ(peer.sees(std::string("S 0:5(5) <mss 1460,FO ") + kCookie + "> \"hello\""), "");
  peer.sends("S. 0:0(0) ack 6 <mss 1000>");
  EXPECT_EQ(peer.sees(". 6:6(0) ack 1"), "");
  EXPECT_TRUE(info(peer).fast_open);
  EXPECT_EQ(info(peer).caller_data_taken_bytes, 5u);
  EXPECT_EQ(peer.stack().stats().fast_open_sent, 1u);
  EXPECT_EQ(peer.stack().stats().fast_open_taken, 1u);
}

// RFC 7413 4.1.3: the SYN carries what the cached MSS takes beside the options; the rest follows.
TEST(FastOpenClient, WhatDoesNotFitTheSynFollows) {
  Peer peer(client());
  learns_cookie(peer);
  connects(peer, std::string(1500, 'd'));
  EXPECT_EQ(peer.sees("S 0:984(984)"), "");
  peer.sends("S. 0:0(0) ack 985 <mss 1000>");
  EXPECT_EQ(peer.sees("P. 985:1501(516) ack 1"), "");
}

// RFC 7413 4.2.2: retransmissions are plain SYNs. An answer to one that brings neither cookie nor
// acknowledged data shows that the first was lost (4.1.3.1): the server is left alone for a while.
TEST(FastOpenClient, RetransmissionsArePlainAndALossIsRemembered) {
  Peer peer(client());
  learns_cookie(peer);
  connects(peer, "hello");
  EXPECT_EQ(peer.sees(std::string("S 0:5(5) <mss 1460,FO ") + kCookie + ">"), "");
  peer.passes(1s);
  EXPECT_EQ(peer.sees("S 0:0(0) <mss 1460>"), "");
  peer.sends("S. 0:0(0) ack 1 <mss 1000>");
  EXPECT_EQ(peer.sees("P. 1:6(5) ack 1 \"hello\""), "");
  EXPECT_EQ(peer.stack().stats().fast_open_lost, 1u);
  forgets(peer);

  connects(peer, "hello");
  EXPECT_EQ(peer.sees("S 0:0(0) <mss 1460>"), "");
  forgets(peer);
  peer.passes(4min);
  connects(peer, "hello");
  EXPECT_EQ(peer.sees(std::string("S 0:5(5) <mss 1460,FO ") + kCookie + ">"), "");
}

// RFC 7413 4.2.2: a server that takes another cookie now says so; the data is not lost and not
// late.
TEST(FastOpenClient, TakesTheNewCookieOfARefusal) {
  Peer peer(client());
  learns_cookie(peer);
  connects(peer, "hello");
  EXPECT_EQ(peer.sees(std::string("S 0:5(5) <mss 1460,FO ") + kCookie + ">"), "");
  peer.sends("S. 0:0(0) ack 1 <mss 1000,FO ffeeddccbbaa9988>");
  EXPECT_EQ(peer.sees("P. 1:6(5) ack 1 \"hello\""), "");
  EXPECT_FALSE(info(peer).fast_open);
  EXPECT_EQ(info(peer).congestion_window_bytes, 10'000u);
  forgets(peer);
  connects(peer, "hello");
  EXPECT_EQ(peer.sees("S 0:5(5) <mss 1460,FO ffeeddccbbaa9988>"), "");
}

// RFC 7413 4.1.3.1: one that knows nothing of it is not asked again at once.
TEST(FastOpenClient, RemembersWhoGaveNone) {
  Peer peer(client());
  connects(peer, "hello");
  EXPECT_EQ(peer.sees("S 0:0(0) <mss 1460,FO>"), "");
  peer.sends("S. 0:0(0) ack 1 <mss 1000>");
  EXPECT_EQ(peer.sees("P. 1:6(5) ack 1"), "");
  forgets(peer);
  connects(peer, "hello");
  EXPECT_EQ(peer.sees("S 0:0(0) <mss 1460>"), "");
}

// RFC 7413 4.1.3.1: so does one that does not answer at all.
TEST(FastOpenClient, RemembersWhoNeverAnswered) {
  PeerOptions options = client();
  options.config.tcp.syn_retries_max = 0;
  options.config.limits.fast_open_pause_min = 1h;
  Peer peer(options);
  connects(peer, "hello");
  EXPECT_EQ(peer.sees("S 0:0(0) <mss 1460,FO>"), "");
  peer.passes(10s);
  EXPECT_TRUE(peer.event(EventKind::closed));
  forgets(peer);
  connects(peer, "hello");
  EXPECT_EQ(peer.sees("S 0:0(0) <mss 1460>"), "");
}

// RFC 7413 4.1.3: without a cookie where allowed; 536 bytes where the server's MSS is not known.
TEST(FastOpenClient, CookieLess) {
  Peer peer(client());
  connects(peer, std::string(600, 'd'), FastOpen::cookie_less);
  EXPECT_EQ(peer.sees("S 0:532(532) <mss 1460>"), "");
  peer.sends("S. 0:0(0) ack 533 <mss 1000>");
  EXPECT_EQ(peer.sees("P. 533:601(68) ack 1"), "");
  EXPECT_TRUE(info(peer).fast_open);
  forgets(peer);
  connects(peer, std::string(600, 'd'), FastOpen::cookie_less);
  EXPECT_EQ(peer.sees("S 0:600(600) <mss 1460>"), "");
}

// A connect without data has no use for a cookie that is there.
TEST(FastOpenClient, WithoutDataThereIsNothingToUseACookieFor) {
  Peer peer(client());
  learns_cookie(peer);
  connects(peer, "");
  EXPECT_EQ(peer.sees("S 0:0(0) <mss 1460>"), "");
}

// Two of us: the first connection fetches the cookie, the second one's data is read before its
// handshake is complete.
TEST(FastOpenPair, SecondConnectionIsEarly) {
  Pair pair;
  const ListenerId listener =
      pair.server.listen({.local = {{}, 80}, .fast_open = FastOpen::cookie}).value();
  const auto connect = [&] {
    return pair.client
        .connect(pair.now(), {.remote = {pair.server_address(), 80},
                              .caller_data = bytes_of("hello"),
                              .fast_open = FastOpen::cookie})
        .value();
  };
  for (const bool early : {false, true}) {
    const ConnectionId ours = connect();
    pair.run_for(100ms);
    const ConnectionId theirs = pair.server.take(listener).value();
    EXPECT_EQ(pair.server.connection_info(theirs)->fast_open, early);
    EXPECT_EQ(pair.client.connection_info(ours)->fast_open, early);
    EXPECT_EQ(pair.client.connection_info(ours)->caller_data_taken_bytes, early ? 5u : 0u);
    std::array<std::uint8_t, 10> buffer;
    EXPECT_EQ(pair.server.receive_into(pair.now(), theirs, buffer).value(), 5u);
  }
  EXPECT_EQ(pair.server.stats().segments_retransmitted, 0u);
}

// Without memory for the SYN's data the handshake is an ordinary one, and the data comes later.
TEST(FastOpenPair, WithoutMemoryTheDataComesLater) {
  Config tight = test_config(1);
  tight.limits.buffer_bytes_max = 1'024;
  Pair pair(tight);
  const ListenerId listener =
      pair.server.listen({.local = {{}, 80}, .fast_open = FastOpen::cookie_less}).value();
  const auto connect = [&](std::string_view data) {
    return pair.client
        .connect(pair.now(), {.remote = {pair.server_address(), 80}, .caller_data = bytes_of(data)})
        .value();
  };
  (void)connect(std::string(1'000, 'm'));
  pair.run_for(100ms);
  const ConnectionId ours = connect("later");
  pair.run_for(100ms);
  EXPECT_EQ(pair.client.connection_info(ours)->caller_data_taken_bytes, 0u);
  std::vector<std::uint8_t> buffer(10'000);
  const ConnectionId first = pair.server.take(listener).value();
  EXPECT_EQ(pair.server.receive_into(pair.now(), first, buffer).value(), 1'000u);
  pair.run_for(10s);
  const ConnectionId second = pair.server.take(listener).value();
  EXPECT_FALSE(pair.server.connection_info(second)->fast_open);
  EXPECT_EQ(pair.server.receive_into(pair.now(), second, buffer).value(), 5u);
}

}  // namespace
}  // namespace anteroom::testing
