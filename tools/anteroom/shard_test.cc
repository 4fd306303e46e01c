// Shares of a list: each path is in exactly one of them.
#include "tools/anteroom/shard.h"

#include <algorithm>

#include <gtest/gtest.h>

namespace anteroom::tools {
namespace {

TEST(Shard, EachPathIsInOneShare) {
  const std::vector<std::string> all{"a", "b", "c", "d", "e"};
  std::vector<std::string> together;
  for (const char* share : {"0/3", "1/3", "2/3"}) {
    std::vector<std::string> paths = all;
    ASSERT_TRUE(take_shard(share, paths));
    EXPECT_LE(paths.size(), 2u);
    together.insert(together.end(), paths.begin(), paths.end());
  }
  std::sort(together.begin(), together.end());
  EXPECT_EQ(together, all);
}

TEST(Shard, OtherTextIsRefused) {
  for (const char* text : {"3/3", "1", "/", "1/", "a/b", "0/0", "-1/2", "0/2x"}) {
    std::vector<std::string> paths{"a"};
    EXPECT_FALSE(take_shard(text, paths)) << text;
  }
  std::vector<std::string> paths{"a"};
  EXPECT_TRUE(take_shard("", paths));
  EXPECT_EQ(paths.size(), 1u);
}

}  // namespace
}  // namespace anteroom::tools
