// The containers and numbers that everything stands on.
#include <map>
#include <set>

#include <gtest/gtest.h>

#include "stack/base/deadline_queue.h"
#include "stack/base/flat_index.h"
#include "stack/base/range_set.h"
#include "stack/base/ring.h"
#include "stack/base/rng.h"
#include "stack/base/slab.h"
#include "stack/base/small_pool.h"

namespace anteroom {
namespace {

Rng test_rng(std::uint8_t n) { return Rng(derive_key({n}, 1)); }

TEST(RangeSet, MatchesASetOfPoints) {
  BufferPool pool(1 << 20);
  Rng rng = test_rng(1);
  for (int round = 0; round < 200; ++round) {
    RangeSet ranges;
    std::set<std::uint64_t> points;
    for (int i = 0; i < 30; ++i) {
      const std::uint64_t begin = rng.below(60);
      const Range added{begin, begin + 1 + rng.below(6)};
      bool overlap = false;
      for (std::uint64_t p = added.begin; p < added.end; ++p)
        overlap = overlap || points.contains(p);
      EXPECT_EQ(ranges.overlaps(added), overlap);
      ASSERT_TRUE(ranges.add(added, 100, pool));
      for (std::uint64_t p = added.begin; p < added.end; ++p) points.insert(p);
      if (i == 20) {
        ranges.remove_below(20, pool);
        points.erase(points.begin(), points.lower_bound(20));
      }
      ranges.check_invariants();
      for (std::uint64_t p = 0; p < 70; ++p)
        ASSERT_EQ(ranges.find(p) != nullptr, points.contains(p));
    }
    ranges.clear(pool);
  }
  EXPECT_EQ(pool.bytes_taken(), 0u);
}

TEST(RangeSet, RefusesOneTooMany) {
  BufferPool pool(1 << 20);
  RangeSet ranges;
  EXPECT_TRUE(ranges.add({0, 1}, 2, pool));
  EXPECT_TRUE(ranges.add({2, 3}, 2, pool));
  EXPECT_FALSE(ranges.add({4, 5}, 2, pool));
  EXPECT_TRUE(ranges.add({1, 2}, 2, pool));
  EXPECT_EQ(ranges.count(), 1u);
  ranges.clear(pool);
}

TEST(Ring, KeepsOrderWhileItGrowsWrapsAndIsWrittenAhead) {
  BufferPool pool(1 << 20);
  Ring ring;
  Rng rng = test_rng(2);
  std::string model;
  for (int i = 0; i < 5000; ++i) {
    const std::string chunk(rng.below(300), static_cast<char>('a' + i % 26));
    if (ring.size() + 2 * chunk.size() < 8000) {
      // The second half first, ahead of the end; then the first half closes the gap.
      ASSERT_TRUE(ring.write_at(ring.size() + static_cast<std::uint32_t>(chunk.size()),
                                bytes_of(chunk), Reserve::use, pool));
      ASSERT_TRUE(ring.write_at(ring.size(), bytes_of(chunk), Reserve::use, pool));
      ring.extend(static_cast<std::uint32_t>(2 * chunk.size()));
      model += chunk + chunk;
    }
    std::vector<std::uint8_t> out(std::min<std::size_t>(rng.below(500), model.size()));
    ring.read_at(0, out);
    ASSERT_EQ(text_of(out), model.substr(0, out.size()));
    ring.drop_front(static_cast<std::uint32_t>(out.size()), pool);
    model.erase(0, out.size());
    ASSERT_EQ(ring.size(), model.size());
  }
  ring.clear(pool);
  EXPECT_EQ(pool.bytes_taken(), 0u);
}

TEST(BufferPool, RefusesAtItsLimitAndReusesIdleBlocks) {
  BufferPool pool(4096);
  Block a = pool.take(2048, Reserve::use);
  Block b = pool.take(1024, Reserve::use);
  EXPECT_TRUE(a && b);
  EXPECT_FALSE(pool.take(2048, Reserve::use));
  pool.give_back(a);
  EXPECT_TRUE(static_cast<bool>(a = pool.take(3000, Reserve::use)) == false);
  Block c = pool.take(2048, Reserve::use);
  EXPECT_TRUE(c);
  pool.give_back(b);
  pool.give_back(c);
  Block d = pool.take(4096, Reserve::use);  // idle blocks of other sizes make room
  EXPECT_TRUE(d);
  pool.give_back(d);
}

TEST(BufferPool, KeepsItsLastQuarterFromDataToSend) {
  BufferPool pool(4096);
  const Block a = pool.take(2048, Reserve::keep);
  EXPECT_FALSE(pool.take(2048, Reserve::keep));
  const Block b = pool.take(1024, Reserve::keep);
  EXPECT_FALSE(pool.take(512, Reserve::keep));
  const Block c = pool.take(1024, Reserve::use);
  EXPECT_TRUE(a && b && c);
  for (const Block& block : {a, b, c}) pool.give_back(block);
}

TEST(Slab, DeadIdsStayDead) {
  using TestId = Id<struct TestTag>;
  Slab<std::string, TestId> slab(2);
  const TestId a = slab.emplace("a");
  const TestId b = slab.emplace("b");
  EXPECT_TRUE(slab.full());
  slab.erase(a.index);
  EXPECT_EQ(slab.find(a), nullptr);
  const TestId c = slab.emplace("c");
  EXPECT_EQ(c.index, a.index);
  EXPECT_EQ(slab.find(a), nullptr);
  EXPECT_EQ(*slab.find(c), "c");
  EXPECT_EQ(*slab.find(b), "b");
  EXPECT_EQ(slab.find(TestId{}), nullptr);
}

TEST(FlatIndex, MatchesAMapUnderChurn) {
  FlatIndex index(64);
  std::map<std::uint32_t, std::uint64_t> model;  // value to hash
  Rng rng = test_rng(3);
  for (int i = 0; i < 20'000; ++i) {
    const auto value = static_cast<std::uint32_t>(rng.below(64));
    const auto found = model.find(value);
    if (found == model.end()) {
      const std::uint64_t hash = rng.below(16);  // crowded on purpose
      index.insert(hash, value);
      model[value] = hash;
    } else {
      index.erase(found->second, value);
      model.erase(found);
    }
    for (const auto& [kept, hash] : model) {
      ASSERT_EQ(index.find(hash, [k = kept](std::uint32_t v) { return v == k; }), kept);
    }
    ASSERT_EQ(index.size(), model.size());
  }
}

TEST(DeadlineQueue, SoonestFirstUnderChurn) {
  DeadlineQueue queue;
  std::vector<HeapPosition> at(50, kNotQueued);
  const auto positions = [&](std::uint32_t owner) -> HeapPosition& { return at[owner]; };
  std::map<std::uint32_t, Instant> model;
  Rng rng = test_rng(4);
  for (int i = 0; i < 20'000; ++i) {
    const auto owner = static_cast<std::uint32_t>(rng.below(at.size()));
    if (rng.below(3) == 0) {
      queue.clear(owner, positions);
      model.erase(owner);
    } else {
      model[owner] = Instant(Duration(rng.below(1000)));
      queue.set(owner, model[owner], positions);
    }
    queue.check_invariants(positions);
    ASSERT_EQ(queue.size(), model.size());
    Instant soonest = Instant::max();
    for (const auto& [o, when] : model) soonest = std::min(soonest, when);
    ASSERT_TRUE(queue.empty() || queue.front().at == soonest);
  }
}

TEST(SmallPool, PiecesDoNotOverlap) {
  SmallPool pool;
  std::vector<std::pair<std::uint8_t*, std::size_t>> taken;
  Rng rng = test_rng(5);
  for (int i = 0; i < 3000; ++i) {
    if (taken.size() > 40) {
      const std::size_t k = rng.below(taken.size());
      auto& [data, size] = taken[k];
      for (std::size_t b = 0; b < size; ++b) ASSERT_EQ(data[b], static_cast<std::uint8_t>(size));
      pool.give_back(data, size);
      taken.erase(taken.begin() + static_cast<std::ptrdiff_t>(k));
    }
    const std::size_t size = 1 + rng.below(3000);
    taken.emplace_back(pool.take(size), size);
    std::fill_n(taken.back().first, size, static_cast<std::uint8_t>(size));
  }
}

TEST(KeyedHash, KeysOfOneSeedDiffer) {
  const std::array<std::uint8_t, 32> seed{1, 2, 3};
  EXPECT_NE(derive_key(seed, 1), derive_key(seed, 2));
  EXPECT_EQ(derive_key(seed, 1), derive_key(seed, 1));
  EXPECT_NE(keyed_hash(derive_key(seed, 1), bytes_of("a")),
            keyed_hash(derive_key(seed, 1), bytes_of("b")));
}

}  // namespace
}  // namespace anteroom
