// A conversation that the stack repeats in every tier, and one change for each tier that makes this
// tier diverge and no other.
#include <gtest/gtest.h>

#include "conformance/replay/capture_builder.h"

namespace anteroom::replay {
namespace {

// A request, an answer in two segments, a retransmission of the last one, and both ends close. The
// server acknowledges with its data, so nothing hangs on the delayed acknowledgment's timer.
Talk conversation() {
  Talk talk;
  talk.handshake();
  talk.client(3ms, "P. 1:101(100) ack 1 win 502");
  talk.server(4ms, ". 1:501(500) ack 101 win 509");
  talk.client(5ms, ". 101:101(0) ack 501 win 500");
  talk.server(6ms, "P. 501:701(200) ack 101 win 509");
  // The tail was lost: probed by the stack, sent again by the captured host.
  talk.server(220ms, "P. 501:701(200) ack 101 win 509");
  talk.client(221ms, ". 101:101(0) ack 701 win 500");
  talk.client(230ms, "P. 101:301(200) ack 701 win 500");
  talk.server(231ms, "P. 701:801(100) ack 301 win 509");
  talk.client(232ms, ". 301:301(0) ack 801 win 500");
  talk.server(300ms, "F. 801:801(0) ack 301 win 509");
  talk.client(301ms, "F. 301:301(0) ack 802 win 500");
  talk.server(302ms, ". 802:802(0) ack 302 win 509");
  return talk;
}

constexpr std::size_t kSynAck = 1;
constexpr std::size_t kResent = 7;
constexpr std::size_t kAnswer = 10;
constexpr std::size_t kLast = 14;

std::string first_cause(const Replayed& replayed) {
  const auto& divergences = replayed.connections.at(0).divergences;
  return divergences.empty() ? "" : divergences.front().why;
}

TEST(Tiers, AllHoldWhereTheCaptureIsWhatTheStackDoes) {
  const Replayed replayed = replay_talk(conversation());
  ASSERT_EQ(replayed.connections.size(), 1u);
  const ConnectionReport& report = replayed.connections[0];
  EXPECT_EQ(replayed.diverged(), "") << first_cause(replayed);
  EXPECT_EQ(report.mode, Mode::oracle);
  EXPECT_TRUE(report.has_handshake);
  EXPECT_EQ(report.bytes_out, 800u);
  EXPECT_EQ(report.bytes_in, 300u);
  for (std::size_t i = 0; i < kTiers; ++i) {
    EXPECT_EQ(report.tiers[i], Finding::held) << to_string(static_cast<Tier>(i));
  }
  EXPECT_EQ(report.reached(), Tier::timing);
}

TEST(Tiers, OtherBytesInARetransmissionAreTheStreams) {
  Talk talk = conversation();
  talk.said()[kResent].segment.payload[17] ^= 1;
  const Replayed replayed = replay_talk(talk);
  EXPECT_EQ(replayed.diverged(), "stream");
  ASSERT_FALSE(replayed.connections.at(0).divergences.empty());
  const Divergence& cause = replayed.connections[0].divergences.front();
  EXPECT_EQ(cause.packet, kResent + 1);
  EXPECT_TRUE(cause.is_cause);
  EXPECT_NE(cause.why.find("from byte 518 on"), std::string::npos) << cause.why;
}

TEST(Tiers, BytesThatTheHostNeverAcknowledgedAreTheAcknowledgments) {
  Talk talk = conversation();
  // The captured host stops acknowledging at 101, although time enough passes.
  talk.said()[kAnswer].segment.ack -= 200;
  talk.said()[kAnswer + 2].segment.ack -= 200;
  talk.said()[kAnswer + 4].segment.ack -= 201;
  talk.client(2'000ms, ". 302:302(0) ack 802 win 500");
  const Replayed replayed = replay_talk(talk);
  EXPECT_EQ(replayed.diverged(), "acknowledgment") << first_cause(replayed);
}

TEST(Tiers, AnOptionThatNobodyOfferedIsTheHandshakes) {
  Talk talk = conversation();
  Segment& syn = talk.said()[0].segment;
  // No SACK permitted in the SYN, but in the answer.
  const std::array<std::uint8_t, 8> options{2, 4, 0x05, 0xb4, 1, 3, 3, 7};
  std::copy(options.begin(), options.end(), syn.options.begin());
  syn.option_bytes = options.size();
  const Replayed replayed = replay_talk(talk);
  EXPECT_EQ(replayed.diverged(), "handshake") << first_cause(replayed);
  ASSERT_FALSE(replayed.connections.at(0).divergences.empty());
  EXPECT_EQ(replayed.connections[0].divergences.front().packet, kSynAck + 1);
}

TEST(Tiers, AFinBehindAResetIsTheCloses) {
  Talk talk;
  talk.handshake();
  talk.client(3ms, "P. 1:101(100) ack 1 win 502");
  talk.server(4ms, "P. 1:501(500) ack 101 win 509");
  talk.client(5ms, ". 101:101(0) ack 501 win 500");
  talk.client(6ms, "R. 101:101(0) ack 501 win 500");
  talk.server(7ms, "F. 501:501(0) ack 101 win 509");
  const Replayed replayed = replay_talk(talk);
  EXPECT_EQ(replayed.diverged(), "close") << first_cause(replayed);
}

TEST(Tiers, ANeedlessRetransmissionIsTheRetransmissions) {
  Talk talk = conversation();
  const Talk::Said said = talk.said()[kAnswer];
  talk.said().insert(talk.said().begin() + kAnswer + 2, said);
  talk.said()[kAnswer + 2].at = 250ms;
  talk.said()[kAnswer + 2].segment.identification = 999;
  const Replayed replayed = replay_talk(talk);
  EXPECT_EQ(replayed.diverged(), "retransmission") << first_cause(replayed);
  ASSERT_FALSE(replayed.connections.at(0).divergences.empty());
  const Divergence& cause = replayed.connections[0].divergences.front();
  EXPECT_EQ(cause.packet, kAnswer + 3);
  EXPECT_EQ(cause.captured, "> P. 701:801(100) ack 301 win 509");
  EXPECT_EQ(cause.stack, "");
}

TEST(Tiers, AClosedWindowIsTheRetransmissions) {
  Talk talk = conversation();
  talk.said()[kLast].segment.window = 0;
  EXPECT_EQ(replay_talk(talk).diverged(), "retransmission");
}

TEST(Tiers, OtherSegmentsOfTheSameBytesAreTheBoundaries) {
  Talk talk = conversation();
  // Captured out of order, they are one write of 700 bytes for the stack's application.
  Talk::Said& first = talk.said()[4];
  talk.said().insert(talk.said().begin() + 4, first);
  talk.said()[4].segment = talk.said()[7].segment;
  talk.said()[4].segment.identification = 999;
  talk.said().erase(talk.said().begin() + 7);
  const Replayed replayed = replay_talk(talk);
  EXPECT_EQ(replayed.diverged(), "boundaries") << first_cause(replayed);
}

TEST(Tiers, ALateAcknowledgmentIsTheTimings) {
  Talk talk;
  talk.handshake();
  talk.client(3ms, "P. 1:101(100) ack 1 win 502");
  talk.server(200ms, ". 1:1(0) ack 101 win 509");
  talk.server(300ms, "F. 1:1(0) ack 101 win 509");
  talk.client(301ms, "F. 101:101(0) ack 2 win 500");
  talk.server(302ms, ". 2:2(0) ack 102 win 509");
  EXPECT_EQ(replay_talk(talk).diverged(), "timing");
  Options patient;
  patient.tolerance = 200ms;
  EXPECT_EQ(replay_talk(talk, patient).diverged(), "");
}

// A tail loss probe was due after twice the round trip of 1 ms; the captured host, late, heard the
// acknowledgment first.
TEST(Tiers, ATimeOutMayBeLateWhereSomethingCameMeanwhile) {
  Talk talk;
  talk.handshake();
  talk.client(3ms, "P. 1:101(100) ack 1 win 502");
  talk.server(4ms, ". 1:501(500) ack 101 win 509");
  talk.server(4ms, "P. 501:801(300) ack 101 win 509");
  talk.client(9ms, ". 101:101(0) ack 801 win 500");
  talk.server(10ms, "F. 801:801(0) ack 101 win 509");
  talk.client(11ms, "F. 101:101(0) ack 802 win 500");
  talk.server(12ms, ". 802:802(0) ack 102 win 509");
  EXPECT_EQ(replay_talk(talk).diverged(), "");
  Options punctual;
  punctual.timer_lateness = Duration::zero();
  EXPECT_EQ(replay_talk(talk, punctual).diverged(), "retransmission");
}

// The same conversation with the stack at the other end.
TEST(Tiers, AllHoldForTheClientToo) {
  Options options;
  options.as_server = false;
  options.as_client = true;
  Talk talk;
  talk.handshake();
  talk.client(3ms, "P. 1:101(100) ack 1 win 502");
  talk.server(4ms, ". 1:501(500) ack 101 win 509");
  talk.server(4ms, "P. 501:801(300) ack 101 win 509");
  talk.client(5ms, "P. 101:301(200) ack 801 win 500");
  talk.server(6ms, ". 801:801(0) ack 301 win 509");
  talk.client(7ms, "F. 301:301(0) ack 801 win 500");
  talk.server(8ms, "F. 801:801(0) ack 302 win 509");
  talk.client(9ms, ". 302:302(0) ack 802 win 500");
  const Replayed replayed = replay_talk(talk, options);
  ASSERT_EQ(replayed.connections.size(), 1u);
  EXPECT_EQ(replayed.connections[0].as, Side::client);
  EXPECT_EQ(replayed.diverged(), "") << first_cause(replayed);
  EXPECT_EQ(replayed.connections[0].bytes_out, 300u);
  EXPECT_EQ(replayed.connections[0].bytes_in, 800u);
}

TEST(Tiers, WhatIsHeldBackIsTheRetransmissions) {
  Talk talk;
  talk.handshake();
  talk.client(3ms, "P. 1:101(100) ack 1 win 502");
  // Forty segments at once: four times the initial window of RFC 6928.
  for (std::uint32_t i = 0; i < 40; ++i) {
    const std::uint32_t seq = 1 + 1'460 * i;
    talk.server(4ms, ". " + std::to_string(seq) + ":" + std::to_string(seq + 1'460) +
                         "(1460) ack 101 win 509");
  }
  talk.client(5ms, ". 101:101(0) ack 58401 win 502");
  const Replayed replayed = replay_talk(talk);
  EXPECT_EQ(replayed.diverged(), "retransmission") << first_cause(replayed);
  EXPECT_EQ(replayed.connections.at(0).bytes_out, 58'400u);
}

// A host that is gone for the stack, and goes on in the capture: nothing is gathered for it.
TEST(Tiers, WhatComesBehindTheEndIsNotKept) {
  Talk talk;
  talk.handshake();
  talk.client(3ms, "R 1:1(0)");
  for (std::uint32_t i = 0; i < 3'000; ++i) {
    const std::string begin = std::to_string(1 + 1'000 * i);
    const std::string end = std::to_string(1'001 + 1'000 * i);
    talk.server(4ms + 1ms * i, "P. " + begin + ":" + end + "(1000) ack 1 win 509");
  }
  Options options;
  options.limits.stream_bytes_max = 100'000;
  const Replayed replayed = replay_talk(talk, options);
  ASSERT_EQ(replayed.connections.size(), 1u);
  const ConnectionReport& report = replayed.connections[0];
  EXPECT_EQ(report.bytes_out, 3'000'000u);
  // More than was to be kept: of the stream nothing is said.
  EXPECT_EQ(report.finding(Tier::stream), Finding::unjudged);
}

TEST(Tiers, NamesAreReadBack) {
  for (std::size_t i = 0; i < kTiers; ++i) {
    const auto tier = static_cast<Tier>(i);
    EXPECT_EQ(tier_named(to_string(tier)), tier);
  }
  EXPECT_EQ(tier_named("streams"), std::nullopt);
}

}  // namespace
}  // namespace anteroom::replay
