// Files that are damaged, and files whose times are: an error that helps, or a counted skip.
#include <algorithm>

#include <gtest/gtest.h>
#include <pcap/pcap.h>

#include "conformance/replay/batch.h"
#include "conformance/replay/capture_builder.h"

namespace anteroom::replay {
namespace {

constexpr int kRawIp = 101;

Talk handshake() {
  Talk talk;
  talk.handshake();
  return talk;
}

std::uint64_t skipped(const Replayed& replayed, Skip reason) {
  return replayed.capture.skips[static_cast<std::size_t>(reason)];
}

std::uint64_t skipped_all(const Replayed& replayed) {
  std::uint64_t sum = 0;
  for (const std::uint64_t count : replayed.capture.skips) sum += count;
  return sum;
}

TEST(CaptureFile, ThatIsNotThere) {
  const Replayed replayed = replay_file("no/such/folder.pcap");
  ASSERT_TRUE(replayed.capture.unusable);
  EXPECT_EQ(replayed.capture.unusable->sentence,
            "cannot open no/such/folder.pcap: No such file or directory; a pcap or pcapng file is "
            "needed, such as tcpdump -w writes");
}

TEST(CaptureFile, ThatIsEmptyOrNone) {
  for (const std::vector<std::uint8_t>& bytes :
       {std::vector<std::uint8_t>{}, std::vector<std::uint8_t>(3, 0xa1),
        std::vector<std::uint8_t>(100, 'x')}) {
    const Replayed replayed = replay_bytes(bytes);
    ASSERT_TRUE(replayed.capture.unusable) << bytes.size();
    EXPECT_NE(replayed.capture.unusable->sentence.find("cannot open "), std::string::npos);
  }
}

TEST(CaptureFile, OfALinkThatNobodyUnderstands) {
  const Replayed replayed = replay_bytes(pcap_file(DLT_IEEE802_11, {}));
  ASSERT_TRUE(replayed.capture.unusable);
  EXPECT_NE(replayed.capture.unusable->sentence.find("its link type is IEEE802_11; capture on an"),
            std::string::npos)
      << replayed.capture.unusable->sentence;
}

TEST(CaptureFile, WithoutPacketsIsNoTrouble) {
  const Replayed replayed = replay_bytes(pcap_file(kRawIp, {}));
  EXPECT_FALSE(replayed.capture.unusable);
  EXPECT_FALSE(replayed.capture.trouble);
  EXPECT_EQ(replayed.capture.packets, 0u);
}

// However far the file goes: what is whole is played, the rest is told.
TEST(CaptureFile, CutShortAnywhere) {
  const std::vector<std::uint8_t> whole = pcap_file(kRawIp, handshake().packets());
  for (std::size_t size = 0; size < whole.size(); ++size) {
    const Replayed replayed =
        replay_bytes({whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size)});
    EXPECT_LT(replayed.capture.packets, 3u) << size;
    // 24 bytes of the file's header, then packets.
    if (size == 24) {
      EXPECT_FALSE(replayed.capture.trouble);
    }
    if (size == 25) {
      EXPECT_TRUE(replayed.capture.unusable);
    }
    if (size + 1 == whole.size()) {
      EXPECT_EQ(replayed.capture.packets, 2u);
      ASSERT_TRUE(replayed.capture.trouble);
      EXPECT_NE(replayed.capture.trouble->sentence.find("is damaged behind packet 2: "),
                std::string::npos);
    }
  }
}

TEST(CaptureFile, WithALengthBeyondAllBounds) {
  std::vector<FilePacket> packets = handshake().packets();
  packets[1].captured_bytes = 0x7fffffff;
  const Replayed replayed = replay_bytes(pcap_file(kRawIp, packets));
  EXPECT_EQ(replayed.capture.packets, 1u);
  EXPECT_TRUE(replayed.capture.trouble);
}

TEST(CaptureFile, WithPacketsOfNoBytes) {
  std::vector<FilePacket> packets = handshake().packets();
  packets.insert(packets.begin() + 1, FilePacket{1'700'000'000, 500'000, {}, {}, 60});
  const Replayed replayed = replay_bytes(pcap_file(kRawIp, packets));
  EXPECT_EQ(replayed.capture.packets, 4u);
  EXPECT_EQ(skipped(replayed, Skip::empty), 1u);
  EXPECT_EQ(replayed.diverged(), "");
}

TEST(CaptureFile, WithTimeGoingBackwards) {
  std::vector<FilePacket> packets = handshake().packets();
  packets[1].nanoseconds = 0;
  packets[0].nanoseconds = 500'000;
  const Replayed replayed = replay_bytes(pcap_file(kRawIp, packets));
  EXPECT_EQ(replayed.capture.time_faults.backwards, 1u);
  EXPECT_EQ(replayed.diverged(), "");
}

TEST(CaptureFile, WithOneTimeThatIsAbsurd) {
  for (const std::int64_t seconds : {0L, 4'000'000'000L}) {
    std::vector<FilePacket> packets = handshake().packets();
    packets[1].seconds = seconds;
    const Replayed replayed = replay_bytes(pcap_file(kRawIp, packets));
    const TimeFaults& faults = replayed.capture.time_faults;
    // libpcap takes the seconds of a file for signed, so that the late one may be absurd.
    EXPECT_EQ(faults.backwards + faults.leaps + faults.absurd, 1u) << seconds;
    EXPECT_EQ(replayed.diverged(), "") << seconds;
    EXPECT_LT(replayed.connections.at(0).last_at, 1s);
  }
}

TEST(CaptureFile, WithNanosecondsBeyondASecond) {
  std::vector<FilePacket> packets = handshake().packets();
  packets[1].nanoseconds = 4'000'000'000;
  const Replayed replayed = replay_bytes(pcap_file(kRawIp, packets));
  EXPECT_EQ(replayed.capture.time_faults.absurd, 1u);
  EXPECT_EQ(replayed.diverged(), "");
}

TEST(CaptureFile, WithAnIdleMonthInIt) {
  Talk talk = handshake();
  talk.client(700h, "P. 1:101(100) ack 1 win 502");
  talk.server(700h + 1ms, "P. 1:101(100) ack 101 win 502");
  const Replayed replayed = replay_talk(talk);
  EXPECT_EQ(replayed.capture.time_faults.leaps, 1u);
  EXPECT_EQ(replayed.connections.at(0).last_at, 24h + 2ms);
  EXPECT_EQ(replayed.connections.at(0).bytes_out, 100u);
}

// Every byte of every packet in turn: nothing but a count may come of it.
TEST(CaptureFile, WithAnyByteOfAPacketWrong) {
  Talk talk = handshake();
  talk.client(3ms, "P. 1:101(100) ack 1 win 502");
  talk.server(4ms, "P. 1:101(100) ack 101 win 509");
  const std::vector<FilePacket> good = talk.packets();
  for (std::size_t packet = 0; packet < good.size(); ++packet) {
    for (std::size_t at = 0; at < 60 && at < good[packet].bytes.size(); ++at) {
      std::vector<FilePacket> bad = good;
      bad[packet].bytes[at] = static_cast<std::uint8_t>(bad[packet].bytes[at] + 0x5b);
      const Replayed replayed = replay_bytes(pcap_file(kRawIp, bad));
      EXPECT_EQ(replayed.capture.packets, good.size());
      EXPECT_EQ(replayed.capture.segments + skipped_all(replayed),
                good.size() + skipped(replayed, Skip::duplicate))
          << packet << ' ' << at;
    }
  }
}

// The first bytes alone, as a capture with a short snap length has them.
TEST(CaptureFile, OfAnySnapLength) {
  Talk talk = handshake();
  talk.client(3ms, "P. 1:101(100) ack 1 win 502");
  talk.server(4ms, "P. 1:101(100) ack 101 win 509");
  const std::vector<FilePacket> good = talk.packets();
  for (std::uint32_t snap = 1; snap < 140; ++snap) {
    std::vector<FilePacket> packets = good;
    for (FilePacket& packet : packets) {
      packet.original_bytes = static_cast<std::uint32_t>(packet.bytes.size());
      packet.bytes.resize(std::min<std::size_t>(packet.bytes.size(), snap));
    }
    const Replayed replayed = replay_bytes(pcap_file(kRawIp, packets));
    if (snap < 40) {
      EXPECT_EQ(replayed.capture.segments, 0u) << snap;
      EXPECT_EQ(skipped_all(replayed), good.size()) << snap;
      continue;
    }
    EXPECT_EQ(replayed.capture.segments, good.size()) << snap;
    ASSERT_EQ(replayed.connections.size(), 1u) << snap;
    EXPECT_EQ(replayed.connections[0].finding(Tier::stream), Finding::held) << snap;
    EXPECT_EQ(replayed.connections[0].finding(Tier::acknowledgment), Finding::held) << snap;
    EXPECT_EQ(replayed.connections[0].mode, Mode::causal) << snap;
    EXPECT_EQ(replayed.connections[0].bytes_out, 100u) << snap;
  }
}

TEST(CaptureFile, LongerThanItsSegmentsRemember) {
  Talk talk = handshake();
  Options options;
  options.limits.lookahead_segments_max = 8;
  options.limits.marks_max = 16;
  options.limits.out_of_order_segments_max = 4;
  for (std::uint32_t i = 0; i < 2'000; ++i) {
    const Duration at = 10ms + 1ms * i;
    const std::string begin = std::to_string(1 + 100 * i);
    const std::string end = std::to_string(101 + 100 * i);
    talk.client(at, "P. " + begin + ":" + end + "(100) ack " + begin + " win 502");
    talk.server(at, "P. " + begin + ":" + end + "(100) ack " + end + " win 509");
  }
  const Replayed replayed = replay_talk(talk, options);
  EXPECT_EQ(replayed.diverged(), "");
  EXPECT_EQ(replayed.connections.at(0).bytes_out, 200'000u);
  EXPECT_EQ(replayed.connections.at(0).bytes_in, 200'000u);
}

TEST(Captures, AreFoundBelowFolders) {
  std::string problem;
  EXPECT_TRUE(captures_below({"no/such/folder"}, problem).empty());
  EXPECT_EQ(problem, "there is no file or folder no/such/folder");
  problem.clear();
  const TemporaryFile file(pcap_file(kRawIp, {}));
  EXPECT_EQ(captures_below({file.path(), file.path()}, problem),
            std::vector<std::string>{file.path()});
  EXPECT_EQ(problem, "");
}

}  // namespace
}  // namespace anteroom::replay
