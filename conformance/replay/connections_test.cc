// Which segments are one connection: new SYNs on an old flow, both ends opening, packets in another
// order than they were sent, and a bound on how many there may be.
#include <gtest/gtest.h>

#include "conformance/replay/capture_builder.h"

namespace anteroom::replay {
namespace {

// With the port of the client changed, and later by so much.
void add(Talk& talk, const Talk& other, std::uint16_t port, Duration later, std::uint32_t initial) {
  for (Talk::Said said : other.said_copy()) {
    Segment& segment = said.segment;
    (said.by_client ? segment.source : segment.destination).port = port;
    if (said.by_client) {
      segment.seq += initial;
    } else {
      segment.ack += initial;
    }
    said.at += later;
    talk.said().push_back(std::move(said));
  }
}

Talk short_talk() {
  Talk talk;
  talk.handshake();
  talk.client(3ms, "P. 1:101(100) ack 1 win 502");
  talk.server(4ms, "P. 1:51(50) ack 101 win 509");
  talk.server(4ms, "F. 51:51(0) ack 101 win 509");
  talk.client(5ms, "F. 101:101(0) ack 52 win 500");
  talk.server(6ms, ". 52:52(0) ack 102 win 509");
  return talk;
}

TEST(Connections, ANewSynOnTheSameFlowIsANewConnection) {
  Talk talk = short_talk();
  add(talk, short_talk(), 40'000, 1s, 5'000);
  add(talk, short_talk(), 40'000, 2s, 9'000);
  const Replayed replayed = replay_talk(talk);
  ASSERT_EQ(replayed.connections.size(), 3u);
  for (std::size_t i = 0; i < 3; ++i) EXPECT_EQ(replayed.diverged(i), "") << i;
  EXPECT_EQ(replayed.connections[2].first_packet, 17u);
}

TEST(Connections, TheSameSynAgainIsNot) {
  Talk talk;
  talk.client(0ms, "S 0:0(0) win 64240 <mss 1460,sackOK,wscale 7>");
  talk.client(1'000ms, "S 0:0(0) win 64240 <mss 1460,sackOK,wscale 7>");
  talk.server(1'001ms, "S. 0:0(0) ack 1 win 65160 <mss 1460,sackOK,wscale 7>");
  talk.client(1'002ms, ". 1:1(0) ack 1 win 502");
  const Replayed replayed = replay_talk(talk);
  ASSERT_EQ(replayed.connections.size(), 1u);
  EXPECT_TRUE(replayed.connections[0].has_handshake);
  EXPECT_EQ(replayed.connections[0].packets, 4u);
}

TEST(Connections, ManyAtOnceAreKeptApart) {
  Talk talk;
  for (std::uint16_t i = 0; i < 20; ++i) {
    add(talk, short_talk(), static_cast<std::uint16_t>(41'000 + i), 1ms * i, i * 77u);
  }
  std::stable_sort(talk.said().begin(), talk.said().end(),
                   [](const Talk::Said& a, const Talk::Said& b) { return a.at < b.at; });
  const Replayed replayed = replay_talk(talk);
  ASSERT_EQ(replayed.connections.size(), 20u);
  for (std::size_t i = 0; i < 20; ++i) {
    EXPECT_EQ(replayed.diverged(i), "") << i;
    EXPECT_EQ(replayed.connections[i].bytes_out, 50u);
  }
}

TEST(Connections, OneTooManyEndsTheOldest) {
  Talk talk;
  for (std::uint16_t i = 0; i < 10; ++i) {
    Talk open;
    open.handshake();
    add(talk, open, static_cast<std::uint16_t>(41'000 + i), 10ms * i, 0);
  }
  Options options;
  options.limits.connections_max = 4;
  const Replayed replayed = replay_talk(talk, options);
  EXPECT_EQ(replayed.capture.connections, 10u);
  EXPECT_EQ(replayed.capture.ended_early, 6u);
  EXPECT_EQ(replayed.connections.size(), 10u);
  EXPECT_EQ(replayed.connections[0].client, "192.0.2.2:41000");
}

TEST(Connections, AnAnswerInFrontOfItsQuestion) {
  Talk talk = short_talk();
  std::swap(talk.said()[0].segment, talk.said()[1].segment);
  std::swap(talk.said()[0].by_client, talk.said()[1].by_client);
  for (const bool client : {false, true}) {
    Options options;
    options.as_server = !client;
    options.as_client = client;
    const Replayed replayed = replay_talk(talk, options);
    ASSERT_EQ(replayed.connections.size(), 1u);
    EXPECT_EQ(replayed.diverged(), "");
    EXPECT_EQ(replayed.connections[0].client, "192.0.2.2:40000");
  }
}

TEST(Connections, AcknowledgedBeforeItWasCaptured) {
  Talk talk = short_talk();
  // The client's acknowledgment of the answer stands before the answer.
  std::swap(talk.said()[4], talk.said()[6]);
  for (std::size_t i = 4; i < 7; ++i) talk.said()[i].at = 4ms + 1us * static_cast<int>(i);
  const Replayed replayed = replay_talk(talk);
  ASSERT_EQ(replayed.connections.size(), 1u);
  EXPECT_EQ(replayed.connections[0].finding(Tier::stream), Finding::held);
  EXPECT_EQ(replayed.connections[0].stand_in_bytes, 0u);
}

TEST(Connections, TheSamePacketTwiceIsTheCapturesFault) {
  Talk talk = short_talk();
  std::vector<Talk::Said> twice;
  for (const Talk::Said& said : talk.said()) {
    twice.push_back(said);
    twice.push_back(said);
  }
  talk.said() = twice;
  const Replayed replayed = replay_talk(talk);
  EXPECT_EQ(replayed.capture.skips[static_cast<std::size_t>(Skip::duplicate)], 8u);
  EXPECT_EQ(replayed.diverged(), "");
}

TEST(Connections, AResetInAnothersNameIsNotPlayed) {
  Talk talk;
  talk.client(0ms, "S 0:0(0) win 64240 <mss 1460,sackOK,wscale 7>");
  talk.server(1ms, "R. 0:0(0) ack 1 win 0");
  talk.server(2ms, "S. 0:0(0) ack 1 win 65160 <mss 1460,sackOK,wscale 7>");
  talk.client(3ms, ". 1:1(0) ack 1 win 502");
  talk.server(4ms, "P. 1:51(50) ack 1 win 509");
  talk.client(5ms, ". 1:1(0) ack 51 win 502");
  const Replayed replayed = replay_talk(talk);
  ASSERT_EQ(replayed.connections.size(), 1u);
  EXPECT_EQ(replayed.diverged(), "");
  ASSERT_FALSE(replayed.connections[0].notes.empty());
  EXPECT_NE(replayed.connections[0].notes[0].find("were not its own"), std::string::npos);
}

TEST(Connections, ARefusedOneIsRefusedByTheStack) {
  Talk talk;
  talk.client(0ms, "S 0:0(0) win 64240 <mss 1460,sackOK,wscale 7>");
  talk.server(1ms, "R. 0:0(0) ack 1 win 0");
  const Replayed replayed = replay_talk(talk);
  ASSERT_EQ(replayed.connections.size(), 1u);
  EXPECT_EQ(replayed.diverged(), "");
  EXPECT_EQ(replayed.connections[0].finding(Tier::close), Finding::held);
}

}  // namespace
}  // namespace anteroom::replay
