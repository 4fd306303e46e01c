// IPv4 as a host speaks it: admission, reassembly, fragmentation, routes, path MTU, ICMP. RFC 791,
// RFC 1122.
#include <gtest/gtest.h>

#include <anteroom/testing/pair.h>
#include <anteroom/testing/peer.h>

#include "stack/base/bytes.h"
#include "stack/ip/output.h"
#include "stack/ip/path_mtu.h"
#include "stack/ip/reassembly.h"
#include "stack/ip/route.h"
#include "stack/wire/checksum.h"
#include "stack/wire/icmpv4.h"

namespace anteroom::testing {
namespace {

const IpAddress kPeer = IpAddress::v4(192, 0, 2, 2);
const IpAddress kOwn = IpAddress::v4(192, 0, 2, 1);

IpHeader header_of(std::uint8_t protocol, std::uint16_t id = 7) {
  IpHeader header;
  header.source = kPeer;
  header.destination = kOwn;
  header.protocol = protocol;
  header.identification = id;
  return header;
}

std::vector<std::uint8_t> packet_of(IpHeader header, Bytes payload) {
  std::vector<std::uint8_t> packet(kIpv4HeaderBytes + payload.size());
  header.payload_bytes = static_cast<std::uint16_t>(payload.size());
  emit_ip(header, packet);
  copy_bytes(MutableBytes(packet).subspan(kIpv4HeaderBytes), payload);
  return packet;
}

std::vector<std::uint8_t> echo_request(std::size_t bytes) {
  std::vector<std::uint8_t> body(bytes), message(kIcmpHeaderBytes + bytes);
  for (std::size_t i = 0; i < bytes; ++i) body[i] = static_cast<std::uint8_t>(i);
  emit_icmp({static_cast<std::uint8_t>(IcmpType::echo_request), 0, 0x12340001, body}, message);
  return message;
}

TEST(Input, RefusesBadAddresses) {
  const struct {
    const char* source;
    const char* destination;
    DropReason reason;
  } rows[] = {{"224.0.0.1", "192.0.2.1", DropReason::ip_source_invalid},
              {"127.0.0.1", "192.0.2.1", DropReason::ip_source_invalid},
              {"0.0.0.0", "192.0.2.1", DropReason::ip_source_invalid},
              {"192.0.2.255", "192.0.2.1", DropReason::ip_source_invalid},
              {"255.255.255.255", "192.0.2.1", DropReason::ip_source_invalid},
              {"192.0.2.1", "192.0.2.1", DropReason::ip_source_invalid},
              {"192.0.2.2", "192.0.2.9", DropReason::ip_not_for_us}};
  for (const auto& row : rows) {
    Peer peer;
    IpHeader header = header_of(kProtocolIcmp);
    header.source = IpAddress::parse(row.source).value();
    header.destination = IpAddress::parse(row.destination).value();
    peer.sends_packet(packet_of(header, echo_request(8)));
    EXPECT_EQ(peer.stack().stats().dropped(row.reason), 1u) << row.source;
    EXPECT_TRUE(peer.next_packet().empty());
  }
}

TEST(Echo, IsAnsweredAndFragmentedBothWays) {
  for (const std::size_t bytes : {std::size_t{56}, std::size_t{8000}}) {
    Peer peer;
    const auto request = echo_request(bytes);
    IpHeader whole = header_of(kProtocolIcmp);
    whole.payload_bytes = static_cast<std::uint16_t>(request.size());
    for (std::size_t at = 0; at < request.size();) {
      const Fragment fragment = fragment_at(whole, at, 1500);
      peer.sends_packet(
          packet_of(fragment.header, Bytes(request).subspan(at, fragment.header.payload_bytes)));
      at += fragment.header.payload_bytes;
    }
    BufferPool pool(1 << 20);
    Reassembly reassembly(Limits{}, pool);
    std::vector<std::uint8_t> reply;
    for (auto packet = peer.next_packet(); !packet.empty(); packet = peer.next_packet()) {
      EXPECT_LE(packet.size(), 1500u);
      const auto parsed = parse_ip(packet);
      if (!parsed->header.is_fragment()) {
        reply.assign(parsed->payload.begin(), parsed->payload.end());
        continue;
      }
      const auto made = reassembly.add(peer.now(), parsed->header, parsed->payload);
      ASSERT_TRUE(made);
      if (*made) reply.assign((*made)->payload.begin(), (*made)->payload.end());
    }
    const auto message = parse_icmp(reply);
    ASSERT_TRUE(message) << bytes;
    EXPECT_EQ(message->type, static_cast<std::uint8_t>(IcmpType::echo_reply));
    EXPECT_EQ(message->body.size(), bytes);
    EXPECT_EQ(message->body[7], 7);
  }
}

// RFC 791 3.2; the overlap rule is RFC 5722 4.
class Fragments : public ::testing::Test {
 protected:
  Result<std::optional<Reassembled>, DropReason> add(std::size_t offset, std::string_view data,
                                                     bool more) {
    IpHeader header = header_of(kProtocolUdp);
    header.fragment_offset_bytes = static_cast<std::uint16_t>(offset);
    header.more_fragments = more;
    return reassembly_.add(Instant(1s), header, bytes_of(data));
  }
  BufferPool pool_{1 << 20};
  Limits limits_;
  Reassembly reassembly_{limits_, pool_};
};

TEST_F(Fragments, AnyOrder) {
  EXPECT_FALSE(*add(16, "last", false));
  EXPECT_FALSE(*add(0, "01234567", true));
  const auto whole = add(8, "89abcdef", true);
  ASSERT_TRUE(*whole);
  EXPECT_EQ(text_of((*whole)->payload), "0123456789abcdeflast");
  EXPECT_FALSE(reassembly_.next_deadline());
}

TEST_F(Fragments, ExactDuplicateIsHarmless) {
  EXPECT_FALSE(*add(0, "01234567", true));
  EXPECT_FALSE(*add(0, "01234567", true));
  EXPECT_TRUE(*add(8, "end", false));
}

TEST_F(Fragments, OverlapKillsTheDatagram) {
  EXPECT_FALSE(*add(0, "0123456789abcdef", true));
  EXPECT_EQ(add(8, "XXXXXXXX", true).error(), DropReason::fragment_overlap);
  EXPECT_EQ(add(16, "end", false).error(), DropReason::fragment_overlap);
}

TEST_F(Fragments, MalformedOnesAreRefused) {
  EXPECT_EQ(add(0, "", true).error(), DropReason::fragment_malformed);
  EXPECT_EQ(add(0, "1234567", true).error(), DropReason::fragment_malformed);
  EXPECT_EQ(add(65'528, "12345678", false).error(), DropReason::fragment_malformed);
  EXPECT_FALSE(*add(8, "end", false));
  EXPECT_EQ(add(16, "beyond", false).error(), DropReason::fragment_overlap);
}

TEST_F(Fragments, TimeRunsOutAndTheSenderIsTold) {
  EXPECT_FALSE(*add(0, "01234567", true));
  EXPECT_EQ(reassembly_.next_deadline(), Instant(61s));
  std::optional<ReassemblyTimeout> timeout;
  EXPECT_FALSE(reassembly_.expire_one(Instant(60s), timeout));
  EXPECT_TRUE(reassembly_.expire_one(Instant(61s), timeout));
  ASSERT_TRUE(timeout);
  EXPECT_EQ(text_of(timeout->quoted), "01234567");
}

TEST(Route, LongestPrefixFirst) {
  const RouteTable routes(
      test_config(1).interface,
      {{Prefix::parse("0.0.0.0/0").value(), IpAddress::v4(192, 0, 2, 254)},
       {Prefix::parse("198.51.100.0/24").value(), IpAddress::v4(192, 0, 2, 253)}});
  const IpAddress near = IpAddress::v4(198, 51, 100, 7), far = IpAddress::v4(203, 0, 113, 7);
  EXPECT_EQ(*routes.next_hop(kPeer), kPeer);
  EXPECT_EQ(*routes.next_hop(near), IpAddress::v4(192, 0, 2, 253));
  EXPECT_EQ(*routes.next_hop(far), IpAddress::v4(192, 0, 2, 254));
  EXPECT_EQ(RouteTable(test_config(1).interface, {}).next_hop(far), nullptr);
}

// RFC 1191 5 and 7.
TEST(PathMtu, OnlyFallsHasAFloorAndIsForgotten) {
  PathMtuCache cache{Limits{}};
  const Instant now(1s);
  EXPECT_EQ(cache.find(now, kPeer), 0);
  EXPECT_EQ(cache.on_too_big(now, kPeer, 1400, 1500, 1500), 1400);
  EXPECT_EQ(cache.on_too_big(now, kPeer, 1450, 1500, 1500), 0);
  EXPECT_EQ(cache.on_too_big(now, kPeer, 0, 1400, 1500), 1006);
  EXPECT_EQ(cache.on_too_big(now, kPeer, 68, 1400, 1500), 552);
  EXPECT_EQ(cache.find(now, kPeer), 552);
  EXPECT_EQ(cache.find(now + 10min, kPeer), 0);
}

std::vector<std::uint8_t> icmp_about(const std::vector<std::uint8_t>& packet, std::uint8_t code,
                                     std::uint32_t rest) {
  std::vector<std::uint8_t> message(kIcmpHeaderBytes + 28);
  emit_icmp({static_cast<std::uint8_t>(IcmpType::unreachable), code, rest, Bytes(packet).first(28)},
            message);
  return packet_of(header_of(kProtocolIcmp), message);
}

// RFC 1191 6.4 and RFC 5927 4.1: believed only where it quotes what is in flight.
TEST(PathMtu, ShrinksSegmentsInFlightOnlyForWhatWasSent) {
  Peer peer = Peer::established();
  ASSERT_TRUE(peer.writes(std::string(2000, 'x')));
  const auto sent = peer.next_packet();
  ASSERT_EQ(sent.size(), 1040u);
  (void)peer.next_packet();
  auto forged = sent;
  store_be32(forged.data() + 24, load_be32(sent.data() + 24) + 100'000);
  peer.sends_packet(icmp_about(forged, kUnreachableFragmentationNeeded, 600));
  EXPECT_EQ(peer.stack().stats().dropped(DropReason::icmp_not_ours), 1u);
  EXPECT_EQ(peer.sees_nothing(), "");
  peer.sends_packet(icmp_about(sent, kUnreachableFragmentationNeeded, 600));
  EXPECT_EQ(peer.sees(". 1:561(560) ack 1"), "");
  EXPECT_EQ(peer.sees(". 561:1001(440) ack 1"), "");
  EXPECT_EQ(peer.sees(". 1001:1561(560) ack 1"), "");
  EXPECT_EQ(peer.sees("P. 1561:2001(440) ack 1"), "");
  EXPECT_EQ(peer.sees_nothing(), "");
}

// RFC 9293 3.9.2.2: a hard error ends what is not established, and only that.
TEST(Icmp, PortUnreachableEndsAConnectInSynSent) {
  PeerOptions options;
  options.listen = false;
  Peer peer(options);
  peer.connects();
  const auto syn = peer.next_packet();
  peer.sends_packet(icmp_about(syn, kUnreachablePort, 0));
  EXPECT_EQ(peer.event(EventKind::closed)->error, Error::refused);

  Peer established = Peer::established();
  ASSERT_TRUE(established.writes("x"));
  const auto data = established.next_packet();
  established.sends_packet(icmp_about(data, kUnreachablePort, 0));
  EXPECT_EQ(established.state(), State::established);
}

TEST(Icmp, UdpAndUnknownProtocolsAreRefused) {
  Peer peer;
  const std::uint8_t datagram[] = {0x10, 0, 0, 53, 0, 8, 0, 0};
  peer.sends_packet(packet_of(header_of(kProtocolUdp), datagram));
  auto answer = peer.next_packet();
  ASSERT_FALSE(answer.empty());
  auto message = parse_icmp(parse_ip(answer)->payload);
  EXPECT_EQ(message->code, kUnreachablePort);
  EXPECT_EQ(message->body.size(), 28u);
  peer.sends_packet(packet_of(header_of(99), datagram));
  answer = peer.next_packet();
  EXPECT_EQ(parse_icmp(parse_ip(answer)->payload)->code, kUnreachableProtocol);
  // No error about an error, RFC 1122 3.2.2.
  peer.sends_packet(icmp_about(answer, kUnreachablePort, 0));
  EXPECT_TRUE(peer.next_packet().empty());
}

}  // namespace
}  // namespace anteroom::testing
