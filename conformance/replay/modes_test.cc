// What is done without: a start, one side, payload, packets in between. And what a SYN's data is to
// a condition function.
#include <gtest/gtest.h>

#include "conformance/replay/capture_builder.h"

namespace anteroom::replay {
namespace {

Talk request_and_answer() {
  Talk talk;
  talk.handshake();
  talk.client(3ms, "P. 1:101(100) ack 1 win 502");
  talk.server(4ms, ". 1:1461(1460) ack 101 win 509");
  talk.server(4ms, "P. 1461:2000(539) ack 101 win 509");
  talk.client(5ms, ". 101:101(0) ack 2000 win 480");
  talk.client(6ms, "P. 101:201(100) ack 2000 win 502");
  talk.server(7ms, "P. 2000:2100(100) ack 201 win 509");
  talk.client(8ms, "F. 201:201(0) ack 2100 win 502");
  talk.server(9ms, "F. 2100:2100(0) ack 202 win 509");
  talk.client(10ms, ". 202:202(0) ack 2101 win 502");
  return talk;
}

Options as(Side side) {
  Options options;
  options.as_server = side == Side::server;
  options.as_client = side == Side::client;
  return options;
}

void expect_held(const ConnectionReport& report) {
  EXPECT_EQ(report.finding(Tier::stream), Finding::held) << report.as_text();
  EXPECT_EQ(report.finding(Tier::acknowledgment), Finding::held) << report.as_text();
  EXPECT_EQ(report.finding(Tier::close), Finding::held) << report.as_text();
}

TEST(Modes, CausalHoldsWhatOracleHolds) {
  Options options = as(Side::server);
  options.mode = Mode::causal;
  const Replayed replayed = replay_talk(request_and_answer(), options);
  ASSERT_EQ(replayed.connections.size(), 1u);
  EXPECT_EQ(replayed.connections[0].mode, Mode::causal);
  EXPECT_EQ(replayed.diverged(), "");
  EXPECT_EQ(replayed.connections[0].finding(Tier::timing), Finding::unjudged);
}

// Every packet in turn is the first that the capture has.
TEST(Modes, WithoutAStart) {
  for (std::size_t first = 1; first < 10; ++first) {
    for (const Side side : {Side::server, Side::client}) {
      Talk talk = request_and_answer();
      talk.said().erase(talk.said().begin(), talk.said().begin() + static_cast<int>(first));
      const Replayed replayed = replay_talk(talk, as(side));
      ASSERT_EQ(replayed.connections.size(), 1u) << first;
      const ConnectionReport& report = replayed.connections[0];
      if (!report.unjudged.empty()) continue;
      EXPECT_EQ(report.mode, Mode::causal);
      EXPECT_NE(report.finding(Tier::stream), Finding::diverged) << first << report.as_text();
      EXPECT_NE(report.finding(Tier::acknowledgment), Finding::diverged)
          << first << report.as_text();
    }
  }
}

TEST(Modes, WithoutTheOtherSide) {
  for (const Side side : {Side::server, Side::client}) {
    Talk talk = request_and_answer();
    std::erase_if(talk.said(),
                  [&](const Talk::Said& said) { return said.by_client == (side == Side::server); });
    const Replayed replayed = replay_talk(talk, as(side));
    ASSERT_EQ(replayed.connections.size(), 1u);
    const ConnectionReport& report = replayed.connections[0];
    expect_held(report);
    EXPECT_EQ(report.bytes_out, side == Side::server ? 2'099u : 200u);
    EXPECT_EQ(report.bytes_in, side == Side::server ? 200u : 2'099u);
    EXPECT_EQ(report.stand_in_bytes, report.bytes_in);
  }
}

// What nobody acknowledges in the capture is forgotten all the same.
TEST(Modes, WithoutTheOtherSideALongStreamIsJudgedWhole) {
  Talk talk;
  talk.server(1ms, "S. 0:0(0) ack 1 win 65160 <mss 1460,sackOK,wscale 7>");
  for (std::uint32_t i = 0; i < 300; ++i) {
    const std::uint32_t seq = 1 + 1'000 * i;
    talk.server(2ms + 1ms * i, ". " + std::to_string(seq) + ":" + std::to_string(seq + 1'000) +
                                   "(1000) ack 1 win 509");
  }
  Options options = as(Side::server);
  options.limits.stream_bytes_max = 20'000;
  const Replayed replayed = replay_talk(talk, options);
  ASSERT_EQ(replayed.connections.size(), 1u);
  EXPECT_EQ(replayed.connections[0].finding(Tier::stream), Finding::held);
  EXPECT_EQ(replayed.connections[0].bytes_out, 300'000u);
}

TEST(Modes, WithoutThePlayedSideNothingIsJudged) {
  Talk talk = request_and_answer();
  std::erase_if(talk.said(), [](const Talk::Said& said) { return !said.by_client; });
  const Replayed replayed = replay_talk(talk);
  ASSERT_EQ(replayed.connections.size(), 1u);
  EXPECT_EQ(replayed.connections[0].unjudged, "no packet of the played host is in the capture");
  for (std::size_t i = 0; i < kTiers; ++i) {
    EXPECT_EQ(replayed.connections[0].tiers[i], Finding::unjudged);
  }
}

// Every packet in turn is missing; what both ends acknowledge was there all the same.
TEST(Modes, WithOnePacketMissing) {
  for (std::size_t missing = 3; missing < request_and_answer().said().size() - 3; ++missing) {
    for (const Side side : {Side::server, Side::client}) {
      Talk talk = request_and_answer();
      talk.said().erase(talk.said().begin() + static_cast<int>(missing));
      const Replayed replayed = replay_talk(talk, as(side));
      ASSERT_EQ(replayed.connections.size(), 1u);
      const ConnectionReport& report = replayed.connections[0];
      EXPECT_EQ(report.finding(Tier::stream), Finding::held) << missing << report.as_text();
      EXPECT_EQ(report.finding(Tier::acknowledgment), Finding::held) << missing << report.as_text();
    }
  }
}

TEST(Modes, CausalWaitsForWhatIsHeldBack) {
  Talk talk;
  talk.handshake();
  talk.client(3ms, "P. 1:101(100) ack 1 win 502");
  for (std::uint32_t i = 0; i < 60; ++i) {
    const std::uint32_t seq = 1 + 1'000 * i;
    talk.server(4ms, ". " + std::to_string(seq) + ":" + std::to_string(seq + 1'000) +
                         "(1000) ack 101 win 509");
  }
  talk.client(5ms, "P. 101:201(100) ack 60001 win 502");
  talk.server(6ms, ". 60001:60001(0) ack 201 win 509");
  Options options = as(Side::server);
  options.mode = Mode::causal;
  const Replayed replayed = replay_talk(talk, options);
  // What waited is sent in full segments, whatever it was written in.
  EXPECT_EQ(replayed.diverged(), "boundaries");
  EXPECT_EQ(replayed.connections.at(0).bytes_out, 60'000u);
}

TEST(Modes, TimeStampsAndSackBlocksAreTranslated) {
  Talk talk;
  talk.client(0ms, "S 0:0(0) win 64240 <mss 1460,sackOK,TS val 100 ecr 0,wscale 7>");
  talk.server(10ms, "S. 0:0(0) ack 1 win 65160 <mss 1460,sackOK,TS val 7000 ecr 100,wscale 7>");
  talk.client(20ms, ". 1:1(0) ack 1 win 502 <TS val 120 ecr 7000>");
  talk.client(21ms, "P. 1:101(100) ack 1 win 502 <TS val 121 ecr 7000>");
  for (std::uint32_t i = 0; i < 6; ++i) {
    const std::uint32_t seq = 1 + 1'000 * i;
    talk.server(22ms, ". " + std::to_string(seq) + ":" + std::to_string(seq + 1'000) +
                          "(1000) ack 101 win 509 <TS val 7012 ecr 121>");
  }
  // The first one is lost: each of the others is told of, and it is sent again.
  for (std::uint32_t i = 1; i < 6; ++i) {
    talk.client(32ms, ". 101:101(0) ack 1 win 502 <TS val 132 ecr 7000,sack 1001:" +
                          std::to_string(2'001 + 1'000 * (i - 1)) + ">");
  }
  talk.server(32ms, ". 1:1001(1000) ack 101 win 509 <TS val 7022 ecr 132>");
  talk.client(42ms, ". 101:101(0) ack 6001 win 502 <TS val 142 ecr 7022>");
  const Replayed replayed = replay_talk(talk);
  ASSERT_EQ(replayed.connections.size(), 1u);
  EXPECT_EQ(replayed.diverged(), "") << replayed.connections[0].as_text();
  EXPECT_EQ(replayed.connections[0].finding(Tier::retransmission), Finding::held);
}

TEST(Modes, AnObserverSeesAllThreeInOrder) {
  Talk talk;
  talk.handshake();
  talk.client(3ms, "P. 1:101(100) ack 1 win 502");
  talk.server(4ms, "P. 1:51(50) ack 101 win 509");
  const std::vector<std::string> expected{"peer < S 0:0(0)",
                                          "stack > S. 0:0(0) ack 1",
                                          "captured > S. 0:0(0) ack 1",
                                          "peer < . 1:1(0) ack 1",
                                          "peer < P. 1:101(100) ack 1",
                                          "captured > P. 1:51(50) ack 101",
                                          "stack > P. 1:51(50) ack 101"};
  EXPECT_EQ(observed(talk), expected);
}

// RFC 7413 4.1.2: the client has the cookie from before; the stack is given it.
TEST(Modes, AClientHasTheCookieThatTheCaptureShows) {
  Talk talk;
  talk.client(0ms, "S 0:5(5) win 64240 <mss 1460> \"hello\"");
  talk.server(1ms, "S. 0:0(0) ack 6 win 65160 <mss 1460>");
  talk.client(2ms, ". 6:6(0) ack 1 win 502");
  Segment& syn = talk.said()[0].segment;
  const std::array<std::uint8_t, 16> options{2, 4, 0x05, 0xb4, 34, 10, 1, 2,
                                             3, 4, 5,    6,    7,  8,  1, 1};
  std::copy(options.begin(), options.end(), syn.options.begin());
  syn.option_bytes = options.size();
  const Replayed replayed = replay_talk(talk, as(Side::client));
  ASSERT_EQ(replayed.connections.size(), 1u);
  EXPECT_EQ(replayed.diverged(), "") << replayed.connections[0].as_text();
  EXPECT_EQ(replayed.connections[0].bytes_out, 5u);
}

TEST(Modes, ASynWithMoreThanASegmentHolds) {
  Talk talk;
  talk.client(0ms, "S 0:5000(5000) win 64240 <mss 1460>");
  talk.server(1ms, "S. 0:0(0) ack 5001 win 65160 <mss 1460>");
  talk.client(2ms, ". 5001:5001(0) ack 1 win 502");
  for (const Side side : {Side::server, Side::client}) {
    const Replayed replayed = replay_talk(talk, as(side));
    ASSERT_EQ(replayed.connections.size(), 1u);
    EXPECT_EQ(replayed.connections[0].finding(Tier::stream), Finding::held)
        << to_string(side) << replayed.connections[0].as_text();
  }
}

TEST(Verdicts, ASynsDataIsCallerData) {
  Talk talk;
  talk.client(0ms, "S 0:5(5) win 64240 <mss 1460> \"hello\"");
  talk.server(1ms, "S. 0:0(0) ack 6 win 65160 <mss 1460>");
  talk.client(2ms, ". 6:6(0) ack 1 win 502");
  Options options = as(Side::server);
  std::string seen;
  options.condition = [&](const Request& request) {
    seen = text_of(request.caller_data);
    EXPECT_EQ(to_string(request.flow.remote), "192.0.2.2:40000");
    if (request.deferrals == 0) return std::optional(tap::Verdict::defer(500ms));
    return std::optional(tap::Verdict::reject());
  };
  const Replayed replayed = replay_talk(talk, options);
  ASSERT_EQ(replayed.connections.size(), 1u);
  const ConnectionReport& report = replayed.connections[0];
  EXPECT_EQ(seen, "hello");
  EXPECT_EQ(text_of(Bytes(report.caller_data)), "hello");
  ASSERT_TRUE(report.verdict);
  EXPECT_EQ(report.verdict->verdict, "defer 500 ms, then reject");
  // The replay goes on as the captured server did.
  EXPECT_EQ(replayed.diverged(), "");
  EXPECT_EQ(report.bytes_in, 5u);
}

TEST(Verdicts, DataThatTheServerDidNotTakeComesAgain) {
  Talk talk;
  talk.client(0ms, "S 0:5(5) win 64240 <mss 1460> \"hello\"");
  talk.server(1ms, "S. 0:0(0) ack 1 win 65160 <mss 1460>");
  talk.client(2ms, "P. 1:6(5) ack 1 win 502 \"hello\"");
  talk.server(3ms, ". 1:1(0) ack 6 win 502");
  for (const Side side : {Side::server, Side::client}) {
    const Replayed replayed = replay_talk(talk, as(side));
    EXPECT_EQ(replayed.diverged(), "") << to_string(side);
    EXPECT_EQ(text_of(Bytes(replayed.connections.at(0).caller_data)), "hello");
  }
}

TEST(Verdicts, DataInTheSynAckIsResponseData) {
  Talk talk;
  talk.client(0ms, "S 0:0(0) win 64240 <mss 1460>");
  talk.server(1ms, "S. 0:5(5) ack 1 win 65160 <mss 1460> \"hello\"");
  talk.client(2ms, ". 1:1(0) ack 6 win 502");
  for (const Side side : {Side::server, Side::client}) {
    const Replayed replayed = replay_talk(talk, as(side));
    EXPECT_EQ(replayed.diverged(), "") << to_string(side);
  }
}

}  // namespace
}  // namespace anteroom::replay
