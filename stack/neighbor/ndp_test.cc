// Neighbor discovery: RFC 4861 7, and RFC 4862 5.4.3 for who looks for our address.
#include "stack/neighbor/ndp.h"

#include <gtest/gtest.h>

#include <anteroom/testing/pair.h>

#include "stack/wire/checksum.h"
#include "stack/wire/ethernet.h"
#include "stack/wire/icmpv6.h"

namespace anteroom::testing {
namespace {

const IpAddress kOwn = address_v6(1), kPeer = address_v6(2);
const MacAddress kOwnMac{{2, 0, 0, 0, 0, 1}}, kPeerMac{{2, 0, 0, 0, 0, 2}};

// What an Ethernet frame carries of neighbor discovery.
struct Said {
  NdpMessage message;
  IpHeader ip;
  EthernetHeader link;
};

// A stack alone on an Ethernet link.
class LonelyV6 : public ::testing::Test {
 protected:
  LonelyV6() : stack_(test_config_v6(1)), out_(stack_.frame_bytes_max()) {}

  std::optional<Said> next() {
    const std::size_t size = stack_.next_frame(now_, out_);
    if (size == 0) return std::nullopt;
    const Bytes frame = Bytes(out_).first(size);
    const auto packet = parse_ip(frame.subspan(kEthernetHeaderBytes));
    if (!packet || packet->header.protocol != kProtocolIcmpv6) return std::nullopt;
    const auto message = parse_icmp(
        packet->payload, pseudo_header_sum(packet->header.source, packet->header.destination,
                                           kProtocolIcmpv6, packet->payload.size()));
    EXPECT_TRUE(message);
    const auto parsed = parse_ndp(packet->header, *message);
    EXPECT_TRUE(parsed);
    return Said{*parsed, packet->header, *parse_ethernet(frame)};
  }
  void says(const NdpMessage& message, const IpAddress& from, const IpAddress& to,
            std::uint8_t hop_limit = kNdpHopLimit) {
    std::vector<std::uint8_t> frame(kEthernetHeaderBytes + kIpv6HeaderBytes + kNdpBytes);
    const MutableBytes packet = MutableBytes(frame).subspan(kEthernetHeaderBytes);
    emit_ethernet({to.is_multicast() ? multicast_mac(to) : kOwnMac, kPeerMac, kEtherTypeIpv6},
                  frame);
    IpHeader ip;
    ip.source = from;
    ip.destination = to;
    ip.protocol = kProtocolIcmpv6;
    ip.hop_limit = hop_limit;
    ip.payload_bytes =
        static_cast<std::uint16_t>(emit_ndp(message, from, to, packet.subspan(kIpv6HeaderBytes)));
    (void)emit_ip(ip, packet);
    frame.resize(kEthernetHeaderBytes + kIpv6HeaderBytes + ip.payload_bytes);
    stack_.receive(now_, frame);
  }
  void advertises(bool solicited = true, bool overrides = true) {
    says({true, solicited, overrides, kPeer, kPeerMac}, kPeer, kOwn);
  }
  // True where the stack's next frame is TCP to the peer.
  bool next_is_segment() {
    const std::size_t size = stack_.next_frame(now_, out_);
    if (size == 0) return false;
    const auto packet = parse_ip(Bytes(out_).first(size).subspan(kEthernetHeaderBytes));
    return packet && packet->header.protocol == kProtocolTcp;
  }
  std::uint64_t dropped(DropReason reason) { return stack_.stats().dropped(reason); }

