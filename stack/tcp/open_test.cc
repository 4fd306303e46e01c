// How connections are opened and given up: RFC 9293 3.5, 3.8.3, 3.9.1.1.
#include <gtest/gtest.h>

#include <anteroom/testing/notation.h>
#include <anteroom/testing/peer.h>

#include "stack/wire/ipv4.h"

namespace anteroom::testing {
namespace {

const IpAddress kOwn = IpAddress::v4(192, 0, 2, 1);
const IpAddress kPeer = IpAddress::v4(192, 0, 2, 2);
const IpAddress kSecond = IpAddress::v4(198, 51, 100, 1);
const IpAddress kBehindSecond = IpAddress::v4(198, 51, 100, 9);

PeerOptions without_listener() {
  PeerOptions options;
  options.listen = false;
  return options;
}

// Two networks, and a way to everybody else by the second of them.
PeerOptions multihomed() {
  PeerOptions options = without_listener();
  options.config.interface.addresses.push_back({kSecond, 24});
  options.config.routes = {{Prefix::parse("0.0.0.0/0").value(), IpAddress::v4(198, 51, 100, 254)}};
  return options;
}

IpAddress source_of(Peer& peer) {
  const auto packet = peer.next_packet();
  return packet.empty() ? IpAddress() : parse_ipv4(packet)->header.source;
}

// RFC 9293 3.9.1.1 [MUST-41], [MUST-42]: listening on a port that connections in SYN-SENT and
// SYN-RECEIVED have, which notice nothing; a second time it is an error, and the first listener
// stays.
TEST(Listen, DisturbsNobody) {
  Peer peer;
  peer.sends("S 0:0(0) win 1000 <mss 1000>");
  EXPECT_EQ(peer.sees("S. 0:0(0) ack 1"), "");
  const auto active =
      peer.stack().connect(peer.now(), {.remote = {kPeer, 5000}, .local = {kOwn, 81}});
  ASSERT_TRUE(active);
  EXPECT_TRUE(peer.stack().listen({.local = {kOwn, 80}}));
  EXPECT_TRUE(peer.stack().listen({.local = {{}, 81}}));
  EXPECT_EQ(peer.stack().listen({.local = {{}, 80}}).error().error, Error::address_in_use);
  EXPECT_EQ(peer.stack().listen({.local = {{}, 81}}).error().error, Error::address_in_use);
  EXPECT_EQ(peer.stack().connection_info(*active)->state, State::syn_sent);
  peer.sends(". 1:1(0) ack 1");
  EXPECT_TRUE(peer.stack().take(peer.listener()));
}

// RFC 9293 3.9.1.1 [MUST-43]: both calls take a local address.
TEST(LocalAddress, MayBeChosen) {
  Peer peer(multihomed());
  ASSERT_TRUE(peer.stack().listen({.local = {kSecond, 80}}));
  EXPECT_EQ(peer.stack().listen({.local = {kPeer, 80}}).error().error, Error::address_not_ours);
  peer.sends("S 0:0(0) win 1000");  // to the first address
  EXPECT_NE(peer.next().find("R."), std::string::npos);
  ASSERT_TRUE(peer.stack().connect(peer.now(), {.remote = {kPeer, 80}, .local = {kSecond, 0}}));
  EXPECT_EQ(source_of(peer), kSecond);
  EXPECT_EQ(
      peer.stack().connect(peer.now(), {.remote = {kPeer, 80}, .local = {kPeer, 0}}).error().error,
      Error::address_not_ours);
}

// RFC 9293 3.9.1.1 [MUST-44]: else it is the one of the network through which the SYN leaves.
TEST(LocalAddress, IsChosenByTheRoute) {
  const struct {
    IpAddress remote, source;
  } rows[] = {{kPeer, kOwn}, {kBehindSecond, kSecond}, {IpAddress::v4(203, 0, 113, 7), kSecond}};
  for (const auto& row : rows) {
    Peer peer(multihomed());
    ASSERT_TRUE(peer.stack().connect(peer.now(), {.remote = {row.remote, 80}}));
    EXPECT_EQ(source_of(peer), row.source) << to_string(row.remote);
  }
}

// RFC 9293 3.9.1.1 [MUST-45]: and stays it, whatever the route would choose.
TEST(LocalAddress, StaysThatOfTheFirstSegment) {
  PeerOptions options = multihomed();
  std::swap(options.config.interface.addresses[0], options.config.interface.addresses[1]);
  options.listen = true;
  Peer peer(options);  // its segments go to the second network's address, from the first one
  peer.sends("S 0:0(0) win 60000 <mss 1000>");
  EXPECT_EQ(peer.sees("S. 0:0(0) ack 1"), "");
  peer.sends(". 1:1(0) ack 1");
  peer.connection = *peer.stack().take(peer.listener());
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(peer.writes(std::string(1000, 'x')));
    EXPECT_EQ(source_of(peer), kSecond);
  }
  ASSERT_TRUE(peer.stack().abort(peer.now(), peer.connection));
  EXPECT_EQ(source_of(peer), kSecond);
}

// RFC 9293 3.9.1.1 [MUST-46]: nobody can be there.
TEST(Connect, RefusesAddressesOfNoHost) {
  Peer peer(multihomed());
  for (const char* text : {"224.0.0.1", "239.255.0.1", "255.255.255.255", "192.0.2.255",
                           "198.51.100.255", "0.0.0.0", "192.0.2.1"}) {
    const auto made =
        peer.stack().connect(peer.now(), {.remote = {IpAddress::parse(text).value(), 80}});
    ASSERT_FALSE(made) << text;
    EXPECT_EQ(made.error().error, Error::invalid_argument) << text;
  }
  EXPECT_TRUE(peer.next_packet().empty());
}

// RFC 9293 3.5 [MUST-11], 3.10.7.4: a reset in SYN-RECEIVED refuses whoever has opened actively; of
// a passive one nobody hears, and its listener goes on.
TEST(SynReceived, RemembersHowItWasOpened) {
  Peer active(without_listener());
  active.connects();
  EXPECT_NE(active.next(), "");
  active.sends("S 0:0(0) win 1000 <mss 1000>");
  EXPECT_EQ(active.sees("S. 0:0(0) ack 1"), "");
  active.sends("R 1:1(0)");
  EXPECT_EQ(active.event(EventKind::closed)->error, Error::refused);

  Peer passive;
  passive.sends("S 0:0(0) win 1000 <mss 1000>");
  EXPECT_EQ(passive.sees("S. 0:0(0) ack 1"), "");
  passive.sends("R 1:1(0)");
  EXPECT_FALSE(passive.event());
  passive.restarts();
  passive.sends("S 5000:5000(0) win 1000 <mss 1000>");
  EXPECT_EQ(passive.sees("S. 0:0(0) ack 5001"), "");
}

// RFC 9293 3.8.3 [MUST-22], RFC 6298 2.1, 5.5: a SYN goes again as data does, ever more slowly, and
// its owner is told of the end.
TEST(Syn, BacksOffAndGivesUp) {
  PeerOptions options = without_listener();
  options.config.tcp.syn_retries_max = 3;
  Peer peer(options);
  peer.connects();
  EXPECT_NE(peer.next(), "");
  for (const Duration wait : {1s, 2s, 4s}) {
    peer.passes(wait - 1ns);
    EXPECT_EQ(peer.sees_nothing(), "");
    peer.passes(1ns);
    EXPECT_EQ(peer.sees("S 0:0(0)"), "");
  }
  peer.passes(8s);
  EXPECT_EQ(peer.sees_nothing(), "");
  EXPECT_EQ(peer.event(EventKind::closed)->error, Error::timed_out);
}

// Stack::configure(): what is agreed on from now on.
TEST(Configure, CountsForTheNextHandshake) {
  Peer peer((PeerOptions()));
  TcpConfig tcp = peer.stack().config().tcp;
  tcp.sack = tcp.timestamps = false;
  tcp.window_scale_announced = 11;
  peer.stack().configure(tcp);
  peer.sends("S 0:0(0) win 65535 <mss 1000,sackOK,TS val 1 ecr 0,wscale 3>");
  const OptionsNote options = *parse_segment(peer.next())->options;
  EXPECT_FALSE(options.sack_permitted);
  EXPECT_FALSE(options.timestamp);
  EXPECT_EQ(options.window_scale, 11);
}

// Those that their owner has given up are in the table, too.
TEST(ConnectionTable, TellsOfEveryConnection) {
  Peer peer = Peer::established();
  ASSERT_EQ(peer.stack().connection_table().size(), 1u);
  ASSERT_TRUE(peer.stack().close(peer.now(), peer.connection));
  EXPECT_NE(peer.next(), "");
  ASSERT_EQ(peer.stack().connection_table().size(), 1u);
  EXPECT_EQ(peer.stack().connection_table()[0].state, State::fin_wait_1);
}

// RFC 9293 3.8.3 [MUST-23]: for three minutes at least, where nobody has chosen otherwise.
TEST(Syn, IsRepeatedForThreeMinutes) {
  Peer peer(without_listener());
  peer.connects();
  Duration waited{};
  while (!peer.next().empty() || peer.state() == State::syn_sent) {
    peer.passes(1s);
    waited += 1s;
  }
  EXPECT_GE(waited, 180s);
}

// RFC 9293 3.8.3 [SHLD-11], 3.8.4 [MUST-25], [MUST-28], 3.8.6.3 [MUST-40]: what holds where nobody
// has chosen otherwise, and what nobody may choose.
TEST(Defaults, AreWithinTheStandard) {
  Config config = test_config(1);
  EXPECT_FALSE(config.tcp.keepalive);
  EXPECT_GE(KeepaliveConfig().idle, 2h);
  EXPECT_LT(config.tcp.delayed_ack, 500ms);
  config.tcp.delayed_ack = 500ms;
  EXPECT_FALSE(check_config(config).empty());

  Peer peer = Peer::established();
  const Instant start = peer.now();
  ASSERT_TRUE(peer.writes("x"));
  while (peer.next().find("R.") == std::string::npos) peer.passes(200s);
  EXPECT_GE(peer.now() - start, 100s);
}

}  // namespace
}  // namespace anteroom::testing
