// Frames as lines: relative numbers, and what is said of frames that carry no segment.
#include "tools/anteroom/frame_text.h"

#include <array>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "stack/wire/arp.h"
#include "stack/wire/checksum.h"
#include "stack/wire/ethernet.h"
#include "stack/wire/icmp.h"
#include "stack/wire/ndp.h"
#include "stack/wire/tcp_header.h"

namespace anteroom::tools {
namespace {

constexpr IpAddress kServer = IpAddress::v4(192, 0, 2, 1);
constexpr IpAddress kClient = IpAddress::v4(192, 0, 2, 2);

// An IP packet with a segment from the client to the server, or back.
std::vector<std::uint8_t> packet_of(bool to_server, TcpHeader header, std::string_view payload,
                                    const IpAddress& client = kClient,
                                    const IpAddress& server = kServer) {
  header.source_port = to_server ? 40'000 : 80;
  header.destination_port = to_server ? 80 : 40'000;
  IpHeader ip;
  ip.source = to_server ? client : server;
  ip.destination = to_server ? server : client;
  ip.protocol = kProtocolTcp;
  const std::size_t segment_bytes = kTcpHeaderBytes + payload.size();
  ip.payload_bytes = static_cast<std::uint16_t>(segment_bytes);
  std::vector<std::uint8_t> packet(ip_header_bytes(ip) + segment_bytes);
  const MutableBytes segment = MutableBytes(packet).subspan(emit_ip(ip, packet));
  const Written written = emit_tcp(header, {}, segment);
  copy_bytes(segment.subspan(kTcpHeaderBytes), bytes_of(payload));
  finish_tcp_checksum(segment, written,
                      pseudo_header_sum(ip.source, ip.destination, kProtocolTcp, segment_bytes));
  return packet;
}

TEST(FrameTeller, NumbersAreRelativeToTheirFlow) {
  FrameTeller teller(Medium::ip, 20);
  const auto tell = [&](bool to_server, const TcpHeader& header, std::string_view payload) {
    return teller.tell(packet_of(to_server, header, payload));
  };
  const FrameText first =
      tell(true, {.seq = 7'000, .flags = tcp_flag::syn, .window = 100}, "hello");
  EXPECT_EQ(first.source, "192.0.2.2:40000");
  EXPECT_EQ(first.target, "192.0.2.1:80");
  EXPECT_TRUE(first.is_segment);
  EXPECT_EQ(first.what.substr(0, 16), "S 0:5(5) win 100");
  const FrameText second =
      tell(false,
           {.seq = 9'000, .ack = 7'006, .flags = tcp_flag::syn | tcp_flag::ack, .window = 200}, "");
  EXPECT_EQ(second.what.substr(0, 23), "S. 0:0(0) ack 6 win 200");
  const FrameText third =
      tell(true, {.seq = 7'006, .ack = 9'001, .flags = tcp_flag::ack, .window = 100}, "");
  EXPECT_EQ(third.what.substr(0, 22), ". 6:6(0) ack 1 win 100");
}

TEST(FrameTeller, TheResetOfAFlowThatNeverWasBeginsAtZero) {
  FrameTeller teller(Medium::ip, 0);
  teller.tell(packet_of(true, {.seq = 7'000, .flags = tcp_flag::syn}, "hello"));
  const FrameText reset = teller.tell(
      packet_of(false, {.seq = 0, .ack = 7'006, .flags = tcp_flag::rst | tcp_flag::ack}, ""));
  EXPECT_EQ(reset.what.substr(0, 15), "R. 0:0(0) ack 6");
}

TEST(FrameTeller, AWrongChecksumIsSaid) {
  FrameTeller teller(Medium::ip, 0);
  auto packet = packet_of(true, {.seq = 1, .flags = tcp_flag::syn}, "hello");
  packet.back() ^= 1;
  EXPECT_NE(teller.tell(packet).what.find("(wrong checksum)"), std::string::npos);
}

TEST(FrameTeller, OtherFramesHaveAFewWords) {
  FrameTeller teller(Medium::ethernet, 0);
  std::array<std::uint8_t, kEthernetHeaderBytes + kArpBytes> frame{};
  emit_ethernet({MacAddress::broadcast(), {{2, 0, 0, 0, 0, 1}}, kEtherTypeArp}, frame);
  emit_arp({ArpOperation::request, {{2, 0, 0, 0, 0, 1}}, kServer, {}, kClient},
           MutableBytes(frame).subspan(kEthernetHeaderBytes));
  const FrameText text = teller.tell(frame);
  EXPECT_EQ(text.what, "ARP who has 192.0.2.2? tell 192.0.2.1");
  EXPECT_FALSE(text.is_segment);
  EXPECT_EQ(teller.tell(Bytes(frame).first(5)).what, "frame dropped: link_too_short");
}

const IpAddress kServerV6 = IpAddress::parse("2001:db8::2").value();
const IpAddress kClientV6 = IpAddress::parse("2001:db8::1").value();

// An IPv6 packet with an ICMPv6 message.
std::vector<std::uint8_t> message_of(IpHeader ip, std::uint8_t type, std::uint8_t code,
                                     std::uint32_t rest, Bytes body) {
  ip.protocol = kProtocolIcmpv6;
  const std::size_t size = kIcmpHeaderBytes + body.size();
  ip.payload_bytes = static_cast<std::uint16_t>(size);
  std::vector<std::uint8_t> packet(kIpv6HeaderBytes + size);
  const std::size_t at = emit_ip(ip, packet);
  emit_icmp({type, code, rest, body}, MutableBytes(packet).subspan(at),
            pseudo_header_sum(ip.source, ip.destination, kProtocolIcmpv6, size));
  return packet;
}

TEST(FrameTeller, SegmentsOfIPv6AreToldLikeThoseOfIPv4) {
  FrameTeller teller(Medium::ip, 20);
  auto packet =
      packet_of(true, {.seq = 7'000, .flags = tcp_flag::syn}, "hello", kClientV6, kServerV6);
  const FrameText text = teller.tell(packet);
  EXPECT_EQ(text.source, "[2001:db8::1]:40000");
  EXPECT_EQ(text.target, "[2001:db8::2]:80");
  EXPECT_TRUE(text.is_segment);
  EXPECT_EQ(text.what.substr(0, 8), "S 0:5(5)");
  EXPECT_EQ(text.what.find("checksum"), std::string::npos);
  packet.back() ^= 1;
  EXPECT_NE(teller.tell(packet).what.find("(wrong checksum)"), std::string::npos);
}

TEST(FrameTeller, NeighborsAndErrorsOfIPv6HaveAFewWords) {
  FrameTeller teller(Medium::ip, 0);
  IpHeader ip;
  ip.source = kClientV6;
  ip.destination = kServerV6;
  const auto told = [&](std::uint8_t type, std::uint8_t code, std::uint32_t rest) {
    return teller.tell(message_of(ip, type, code, rest, bytes_of("12345678"))).what;
  };
  EXPECT_EQ(told(128, 0, 0x00070003), "ICMPv6 echo request id 7 seq 3 (8 bytes)");
  EXPECT_EQ(told(2, 0, 1'300), "ICMPv6 packet too big, mtu 1300");
  EXPECT_EQ(told(1, 4, 0), "ICMPv6 port unreachable");
  EXPECT_EQ(told(3, 0, 0), "ICMPv6 time exceeded code 0");
  EXPECT_EQ(told(133, 0, 0), "NDP router solicitation");
  EXPECT_EQ(told(135, 0, 0).substr(0, 12), "NDP dropped:");  // too short for one

  ip.hop_limit = kNdpHopLimit;
  const auto neighbor = [&](const NdpMessage& message, const IpAddress& from) {
    std::array<std::uint8_t, kNdpBytes> ndp{};
    ip.source = from;
    ip.destination = from.is_any() ? solicited_node(message.target) : kServerV6;
    const std::size_t size = emit_ndp(message, ip.source, ip.destination, ndp);
    ip.protocol = kProtocolIcmpv6;
    ip.payload_bytes = static_cast<std::uint16_t>(size);
    std::vector<std::uint8_t> packet(kIpv6HeaderBytes + size);
    copy_bytes(MutableBytes(packet).subspan(emit_ip(ip, packet)), Bytes(ndp).first(size));
    return teller.tell(packet).what;
  };
  const MacAddress mac{{2, 0, 0, 0, 0, 1}};
  EXPECT_EQ(neighbor({.target = kServerV6, .mac = mac}, kClientV6),
            "NDP who has 2001:db8::2? tell 2001:db8::1 at 02:00:00:00:00:01");
  EXPECT_EQ(neighbor({.target = kServerV6, .mac = {}}, IpAddress()),
            "NDP does anybody have 2001:db8::2?");
  EXPECT_EQ(neighbor({.advertisement = true, .solicited = true, .target = kClientV6, .mac = mac},
                     kClientV6),
            "NDP 2001:db8::1 is at 02:00:00:00:00:01");
}

// Nothing that a capture may hold makes the teller fall over.
TEST(FrameTeller, CutFramesAreTold) {
  for (const auto& packet :
       {packet_of(true, {.seq = 1, .flags = tcp_flag::syn}, "hello"),
        packet_of(true, {.seq = 1, .flags = tcp_flag::syn}, "hello", kClientV6, kServerV6)}) {
    for (std::size_t size = 0; size < packet.size(); ++size) {
      FrameTeller teller(Medium::ip, 5);
      EXPECT_FALSE(teller.tell(Bytes(packet).first(size)).what.empty());
    }
  }
}

}  // namespace
}  // namespace anteroom::tools
