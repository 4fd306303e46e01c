// Captures written and read back.
#include <cstdio>
#include <fstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include <anteroom/tap/memory_link.h>
#include <anteroom/tap/pcap_link.h>

namespace anteroom::tap {
namespace {

// A file of this test's own, gone at its end.
class Pcap : public testing::Test {
 protected:
  ~Pcap() override { std::remove(path_.c_str()); }

  const std::string path_ = testing::TempDir() + "anteroom_" +
                            testing::UnitTest::GetInstance()->current_test_info()->name() + ".pcap";
};

TEST_F(Pcap, WhatPassesInEitherDirectionIsWritten) {
  MemoryLink wire({});
  {
    auto writer = PcapWriter::open(path_, Medium::ethernet);
    ASSERT_TRUE(writer);
    PcapLink link(wire.first(), *writer, Stamp::turn);
    link.send(Instant(100s), bytes_of("outbound frame"));
    wire.second().send(Instant(100s), bytes_of("inbound frame"));
    std::vector<std::uint8_t> buffer(2'000);
    EXPECT_EQ(link.receive(Instant(100s + 1ns), buffer), 13u);
    EXPECT_EQ(link.receive(Instant(100s + 2ns), buffer), 0u);
  }
  auto reader = PcapReader::open(path_);
  ASSERT_TRUE(reader);
  EXPECT_EQ(reader->medium(), Medium::ethernet);
  const auto first = reader->next();
  ASSERT_TRUE(first);
  EXPECT_EQ(text_of(first->bytes), "outbound frame");
  const Duration first_time = first->wall_time;
  const auto second = reader->next();
  ASSERT_TRUE(second);
  EXPECT_EQ(text_of(second->bytes), "inbound frame");
  EXPECT_EQ(second->original_bytes, 13u);
  EXPECT_EQ(second->wall_time - first_time, 1ns);
  EXPECT_FALSE(reader->next());
  EXPECT_FALSE(reader->trouble());
}

TEST_F(Pcap, IpPacketsHaveTheirOwnLinkType) {
  {
    auto writer = PcapWriter::open(path_, Medium::ip);
    ASSERT_TRUE(writer);
    writer->write(Instant(1s), bytes_of("E"));
    EXPECT_FALSE(writer->flush());
  }
  auto reader = PcapReader::open(path_);
  ASSERT_TRUE(reader);
  EXPECT_EQ(reader->medium(), Medium::ip);
}

TEST_F(Pcap, AFileThatEndsInTheMiddleIsDamaged) {
  {
    auto writer = PcapWriter::open(path_, Medium::ethernet);
    ASSERT_TRUE(writer);
    writer->write(Instant(1s), bytes_of("a frame that will be cut"));
  }
  std::ifstream whole(path_, std::ios::binary);
  std::string content((std::istreambuf_iterator<char>(whole)), std::istreambuf_iterator<char>());
  content.resize(content.size() - 5);
  std::ofstream(path_, std::ios::binary) << content;
  auto reader = PcapReader::open(path_);
  ASSERT_TRUE(reader);
  EXPECT_FALSE(reader->next());
  ASSERT_TRUE(reader->trouble());
  EXPECT_NE(reader->trouble()->sentence.find("damaged"), std::string::npos);
}

TEST_F(Pcap, FilesThatCannotBeOpenedAreNamed) {
  const auto reader = PcapReader::open(path_);
  ASSERT_FALSE(reader);
  EXPECT_NE(reader.error().sentence.find(path_), std::string::npos);
  const auto writer = PcapWriter::open(path_ + "/below", Medium::ethernet);
  ASSERT_FALSE(writer);
  EXPECT_NE(writer.error().sentence.find(path_), std::string::npos);
}

TEST_F(Pcap, OtherFilesAreRefused) {
  std::ofstream(path_) << "this is a text file and no capture at all";
  EXPECT_FALSE(PcapReader::open(path_));
}

}  // namespace
}  // namespace anteroom::tap
