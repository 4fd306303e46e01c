// ARP and the neighbor cache: RFC 826, RFC 1122 2.3.2, RFC 5227 2.4.
#include <gtest/gtest.h>

#include <anteroom/testing/pair.h>

#include "stack/neighbor/arp.h"
#include "stack/neighbor/cache.h"
#include "stack/wire/ethernet.h"

namespace anteroom::testing {
namespace {

const IpAddress kPeer = IpAddress::v4(192, 0, 2, 2);
const MacAddress kPeerMac{{2, 0, 0, 0, 0, 2}};

// A stack alone on an Ethernet link.
class Lonely : public ::testing::Test {
 protected:
  Lonely() : stack_(config()), out_(stack_.frame_bytes_max()) {}

  static Config config() {
    Config config = test_config(1);
    config.limits.parked_per_neighbor_max = 2;
    return config;
  }
  std::optional<ArpPacket> next_arp() {
    const std::size_t size = stack_.next_frame(now_, out_);
    if (size == 0) return std::nullopt;
    const auto header = parse_ethernet(Bytes(out_).first(size));
    last_destination_ = header->destination;
    if (header->type != kEtherTypeArp) return std::nullopt;
    return parse_arp(Bytes(out_).first(size).subspan(kEthernetHeaderBytes)).value();
  }
  void says(const ArpPacket& packet) {
    std::uint8_t frame[kEthernetHeaderBytes + kArpBytes];
    emit_ethernet({MacAddress::broadcast(), packet.sender_mac, kEtherTypeArp}, frame);
    emit_arp(packet, MutableBytes(frame).subspan(kEthernetHeaderBytes));
    stack_.receive(now_, frame);
  }
  ArpPacket reply() const {
    return {ArpOperation::reply, kPeerMac, kPeer, MacAddress{{2, 0, 0, 0, 0, 1}},
            IpAddress::v4(192, 0, 2, 1)};
  }
  void passes(Duration duration) {
    now_ += duration;
    stack_.advance(now_);
  }

