// Two ends in one process.
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include <anteroom/tap/memory_link.h>

namespace anteroom::tap {
namespace {

constexpr Instant kNow{1s};

std::string_view receive_text(Link& link, std::vector<std::uint8_t>& buffer) {
  return text_of(Bytes(buffer).first(link.receive(kNow, buffer)));
}

TEST(MemoryLink, CarriesFramesBothWaysInOrder) {
  MemoryLink link({});
  std::vector<std::uint8_t> buffer(2'000);
  EXPECT_TRUE(link.first().send(kNow, bytes_of("one")));
  EXPECT_TRUE(link.first().send(kNow, bytes_of("two")));
  EXPECT_TRUE(link.second().send(kNow, bytes_of("back")));
  EXPECT_EQ(receive_text(link.second(), buffer), "one");
  EXPECT_EQ(receive_text(link.second(), buffer), "two");
  EXPECT_EQ(receive_text(link.second(), buffer), "");
  EXPECT_EQ(receive_text(link.first(), buffer), "back");
}

TEST(MemoryLink, LosesWhatDoesNotFit) {
  MemoryLink link({.frames_max = 2, .frame_bytes_max = 4});
  EXPECT_TRUE(link.first().send(kNow, bytes_of("a")));
  EXPECT_FALSE(link.first().send(kNow, bytes_of("12345")));
  EXPECT_TRUE(link.first().send(kNow, bytes_of("b")));
  EXPECT_FALSE(link.first().send(kNow, bytes_of("c")));
  EXPECT_EQ(link.frames_lost(), 2u);
}

TEST(MemoryLink, GoesRoundTheRing) {
  MemoryLink link({.frames_max = 3, .frame_bytes_max = 8});
  std::vector<std::uint8_t> buffer(8);
  for (int round = 0; round < 10; ++round) {
    const std::string text = std::to_string(round);
    ASSERT_TRUE(link.first().send(kNow, bytes_of(text)));
    ASSERT_TRUE(link.first().send(kNow, bytes_of("x" + text)));
    EXPECT_EQ(receive_text(link.second(), buffer), text);
    EXPECT_EQ(receive_text(link.second(), buffer), "x" + text);
  }
}

// Without a descriptor nothing could wake a sleeper: a waiting frame is a deadline in the past.
TEST(MemoryLink, AWaitingFrameIsDue) {
  MemoryLink link({});
  EXPECT_FALSE(link.second().next_deadline());
  link.first().send(kNow, bytes_of("one"));
  ASSERT_TRUE(link.second().next_deadline());
  EXPECT_LE(*link.second().next_deadline(), kNow);
  EXPECT_FALSE(link.first().next_deadline());
  EXPECT_EQ(link.first().descriptor(), -1);
}

}  // namespace
}  // namespace anteroom::tap
