// A packet put together and taken apart is the same; damage is refused with its reason.
#include "conformance/runner/live_packet.h"

#include <gtest/gtest.h>

namespace anteroom::runner {
namespace {

LivePacket segment() {
  LivePacket packet;
  packet.source = IpAddress::v4(192, 0, 2, 1);
  packet.destination = IpAddress::v4(192, 168, 0, 1);
  packet.traffic_class = 2;
  packet.source_port = 40'000;
  packet.destination_port = 8080;
  packet.tcp = {7, 9, kAck | kPsh | kAe, 1'000, 3, {{1}, {1}, {8, {0, 0, 0, 1, 0, 0, 0, 2}}}};
  packet.payload = {1, 2, 3};
  return packet;
}

TEST(LivePacket, TcpGoesThereAndBack) {
  std::string problem;
  const auto back = take_apart(put_together(segment()), problem);
  ASSERT_TRUE(back) << problem;
  EXPECT_EQ(back->tcp.seq, 7u);
  EXPECT_EQ(back->tcp.ack, 9u);
  EXPECT_EQ(back->tcp.flags, kAck | kPsh | kAe);
  EXPECT_EQ(back->tcp.window, 1'000);
  EXPECT_EQ(back->tcp.urgent_pointer, 3);
  EXPECT_EQ(back->tcp.options, segment().tcp.options);
  EXPECT_EQ(option_bytes(back->tcp.options), 12u);
  EXPECT_EQ(back->payload, segment().payload);
  EXPECT_EQ(back->traffic_class, 2);
}

TEST(LivePacket, UdpAndIcmpToo) {
  LivePacket packet = segment();
  std::string problem;
  packet.protocol = kUdp;
  ASSERT_TRUE(take_apart(put_together(packet), problem)) << problem;
  packet.protocol = kIcmp;
  packet.icmp_type = 3;
  packet.icmp_code = 4;
  packet.payload.assign(32, 5);
  const auto back = take_apart(put_together(packet), problem);
  ASSERT_TRUE(back) << problem;
  EXPECT_EQ(back->icmp_type, 3);
  EXPECT_EQ(back->icmp_code, 4);
  EXPECT_EQ(back->payload, packet.payload);
}

// What is said of the packet with one octet changed.
std::string problem_of(std::vector<std::uint8_t> bytes, std::size_t at, std::uint8_t value) {
  bytes[at] = value;
  std::string problem;
  EXPECT_FALSE(take_apart(bytes, problem));
  return problem;
}

TEST(LivePacket, DamageIsRefused) {
  const std::vector<std::uint8_t> good = put_together(segment());
  const auto problem_at = [&](std::size_t at, std::uint8_t value) {
    return problem_of(good, at, value);
  };
  EXPECT_EQ(problem_at(0, 0x50), "it is no IP packet");
  EXPECT_EQ(problem_at(0, 0x46), "its IPv4 header has options");
  EXPECT_EQ(problem_at(3, 0), "its IPv4 total length is wrong");
  EXPECT_EQ(problem_at(8, 1), "its IPv4 header checksum is wrong");
  EXPECT_EQ(problem_at(32, 0x40), "its TCP data offset is wrong");
  EXPECT_EQ(problem_at(43, 200), "a TCP option runs over the end");
  EXPECT_EQ(problem_at(25, 8), "its TCP checksum is wrong");
  std::string problem;
  EXPECT_FALSE(take_apart(Bytes(good).first(19), problem));
}

// --- IPv6 ---

LivePacket segment_v6() {
  LivePacket packet = segment();
  packet.source = IpAddress::parse("2001:db8::1").value();
  packet.destination = IpAddress::parse("fd3d:fa7b:d17d::1").value();
  packet.flow_label = 0x12345;
  return packet;
}

TEST(LivePacketV6, TcpGoesThereAndBack) {
  std::string problem;
  const std::vector<std::uint8_t> bytes = put_together(segment_v6());
  EXPECT_EQ(bytes.size(), 40 + 20 + 12 + 3u);
  EXPECT_EQ(bytes[6], 6);
  const auto back = take_apart(bytes, problem);
  ASSERT_TRUE(back) << problem;
  EXPECT_EQ(back->source, segment_v6().source);
  EXPECT_EQ(back->destination, segment_v6().destination);
  EXPECT_EQ(back->flow_label, 0x12345u);
  EXPECT_EQ(back->traffic_class, 2);
  EXPECT_EQ(back->hop_limit, 255);
  EXPECT_EQ(back->tcp.options, segment().tcp.options);
  EXPECT_EQ(back->payload, segment().payload);
}

// The checksum as worked out by hand: an echo request from ::1 to ::2 with identifier 1, number 1.
TEST(LivePacketV6, IcmpCountsThePseudoHeader) {
  LivePacket packet;
  packet.source = IpAddress::parse("::1").value();
  packet.destination = IpAddress::parse("::2").value();
  packet.protocol = kIcmp;
  packet.icmp_type = 128;
  packet.payload = {0, 1, 0, 1};
  const std::vector<std::uint8_t> bytes = put_together(packet);
  EXPECT_EQ(bytes[6], 58);
  // 1 + 2 + 58 + 8 + 0x8000 + 1 + 1 = 0x8047
  EXPECT_EQ(bytes[42], 0x7f);
  EXPECT_EQ(bytes[43], 0xb8);
  std::string problem;
  const auto back = take_apart(bytes, problem);
  ASSERT_TRUE(back) << problem;
  EXPECT_TRUE(back->is_icmp());
  EXPECT_EQ(back->icmp_type, 128);
}

TEST(LivePacketV6, DamageIsRefused) {
  const std::vector<std::uint8_t> good = put_together(segment_v6());
  const auto problem_at = [&](std::size_t at, std::uint8_t value) {
    return problem_of(good, at, value);
  };
  EXPECT_EQ(problem_at(5, 0), "its IPv6 payload length is wrong");
  EXPECT_EQ(problem_at(6, 44), "its protocol is none of TCP, UDP and ICMP");
  EXPECT_EQ(problem_at(6, 1), "its protocol is none of TCP, UDP and ICMP");
  EXPECT_EQ(problem_at(9, 9), "its TCP checksum is wrong");
  std::string problem;
  EXPECT_FALSE(take_apart(Bytes(good).first(39), problem));
  EXPECT_EQ(problem, "it is cut short");
}

}  // namespace
}  // namespace anteroom::runner
