// Codecs: what is printed is parsed again, what is malformed is refused for a reason.
#include <gtest/gtest.h>

#include <anteroom/address.h>
#include <anteroom/testing/notation.h>

#include "stack/base/rng.h"
#include "stack/wire/arp.h"
#include "stack/wire/checksum.h"
#include "stack/wire/ethernet.h"
#include "stack/wire/icmpv4.h"
#include "stack/wire/ipv4.h"
#include "stack/wire/tcp_header.h"

namespace anteroom {
namespace {

// RFC 4291 2.2 and RFC 5952 4.
TEST(Address, TextRoundTrips) {
  for (const char* text : {"0.0.0.0", "192.0.2.1", "255.255.255.255", "::", "::1", "2001:db8::1",
                           "2001:db8:0:1:1:1:1:1", "fe80::1:0:0:1", "1:2:3:4:5:6:7:8"}) {
    const auto address = IpAddress::parse(text);
    ASSERT_TRUE(address) << text;
    EXPECT_EQ(to_string(*address), text);
  }
  EXPECT_EQ(to_string(IpAddress::parse("2001:DB8:0:0:1:0:0:1").value()), "2001:db8::1:0:0:1");
}

TEST(Address, MalformedTextIsRefused) {
  for (const char* text :
       {"", "1.2.3", "1.2.3.4.5", "256.1.1.1", "1.2.3.-4", "1::2::3",
        ":::", "12345::", "1:2:3:4:5:6:7:8:9", "1:2:3:4:5:6:7:8:", "g::", " 1.2.3.4", "1.2.3.4 "}) {
    EXPECT_FALSE(IpAddress::parse(text)) << text;
  }
  for (const char* text : {"192.0.2.1/33", "192.0.2.1/", "192.0.2.1/-1", "::/129", "/24"}) {
    EXPECT_FALSE(Prefix::parse(text)) << text;
  }
  for (const char* text :
       {"192.0.2.1", "192.0.2.1:", "192.0.2.1:65536", "2001:db8::1:80x", ":80"}) {
    EXPECT_FALSE(Endpoint::parse(text)) << text;
  }
}

TEST(Prefix, ContainsAndBroadcast) {
  const Prefix net = Prefix::parse("192.0.2.1/24").value();
  EXPECT_TRUE(net.contains(IpAddress::v4(192, 0, 2, 77)));
  EXPECT_FALSE(net.contains(IpAddress::v4(192, 0, 3, 1)));
  EXPECT_TRUE(net.is_broadcast(IpAddress::v4(192, 0, 2, 255)));
  EXPECT_FALSE(Prefix::parse("192.0.2.1/31")->is_broadcast(IpAddress::v4(192, 0, 2, 1)));
  EXPECT_TRUE(Prefix::parse("0.0.0.0/0")->contains(IpAddress::v4(8, 8, 8, 8)));
  EXPECT_TRUE(
      Prefix::parse("2001:db8::/33")->contains(IpAddress::parse("2001:db8:7fff::1").value()));
  EXPECT_FALSE(
      Prefix::parse("2001:db8::/33")->contains(IpAddress::parse("2001:db8:8000::1").value()));
}

// RFC 1071 3, its own example; then every length against the sum by the book.
TEST(Checksum, AgreesWithTheDefinition) {
  const std::uint8_t example[] = {0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7};
  EXPECT_EQ(ones_sum(example), 0xddf2);
  Rng rng(derive_key({1}, 1));
  for (std::size_t size = 0; size < 200; ++size) {
    std::vector<std::uint8_t> data(size);
    for (auto& byte : data) byte = static_cast<std::uint8_t>(rng.next());
    std::uint32_t sum = 0;
    for (std::size_t i = 0; i < size; i += 2) {
      sum += data[i] * 256u + (i + 1 < size ? data[i + 1] : 0u);
    }
    while (sum >> 16 != 0) sum = (sum & 0xffff) + (sum >> 16);
    ASSERT_EQ(ones_sum(data), sum) << size;
  }
}

TEST(Ipv4, RefusesEachMalformation) {
  std::uint8_t packet[28] = {};
  IpHeader header;
  header.source = IpAddress::v4(192, 0, 2, 2);
  header.destination = IpAddress::v4(192, 0, 2, 1);
  header.protocol = kProtocolUdp;
  header.payload_bytes = 8;
  emit_ipv4(header, packet);
  ASSERT_TRUE(parse_ipv4(packet));
  EXPECT_EQ(parse_ipv4(packet)->header, header);
  const struct {
    std::size_t at;
    std::uint8_t value;
    DropReason reason;
  } rows[] = {{0, 0x65, DropReason::ip_version},       {0, 0x44, DropReason::ip_header_length},
              {0, 0x4f, DropReason::ip_header_length}, {3, 200, DropReason::ip_total_length},
              {3, 19, DropReason::ip_total_length},    {8, 1, DropReason::ip_checksum}};
  for (const auto& row : rows) {
    std::uint8_t bad[28];
    std::copy(std::begin(packet), std::end(packet), bad);
    bad[row.at] = row.value;
    EXPECT_EQ(parse_ipv4(bad).error(), row.reason) << row.at;
  }
  EXPECT_EQ(parse_ipv4(Bytes(packet).first(19)).error(), DropReason::ip_too_short);
}

// Every option alone and together, printed and parsed: RFC 9293 3.2, RFC 7323, RFC 2018, RFC 7413,
// RFC 6994.
TEST(TcpOptions, RoundTripAlone) {
  for (const char* text :
       {"<>", "<mss 1460>", "<wscale 7>", "<sackOK>", "<TS val 4294967295 ecr 1>", "<sack 1:2>",
        "<sack 1:2 3:4 5:6 7:8>", "<TS val 1 ecr 2,sack 1:2 3:4 5:6>", "<FO>",
        "<FO 0011223344556677>", "<exp 253 f98900ff>", "<cdata 5>",
        "<cdata 65535,exp 253 616e7465>", "<exp 254 f98800>", "<FOEXP>", "<FOEXP 0011223344556677>",
        "<mss 1460,sackOK,TS val 1 ecr 0,wscale 7>",
        "<mss 1460,sackOK,TS val 1 ecr 0,wscale 7,FO 00112233445566778899>"}) {
    const std::string line = std::string(". 0:0(0) ack 0 win 1 ") + text;
    const auto note = testing::parse_segment(line);
    ASSERT_TRUE(note) << note.error();
    EXPECT_EQ(testing::to_string(*note), line);
  }
}

TEST(TcpOptions, IllegalLengthsAreRefused) {
  const std::vector<std::vector<std::uint8_t>> bad = {{2},
                                                      {2, 0},
                                                      {2, 1},
                                                      {2, 3, 1},
                                                      {2, 5, 1, 2, 3},
                                                      {3, 2},
                                                      {4, 3, 0},
                                                      {5, 2},
                                                      {5, 9, 1, 2, 3, 4, 5, 6, 7},
                                                      {8, 9, 1, 2, 3, 4, 5, 6, 7},
                                                      {253, 3, 1},
                                                      {77, 0},
                                                      {77, 60}};
  for (const auto& options : bad) {
    EXPECT_EQ(parse_tcp_options(options).error(), DropReason::tcp_options) << int{options[0]};
  }
  const std::uint8_t unknown[] = {77, 4, 1, 2, 1, 3, 3, 9, 0, 255};
  ASSERT_TRUE(
      parse_tcp_options(unknown));  // RFC 9293 [MUST-6]; what follows the end does not count
  EXPECT_EQ(parse_tcp_options(unknown)->window_scale, 9);
}

// RFC 7413 4.1.1: a cookie that cannot be one is as none, and what follows counts.
TEST(TcpOptions, FastOpenOfAnIllegalLengthIsIgnored) {
  for (const std::vector<std::uint8_t>& options :
       {std::vector<std::uint8_t>{34, 4, 1, 2, 3, 3, 9}, {34, 5, 1, 2, 3, 3, 3, 9}}) {
    const auto parsed = parse_tcp_options(options);
    ASSERT_TRUE(parsed);
    EXPECT_FALSE(parsed->has_fast_open);
    EXPECT_EQ(parsed->window_scale, 9);
  }
}

// RFC 9293 3.1 [MUST-68], [MUST-69]: no list is ended before its header, so that nothing follows
// the end; whatever is no no-operation has a length.
TEST(TcpOptions, FillTheHeaderToItsEnd) {
  for (unsigned bits = 0; bits < 256; ++bits) {
    TcpOptions options;
    options.has_mss = (bits & 1) != 0;
    options.sack_permitted = (bits & 2) != 0;
    options.has_timestamp = (bits & 4) != 0;
    options.has_window_scale = (bits & 8) != 0;
    options.has_fast_open = (bits & 16) != 0;
    options.sack_count = (bits & 32) != 0 ? 1 : 0;
    if ((bits & 64) != 0) options.acc_ecn = {172, 3, 1, 2, 3};
    options.has_connect_data = (bits & 128) != 0;
    std::uint8_t out[kTcpOptionBytesMax];
    const std::size_t size = emit_tcp_options(options, out).bytes;
    EXPECT_EQ(size % 4, 0u);
    for (std::size_t at = 0; at < size;) {
      ASSERT_NE(out[at], 0) << bits;
      const std::size_t length = out[at] == 1 ? 1 : out[at + 1];
      ASSERT_GE(length, out[at] == 1 ? 1u : 2u) << bits;
      at += length;
      ASSERT_LE(at, size) << bits;
    }
  }
}

TEST(TcpOptions, SackBlocksThatDoNotFitAreLeftOut) {
  TcpOptions options;
  options.has_timestamp = true;
  options.sack_count = 4;
  std::uint8_t out[kTcpOptionBytesMax];
  const std::size_t size = emit_tcp_options(options, out).bytes;
  EXPECT_EQ(size, 40u);
  EXPECT_EQ(parse_tcp_options(out)->sack_count, 3);
}

// The layouts that are recognised in whole words read as they do behind a no-operation, where they
// are not.
TEST(TcpOptions, UsualLayoutsReadAsAnyOther) {
  TcpOptions syn;
  syn.has_mss = syn.sack_permitted = syn.has_timestamp = syn.has_window_scale = true;
  syn.mss = 0x1234;
  syn.timestamp_value = 0x01020304;
  syn.timestamp_echo = 0xfffefdfc;
  syn.window_scale = 14;
  TcpOptions data;
  data.has_timestamp = true;
  data.timestamp_value = 7;
  for (const TcpOptions& options : {syn, data}) {
    std::uint8_t out[1 + kTcpOptionBytesMax] = {1};
    const std::size_t size = emit_tcp_options(options, MutableBytes(out).subspan(1)).bytes;
    const auto usual = parse_tcp_options(Bytes(out).subspan(1, size));
    const auto shifted = parse_tcp_options(Bytes(out).first(1 + size));
    for (const auto* seen : {&usual, &shifted}) {
      ASSERT_TRUE(*seen);
      EXPECT_EQ((*seen)->has_mss, options.has_mss);
      EXPECT_EQ((*seen)->mss, options.mss);
      EXPECT_EQ((*seen)->sack_permitted, options.sack_permitted);
      EXPECT_EQ((*seen)->timestamp_value, options.timestamp_value);
      EXPECT_EQ((*seen)->timestamp_echo, options.timestamp_echo);
      EXPECT_EQ((*seen)->has_window_scale, options.has_window_scale);
      EXPECT_EQ((*seen)->window_scale, options.window_scale);
    }
  }
}

// The sum that emit_tcp() gathers while it writes is the sum of what it has written.
TEST(Tcp, WrittenSumIsThatOfTheBytes) {
  for (unsigned chosen = 0; chosen < 64; ++chosen) {
    TcpOptions options;
    options.has_mss = (chosen & 1) != 0;
    options.mss = 1460;
    options.sack_permitted = (chosen & 2) != 0;
    options.has_timestamp = (chosen & 4) != 0;
    options.timestamp_value = 0xfedcba98;
    options.has_window_scale = (chosen & 8) != 0;
    options.has_fast_open = (chosen & 16) != 0;
    options.fast_open = FastOpenCookie(10, {1, 2, 3, 4, 5, 6, 7, 8, 9, 10});
    options.sack_count = (chosen & 32) != 0 ? 1 : 0;
    options.sack[0] = {0xffffff00, 0x00000100};
    std::uint8_t out[kTcpHeaderBytesMax];
    const TcpHeader header{1025, 80, 0xdeadbeef, 0x12345678, 0x1ff, 65'535, 0, 99};
    const Written written = emit_tcp(header, options, out);
    EXPECT_EQ(written.sum, ones_sum(Bytes(out).first(written.bytes))) << chosen;
  }
}

TEST(Tcp, LengthsAreChecked) {
  std::uint8_t segment[24] = {};
  segment[12] = 0x60;
  EXPECT_TRUE(parse_tcp(segment));
  segment[12] = 0x40;
  EXPECT_EQ(parse_tcp(segment).error(), DropReason::tcp_header);
  segment[12] = 0x70;
  EXPECT_EQ(parse_tcp(segment).error(), DropReason::tcp_header);
  EXPECT_EQ(parse_tcp(Bytes(segment).first(19)).error(), DropReason::tcp_header);
}

TEST(Notation, SaysWhatItDidNotUnderstand) {
  EXPECT_NE(testing::parse_segment("X 0:0(0)").error().find("flags"), std::string::npos);
  EXPECT_NE(testing::parse_segment("S 0:3(2)").error().find("end = seq + length"),
            std::string::npos);
  EXPECT_NE(testing::parse_segment(". 0:0(0)").error().find("ack"), std::string::npos);
  EXPECT_NE(testing::parse_segment("S 0:0(0) <mss>").error().find("option"), std::string::npos);
  EXPECT_NE(testing::parse_segment("S 0:2(2) \"abc\"").error().find("length"), std::string::npos);
}

}  // namespace
}  // namespace anteroom
