// A bad link around a link, in virtual time.
#include <algorithm>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include <anteroom/tap/impairment.h>
#include <anteroom/tap/memory_link.h>

namespace anteroom::tap {
namespace {

constexpr Instant kStart{1s};

std::vector<std::string> drain(Link& link, Instant now) {
  std::vector<std::string> frames;
  std::vector<std::uint8_t> buffer(2'000);
  while (const std::size_t size = link.receive(now, buffer)) {
    frames.emplace_back(text_of(Bytes(buffer).first(size)));
  }
  return frames;
}

// Sends numbered frames through an impaired outbound link, one each 100 us; what arrives in the
// end.
std::vector<std::string> send_numbered(const ImpairmentOptions& options, int count,
                                       ImpairmentStats& stats) {
  MemoryLink wire({.frames_max = 100'000, .frame_bytes_max = 16});
  Impairment impaired(wire.first(), options);
  for (int i = 0; i < count; ++i) {
    impaired.send(kStart + i * 100us, bytes_of(std::to_string(i)));
  }
  std::vector<std::uint8_t> buffer(16);
  impaired.receive(kStart + 1h, buffer);
  stats = impaired.stats();
  return drain(wire.second(), kStart + 1h);
}

TEST(Impairment, NoneLetsEverythingPassAtOnce) {
  MemoryLink wire({});
  Impairment impaired(wire.first(), {});
  impaired.send(kStart, bytes_of("out"));
  wire.second().send(kStart, bytes_of("in"));
  EXPECT_EQ(drain(wire.second(), kStart), std::vector<std::string>{"out"});
  EXPECT_EQ(drain(impaired, kStart), std::vector<std::string>{"in"});
  EXPECT_FALSE(impaired.next_deadline());
}

TEST(Impairment, DelaysBothDirections) {
  MemoryLink wire({});
  Impairment impaired(wire.first(), {.delay = 5ms});
  impaired.send(kStart, bytes_of("out"));
  wire.second().send(kStart, bytes_of("in"));
  EXPECT_TRUE(drain(impaired, kStart).empty());
  EXPECT_TRUE(drain(wire.second(), kStart).empty());
  EXPECT_EQ(impaired.next_deadline(), kStart + 5ms);
  EXPECT_TRUE(drain(impaired, kStart + 4'999us).empty());
  EXPECT_EQ(drain(impaired, kStart + 5ms), std::vector<std::string>{"in"});
  EXPECT_EQ(drain(wire.second(), kStart + 5ms), std::vector<std::string>{"out"});
}

TEST(Impairment, LosesAboutTheShareItIsToldTo) {
  ImpairmentStats stats;
  const auto arrived = send_numbered({.loss = 0.1, .seed = 3}, 10'000, stats);
  EXPECT_EQ(arrived.size() + stats.lost, 10'000u);
  EXPECT_NEAR(static_cast<double>(stats.lost), 1'000, 150);
}

// RFC 3168 5, RFC 1624 3: ECT becomes CE, the header checksum stays true; everything else passes
// untouched.
TEST(Impairment, MarksWhatIsEcnCapable) {
  for (const unsigned ecn : {0u, 1u, 2u, 3u}) {
    std::vector<std::uint8_t> packet = {0x45, 0, 0,   20, 0, 0, 0x40, 0, 64, 6,
                                        0,    0, 192, 0,  2, 1, 192,  0, 2,  2};
    packet[1] = static_cast<std::uint8_t>(0xfc | ecn);
    const auto sum_of = [](const std::vector<std::uint8_t>& header) {
      unsigned sum = 0;
      for (std::size_t i = 0; i < 20; i += 2) sum += header[i] * 256u + header[i + 1];
      while (sum >> 16 != 0) sum = (sum & 0xffff) + (sum >> 16);
      return sum;
    };
    const unsigned checksum = 0xffff - sum_of(packet);
    packet[10] = static_cast<std::uint8_t>(checksum >> 8);
    packet[11] = static_cast<std::uint8_t>(checksum);
    ASSERT_EQ(sum_of(packet), 0xffffu);
    MemoryLink wire({.medium = Medium::ip});
    Impairment impaired(wire.first(), {.mark = 1});
    impaired.send(kStart, packet);
    std::vector<std::uint8_t> arrived(100);
    arrived.resize(wire.second().receive(kStart, arrived));
    ASSERT_EQ(arrived.size(), packet.size());
    EXPECT_EQ(arrived[1] & 3u, ecn == 0 ? 0u : 3u);
    EXPECT_EQ(sum_of(arrived), 0xffffu) << ecn;
    EXPECT_EQ(impaired.stats().marked, ecn == 1 || ecn == 2 ? 1u : 0u);
  }
}

TEST(Impairment, DuplicatesAboutTheShareItIsToldTo) {
  ImpairmentStats stats;
  const auto arrived = send_numbered({.duplicate = 0.1, .seed = 3}, 10'000, stats);
  EXPECT_EQ(arrived.size(), 10'000u + stats.duplicated);
  EXPECT_NEAR(static_cast<double>(stats.duplicated), 1'000, 150);
}

TEST(Impairment, CorruptsOneBitAndKeepsTheLength) {
  MemoryLink wire({});
  Impairment impaired(wire.first(), {.corrupt = 1});
  impaired.send(kStart, bytes_of("abcd"));
  const auto arrived = drain(wire.second(), kStart);
  ASSERT_EQ(arrived.size(), 1u);
  ASSERT_EQ(arrived[0].size(), 4u);
  int bits = 0;
  for (std::size_t i = 0; i < 4; ++i) {
    bits += __builtin_popcount(static_cast<unsigned>(arrived[0][i] ^ "abcd"[i]) & 0xffu);
  }
  EXPECT_EQ(bits, 1);
}

// A frame is overtaken by one to three others, none is lost, and the last comes by time alone.
TEST(Impairment, ReordersByAFewPlacesOnly) {
  ImpairmentStats stats;
  const auto arrived = send_numbered({.reorder = 0.2, .seed = 5}, 1'000, stats);
  ASSERT_EQ(arrived.size(), 1'000u);
  EXPECT_GT(stats.reordered, 50u);
  int moved = 0;
  for (int i = 0; i < 1'000; ++i) {
    const int distance = std::stoi(arrived[static_cast<std::size_t>(i)]) - i;
    EXPECT_GE(distance, -3);
    EXPECT_LE(distance, 3);
    moved += distance != 0 ? 1 : 0;
  }
  EXPECT_GT(moved, 50);
}

TEST(Impairment, ALoneReorderedFrameComesAfterTwoMilliseconds) {
  MemoryLink wire({});
  Impairment impaired(wire.first(), {.reorder = 1});
  impaired.send(kStart, bytes_of("one"));
  EXPECT_TRUE(drain(wire.second(), kStart).empty());
  EXPECT_EQ(impaired.next_deadline(), kStart + 2ms);
  drain(impaired, kStart + 2ms);
  EXPECT_EQ(drain(wire.second(), kStart + 2ms), std::vector<std::string>{"one"});
}

TEST(Impairment, RateSpacesFrames) {
  MemoryLink wire({});
  Impairment impaired(wire.first(), {.rate_bits_per_s = 8'000});  // 1 byte each ms
  impaired.send(kStart, bytes_of("1234"));
  impaired.send(kStart, bytes_of("5678"));
  EXPECT_EQ(impaired.next_deadline(), kStart + 4ms);
  drain(impaired, kStart + 4ms);
  EXPECT_EQ(drain(wire.second(), kStart), std::vector<std::string>{"1234"});
  EXPECT_EQ(impaired.next_deadline(), kStart + 8ms);
}

TEST(Impairment, TheQueueIsBounded) {
  MemoryLink wire({});
  Impairment impaired(wire.first(), {.delay = 1s, .queue_frames_max = 3});
  for (int i = 0; i < 10; ++i) impaired.send(kStart, bytes_of("x"));
  EXPECT_EQ(impaired.stats().overflowed, 7u);
  drain(impaired, kStart + 1s);
  EXPECT_EQ(drain(wire.second(), kStart + 1s).size(), 3u);
}

TEST(Impairment, SameSeedSameMishaps) {
  const ImpairmentOptions options{.loss = 0.1,
                                  .duplicate = 0.1,
                                  .corrupt = 0.1,
                                  .reorder = 0.1,
                                  .delay = 1ms,
                                  .jitter = 1ms,
                                  .seed = 9};
  ImpairmentStats stats;
  const auto first = send_numbered(options, 1'000, stats);
  EXPECT_EQ(send_numbered(options, 1'000, stats), first);
  ImpairmentOptions other = options;
  other.seed = 10;
  EXPECT_NE(send_numbered(other, 1'000, stats), first);
}

TEST(ParseImpairment, ReadsEveryValue) {
  const auto parsed = parse_impairment(
      "loss=1%,delay=5ms,jitter=250us,reorder=0.02,duplicate=1%,corrupt=0.1%,rate=100mbit,queue=10,"
      "seed=7");
  ASSERT_TRUE(parsed);
  EXPECT_DOUBLE_EQ(parsed->loss, 0.01);
  EXPECT_EQ(parsed->delay, 5ms);
  EXPECT_EQ(parsed->jitter, 250us);
  EXPECT_DOUBLE_EQ(parsed->reorder, 0.02);
  EXPECT_DOUBLE_EQ(parsed->duplicate, 0.01);
  EXPECT_DOUBLE_EQ(parsed->corrupt, 0.001);
  EXPECT_EQ(parsed->rate_bits_per_s, 100'000'000u);
  EXPECT_EQ(parsed->queue_frames_max, 10u);
  EXPECT_EQ(parsed->seed, 7u);
  EXPECT_TRUE(parse_impairment(""));
}

TEST(ParseImpairment, SaysWhatIsWrong) {
  const struct {
    const char* text;
    const char* sentence;
  } cases[] = {
      {"loss", "cannot use the impairment 'loss': it needs a value, such as loss=1%"},
      {"loss=", "cannot use the impairment loss=: it needs 0 to 1, or 0% to 100%"},
      {"loss=200%", "cannot use the impairment loss=200%: it needs 0 to 1, or 0% to 100%"},
      {"loss=-1%", "cannot use the impairment loss=-1%: it needs 0 to 1, or 0% to 100%"},
      {"loss=nan", "cannot use the impairment loss=nan: it needs 0 to 1, or 0% to 100%"},
      {"delay=5", "cannot use the impairment delay=5: it needs a time up to 60s, such as 5ms"},
      {"delay=1h", "cannot use the impairment delay=1h: it needs a time up to 60s, such as 5ms"},
      {"rate=0bit", "cannot use the impairment rate=0bit: it needs a rate, such as 100mbit"},
      {"seed=x", "cannot use the impairment seed=x: it needs a whole number"},
      {"lag=5ms",
       "cannot use the impairment 'lag': known are loss, duplicate, corrupt, mark, reorder, "
       "delay, jitter, rate, queue, seed"},
      {"loss=1%,", ""},
  };
  for (const auto& [text, sentence] : cases) {
    const auto parsed = parse_impairment(text);
    EXPECT_EQ(parsed ? "" : parsed.error().sentence, sentence) << text;
  }
}

}  // namespace
}  // namespace anteroom::tap
