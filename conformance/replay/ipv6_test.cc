// Captures of IPv6: the header, extension headers, fragments, and whole conversations at either
// end.
#include <gtest/gtest.h>

#include "conformance/replay/capture_builder.h"
#include "conformance/replay/minimise.h"

namespace anteroom::replay {
namespace {

constexpr int kRawIp = 101;
constexpr std::size_t kHeader = 40;
using Packet = std::vector<std::uint8_t>;

// MSS is what an MTU of 1500 leaves.
Talk conversation() {
  Talk talk;
  talk.client(0ms, "S 0:0(0) win 64240 <mss 1440,sackOK,TS val 100 ecr 0,wscale 7>")
      .server(1ms, "S. 0:0(0) ack 1 win 65160 <mss 1440,sackOK,TS val 900 ecr 100,wscale 7>")
      .client(2ms, ". 1:1(0) ack 1 win 502 <nop,nop,TS val 102 ecr 900>")
      .client(3ms, "P. 1:101(100) ack 1 win 502 <nop,nop,TS val 103 ecr 900>")
      .server(4ms, ". 1:1429(1428) ack 101 win 509 <nop,nop,TS val 904 ecr 103>")
      .server(4ms, "P. 1429:1501(72) ack 101 win 509 <nop,nop,TS val 904 ecr 103>")
      .client(5ms, ". 101:101(0) ack 1501 win 500 <nop,nop,TS val 105 ecr 904>")
      .client(6ms, "F. 101:101(0) ack 1501 win 500 <nop,nop,TS val 106 ecr 904>")
      .server(7ms, "F. 1501:1501(0) ack 102 win 509 <nop,nop,TS val 907 ecr 106>")
      .client(8ms, ". 102:102(0) ack 1502 win 500 <nop,nop,TS val 108 ecr 907>");
  return talk.over_ipv6();
}

Options both_ends() {
  Options options;
  options.as_client = true;
  return options;
}

// The packet with these bytes between its IPv6 header and what followed that.
Packet with_extension(const Packet& packet, std::uint8_t kind, Packet extension) {
  Packet out = packet;
  extension[0] = packet[6];
  out[6] = kind;
  const std::size_t bytes = static_cast<std::size_t>(packet[4] << 8 | packet[5]) + extension.size();
  out[4] = static_cast<std::uint8_t>(bytes >> 8);
  out[5] = static_cast<std::uint8_t>(bytes);
  out.insert(out.begin() + kHeader, extension.begin(), extension.end());
  return out;
}

// Fragments of so many bytes, a multiple of eight.
std::vector<FilePacket> in_pieces(const FilePacket& whole, std::size_t size) {
  std::vector<FilePacket> pieces;
  for (std::size_t at = kHeader; at < whole.bytes.size(); at += size) {
    const std::size_t end = std::min(at + size, whole.bytes.size());
    const std::size_t offset = at - kHeader;
    Packet bytes(whole.bytes.begin(), whole.bytes.begin() + kHeader);
    bytes.insert(bytes.end(), whole.bytes.begin() + static_cast<std::ptrdiff_t>(at),
                 whole.bytes.begin() + static_cast<std::ptrdiff_t>(end));
    bytes[4] = static_cast<std::uint8_t>((end - at) >> 8);
    bytes[5] = static_cast<std::uint8_t>(end - at);
    const auto word = static_cast<std::uint16_t>(offset | (end < whole.bytes.size() ? 1 : 0));
    FilePacket piece = whole;
    piece.bytes = with_extension(
        bytes, 44,
        {0, 0, static_cast<std::uint8_t>(word >> 8), static_cast<std::uint8_t>(word), 1, 2, 3, 4});
    pieces.push_back(piece);
  }
  return pieces;
}

std::uint64_t skipped(const Replayed& replayed, Skip skip) {
  return replayed.capture.skips[static_cast<std::size_t>(skip)];
}

TEST(Ipv6, AConversationHoldsInEveryTierAtEitherEnd) {
  const Replayed replayed = replay_talk(conversation(), both_ends());
  ASSERT_EQ(replayed.connections.size(), 2u);
  for (std::size_t i = 0; i < 2; ++i) {
    EXPECT_EQ(replayed.diverged(i), "") << replayed.connections[i].as_text();
    EXPECT_EQ(replayed.connections[i].reached(), Tier::timing);
    EXPECT_EQ(replayed.connections[i].mode, Mode::oracle);
    EXPECT_EQ(replayed.connections[i].client, "[fd00:0:0:7::2]:40000");
  }
  EXPECT_EQ(replayed.connections[0].bytes_in, 100u);
  EXPECT_EQ(replayed.connections[1].bytes_in, 1'500u);
}

TEST(Ipv6, AnotherSegmentSizeIsPinned) {
  Talk talk;
  talk.client(0ms, "S 0:0(0) win 64240 <mss 8940>")
      .server(1ms, "S. 0:0(0) ack 1 win 65160 <mss 1220>")
      .client(2ms, ". 1:1(0) ack 1 win 64240");
  const Replayed replayed = replay_talk(talk.over_ipv6(), both_ends());
  for (std::size_t i = 0; i < 2; ++i) EXPECT_EQ(replayed.diverged(i), "") << i;
}

TEST(Ipv6, ExtensionHeadersArePassedOver) {
  const Packet options{0, 0, 1, 4, 0, 0, 0, 0};     // padding
  const Packet routing{0, 0, 4, 0, 0, 0, 0, 0};     // no segments left
  const Packet atomic{0, 0, 0, 0, 9, 9, 9, 9};      // a fragment that is the whole
  const Packet unknown{0, 0, 0xc2, 4, 0, 0, 0, 0};  // a host must refuse it
  std::vector<FilePacket> packets = conversation().packets();
  packets[0].bytes = with_extension(packets[0].bytes, 60, options);
  packets[0].bytes = with_extension(packets[0].bytes, 0, options);
  packets[1].bytes = with_extension(packets[1].bytes, 43, routing);
  packets[3].bytes = with_extension(packets[3].bytes, 44, atomic);
  const Replayed replayed = replay_bytes(pcap_file(kRawIp, packets));
  EXPECT_EQ(replayed.diverged(), "");
  EXPECT_EQ(replayed.capture.segments, packets.size());
  packets[3].bytes = with_extension(packets[3].bytes, 60, unknown);
  EXPECT_EQ(skipped(replay_bytes(pcap_file(kRawIp, packets)), Skip::ip_extension), 1u);
}

TEST(Ipv6, FragmentsAreOnePacketAlsoWithExtensionsInside) {
  for (const bool has_options_inside : {false, true}) {
    std::vector<FilePacket> packets = conversation().packets();
    FilePacket whole = packets[4];
    if (has_options_inside) whole.bytes = with_extension(whole.bytes, 60, {0, 0, 1, 4, 0, 0, 0, 0});
    std::vector<FilePacket> pieces = in_pieces(whole, 512);
    ASSERT_EQ(pieces.size(), 3u);
    std::swap(pieces[0], pieces[2]);
    packets.erase(packets.begin() + 4);
    packets.insert(packets.begin() + 4, pieces.begin(), pieces.end());
    const Replayed replayed = replay_bytes(pcap_file(kRawIp, packets));
    EXPECT_EQ(replayed.capture.reassembled, 1u);
    EXPECT_EQ(replayed.diverged(), "") << has_options_inside;
    EXPECT_EQ(replayed.connections.at(0).bytes_out, 1'500u);
    packets.erase(packets.begin() + 5);
    const Replayed missing = replay_bytes(pcap_file(kRawIp, packets));
    EXPECT_EQ(skipped(missing, Skip::fragment_missing), 1u);
  }
}

TEST(Ipv6, WhatIsDamagedIsCounted) {
  const Packet good = conversation().packets()[3].bytes;
  for (std::size_t size = 1; size < kHeader; ++size) {
    EXPECT_EQ(read_ip(Bytes(good).first(size), good.size()).error(), Skip::ip_cut) << size;
  }
  Packet long_one = good;
  long_one[4] = 0xff;
  EXPECT_EQ(read_ip(long_one, long_one.size()).error(), Skip::ip_header);
  Packet headers = with_extension(good, 60, {0, 0, 1, 4, 0, 0, 0, 0});
  headers[kHeader + 1] = 255;
  EXPECT_EQ(read_ip(headers, headers.size()).error(), Skip::ip_extension);
}

TEST(Ipv6, ACutPacketKeepsItsLengthAndALengthOfZeroMeansAllThereIs) {
  const Packet good = conversation().packets()[3].bytes;
  const auto cut = read_ip(Bytes(good).first(good.size() - 50), good.size());
  ASSERT_TRUE(cut);
  EXPECT_EQ(cut->payload_bytes, good.size() - kHeader);
  const auto segment = read_segment(*cut);
  ASSERT_TRUE(segment);
  EXPECT_EQ(segment->payload.size(), 100u);
  EXPECT_EQ(segment->real_bytes, 50u);
  Packet unsaid = good;
  unsaid[4] = unsaid[5] = 0;
  const auto all = read_ip(unsaid, unsaid.size());
  ASSERT_TRUE(all);
  EXPECT_EQ(all->payload_bytes, good.size() - kHeader);
}

TEST(Ipv6, CallerDataOfASynIsShown) {
  Talk talk;
  talk.client(0ms, "S 0:5(5) win 64240 <mss 1440>")
      .server(1ms, "S. 0:0(0) ack 6 win 65160 <mss 1440>")
      .client(2ms, ". 6:6(0) ack 1 win 64240");
  Options options;
  options.condition = [](const Request& request) -> std::optional<tap::Verdict> {
    EXPECT_EQ(to_string(request.flow.remote), "[fd00:0:0:7::2]:40000");
    return std::nullopt;
  };
  const Replayed replayed = replay_talk(talk.over_ipv6(), options);
  ASSERT_EQ(replayed.connections.size(), 1u);
  EXPECT_EQ(replayed.connections[0].caller_data.size(), 5u);
  EXPECT_TRUE(replayed.connections[0].verdict);
  EXPECT_EQ(replayed.diverged(), "");
}

TEST(Ipv6, WhatIsCutDownIsWrittenAsIpv6) {
  Talk talk = conversation();
  talk.server(30ms, "P. 1429:1501(72) ack 102 win 509 <nop,nop,TS val 930 ecr 108>").over_ipv6();
  TierSet set{};
  set[static_cast<std::size_t>(Tier::retransmission)] = true;
  const TemporaryFile file(pcap_file(kRawIp, talk.packets()));
  const auto minimised = minimise(file.path(), {}, set);
  ASSERT_TRUE(minimised) << minimised.error().sentence;
  EXPECT_NE(script_of(*minimised).find("--ip_version=ipv6\n"), std::string::npos);
  const TemporaryFile out({});
  ASSERT_FALSE(write_capture(out.path(), minimised->segments));
  const Replayed again = replay_file(out.path());
  EXPECT_EQ(again.diverged(), "retransmission");
  EXPECT_EQ(again.connections.at(0).server, "[fd00:0:0:7::1]:80");
}

}  // namespace
}  // namespace anteroom::replay
