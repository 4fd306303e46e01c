// The one test of that tree; nothing builds it.
#include <gtest/gtest.h>

namespace anteroom {

TEST(Clock, Ticks) { EXPECT_EQ(1, 1); }

}  // namespace anteroom
