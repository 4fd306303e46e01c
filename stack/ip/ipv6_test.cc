// IPv6 as a host speaks it: admission, extension headers, fragments, echo, errors, path MTU, and
// TCP over it. RFC 8200, RFC 4443, RFC 8201.
#include <gtest/gtest.h>

#include <anteroom/testing/pair.h>
#include <anteroom/testing/peer.h>

#include "stack/base/bytes.h"
#include "stack/ip/icmp.h"
#include "stack/ip/output.h"
#include "stack/ip/path_mtu.h"
#include "stack/ip/route.h"
#include "stack/wire/checksum.h"
#include "stack/wire/icmpv6.h"

namespace anteroom::testing {
namespace {

using Octets = std::vector<std::uint8_t>;

const IpAddress kOwn = address_v6(1), kPeer = address_v6(2);

PeerOptions over_v6() {
  PeerOptions options;
  options.config = test_config_v6(1);
  return options;
}

IpHeader header_of(std::uint8_t protocol) {
  IpHeader header;
  header.source = kPeer;
  header.destination = kOwn;
  header.protocol = protocol;
  return header;
}

Octets packet_of(IpHeader header, Bytes payload) {
  Octets packet(ip_header_bytes(header) + payload.size());
  header.payload_bytes = static_cast<std::uint16_t>(payload.size());
  copy_bytes(MutableBytes(packet).subspan(emit_ip(header, packet)), payload);
  return packet;
}

Octets icmp_of(const IcmpMessage& message) {
  Octets bytes(kIcmpHeaderBytes + message.body.size());
  emit_icmp(message, bytes, pseudo_header_sum(kPeer, kOwn, kProtocolIcmpv6, bytes.size()));
  return bytes;
}

Octets icmp_of(Icmpv6Type type, std::uint8_t code, std::uint32_t rest, Bytes body) {
  return icmp_of({static_cast<std::uint8_t>(type), code, rest, body});
}

Octets echo_request(std::size_t bytes) {
  Octets body(bytes);
  for (std::size_t i = 0; i < bytes; ++i) body[i] = static_cast<std::uint8_t>(i);
  return icmp_of(Icmpv6Type::echo_request, 0, 0x12340001, body);
}

// Extension headers in front of what follows: each names the next.
Octets joined(const Octets& first, const Octets& second) {
  Octets both(first.size() + second.size());
  copy_bytes(both, first);
  copy_bytes(MutableBytes(both).subspan(first.size()), second);
  return both;
}

Octets behind(std::uint8_t next, const Octets& options, const Octets& rest) {
  const Octets start{next, static_cast<std::uint8_t>((options.size() + 2) / 8 - 1)};
  return joined(joined(start, options), rest);
}

std::uint64_t dropped(Peer& peer, DropReason reason) {
  return peer.stack().stats().dropped(reason);
}

// The ICMP message that the stack says next, with its checksum checked.
struct Answer {
  IcmpMessage message;
  Octets packet;
};

Answer answer_of(Peer& peer) {
  Answer answer{{}, peer.next_packet()};
  if (answer.packet.empty()) return answer;
  const auto packet = parse_ip(answer.packet);
  const auto message = parse_icmp(*packet);
  EXPECT_TRUE(message) << to_string(message.error());
  if (message) answer.message = *message;
  return answer;
}

TEST(Ipv6, RefusesBadAddresses) {
  const struct {
    const char* source;
    const char* destination;
    DropReason reason;
  } rows[] = {{"ff02::1", "2001:db8::1", DropReason::ip_source_invalid},
              {"::1", "2001:db8::1", DropReason::ip_source_invalid},
              {"2001:db8::1", "2001:db8::1", DropReason::ip_source_invalid},
              {"2001:db8::2", "2001:db8::9", DropReason::ip_not_for_us},
              {"2001:db8::2", "ff02::2", DropReason::ip_not_for_us},
              {"2001:db8::2", "ff02::1", DropReason::icmp_ignored}};
  for (const auto& row : rows) {
    Peer peer(over_v6());
    IpHeader header = header_of(kProtocolIcmpv6);
    header.source = IpAddress::parse(row.source).value();
    header.destination = IpAddress::parse(row.destination).value();
    Octets request(kIcmpHeaderBytes + 8);
    emit_icmp(
        {static_cast<std::uint8_t>(Icmpv6Type::echo_request), 0, 1, Bytes(request).first(8)},
        request,
        pseudo_header_sum(header.source, header.destination, kProtocolIcmpv6, request.size()));
    peer.sends_packet(packet_of(header, request));
    EXPECT_EQ(dropped(peer, row.reason), 1u) << row.source << " to " << row.destination;
    EXPECT_TRUE(peer.next_packet().empty());
  }
}

// RFC 4942 2.2: an IPv4 address in its mapped form would pass for IPv4.
TEST(Ipv6, RefusesMappedAddresses) {
  PeerOptions options = over_v6();
  options.config.interface.addresses.push_back({IpAddress::v4(192, 0, 2, 1), 24});
  Peer peer(options);
  Octets packet = packet_of(header_of(kProtocolIcmpv6), echo_request(8));
  const Octets mapped{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 192, 0, 2, 2};
  Octets forged = packet;
  copy_bytes(MutableBytes(forged).subspan(8), mapped);
  peer.sends_packet(forged);
  EXPECT_EQ(dropped(peer, DropReason::ip_source_invalid), 1u);
  forged = packet;
  copy_bytes(MutableBytes(forged).subspan(24), mapped);
  forged[39] = 1;
  peer.sends_packet(forged);
  EXPECT_EQ(dropped(peer, DropReason::ip_not_for_us), 1u);
}

TEST(Ipv6, EchoIsAnsweredAndFragmentedBothWays) {
  for (const std::size_t bytes : {std::size_t{56}, std::size_t{1444}, std::size_t{8000}}) {
    Peer peer(over_v6());
    const auto request = echo_request(bytes);
    IpHeader whole = header_of(kProtocolIcmpv6);
    whole.identification = 77'777;
    whole.payload_bytes = static_cast<std::uint16_t>(request.size());
    for (std::size_t at = 0; at < request.size();) {
      const Fragment fragment = fragment_at(whole, at, 1500);
      peer.sends_packet(
          packet_of(fragment.header, Bytes(request).subspan(at, fragment.header.payload_bytes)));
      at += fragment.header.payload_bytes;
    }
    Octets reply;
    for (Octets packet = peer.next_packet(); !packet.empty(); packet = peer.next_packet()) {
      ASSERT_LE(packet.size(), 1500u);
      const auto parsed = parse_ip(packet);
      ASSERT_TRUE(parsed);
      EXPECT_EQ(parsed->header.fragment_offset_bytes, reply.size());
      reply.insert(reply.end(), parsed->payload.begin(), parsed->payload.end());
    }
    ASSERT_EQ(reply.size(), request.size());
    const auto message =
        parse_icmp(reply, pseudo_header_sum(kOwn, kPeer, kProtocolIcmpv6, reply.size()));
    ASSERT_TRUE(message);
    EXPECT_EQ(message->type, static_cast<std::uint8_t>(Icmpv6Type::echo_reply));
    EXPECT_TRUE(std::equal(reply.begin() + 8, reply.end(), request.begin() + 8));
  }
}

// RFC 8200 4.2, 4.4, 4.6: what may be skipped is, and its transport is found.
TEST(Extensions, ThatSayNothingNewArePassed) {
  const Octets pads{1, 4, 0, 0, 0, 0}, skipped{0x1e, 4, 1, 2, 3, 4}, nowhere{0, 0, 0, 0, 0, 0};
  const Octets echo = echo_request(8);
  const Octets atomic = joined({kProtocolIcmpv6, 0, 0, 0, 0, 0, 0, 9}, echo);  // RFC 6946: whole
  const std::pair<std::uint8_t, Octets> rows[] = {
      {kExtensionHopByHop, behind(kProtocolIcmpv6, pads, echo)},
      {kExtensionDestination, behind(kProtocolIcmpv6, skipped, echo)},
      {kExtensionRouting, behind(kProtocolIcmpv6, nowhere, echo)},
      {kExtensionFragment, atomic},
      {kExtensionHopByHop,
       behind(kExtensionDestination, pads, behind(kProtocolIcmpv6, pads, echo))}};
  for (const auto& [first, payload] : rows) {
    Peer peer(over_v6());
    peer.sends_packet(packet_of(header_of(first), payload));
    EXPECT_EQ(answer_of(peer).message.type, static_cast<std::uint8_t>(Icmpv6Type::echo_reply))
        << int{first};
  }
}

// RFC 8200 4: what must not be skipped is answered as the clause says, with where it is.
TEST(Extensions, ThatMustNotBeSkippedAreAnswered) {
  const Octets echo = echo_request(8), pads{1, 4, 0, 0, 0, 0};
  const Octets silent{0x40, 4, 0, 0, 0, 0}, told{0x80, 4, 0, 0, 0, 0};
  const Octets route{0, 1, 0, 0, 0, 0};  // one more place to go
  const struct {
    std::uint8_t first;
    Octets payload;
    DropReason reason;
    int code;  // -1: nobody is told
    std::uint32_t pointer;
  } rows[] = {
      {kExtensionDestination, behind(kProtocolIcmpv6, silent, echo), DropReason::ip_option_unknown,
       -1, 0},
      {kExtensionDestination, behind(kProtocolIcmpv6, told, echo), DropReason::ip_option_unknown,
       kProblemOption, 42},
      {kExtensionRouting, behind(kProtocolIcmpv6, route, echo), DropReason::ip_source_route,
       kProblemErroneousField, 42},
      {kExtensionDestination, behind(kExtensionHopByHop, pads, behind(kProtocolIcmpv6, pads, echo)),
       DropReason::ip_unknown_protocol, kProblemNextHeader, 40},
      {99, echo, DropReason::ip_unknown_protocol, kProblemNextHeader, 6},
      {kExtensionDestination, behind(99, pads, echo), DropReason::ip_unknown_protocol,
       kProblemNextHeader, 40},
      {kExtensionFragment,
       {58, 0, 0, 1, 0, 0, 0, 9, 1, 2, 3},
       DropReason::fragment_malformed,
       kProblemErroneousField,
       4},
      {kExtensionFragment,
       {58, 0, 0xff, 0xf8, 0, 0, 0, 9, 1, 2, 3, 4, 5, 6, 7, 8},
       DropReason::fragment_malformed,
       kProblemErroneousField,
       42},
      {kExtensionNone, echo, DropReason::ip_unknown_protocol, -1, 0},
      {kExtensionDestination, {58, 9, 0, 0, 0, 0, 0, 0}, DropReason::ip_options_malformed, -1, 0},
      {kExtensionDestination, behind(kProtocolIcmpv6, {1, 9, 0, 0, 0, 0}, echo),
       DropReason::ip_options_malformed, -1, 0}};
  for (const auto& row : rows) {
    SCOPED_TRACE(std::to_string(row.first) + " " + to_string(row.reason));
    Peer peer(over_v6());
    const Octets packet = packet_of(header_of(row.first), row.payload);
    peer.sends_packet(packet);
    EXPECT_EQ(dropped(peer, row.reason), 1u);
    const Answer answer = answer_of(peer);
    if (row.code < 0) {
      EXPECT_TRUE(answer.packet.empty());
      continue;
    }
    EXPECT_EQ(answer.message.type, static_cast<std::uint8_t>(Icmpv6Type::parameter_problem));
    EXPECT_EQ(answer.message.code, row.code);
    EXPECT_EQ(answer.message.rest, row.pointer);
    EXPECT_TRUE(std::equal(packet.begin(), packet.end(), answer.message.body.begin(),
                           answer.message.body.end()));
  }
}

// RFC 4443 2.4 (e): a group is told of an option only where the option wants it (RFC 8200 4.2).
TEST(Extensions, AGroupIsAnsweredOnlyWhereTheOptionWantsIt) {
  for (const std::uint8_t option : {std::uint8_t{0x80}, std::uint8_t{0xc0}}) {
    Peer peer(over_v6());
    IpHeader header = header_of(kExtensionDestination);
    header.destination = IpAddress::parse("ff02::1").value();
    peer.sends_packet(
        packet_of(header, behind(kProtocolIcmpv6, {option, 4, 0, 0, 0, 0}, echo_request(8))));
    EXPECT_EQ(peer.next_packet().empty(), option == 0xc0);
  }
}

// RFC 4443 2.4 (c): an error quotes as much as any link takes, and answers no error (e.1).
TEST(Icmpv6, ErrorsQuoteTheWholeAndAnswerNone) {
  Peer peer(over_v6());
  Octets datagram(1400);
  const std::uint8_t start[] = {0x10, 0, 0, 53, 1400 >> 8, 1400 & 255, 0, 0};
  copy_bytes(datagram, start);
  peer.sends_packet(packet_of(header_of(kProtocolUdp), datagram));
  const Answer answer = answer_of(peer);
  EXPECT_EQ(answer.packet.size(), 1280u);
  EXPECT_EQ(answer.message.type, static_cast<std::uint8_t>(Icmpv6Type::unreachable));
  EXPECT_EQ(answer.message.code, kUnreachable6Port);
  const Octets error = icmp_of(Icmpv6Type::unreachable, 4, 0, Bytes(answer.packet).first(48));
  peer.sends_packet(packet_of(header_of(kExtensionDestination),
                              behind(kProtocolIcmpv6, {0x80, 4, 0, 0, 0, 0}, error)));
  EXPECT_EQ(dropped(peer, DropReason::ip_option_unknown), 1u);
}

TEST(Icmpv6, ChecksumCoversTheAddresses) {
  Peer peer(over_v6());
  Octets packet = packet_of(header_of(kProtocolIcmpv6), echo_request(8));
  packet[23] = 3;  // another source
  peer.sends_packet(packet);
  EXPECT_EQ(dropped(peer, DropReason::icmp_checksum), 1u);
}

// RFC 8201 4: believed where it quotes what is in flight, and not below what every link takes.
TEST(PathMtu6, ShrinksSegmentsButNotBelowTheLeast) {
  PeerOptions options = over_v6();
  Peer peer(options);
  peer.sends("S 0:0(0) win 65535 <mss 1440>");
  EXPECT_EQ(peer.sees("S. 0:0(0) ack 1 <mss 1440>"), "");
  peer.sends(". 1:1(0) ack 1 win 65535");
  peer.connection = peer.stack().take(peer.listener()).value();
  ASSERT_TRUE(peer.writes(std::string(2880, 'x')));
  const Octets sent = peer.next_packet();
  ASSERT_EQ(sent.size(), 1500u);
  (void)peer.next_packet();
  const auto too_big = [&](const Octets& about, std::uint32_t mtu) {
    peer.sends_packet(
        packet_of(header_of(kProtocolIcmpv6), icmp_of(Icmpv6Type::packet_too_big, 0, mtu, about)));
  };
  for (const std::uint32_t ignored : {0u, 600u, 1279u, 1500u, 70'000u}) {
    too_big(sent, ignored);
    EXPECT_EQ(peer.sees_nothing(), "") << ignored;
  }
  EXPECT_EQ(dropped(peer, DropReason::icmp_ignored), 5u);
  Octets forged = sent;
  store_be32(forged.data() + 44, load_be32(sent.data() + 44) + 100'000);
  too_big(forged, 1400);
  EXPECT_EQ(dropped(peer, DropReason::icmp_not_ours), 1u);
  too_big(sent, 1280);
  EXPECT_EQ(peer.sees(". 1:1221(1220) ack 1"), "");
  EXPECT_EQ(peer.sees(". 1221:1441(220) ack 1"), "");
  EXPECT_EQ(peer.sees(". 1441:2661(1220) ack 1"), "");
}

// RFC 4443 3.1 and 3.4, RFC 5927 5.2: hard errors end what is not established yet; others nothing.
TEST(Icmpv6, HardErrorsEndAnOpening) {
  const struct {
    Icmpv6Type type;
    std::uint8_t code;
    std::optional<Error> ends;
  } rows[] = {{Icmpv6Type::unreachable, kUnreachable6Port, Error::refused},
              {Icmpv6Type::parameter_problem, kProblemNextHeader, Error::unreachable},
              {Icmpv6Type::unreachable, kUnreachable6NoRoute, std::nullopt},
              {Icmpv6Type::unreachable, kUnreachable6Prohibited, std::nullopt},
              {Icmpv6Type::unreachable, kUnreachable6Address, std::nullopt},
              {Icmpv6Type::time_exceeded, 0, std::nullopt},
              {Icmpv6Type::parameter_problem, kProblemOption, std::nullopt}};
  for (const auto& row : rows) {
    PeerOptions options = over_v6();
    options.listen = false;
    Peer peer(options);
    peer.connects();
    const Octets syn = peer.next_packet();
    peer.sends_packet(packet_of(header_of(kProtocolIcmpv6), icmp_of(row.type, row.code, 0, syn)));
    EXPECT_EQ(peer.stack().stats().icmp_in, 1u);
    const auto closed = peer.event(EventKind::closed);
    ASSERT_EQ(closed.has_value(), row.ends.has_value()) << int{row.code};
    if (closed) {
      EXPECT_EQ(closed->error, *row.ends);
    }
  }
}

// RFC 9293 3.7.1 [MUST-15], [MUST-67]: 1,220 bytes where nobody says more, 1,440 on Ethernet.
TEST(Tcp6, SegmentSizes) {
  Peer peer(over_v6());
  peer.sends("S 0:0(0) win 65535");
  EXPECT_EQ(peer.sees("S. 0:0(0) ack 1 win 65535 <mss 1440>"), "");
  peer.sends(". 1:1(0) ack 1 win 65535");
  peer.connection = peer.stack().take(peer.listener()).value();
  ASSERT_TRUE(peer.writes(std::string(1300, 'x')));
  EXPECT_EQ(peer.sees(". 1:1221(1220) ack 1"), "");
}

// RFC 6437 3: one label for a flow, none that others can tell from its ports.
TEST(Tcp6, FlowLabelIsTheFlows) {
  Peer peer = Peer::established(over_v6());
  const auto label_of = [](const Octets& packet) { return parse_ip(packet)->header.flow_label; };
  ASSERT_TRUE(peer.writes("x"));
  const std::uint32_t label = label_of(peer.next_packet());
  EXPECT_NE(label, 0u);
  peer.sends("F. 1:1(0) ack 2 win 65535");
  EXPECT_EQ(label_of(peer.next_packet()), label);
}

// The whole of conditional accept: caller data, verdict, response data.
TEST(Tcp6, HoldsARequestWithItsData) {
  PeerOptions options = over_v6();
  options.listener.conditional = true;
  options.listener.save_syn = true;
  Peer peer(options);
  peer.sends("S 0:5(5) win 65535 <mss 1440> \"hello\"");
  const auto pending = peer.requested();
  ASSERT_TRUE(pending);
  const auto request = peer.stack().request(peer.now(), *pending);
  ASSERT_TRUE(request);
  EXPECT_EQ(text_of(request->caller_data), "hello");
  EXPECT_EQ(request->raw_syn.size(), 40u + 24u);
  EXPECT_EQ(request->raw_syn[0] >> 4, 6);
  EXPECT_EQ(peer.sees_nothing(), "");
  ASSERT_TRUE(peer.accept(*pending, "world"));
  EXPECT_EQ(peer.sees("S. 0:5(5) ack 6 \"world\""), "");
}

TEST(Tcp6, MovesDataBetweenTwoHosts) {
  Pair pair(test_config_v6(1), test_config_v6(2));
  const auto listener = pair.server.listen({.local = {{}, 80}});
  const auto client = pair.client.connect(pair.now(), {.remote = {pair.server_address(), 80}});
  ASSERT_TRUE(client);
  pair.run_for(100ms);
  const auto server = pair.server.take(*listener);
  ASSERT_TRUE(server);
  const std::string text(20'000, 'x');
  ASSERT_EQ(*pair.client.send(pair.now(), *client, bytes_of(text)), text.size());
  pair.run_for(1s);
  Octets got(30'000);
  EXPECT_EQ(*pair.server.receive_into(pair.now(), *server, got), text.size());
  EXPECT_GT(pair.server.stats().ndp_in, 0u);
  EXPECT_EQ(pair.server.stats().arp_in, 0u);
}

TEST(Tcp6, EndsAreOfOneVersion) {
  Config config = test_config(1);
  config.interface.addresses.push_back({kOwn, 64});
  Stack stack(config);
  const auto connect = [&](const IpAddress& remote, const IpAddress& local) {
    return stack.connect(Instant(1s), {.remote = {remote, 80}, .local = {local, 0}});
  };
  EXPECT_EQ(connect(kPeer, IpAddress::v4(192, 0, 2, 1)).error().error, Error::invalid_argument);
  EXPECT_EQ(connect(IpAddress::v4(192, 0, 2, 2), kOwn).error().error, Error::invalid_argument);
  EXPECT_TRUE(connect(kPeer, kOwn));
  EXPECT_TRUE(connect(IpAddress::v4(192, 0, 2, 2), IpAddress::v4(192, 0, 2, 1)));
}

// RFC 4291 2.2: three forms.
TEST(Text6, IsReadInEachForm) {
  EXPECT_EQ(IpAddress::parse("::ffff:192.0.2.1").value(), IpAddress::v4(192, 0, 2, 1));
  EXPECT_EQ(IpAddress::parse("2001:db8::192.0.2.1").value(),
            IpAddress::parse("2001:db8:0:0:0:0:c000:201").value());
  for (const char* text : {"::192.0.2", "::192.0.2.1:1", "1:2:3:4:5:6:7:192.0.2.1", ":192.0.2.1"}) {
    EXPECT_FALSE(IpAddress::parse(text)) << text;
  }
}

// A stack with both versions: which listener is whose.
TEST(Listeners, AnyOfOneVersionGoesBeforeAnyOfBoth) {
  Config config = test_config(1);
  config.interface.addresses.push_back({kOwn, 64});
  Stack stack(config);
  const Endpoint both{{}, 80}, v4{IpAddress::v4(0), 80};
  ASSERT_TRUE(stack.listen({.local = v4}));
  EXPECT_EQ(stack.listen({.local = both}).error().error, Error::address_in_use);
  ASSERT_TRUE(stack.listen({.local = both, .v6_only = true}));
  EXPECT_FALSE(stack.listen({.local = both, .v6_only = true}));
  EXPECT_TRUE(stack.listen({.local = {kOwn, 80}}));
  EXPECT_FALSE(stack.listen({.local = {kPeer, 81}}));
}

// RFC 4291 2.5.6: a link-local destination is on the link, whatever the networks are.
TEST(Route, LinkLocalIsOnTheLink) {
  const IpAddress router = IpAddress::parse("fe80::99").value();
  EXPECT_EQ(*RouteTable(test_config_v6(1).interface, {}).next_hop(router), router);
  EXPECT_EQ(RouteTable(test_config(1).interface, {}).next_hop(router), nullptr);
}

}  // namespace
}  // namespace anteroom::testing