  Stack stack_;
  std::vector<std::uint8_t> out_;
  Instant now_{1s};
  MacAddress last_destination_;
};

TEST_F(Lonely, AsksParksAndSendsWhenAnswered) {
  const auto id = stack_.connect(now_, {.remote = {kPeer, 80}});
  ASSERT_TRUE(id);
  const auto query = next_arp();
  ASSERT_TRUE(query);
  EXPECT_EQ(query->operation, ArpOperation::request);
  EXPECT_EQ(query->target_ip, kPeer);
  EXPECT_EQ(last_destination_, MacAddress::broadcast());
  EXPECT_EQ(stack_.next_frame(now_, out_), 0u);
  says(reply());
  EXPECT_NE(stack_.next_frame(now_, out_), 0u);  // the SYN
  EXPECT_EQ(parse_ethernet(out_)->destination, kPeerMac);
}

TEST_F(Lonely, GivesUpAfterThreeQuestions) {
  const auto id = stack_.connect(now_, {.remote = {kPeer, 80}});
  for (int i = 0; i < 3; ++i) {
    EXPECT_TRUE(next_arp()) << i;
    EXPECT_FALSE(next_arp());
    passes(1s);
  }
  EXPECT_FALSE(next_arp());
  std::optional<Event> closed;
  while (const auto event = stack_.next_event()) closed = event;
  ASSERT_TRUE(closed);
  EXPECT_EQ(closed->kind, EventKind::closed);
  EXPECT_EQ(closed->error, Error::unreachable);
  EXPECT_EQ(closed->connection, *id);
}

TEST_F(Lonely, AnswersForItselfAndLearnsTheAsker) {
  says({ArpOperation::request, kPeerMac, kPeer, {}, IpAddress::v4(192, 0, 2, 1)});
  const auto answer = next_arp();
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->operation, ArpOperation::reply);
  EXPECT_EQ(last_destination_, kPeerMac);
  ASSERT_TRUE(stack_.connect(now_, {.remote = {kPeer, 80}}));
  EXPECT_FALSE(next_arp());  // a SYN, no question
  says({ArpOperation::request, kPeerMac, kPeer, {}, IpAddress::v4(192, 0, 2, 9)});
  EXPECT_FALSE(next_arp());
  EXPECT_EQ(stack_.stats().dropped(DropReason::arp_not_for_us), 1u);
}

TEST_F(Lonely, AnEntryInDoubtIsUsedAndAskedDirectly) {
  says({ArpOperation::request, kPeerMac, kPeer, {}, IpAddress::v4(192, 0, 2, 1)});
  (void)next_arp();
  passes(31s);
  ASSERT_TRUE(stack_.connect(now_, {.remote = {kPeer, 80}}));
  EXPECT_FALSE(next_arp());
  EXPECT_EQ(last_destination_, kPeerMac);
  const auto query = next_arp();
  ASSERT_TRUE(query);
  EXPECT_EQ(last_destination_, kPeerMac);
}

// RFC 9293 3.8.3 [MUST-20]: three retransmissions without an answer put the next hop in doubt.
TEST_F(Lonely, UnansweredRetransmissionsPutTheNextHopInDoubt) {
  says({ArpOperation::request, kPeerMac, kPeer, {}, IpAddress::v4(192, 0, 2, 1)});
  (void)next_arp();
  ASSERT_TRUE(stack_.connect(now_, {.remote = {kPeer, 80}}));
  for (const Duration pause : {1s, 2s, 4s}) {
    EXPECT_FALSE(next_arp());  // a SYN
    EXPECT_FALSE(next_arp());  // and nothing behind it
    passes(pause);
  }
  EXPECT_FALSE(next_arp());  // the third, to whom it was
  EXPECT_EQ(last_destination_, kPeerMac);
  const auto query = next_arp();
  ASSERT_TRUE(query);
  EXPECT_EQ(last_destination_, kPeerMac);
  const auto event = stack_.next_event();
  ASSERT_TRUE(event);
  EXPECT_EQ(event->kind, EventKind::soft_error);
  EXPECT_EQ(event->error, Error::timed_out);
}

// RFC 5227 2.4: somebody else answers for our address.
TEST_F(Lonely, ConflictIsTold) {
  says({ArpOperation::reply, kPeerMac, IpAddress::v4(192, 0, 2, 1), {}, kPeer});
  const auto event = stack_.next_event();
  ASSERT_TRUE(event);
  EXPECT_EQ(event->kind, EventKind::address_conflict);
  EXPECT_EQ(event->address, IpAddress::v4(192, 0, 2, 1));
}

TEST_F(Lonely, StrangersAndGroupsAreNotBelieved) {
  says({ArpOperation::reply, MacAddress::broadcast(), kPeer, {}, IpAddress::v4(192, 0, 2, 1)});
  says({ArpOperation::reply,
        kPeerMac,
        IpAddress::v4(198, 51, 100, 1),
        {},
        IpAddress::v4(192, 0, 2, 1)});
  EXPECT_EQ(stack_.stats().dropped(DropReason::arp_spoofed), 2u);
}

TEST(NeighborCache, AFullCacheForgetsAResolvedEntry) {
  Limits limits;
  limits.neighbors_max = 2;
  NeighborCache cache(limits, HashKey{});
  const Instant now(1s);
  (void)cache.learn(now, IpAddress::v4(192, 0, 2, 10), kPeerMac, true);
  const std::uint32_t open = cache.want(now, IpAddress::v4(192, 0, 2, 11));
  EXPECT_FALSE(cache.is_resolved(open));
  EXPECT_NE(cache.want(now, IpAddress::v4(192, 0, 2, 12)), NeighborCache::kNone);
  EXPECT_EQ(cache.want(now, IpAddress::v4(192, 0, 2, 13)), NeighborCache::kNone);
}

}  // namespace
}  // namespace anteroom::testing
