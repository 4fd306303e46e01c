// The same handshake behind every link type, and headers that end too soon.
#include <gtest/gtest.h>
#include <pcap/pcap.h>

#include "conformance/replay/capture_builder.h"

namespace anteroom::replay {
namespace {

using Head = std::vector<std::uint8_t>;

struct Link {
  const char* name;
  int type;
  Head head;
};

const Head kMacs{2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2};

Head joined(Head head, const Head& rest) {
  for (const std::uint8_t octet : rest) head.push_back(octet);
  return head;
}
Head ethernet(const Head& rest) { return joined(kMacs, rest); }

// Sixteen and twenty bytes, the protocol at their ends and at their beginnings.
Head cooked_1(const Head& rest) { return joined({0, 0, 0, 1, 0, 6, 2, 0, 0, 0, 0, 2, 0, 0}, rest); }
Head cooked_2(std::uint8_t high, std::uint8_t low, const Head& rest) {
  return joined({high, low, 0, 0, 0, 0, 0, 1, 0, 1, 0, 6, 2, 0, 0, 0, 0, 2, 0, 0}, rest);
}

std::vector<Link> links() {
  return {
      {"raw", 101, {}},
      {"raw IPv4", DLT_IPV4, {}},
      {"Ethernet", DLT_EN10MB, ethernet({8, 0})},
      {"VLAN", DLT_EN10MB, ethernet({0x81, 0, 0, 5, 8, 0})},
      {"QinQ", DLT_EN10MB, ethernet({0x88, 0xa8, 0, 5, 0x81, 0, 0, 6, 8, 0})},
      {"PPPoE", DLT_EN10MB, ethernet({0x88, 0x64, 0x11, 0, 0, 1, 0, 0, 0, 0x21})},
      {"cooked 1", DLT_LINUX_SLL, cooked_1({8, 0})},
      {"cooked 1 with VLAN", DLT_LINUX_SLL, cooked_1({0x81, 0, 0, 5, 8, 0})},
      {"cooked 2", DLT_LINUX_SLL2, cooked_2(8, 0, {})},
      {"cooked 2 with VLAN", DLT_LINUX_SLL2, cooked_2(0x81, 0, {0, 5, 8, 0})},
      {"null, little", DLT_NULL, {2, 0, 0, 0}},
      {"null, big", DLT_NULL, {0, 0, 0, 2}},
      {"loop", DLT_LOOP, {0, 0, 0, 2}},
  };
}

std::vector<FilePacket> packets_behind(const Head& head) {
  Talk talk;
  talk.handshake();
  std::vector<FilePacket> packets = talk.packets();
  for (FilePacket& packet : packets) {
    packet.bytes.insert(packet.bytes.begin(), head.begin(), head.end());
  }
  return packets;
}

TEST(LinkLayer, EveryTypeLeadsToTheSamePackets) {
  for (const Link& link : links()) {
    const int in_file = link.type == DLT_LOOP ? 108 : link.type;
    const Replayed replayed = replay_bytes(pcap_file(in_file, packets_behind(link.head)));
    EXPECT_FALSE(replayed.capture.unusable) << link.name;
    EXPECT_EQ(replayed.capture.segments, 3u) << link.name;
    EXPECT_EQ(replayed.diverged(), "") << link.name;
    ASSERT_EQ(replayed.connections.size(), 1u) << link.name;
    EXPECT_EQ(replayed.connections[0].client, "192.0.2.2:40000") << link.name;
    EXPECT_EQ(replayed.connections[0].server, "192.0.2.1:80") << link.name;
  }
}

TEST(LinkLayer, AHeaderCutShortIsCounted) {
  for (const Link& link : links()) {
    for (std::size_t size = 1; size < link.head.size(); ++size) {
      const auto packet = ip_of(link.type, Bytes(link.head).first(size));
      ASSERT_FALSE(packet) << link.name << ' ' << size;
      EXPECT_EQ(packet.error(), Skip::link_cut) << link.name << ' ' << size;
    }
  }
}

TEST(LinkLayer, WhatIsNotIpIsCounted) {
  EXPECT_EQ(ip_of(DLT_EN10MB, ethernet({8, 6, 0, 1})).error(), Skip::not_ip);
  EXPECT_EQ(ip_of(DLT_NULL, Head{7, 0, 0, 0, 1}).error(), Skip::not_ip);
  // Tags without end.
  Head tags = kMacs;
  for (int i = 0; i < 20; ++i) tags.insert(tags.end(), {0x81, 0, 0, 5});
  EXPECT_EQ(ip_of(DLT_EN10MB, tags).error(), Skip::not_ip);
}

TEST(LinkLayer, EverySkipHasItsWords) {
  for (std::size_t i = 0; i < kSkips; ++i) {
    EXPECT_STRNE(to_string(static_cast<Skip>(i)), "") << i;
  }
}

// A datagram in pieces, in any order.
TEST(Datagrams, FragmentsAreOnePacket) {
  Talk talk;
  talk.handshake();
  talk.client(3ms, "P. 1:101(100) ack 1 win 502");
  talk.server(4ms, "P. 1:101(100) ack 101 win 509");
  const std::vector<FilePacket> good = talk.packets();
  for (const bool backwards : {false, true}) {
    std::vector<FilePacket> packets(good.begin(), good.begin() + 3);
    std::vector<FilePacket> pieces;
    const std::vector<std::uint8_t>& whole = good[3].bytes;
    for (std::size_t at = 20; at < whole.size(); at += 40) {
      FilePacket piece = good[3];
      const std::size_t size = std::min<std::size_t>(40, whole.size() - at);
      piece.bytes.assign(whole.begin(), whole.begin() + 20);
      piece.bytes.insert(piece.bytes.end(), whole.begin() + static_cast<std::ptrdiff_t>(at),
                         whole.begin() + static_cast<std::ptrdiff_t>(at + size));
      piece.bytes[3] = static_cast<std::uint8_t>(20 + size);
      piece.bytes[6] = at + size < whole.size() ? 0x20 : 0;
      piece.bytes[7] = static_cast<std::uint8_t>((at - 20) / 8);
      pieces.push_back(piece);
    }
    ASSERT_EQ(pieces.size(), 3u);
    if (backwards) std::swap(pieces[0], pieces[2]);
    packets.insert(packets.end(), pieces.begin(), pieces.end());
    packets.push_back(good[4]);
    const Replayed replayed = replay_bytes(pcap_file(101, packets));
    EXPECT_EQ(replayed.capture.reassembled, 1u);
    EXPECT_EQ(replayed.capture.segments, 5u);
    EXPECT_EQ(replayed.diverged(), "");
    EXPECT_EQ(replayed.connections.at(0).bytes_in, 100u);
    // Without one of them there is no datagram.
    packets.erase(packets.begin() + 4);
    const Replayed missing = replay_bytes(pcap_file(101, packets));
    EXPECT_EQ(missing.capture.skips[static_cast<std::size_t>(Skip::fragment_missing)], 1u);
  }
}

}  // namespace
}  // namespace anteroom::replay
