// What the writer writes is what libpcap reads, and comments stand where the format has them.
#include <cstdio>
#include <cstring>
#include <fstream>
#include <string>

#include <gtest/gtest.h>

#include <anteroom/tap/pcap_link.h>
#include <anteroom/tap/pcapng_writer.h>

namespace anteroom::tap {
namespace {

class Pcapng : public testing::Test {
 protected:
  ~Pcapng() override { std::remove(path_.c_str()); }

  std::string content() const {
    std::ifstream file(path_, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  }

  const std::string path_ = testing::TempDir() + "anteroom_" +
                            testing::UnitTest::GetInstance()->current_test_info()->name() +
                            ".pcapng";
};

std::uint32_t long_at(const std::string& bytes, std::size_t at) {
  std::uint32_t value = 0;
  std::memcpy(&value, bytes.data() + at, sizeof value);
  return value;
}

TEST_F(Pcapng, LibpcapReadsFramesAndTimes) {
  for (const Medium medium : {Medium::ethernet, Medium::ip}) {
    {
      auto writer = PcapngWriter::open(path_, medium, "a program", "a comment");
      ASSERT_TRUE(writer);
      writer->write(1'700'000'000s + 7ns, bytes_of("frame"), "");
      writer->write(1'700'000'001s, bytes_of("another"), "with a comment");
      EXPECT_FALSE(writer->flush());
    }
    auto reader = PcapReader::open(path_);
    ASSERT_TRUE(reader) << reader.error().sentence;
    EXPECT_EQ(reader->medium(), medium);
    const auto first = reader->next();
    ASSERT_TRUE(first);
    EXPECT_EQ(text_of(first->bytes), "frame");
    EXPECT_EQ(first->wall_time, 1'700'000'000s + 7ns);
    const auto second = reader->next();
    ASSERT_TRUE(second);
    EXPECT_EQ(text_of(second->bytes), "another");
    EXPECT_EQ(second->wall_time, 1'700'000'001s);
    EXPECT_FALSE(reader->next());
    EXPECT_FALSE(reader->trouble());
  }
}

TEST_F(Pcapng, EveryBlockEndsWithItsLengthWhateverTheCommentsLength) {
  {
    auto writer = PcapngWriter::open(path_, Medium::ip, "p", "seed");
    ASSERT_TRUE(writer);
    for (const std::size_t size : {0u, 1u, 2u, 3u, 4u, 5u, 70'000u}) {
      writer->write(1s, bytes_of("frame"), std::string(size, 'c'));
    }
  }
  const std::string bytes = content();
  std::vector<std::uint32_t> types;
  for (std::size_t at = 0; at < bytes.size();) {
    types.push_back(long_at(bytes, at));
    const std::uint32_t length = long_at(bytes, at + 4);
    ASSERT_EQ(length % 4, 0u);
    ASSERT_LE(at + length, bytes.size());
    EXPECT_EQ(long_at(bytes, at + length - 4), length);
    at += length;
  }
  EXPECT_EQ(types, (std::vector<std::uint32_t>{0x0a0d0d0a, 1, 6, 6, 6, 6, 6, 6, 6}));
}

TEST_F(Pcapng, AFileThatCannotBeOpenedIsNamed) {
  const auto writer = PcapngWriter::open(path_ + "/below", Medium::ip, "", "");
  ASSERT_FALSE(writer);
  EXPECT_NE(writer.error().sentence.find(path_), std::string::npos);
}

}  // namespace
}  // namespace anteroom::tap
