// Packets: addresses' headers, flags, numbers; ICMP and UDP.
#include "conformance/script/parsing.h"

namespace anteroom::script {
namespace {

using Ports = std::pair<std::uint16_t, std::uint16_t>;

Packet packet(std::string_view text) { return only<Packet>("+0 " + std::string(text)); }

IcmpPacket icmp(std::string_view text) {
  return std::get<IcmpPacket>(packet("< icmp " + std::string(text)).body);
}

TEST(Packet, Direction) {
  EXPECT_TRUE(packet("< . 1:1(0) win 5").inbound);
  EXPECT_FALSE(packet("> . 1:1(0)").inbound);
}

TEST(Packet, Numbers) {
  const TcpPacket p = tcp("< FPU. 4294967295:4(5) ack 0xffffffff win 65535 urg 7");
  EXPECT_EQ(p.seq.value, 0xffffffffu);
  EXPECT_EQ(p.length, 5u);
  EXPECT_EQ(p.ack->value, 0xffffffffu);
  EXPECT_EQ(p.window, 65535);
  EXPECT_EQ(p.urgent_pointer, 7);
  EXPECT_FALSE(p.seq.literal || p.ack->literal || p.any_seq || p.any_options);
}

TEST(Packet, WhatIsNotWrittenIsNotThere) {
  const TcpPacket p = tcp("> . 1:1(0)");
  EXPECT_FALSE(p.ack || p.window || p.urgent_pointer || p.reset_cause || p.udp_ports || p.payload);
  EXPECT_TRUE(p.options.empty());
}

TEST(Packet, Flags) {
  const std::tuple<const char*, int, int> cases[] = {
      // -1: no digit
      {"-", 0, -1},        {".", 0x10, -1},   {"F", 1, -1},        {"S", 2, -1},
      {"R", 4, -1},        {"P", 8, -1},      {"U", 0x20, -1},     {"E", 0x40, -1},
      {"W", 0x80, -1},     {"A", 0x100, -1},  {"SEWA", 0x1c2, -1}, {"FP.", 0x19, -1},
      {"F .", 0x11, -1},   {"F.E", 0x51, -1}, {".5", 0x10, 5},     {"P.5", 0x18, 5},
      {"P5.", 0x18, 5},    {"S5", 2, 5},      {"5.", 0x10, 5},     {".0", 0x10, 0},
      {"EAP.", 0x158, -1},
  };
  for (const auto& [text, bits, ace] : cases) {
    const TcpPacket p = tcp("> " + std::string(text) + " 1:1(0)");
    EXPECT_EQ(p.flags, bits) << text;
    EXPECT_EQ(p.ace ? int{*p.ace} : -1, ace) << text;
  }
}

TEST(Packet, NumbersThatAreNotMapped) {
  const TcpPacket p = tcp("< . 5:8(3)! ack 9! win 1");
  EXPECT_TRUE(p.seq.literal);
  EXPECT_TRUE(p.ack->literal);
}

TEST(Packet, AnyStart) {
  const TcpPacket p = tcp("> . ...(14) ack 3");
  EXPECT_TRUE(p.any_seq);
  EXPECT_EQ(p.length, 14u);
}

TEST(Packet, Ports) {
  EXPECT_EQ(packet("< 80 > 0 S 0:0(0) win 5").ports, Ports(80, 0));
  EXPECT_EQ(packet("> udp 8080>80 (5)").ports, Ports(8080, 80));
  EXPECT_FALSE(packet("> S 0:0(0)").ports);
}

TEST(Packet, IpInfo) {
  const IpInfo ip = packet("< [ect01, dscp af11, ttl 9, flowlabel 0xfffff] . 1:1(0) win 1").ip;
  EXPECT_EQ(ip.ecn, EcnField::ect01);
  EXPECT_EQ(ip.dscp, 10);
  EXPECT_EQ(ip.hop_limit, 9);
  EXPECT_EQ(ip.flow_label, 0xfffffu);
  EXPECT_FALSE(ip.traffic_class);
}

TEST(Packet, IpInfoWords) {
  const std::pair<const char*, EcnField> fields[] = {{"noecn", EcnField::not_ect},
                                                     {"ect0", EcnField::ect0},
                                                     {"ecn ect1", EcnField::ect1},
                                                     {"ce", EcnField::ce}};
  for (const auto& [text, field] : fields) {
    EXPECT_EQ(packet("> (" + std::string(text) + ") . 1:1(0)").ip.ecn, field) << text;
  }
  EXPECT_EQ(packet("> (tos 0x1f, flowlabel 0x2) . 1:1(0)").ip.traffic_class, 0x1f);
  EXPECT_EQ(packet("> [class 0x20] . 1:1(0)").ip.traffic_class, 0x20);
  EXPECT_EQ(packet("> [hlim 64] . 1:1(0)").ip.hop_limit, 64);
}

TEST(Packet, CodePoints) {
  const std::pair<const char*, int> cases[] = {{"cs0", 0},         {"cs7", 56}, {"af43", 38},
                                               {"ef", 46},         {"le", 1},   {"0x3f", 63},
                                               {"voice-admit", 44}};
  for (const auto& [text, value] : cases) {
    EXPECT_EQ(packet("> [dscp " + std::string(text) + "] . 1:1(0)").ip.dscp, value) << text;
  }
}

TEST(Packet, HeadersOutside) {
  using Words = std::vector<std::string>;
  EXPECT_EQ(packet("< ipv4 192.0.2.1 > 192.0.2.2: gre: . 1:1(0) win 1").outer,
            (Words{"ipv4", "gre"}));
  EXPECT_EQ(
      packet("> ipv6 [ect0] 2001:db8::1 > ::1 :\n mpls (label 0, tc 0, ttl 0) (label 5, tc 7, "
             "[S], ttl 9): [ce] . 1:1(0)")
          .outer,
      (Words{"ipv6", "mpls"}));
  EXPECT_EQ(packet("> gre flags 0xb000, sum 5, off 1, key 0x8 seq 2: . 1:1(0)").outer,
            (Words{"gre"}));
  EXPECT_EQ(packet("> gre flags [checksum present|sequence# present], sum 1, off 2, key 3, seq 4: "
                   ". 1:1(0)")
                .outer,
            (Words{"gre"}));
  EXPECT_EQ(packet("> ipv4 1.1.1.1 > 2.2.2.2: psp spi 0x1, vc 0x123456789abcdef: . 1:1(0)").outer,
            (Words{"ipv4", "psp"}));
  EXPECT_EQ(packet("> encap psp spi 23 P. 1:2(1)").outer, (Words{"psp"}));
  EXPECT_EQ(packet("> encap psp spi 23, vc 0x9 P. 1:2(1)").outer, (Words{"psp"}));
}

TEST(Packet, ResetCauseAndUdpPorts) {
  const TcpPacket p = tcp("> R. 1:1(0) ack 1 win 0 <...> [code 0x2, pen 11] /udp(9899 > 5)");
  EXPECT_EQ(p.reset_cause, (std::pair<std::uint16_t, std::uint32_t>(2, 11)));
  EXPECT_EQ(p.udp_ports, Ports(9899, 5));
  EXPECT_TRUE(p.any_options);
}

TEST(Packet, Payload) {
  EXPECT_EQ(tcp("< S 0:5(5) win 65535 <mss 1460> \"hello\"").payload, "hello");
  EXPECT_EQ(tcp("> P. 1:4(3) ack 1 \"a\\x00\" \"b\"").payload, std::string("a\0b", 3));
}

TEST(Udp, LengthAndCoverage) {
  const UdpPacket udp = std::get<UdpPacket>(packet("> udp (1400)").body);
  EXPECT_EQ(udp.length, 1400u);
  EXPECT_FALSE(udp.lite);
  const UdpPacket lite = std::get<UdpPacket>(packet("< [ce] udplite 1 > 2 (10, 8)").body);
  EXPECT_TRUE(lite.lite);
  EXPECT_EQ(lite.coverage, 8u);
}

TEST(Icmp, TypeCodeMtuAndIdentifier) {
  const IcmpPacket p = icmp("unreachable frag_needed mtu 600 id 7");
  EXPECT_EQ(p.type, "unreachable");
  EXPECT_EQ(p.code, "frag_needed");
  EXPECT_EQ(p.mtu, 600u);
  EXPECT_EQ(p.id, 7u);
  EXPECT_FALSE(p.quoted);
  EXPECT_EQ(icmp("type_3 code_4").code, "code_4");
  EXPECT_EQ(icmp("router_advertisement mtu 1492").code, "");
}

TEST(Icmp, QuotedTcp) {
  const Quoted q = *icmp("unreachable [1:11(10)! /udp(3 > 4)]").quoted;
  EXPECT_EQ(q.kind, Quoted::Kind::tcp);
  EXPECT_EQ(q.seq.value, 1u);
  EXPECT_TRUE(q.seq.literal);
  EXPECT_EQ(q.length, 10u);
  EXPECT_EQ(q.udp_ports, Ports(3, 4));
}

TEST(Icmp, OtherQuotedPackets) {
  EXPECT_EQ(icmp("packet_too_big mtu 9 [udp(8)]").quoted->kind, Quoted::Kind::udp);
  EXPECT_EQ(icmp("unreachable [udp (8)]").quoted->length, 8u);
  EXPECT_EQ(icmp("unreachable [raw(40)]").quoted->kind, Quoted::Kind::raw);
  const Quoted lite = *icmp("unreachable [udplite(9, 8)]").quoted;
  EXPECT_TRUE(lite.lite);
  EXPECT_EQ(lite.coverage, 8u);
}

}  // namespace
}  // namespace anteroom::script
