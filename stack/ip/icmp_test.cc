// What IP tells TCP and what it keeps from it: ICMP errors, addresses of no host, IP options; and
// the hop limit. RFC 9293 3.9.2.
#include <gtest/gtest.h>

#include <anteroom/testing/peer.h>

#include "stack/base/bytes.h"
#include "stack/wire/checksum.h"
#include "stack/wire/icmpv4.h"
#include "stack/wire/ipv4.h"

namespace anteroom::testing {
namespace {

constexpr std::uint8_t kUnreachable = 3, kSourceQuench = 4, kTimeExceeded = 11, kParameter = 12;

// An ICMP message of a router that quotes `packet`, with its header and eight bytes.
std::vector<std::uint8_t> icmp_about(const std::vector<std::uint8_t>& packet, std::uint8_t type,
                                     std::uint8_t code) {
  std::vector<std::uint8_t> reply(kIpv4HeaderBytes + kIcmpHeaderBytes + 28);
  emit_icmp({type, code, 0, Bytes(packet).first(28)},
            MutableBytes(reply).subspan(kIpv4HeaderBytes));
  IpHeader header;
  header.source = IpAddress::v4(192, 0, 2, 77);
  header.destination = IpAddress::v4(192, 0, 2, 1);
  header.protocol = kProtocolIcmp;
  header.payload_bytes = static_cast<std::uint16_t>(reply.size() - kIpv4HeaderBytes);
  emit_ipv4(header, reply);
  return reply;
}

// The packet with other addresses, its checksums made to fit.
std::vector<std::uint8_t> readdressed(std::vector<std::uint8_t> packet, const IpAddress& source,
                                      const IpAddress& destination) {
  const auto parsed = parse_ipv4(packet);
  IpHeader header = parsed->header;
  const std::uint16_t before =
      pseudo_header_sum(header.source, header.destination, kProtocolTcp, header.payload_bytes);
  header.source = source;
  header.destination = destination;
  emit_ipv4(header, packet);
  const std::uint16_t after =
      pseudo_header_sum(source, destination, kProtocolTcp, header.payload_bytes);
  std::uint8_t* const field = packet.data() + kIpv4HeaderBytes + 16;
  const auto sum = static_cast<std::uint16_t>(~load_be16(field));  // of all but the field
  const std::uint16_t without = sum_of(sum, static_cast<std::uint16_t>(~before));
  store_be16(field, checksum_field(sum_of(without, after)));
  return packet;
}

PeerOptions without_listener() {
  PeerOptions options;
  options.listen = false;
  return options;
}

// RFC 9293 3.9.2.2 [MUST-54], [MUST-56]: soft errors find their connection and end nothing.
TEST(Icmp, SoftErrorsEndNothing) {
  const struct {
    std::uint8_t type, code;
  } rows[] = {{kUnreachable, 0},  {kUnreachable, 1},  {kUnreachable, 5},
              {kTimeExceeded, 0}, {kTimeExceeded, 1}, {kParameter, 0}};
  for (const auto& row : rows) {
    SCOPED_TRACE(std::to_string(row.type) + "/" + std::to_string(row.code));
    Peer opening(without_listener());
    opening.connects();
    opening.sends_packet(icmp_about(opening.next_packet(), row.type, row.code));
    EXPECT_EQ(opening.stack().stats().icmp_in, 1u);
    EXPECT_EQ(opening.state(), State::syn_sent);

    Peer established = Peer::established();
    ASSERT_TRUE(established.writes("x"));
    established.sends_packet(icmp_about(established.next_packet(), row.type, row.code));
    EXPECT_EQ(established.stack().stats().icmp_in, 1u);
    EXPECT_EQ(established.state(), State::established);
    const auto told = established.event(EventKind::soft_error);  // [MUST-47]
    ASSERT_TRUE(told);
    EXPECT_EQ(told->error, Error::unreachable);
  }
}

// RFC 9293 3.9.2.2 [SHLD-26]: protocol and port unreachable end what is not established yet, as RFC
// 5461 4 and RFC 5927 5.2 have it.
TEST(Icmp, HardErrorsEndAnOpening) {
  for (const std::uint8_t code : {kUnreachableProtocol, kUnreachablePort}) {
    Peer opening(without_listener());
    opening.connects();
    opening.sends_packet(icmp_about(opening.next_packet(), kUnreachable, code));
    EXPECT_EQ(opening.event(EventKind::closed)->error,
              code == kUnreachablePort ? Error::refused : Error::unreachable);

    Peer established = Peer::established();
    ASSERT_TRUE(established.writes("x"));
    established.sends_packet(icmp_about(established.next_packet(), kUnreachable, code));
    EXPECT_EQ(established.state(), State::established);
  }
}

// RFC 9293 3.9.2.2 [MUST-55].
TEST(Icmp, SourceQuenchIsDiscarded) {
  Peer peer = Peer::established();
  ASSERT_TRUE(peer.writes("x"));
  const auto sent = peer.next_packet();
  const auto before = *peer.stack().connection_info(peer.connection);
  peer.sends_packet(icmp_about(sent, kSourceQuench, 0));
  EXPECT_EQ(peer.stack().stats().dropped(DropReason::icmp_ignored), 1u);
  EXPECT_EQ(peer.stack().connection_info(peer.connection)->congestion_window_bytes,
            before.congestion_window_bytes);
  EXPECT_EQ(peer.sees_nothing(), "");
}

// RFC 9293 3.9.2.3 [MUST-57], [MUST-63]: silence, whatever the segment is.
TEST(Addresses, OfGroupsAndOfNobodyAreNotAnswered) {
  const IpAddress own = IpAddress::v4(192, 0, 2, 1), other = IpAddress::v4(192, 0, 2, 2);
  for (const char* segment : {"S 0:0(0) win 1000", ". 1:1(0) ack 1", "F. 1:1(0) ack 1"}) {
    for (const char* group : {"192.0.2.255", "255.255.255.255", "224.0.0.1", "239.1.2.3"}) {
      Peer peer;
      peer.sends_packet(
          readdressed(peer.packet_of(segment), other, IpAddress::parse(group).value()));
      EXPECT_EQ(peer.sees_nothing(), "") << segment << " to " << group;
      EXPECT_EQ(peer.stack().stats().connections, 0u);
      EXPECT_EQ(peer.stack().stats().dropped(DropReason::tcp_checksum), 0u);
    }
    for (const char* nobody : {"224.0.0.1", "192.0.2.255", "127.0.0.1", "0.0.0.0", "192.0.2.1"}) {
      Peer peer;
      peer.sends_packet(
          readdressed(peer.packet_of(segment), IpAddress::parse(nobody).value(), own));
      EXPECT_EQ(peer.sees_nothing(), "") << segment << " from " << nobody;
      EXPECT_EQ(peer.stack().stats().dropped(DropReason::ip_source_invalid), 1u);
    }
  }
  Peer peer;  // the change of addresses is not what refuses them
  peer.sends_packet(
      readdressed(peer.packet_of("S 0:0(0) win 1000"), IpAddress::v4(192, 0, 2, 9), own));
  EXPECT_EQ(peer.sees("S. 0:0(0) ack 1"), "");
}

// RFC 9293 3.1 [MUST-3]: a segment whose checksum is wrong is dropped; [MUST-2] those that leave
// have one that is right.
TEST(Checksum, IsMadeAndChecked) {
  Peer peer;
  auto syn = peer.packet_of("S 0:0(0) win 1000 <mss 1000>");
  for (const std::size_t at : {std::size_t{20}, std::size_t{24}, std::size_t{36}, syn.size() - 1}) {
    syn[at] ^= 1;
    peer.sends_packet(syn);
    syn[at] ^= 1;
    EXPECT_EQ(peer.sees_nothing(), "");
  }
  EXPECT_EQ(peer.stack().stats().dropped(DropReason::tcp_checksum), 4u);
  peer.sends_packet(syn);
  const auto answer = peer.next_packet();
  const auto packet = parse_ipv4(answer);
  ASSERT_TRUE(packet);
  EXPECT_EQ(sum_of(ones_sum(packet->payload),
                   pseudo_header_sum(packet->header.source, packet->header.destination,
                                     kProtocolTcp, packet->payload.size())),
            0xffff);
}

// RFC 9293 3.9.2 [MUST-49]: of every segment, those of no connection too.
TEST(HopLimit, IsThatOfTheConfiguration) {
  PeerOptions options;
  options.config.tcp.hop_limit = 7;
  Peer peer(options);
  peer.sends("S 0:0(0) win 1000");
  EXPECT_EQ(parse_ipv4(peer.next_packet())->header.hop_limit, 7);
  PeerOptions closed = options;
  closed.listen = false;
  Peer stranger(closed);
  stranger.sends("S 0:0(0) win 1000");
  EXPECT_EQ(parse_ipv4(stranger.next_packet())->header.hop_limit, 7);
}

// RFC 9293 3.9.2 [MUST-50]: timestamps, recorded routes, alerts and what nobody knows are passed
// over.
TEST(IpOptions, AreIgnored) {
  const std::vector<std::vector<std::uint8_t>> rows = {{68, 12, 5, 0, 0, 0, 0, 0, 0, 0, 0, 0},
                                                       {7, 7, 4, 0, 0, 0, 0, 0},
                                                       {148, 4, 0, 0},
                                                       {0x5e, 3, 9, 0},
                                                       {1, 1, 1, 0}};
  for (const auto& row : rows) {
    Peer peer;
    const auto plain = peer.packet_of("S 0:0(0) win 1000");
    std::vector<std::uint8_t> packet(plain.begin(), plain.begin() + kIpv4HeaderBytes);
    packet.insert(packet.end(), row.begin(), row.end());
    packet.insert(packet.end(), plain.begin() + kIpv4HeaderBytes, plain.end());
    packet[0] = static_cast<std::uint8_t>(0x45 + row.size() / 4);
    store_be16(packet.data() + 2, static_cast<std::uint16_t>(packet.size()));
    store_be16(packet.data() + 10, 0);
    const Bytes header = Bytes(packet).first(kIpv4HeaderBytes + row.size());
    store_be16(packet.data() + 10, checksum_field(ones_sum(header)));
    peer.sends_packet(packet);
    EXPECT_EQ(peer.sees("S. 0:0(0) ack 1"), "") << int{row[0]};
  }
}

}  // namespace
}  // namespace anteroom::testing
