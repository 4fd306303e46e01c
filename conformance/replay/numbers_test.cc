// Translation: sequence numbers across the top of their space, echoes of time-stamps, and streams
// put in order.
#include "conformance/replay/numbers.h"

#include <gtest/gtest.h>

#include "conformance/replay/marks.h"
#include "conformance/replay/stream_record.h"

namespace anteroom::replay {
namespace {

Instant at(Duration since) { return Instant(since); }

TEST(Offsets, GoOnAcrossTheTop) {
  Offsets offsets(0xffffff00);
  EXPECT_EQ(offsets.of(0xffffff00), 0);
  EXPECT_EQ(offsets.of(0x00000100), 0x200);
  std::int64_t expected = 0;
  for (int i = 0; i < 40; ++i) {
    expected += 1 << 30;
    const auto seq = static_cast<std::uint32_t>(0xffffff00 + expected);
    ASSERT_EQ(offsets.of(seq), expected);
    ASSERT_EQ(offsets.seq(expected), seq);
    offsets.note(expected);
  }
  // And what is old stays old.
  EXPECT_EQ(offsets.of(static_cast<std::uint32_t>(0xffffff00 + expected - 5)), expected - 5);
}

TEST(Stamps, AnEchoBecomesWhatTheStackSaidThen) {
  Stamps stamps(16);
  EXPECT_EQ(stamps.to_stack(77), 77u);
  // The captured clock ticks every 10 ms, the stack's every millisecond.
  stamps.on_captured(5'000, at(1s));
  stamps.on_stack(900'000, at(1s));
  stamps.on_captured(5'003, at(1s + 30ms));
  stamps.on_stack(900'030, at(1s + 30ms));
  stamps.on_captured(5'010, at(1s + 100ms));
  stamps.on_stack(900'100, at(1s + 100ms));
  EXPECT_EQ(stamps.to_stack(5'000), 900'000u);
  EXPECT_EQ(stamps.to_stack(5'003), 900'030u);
  EXPECT_EQ(stamps.to_stack(5'010), 900'100u);
  // Older than is known, and never said.
  EXPECT_EQ(stamps.to_stack(4'000), 900'100u);
  EXPECT_EQ(stamps.to_stack(9'000), 900'100u);
  EXPECT_EQ(stamps.to_captured(900'030, at(1s + 35ms)), 5'003u);
}

TEST(Stamps, NoEchoIsAheadOfWhatWasSaid) {
  Stamps stamps(16);
  stamps.on_stack(1'000, at(1s));
  stamps.on_captured(40, at(2s));
  EXPECT_EQ(stamps.to_stack(40), 1'000u);
}

TEST(Stamps, AreBounded) {
  Stamps stamps(4);
  stamps.on_stack(1'000, at(0s));
  for (std::uint32_t i = 0; i < 100; ++i) stamps.on_captured(i, at(1ms * i));
  stamps.on_stack(1'099, at(99ms));
  EXPECT_EQ(stamps.to_stack(98), 1'098u);
  EXPECT_EQ(stamps.to_stack(3), 1'099u);
}

std::vector<std::uint8_t> bytes(std::initializer_list<std::uint8_t> values) { return values; }

TEST(InOrder, WhatComesEarlyWaits) {
  InOrder order(1, 8, 1'000);
  EXPECT_TRUE(order.add(3, bytes({3, 4}), 2).bytes.empty());
  EXPECT_TRUE(order.is_waiting());
  EXPECT_EQ(order.gap_end(), 3);
  EXPECT_TRUE(order.contradicts(4, bytes({9})));
  EXPECT_FALSE(order.contradicts(4, bytes({4})));
  EXPECT_EQ(order.add(1, bytes({1, 2}), 2).bytes, bytes({1, 2}));
  EXPECT_EQ(order.take_next().bytes, bytes({3, 4}));
  EXPECT_TRUE(order.take_next().bytes.empty());
  EXPECT_EQ(order.next(), 5);
  // Again, and with something new behind it.
  EXPECT_TRUE(order.add(1, bytes({1, 2}), 2).bytes.empty());
  const InOrder::Piece piece = order.add(4, bytes({4, 5, 6}), 2);
  EXPECT_EQ(piece.bytes, bytes({5, 6}));
  EXPECT_EQ(piece.real_bytes, 1u);
}

TEST(InOrder, IsFullOfSegmentsOrOfBytes) {
  InOrder order(1, 2, 100);
  static_cast<void>(order.add(10, std::vector<std::uint8_t>(50), 50));
  static_cast<void>(order.add(100, std::vector<std::uint8_t>(50), 50));
  EXPECT_FALSE(order.is_full());
  static_cast<void>(order.add(100, std::vector<std::uint8_t>(60), 60));
  EXPECT_TRUE(order.is_full());
  order.forget();
  EXPECT_FALSE(order.is_full());
  for (int i = 0; i < 3; ++i) static_cast<void>(order.add(10 + i, bytes({1}), 1));
  EXPECT_TRUE(order.is_full());
}

TEST(StreamRecord, KnowsWhatIsDifferentAndWhatIsNotKnown) {
  StreamRecord record(1);
  record.append(bytes({1, 2, 3}), 3);
  record.append(bytes({0, 0}), 0);
  record.append(bytes({6, 7}), 2);
  EXPECT_EQ(record.end(), 8);
  EXPECT_EQ(record.difference(1, bytes({1, 2, 3, 9, 9, 6, 7}), 7), std::nullopt);
  EXPECT_EQ(record.difference(2, bytes({2, 4}), 2), 3);
  EXPECT_EQ(record.difference(2, bytes({2, 4}), 1), std::nullopt);
  EXPECT_EQ(record.difference(5, bytes({0, 6, 8}), 3), 7);
  record.drop_below(4);
  EXPECT_EQ(record.begin(), 4);
  EXPECT_EQ(record.difference(1, bytes({9, 9, 9}), 3), std::nullopt);
}

TEST(Sent, TellsFreshFromLateFromAgain) {
  Sent sent(8);
  EXPECT_EQ(sent.take(0, 1), Sent::Kind::fresh);
  EXPECT_EQ(sent.take(101, 201), Sent::Kind::fresh);
  EXPECT_EQ(sent.take(51, 101), Sent::Kind::late);
  EXPECT_EQ(sent.take(1, 51), Sent::Kind::late);
  EXPECT_EQ(sent.take(1, 51), Sent::Kind::again);
  EXPECT_EQ(sent.take(151, 251), Sent::Kind::again);
  EXPECT_EQ(sent.end(), 251);
}

Mark mark(std::int64_t begin, std::int64_t end) {
  Mark made;
  made.begin = begin;
  made.end = end;
  return made;
}

struct Pairs {
  std::vector<std::pair<std::int64_t, BoundaryMatch>> seen;
  Boundaries::Sink sink = [this](const Mark& captured, const Mark&, BoundaryMatch match) {
    seen.emplace_back(captured.end, match);
  };
};

TEST(Boundaries, ArePairedWhoeverIsAhead) {
  Boundaries boundaries(16, 1'460);
  Pairs pairs;
  boundaries.captured(mark(1, 101), pairs.sink);
  boundaries.captured(mark(101, 201), pairs.sink);
  EXPECT_TRUE(pairs.seen.empty());
  boundaries.stack(mark(1, 101), pairs.sink);
  boundaries.stack(mark(101, 151), pairs.sink);
  boundaries.stack(mark(151, 251), pairs.sink);
  boundaries.captured(mark(201, 251), pairs.sink);
  boundaries.stack(mark(251, 301), pairs.sink);
  boundaries.captured(mark(251, 301), pairs.sink);
  using Seen = std::vector<std::pair<std::int64_t, BoundaryMatch>>;
  EXPECT_EQ(pairs.seen, (Seen{{101, BoundaryMatch::same},
                              {201, BoundaryMatch::different},
                              {301, BoundaryMatch::same}}));
}

TEST(Boundaries, OfWhatACardCutsUpAreTheSame) {
  Boundaries boundaries(16, 100);
  Pairs pairs;
  boundaries.captured(mark(1, 251), pairs.sink);
  boundaries.stack(mark(1, 101), pairs.sink);
  boundaries.stack(mark(101, 201), pairs.sink);
  boundaries.stack(mark(201, 251), pairs.sink);
  for (const auto& [end, match] : pairs.seen) EXPECT_NE(match, BoundaryMatch::different) << end;
}

TEST(Boundaries, AreLostWhereTooManyWait) {
  Boundaries boundaries(4, 100);
  Pairs pairs;
  for (int i = 0; i < 6; ++i) boundaries.captured(mark(1 + i, 2 + i), pairs.sink);
  EXPECT_TRUE(boundaries.is_lost());
}

}  // namespace
}  // namespace anteroom::replay