  Stack stack_;
  std::vector<std::uint8_t> out_;
  Instant now_{1s};
};

// RFC 4861 7.2.2: to the group of the address that is asked for.
TEST_F(LonelyV6, AsksParksAndSendsWhenAnswered) {
  ASSERT_TRUE(stack_.connect(now_, {.remote = {kPeer, 80}}));
  const auto query = next();
  ASSERT_TRUE(query);
  EXPECT_FALSE(query->message.advertisement);
  EXPECT_EQ(query->message.target, kPeer);
  EXPECT_EQ(query->message.mac, kOwnMac);
  EXPECT_EQ(query->ip.source, kOwn);
  EXPECT_EQ(to_string(query->ip.destination), "ff02::1:ff00:2");
  EXPECT_EQ(to_string(query->link.destination), "33:33:ff:00:00:02");
  EXPECT_EQ(query->ip.hop_limit, 255);
  EXPECT_FALSE(next());
  advertises();
  EXPECT_TRUE(next_is_segment());
  EXPECT_EQ(stack_.stats().ndp_in, 1u);
}

TEST_F(LonelyV6, GivesUpWhereNobodyAnswers) {
  ASSERT_TRUE(stack_.connect(now_, {.remote = {kPeer, 80}}));
  int queries = 0;
  for (int i = 0; i < 8; ++i) {
    while (next()) ++queries;
    now_ += 1s;
    stack_.advance(now_);
  }
  EXPECT_EQ(queries, static_cast<int>(stack_.config().limits.neighbor_queries_max));
  EXPECT_GT(dropped(DropReason::neighbor_unresolved), 0u);
}

// RFC 4861 7.2.3 and 7.2.4: answered with our link address, and learned from.
TEST_F(LonelyV6, AnswersAndLearnsFromWhoAsks) {
  says({false, false, false, kOwn, kPeerMac}, kPeer, solicited_node(kOwn));
  const auto answer = next();
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->message, (NdpMessage{true, true, true, kOwn, kOwnMac}));
  EXPECT_EQ(answer->ip.destination, kPeer);
  EXPECT_EQ(answer->link.destination, kPeerMac);
  ASSERT_TRUE(stack_.connect(now_, {.remote = {kPeer, 80}}));
  EXPECT_TRUE(next_is_segment());
}

// RFC 4862 5.4.3: all hear that the address is taken; the owner hears that somebody wants it.
TEST_F(LonelyV6, DefendsItsAddress) {
  says({false, false, false, kOwn, {}}, IpAddress(), solicited_node(kOwn));
  const auto answer = next();
  ASSERT_TRUE(answer);
  EXPECT_FALSE(answer->message.solicited);
  EXPECT_EQ(answer->ip.destination, all_nodes());
  EXPECT_EQ(to_string(answer->link.destination), "33:33:00:00:00:01");
  const auto event = stack_.next_event();
  ASSERT_TRUE(event);
  EXPECT_EQ(event->kind, EventKind::address_conflict);
  EXPECT_EQ(event->address, kOwn);
}

TEST_F(LonelyV6, BelievesNoForgeries) {
  ASSERT_TRUE(stack_.connect(now_, {.remote = {kPeer, 80}}));
  (void)next();
  says({true, true, true, kPeer, kPeerMac}, kPeer, kOwn, 254);  // came through a router
  EXPECT_EQ(dropped(DropReason::ndp_malformed), 1u);
  says({true, true, true, kPeer, MacAddress{{0x33, 0x33, 0, 0, 0, 1}}}, kPeer, kOwn);
  EXPECT_EQ(dropped(DropReason::ndp_spoofed), 1u);
  says({true, true, true, kOwn, kPeerMac}, kPeer, kOwn);  // our own address
  EXPECT_EQ(dropped(DropReason::ndp_spoofed), 2u);
  says({true, true, true, kPeer, kPeerMac}, kPeer, all_nodes());  // solicited, to everybody
  EXPECT_EQ(dropped(DropReason::ndp_malformed), 2u);
  advertises(false, false);
  EXPECT_EQ(dropped(DropReason::ndp_not_for_us), 1u);
  says({false, false, false, address_v6(9), kPeerMac}, kPeer, kOwn);
  EXPECT_EQ(dropped(DropReason::ndp_not_for_us), 2u);
  says({false, false, false, kOwn, kPeerMac}, IpAddress(), solicited_node(kOwn));
  EXPECT_EQ(dropped(DropReason::ndp_malformed), 3u);
  EXPECT_FALSE(next_is_segment());
}

// An advertisement changes an entry that is there and makes none (RFC 4861 7.2.5).
TEST_F(LonelyV6, AdvertisementsMakeNoEntries) {
  advertises();
  ASSERT_TRUE(stack_.connect(now_, {.remote = {kPeer, 80}}));
  const auto query = next();
  ASSERT_TRUE(query);
  EXPECT_FALSE(query->message.advertisement);
}

}  // namespace
}  // namespace anteroom::testing
