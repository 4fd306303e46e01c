// The simulation itself: pipes do what their options say, and the rules can fail.
#include <array>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "conformance/simulation/faults.h"
#include "conformance/simulation/run.h"
#include "conformance/simulation/streams.h"
#include "stack/wire/checksum.h"
#include "stack/wire/ethernet.h"
#include "stack/wire/ipv4.h"

namespace anteroom::simulation {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

constexpr std::size_t kFrameBytes = 1'014;

// An Ethernet frame with an IPv4 packet of 1,000 bytes.
std::vector<std::uint8_t> frame_with(std::uint8_t ecn) {
  std::vector<std::uint8_t> frame(kFrameBytes);
  emit_ethernet({{}, {}, kEtherTypeIpv4}, frame);
  IpHeader header;
  header.source = IpAddress::v4(192, 0, 2, 1);
  header.destination = IpAddress::v4(192, 0, 2, 2);
  header.protocol = kProtocolTcp;
  header.ecn = ecn;
  header.payload_bytes = kFrameBytes - kEthernetHeaderBytes - kIpv4HeaderBytes;
  emit_ipv4(header, MutableBytes(frame).subspan(kEthernetHeaderBytes));
  return frame;
}

std::uint8_t ecn_of(Bytes frame) {
  const auto packet = parse_ipv4(frame.subspan(kEthernetHeaderBytes));
  EXPECT_TRUE(packet) << "the header checksum was not mended";
  return packet ? packet->header.ecn : 0xff;
}

constexpr Instant kNow{1s};

TEST(Pipe, SendsAtItsRateAndDropsWhatDoesNotFitTheQueue) {
  // 1,014 bytes take 8.112 ms at 1 Mbit/s.
  Pipe pipe({.latency = 1ms, .rate_bits_per_s = 1'000'000, .queue_frames_max = 2}, Dice(1, 1));
  auto frame = frame_with(0);
  EXPECT_EQ(pipe.offer(kNow, frame).due, kNow + 9'112us);
  EXPECT_EQ(pipe.offer(kNow, frame).due, kNow + 17'224us);
  EXPECT_EQ(pipe.offer(kNow, frame).fate, Fate::overflowed);
  EXPECT_EQ(pipe.offer(kNow + 9ms, frame).fate, Fate::carried);
}

// RFC 3168 5: CE for ECT, nothing for the others, and the header checksum stays right.
TEST(Pipe, MarksInALongQueueOnlyWhatCanHearIt) {
  Pipe pipe({.rate_bits_per_s = 1'000'000, .queue_frames_max = 9, .mark_frames = 1}, Dice(1, 1));
  auto first = frame_with(2), ect = frame_with(2), deaf = frame_with(0);
  (void)pipe.offer(kNow, first);
  (void)pipe.offer(kNow, ect);
  (void)pipe.offer(kNow, deaf);
  EXPECT_EQ(ecn_of(first), 2);
  EXPECT_EQ(ecn_of(ect), 3);
  EXPECT_EQ(ecn_of(deaf), 0);
  EXPECT_EQ(pipe.stats().marked, 1u);
}

TEST(Pipe, LongPacketsDoNotPass) {
  Pipe pipe({.mtu = 999}, Dice(1, 1));
  auto frame = frame_with(0);
  EXPECT_EQ(pipe.offer(kNow, frame).fate, Fate::too_big);
  pipe.set_options({.mtu = 1'000});
  EXPECT_EQ(pipe.offer(kNow, frame).fate, Fate::carried);
}

// RFC 1071 2: no burst of up to 15 bits goes unseen.
TEST(Pipe, CorruptionNeverPassesAChecksum) {
  Pipe pipe({.corrupt = 1}, Dice(1, 1));
  const auto intact = frame_with(0);
  for (int i = 0; i < 20'000; ++i) {
    auto frame = intact;
    EXPECT_EQ(pipe.offer(kNow, frame).fate, Fate::corrupted);
    EXPECT_NE(ones_sum(frame), ones_sum(intact));
  }
  auto damaged = intact;
  EXPECT_EQ(pipe.offer(kNow, damaged, true).fate, Fate::carried);
  EXPECT_EQ(damaged, intact);
}

// Gilbert's model with mean lengths of 100 good and 10 bad frames: one in eleven is lost, in runs.
TEST(Pipe, BurstsLoseWhatTheirOptionsSay) {
  Pipe pipe({.burst_begin = 0.01, .burst_end = 0.1, .burst_loss = 1}, Dice(1, 1));
  auto frame = frame_with(0);
  int runs = 0;
  bool lost_before = false;
  for (int i = 0; i < 100'000; ++i) {
    const bool lost = pipe.offer(kNow, frame).fate == Fate::lost;
    runs += lost && !lost_before;
    lost_before = lost;
  }
  const auto lost = static_cast<double>(pipe.stats().lost);
  EXPECT_NEAR(lost / 100'000, 1.0 / 11, 0.01);
  EXPECT_NEAR(lost / runs, 10, 1);
}

TEST(Pipe, CalmKeepsThePathAndNoFault) {
  const PipeOptions calm = PipeOptions{.latency = 5ms,
                                       .jitter = 5ms,
                                       .loss = 1,
                                       .burst_begin = 1,
                                       .duplicate = 1,
                                       .corrupt = 1,
                                       .mtu = 600}
                               .calm();
  EXPECT_EQ(to_string(calm), "latency=5ms");
}

class StreamRules : public testing::Test {
 protected:
  static constexpr Endpoint kA{IpAddress::v4(192, 0, 2, 1), 1'000};
  static constexpr Endpoint kB{IpAddress::v4(192, 0, 2, 2), 80};

  std::vector<std::uint8_t> sent(std::size_t count) {
    streams[number].sent_bytes += count;
    return Streams::bytes(number, 0, count);
  }

  Streams streams{1};
  std::uint64_t number = streams.open({kA, kB});
  Reading reading{1, 0, {kB, kA}, 0, 0};
};

TEST_F(StreamRules, RightBytesAreRight) {
  EXPECT_THAT(streams.check_read(reading, sent(1'000)), IsEmpty());
  streams[number].ended = true;
  EXPECT_THAT(streams.check_end(reading), IsEmpty());
}

TEST_F(StreamRules, AWrongByteIsSeen) {
  auto bytes = sent(1'000);
  bytes[777] ^= 1;
  EXPECT_THAT(streams.check_read(reading, bytes), HasSubstr("byte 777"));
}

TEST_F(StreamRules, AByteTwiceIsSeen) {
  const auto bytes = sent(1'000);
  EXPECT_THAT(streams.check_read(reading, Bytes(bytes).first(500)), IsEmpty());
  EXPECT_THAT(streams.check_read(reading, Bytes(bytes).subspan(499)), HasSubstr("byte 500"));
}

TEST_F(StreamRules, MoreThanWasSentIsSeen) {
  (void)sent(10);
  EXPECT_THAT(streams.check_read(reading, Streams::bytes(number, 0, 11)),
              HasSubstr("10 were sent"));
}

TEST_F(StreamRules, AnotherConnectionsStreamIsSeen) {
  reading.flow.remote.port = 999;
  EXPECT_THAT(streams.check_read(reading, sent(10)), HasSubstr("reads what"));
}

TEST_F(StreamRules, AnEarlyEndIsSeen) {
  const auto bytes = sent(100);
  EXPECT_THAT(streams.check_read(reading, Bytes(bytes).first(99)), IsEmpty());
  streams[number].ended = true;
  EXPECT_THAT(streams.check_end(reading), HasSubstr("ends for its reader after 99"));
}

// A copy of a SYN may deliver its caller data again, to another connection; nothing beyond it.
TEST_F(StreamRules, OnlyCallerDataComesTwice) {
  const auto bytes = sent(100);
  streams[number].on_syn_bytes = 50;
  EXPECT_THAT(streams.check_read(reading, bytes), IsEmpty());
  Reading again{2, 0, reading.flow, 0, 0};
  EXPECT_THAT(streams.check_read(again, Bytes(bytes).first(50)), IsEmpty());
  EXPECT_THAT(streams.check_read(again, Bytes(bytes).subspan(50)), HasSubstr("two connections"));
}

TEST_F(StreamRules, WhatPoliteOwnersSayArrives) {
  const std::uint64_t answer = streams.open({kB, kA});
  reading.own_stream = answer;
  Reading back{2, number, {kA, kB}, 0, 0};
  streams[number].polite = streams[answer].polite = true;
  streams[number].ended = streams[answer].ended = true;
  streams[answer].sent_bytes = 20;
  const auto bytes = sent(100);
  EXPECT_THAT(streams.check_read(back, Streams::bytes(answer, 0, 20)), IsEmpty());
  EXPECT_THAT(streams.check_read(reading, Bytes(bytes).first(99)), IsEmpty());
  EXPECT_THAT(streams.check_delivered(), HasSubstr("99 arrived"));
  EXPECT_THAT(streams.check_read(reading, Bytes(bytes).subspan(99)), IsEmpty());
  EXPECT_THAT(streams.check_delivered(), IsEmpty());
}

std::string trace_of(std::uint64_t seed) {
  std::string text;
  Trace trace([&](std::string_view line) { text.append(line).push_back('\n'); });
  (void)run(draw_options(seed), trace);
  return text;
}

TEST(Run, SameSeedSameTrace) {
  for (const std::uint64_t seed : {1u, 2u, 3u}) {
    const std::string first = trace_of(seed);
    EXPECT_GT(first.size(), 1'000u);
    EXPECT_EQ(first, trace_of(seed));
    EXPECT_EQ(to_string(draw_options(seed)), to_string(draw_options(seed)));
  }
  EXPECT_NE(trace_of(1), trace_of(2));
}

// Where an end cannot come in time, the run says what is left.
TEST(Run, WhatDoesNotEndIsReported) {
  RunOptions options = draw_options(1);
  for (WorkloadOptions& work : options.workloads) work.connects = 5;
  options.faults_for = 5s;
  options.liveness_bound = 0ms;
  Trace silent;
  EXPECT_THAT(run(options, silent).problem, HasSubstr("does not end"));
}

}  // namespace
}  // namespace anteroom::simulation
