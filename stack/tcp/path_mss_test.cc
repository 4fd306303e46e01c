// The path's segment size found out by sending: RFC 4821.
#include "stack/tcp/path_mss.h"

#include <gtest/gtest.h>

#include <anteroom/testing/pair.h>
#include <anteroom/testing/peer.h>

namespace anteroom {
namespace {

// RFC 4821 7.3: the search closes in on what passes, here 1,300.
TEST(PathMss, SearchFindsWhatPasses) {
  const Instant now{1h};
  PathMss path(1460);
  path.begin(now);
  ASSERT_TRUE(path.on_black_hole());
  EXPECT_EQ(path.bytes(), 1024);
  int probes = 0;
  while (const std::uint16_t size = path.next_probe(now, 1460)) {
    ASSERT_LT(++probes, 12);
    if (size <= 1300) {
      path.on_probe_arrived(now, size);
    } else {
      path.on_probe_lost(size);
    }
  }
  EXPECT_LE(path.bytes(), 1300);
  EXPECT_GT(path.bytes(), 1300 - 16);
  // RFC 1191 6.3: after ten minutes the whole is tried again.
  EXPECT_EQ(path.next_probe(now + 9min, 1460), 0);
  EXPECT_EQ(path.next_probe(now + 10min, 1460), 1460);
}

TEST(PathMss, AnUnhinderedPathIsNeverProbed) {
  PathMss path(1460);
  path.begin(Instant(1h));
  EXPECT_EQ(path.next_probe(Instant(3h), 1460), 0);
}

TEST(PathMss, WhatARouterSaidStandsForTenMinutes) {
  PathMss path(1460);
  path.begin(Instant(1h));
  path.on_told(Instant(1h), 1200);
  EXPECT_EQ(path.bytes(), 1200);
  path.on_told(Instant(1h), 1300);  // sizes only fall this way
  EXPECT_EQ(path.bytes(), 1200);
  EXPECT_EQ(path.next_probe(Instant(1h + 9min), 1460), 0);
  EXPECT_EQ(path.next_probe(Instant(1h + 10min), 1460), 1460);
  path.on_probe_arrived(Instant(1h + 10min), 1460);
  EXPECT_EQ(path.bytes(), 1460);
}

TEST(PathMss, ABlackHoleHasAnEnd) {
  PathMss path(1460);
  EXPECT_TRUE(path.on_black_hole());
  EXPECT_TRUE(path.on_black_hole());
  EXPECT_EQ(path.bytes(), 512);
  EXPECT_FALSE(path.on_black_hole());
}

}  // namespace

namespace testing {
namespace {

// RFC 4821 7.7: four time-outs of a full segment, and the fifth transmission is a shorter one.
TEST(BlackHole, SegmentsBecomeSmaller) {
  PeerOptions options;
  options.config.tcp.timestamps = false;
  Peer peer(options);
  peer.sends("S 0:0(0) win 65535 <mss 1460>");
  (void)peer.next();
  peer.sends(". 1:1(0) ack 1");
  peer.connection = *peer.stack().take(peer.listener());
  ASSERT_TRUE(peer.writes(std::string(2000, 'd')));
  EXPECT_EQ(peer.sees(". 1:1461(1460) ack 1"), "");
  while (!peer.next().empty()) {
  }
  for (int i = 0; i < 3; ++i) {
    peer.passes(60s);
    EXPECT_EQ(peer.sees(". 1:1461(1460) ack 1"), "");
  }
  peer.passes(60s);
  EXPECT_EQ(peer.sees(". 1:1025(1024) ack 1"), "");
  EXPECT_EQ(peer.stack().stats().path_mtu_black_holes, 1u);
}

// A path that swallows what is longer than 1,200 bytes, in silence; later it is widened.
TEST(BlackHole, ABulkTransferGetsThroughAndGrowsAgain) {
  Pair pair;
  const auto listener = pair.server.listen({.local = {{}, 80}});
  const auto id = pair.client.connect(pair.now(), {.remote = {pair.server_address(), 80}});
  ASSERT_TRUE(listener && id);
  pair.run_for(10ms);
  const auto to = pair.server.take(*listener);
  ASSERT_TRUE(to);
  std::size_t frame_max = 14 + 1'200;
  pair.set_wire(
      [&](Toward, std::vector<std::uint8_t>& frame) { return frame.size() <= frame_max; });
  const auto transfer = [&](std::size_t bytes) {
    std::vector<std::uint8_t> data(bytes), in(bytes);
    std::size_t sent = 0, received = 0;
    for (int i = 0; i < 100'000 && received < bytes; ++i) {
      sent += pair.client.send(pair.now(), *id, Bytes(data).subspan(sent)).value_or(0);
      pair.run_for(1ms);
      received += pair.server.receive_into(pair.now(), *to, in).value_or(0);
    }
    return received;
  };
  EXPECT_EQ(transfer(300'000), 300'000u);
  EXPECT_EQ(pair.client.stats().path_mtu_black_holes, 1u);
  const std::uint16_t narrow = pair.client.connection_info(*id)->send_mss;
  EXPECT_GT(narrow, 1'200 - 52 - 16);
  EXPECT_LE(narrow, 1'200 - 52);
  frame_max = 14 + 1'500;
  pair.run_for(10min);
  EXPECT_EQ(transfer(300'000), 300'000u);
  EXPECT_EQ(pair.client.connection_info(*id)->send_mss, 1'448);
  EXPECT_EQ(pair.client.stats().path_mtu_black_holes, 1u);
}

}  // namespace
}  // namespace testing
}  // namespace anteroom
