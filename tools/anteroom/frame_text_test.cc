// Frames as lines: relative numbers, and what is said of frames that carry no segment.
#include "tools/anteroom/frame_text.h"

#include <array>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "stack/wire/arp.h"
#include "stack/wire/checksum.h"
#include "stack/wire/ethernet.h"
#include "stack/wire/tcp_header.h"

namespace anteroom::tools {
namespace {

constexpr IpAddress kServer = IpAddress::v4(192, 0, 2, 1);
constexpr IpAddress kClient = IpAddress::v4(192, 0, 2, 2);

// An IP packet with a segment from the client to the server, or back.
std::vector<std::uint8_t> packet_of(bool to_server, TcpHeader header, std::string_view payload) {
  header.source_port = to_server ? 40'000 : 80;
  header.destination_port = to_server ? 80 : 40'000;
  IpHeader ip;
  ip.source = to_server ? kClient : kServer;
  ip.destination = to_server ? kServer : kClient;
  ip.protocol = kProtocolTcp;
  const std::size_t segment_bytes = kTcpHeaderBytes + payload.size();
  ip.payload_bytes = static_cast<std::uint16_t>(segment_bytes);
  std::vector<std::uint8_t> packet(kIpv4HeaderBytes + segment_bytes);
  emit_ipv4(ip, packet);
  const MutableBytes segment = MutableBytes(packet).subspan(kIpv4HeaderBytes);
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

// Nothing that a capture may hold makes the teller fall over.
TEST(FrameTeller, CutFramesAreTold) {
  const auto packet = packet_of(true, {.seq = 1, .flags = tcp_flag::syn}, "hello");
  for (std::size_t size = 0; size < packet.size(); ++size) {
    FrameTeller teller(Medium::ip, 5);
    EXPECT_FALSE(teller.tell(Bytes(packet).first(size)).what.empty());
  }
}

}  // namespace
}  // namespace anteroom::tools
