// Sequence numbers across the wrap. RFC 9293 3.4.
#include "stack/tcp/seq.h"

#include <gtest/gtest.h>

namespace anteroom {
namespace {

// RFC 9293 3.4: order is distance, also across the wrap.
TEST(Seq, BeforeAndAfterWrap) {
  const std::uint32_t points[] = {0, 1, 0x7fffffff, 0x80000000, 0xfffffffe, 0xffffffff};
  for (const std::uint32_t a : points) {
    EXPECT_FALSE(Seq(a).before(Seq(a)));
    EXPECT_TRUE(Seq(a).before(Seq(a) + 1));
    EXPECT_TRUE((Seq(a) + 0x7fffffff).after(Seq(a)));
    EXPECT_TRUE(Seq(a).in(Seq(a), 1));
    EXPECT_FALSE(Seq(a).in(Seq(a), 0));
    EXPECT_FALSE((Seq(a) + 5).in(Seq(a), 5));
    EXPECT_EQ((Seq(a) - 3).distance_from(Seq(a)), -3);
  }
}

template <typename T>
concept Ordered = requires(T a, T b) {
  a < b;
};
static_assert(!Ordered<Seq>);

}  // namespace
}  // namespace anteroom
