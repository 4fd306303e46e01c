// What stands in < >.
#include "conformance/script/parsing.h"

namespace anteroom::script {
namespace {

using Bytes = std::vector<std::uint8_t>;
using Numbers = std::vector<std::uint32_t>;

// The first option; nops behind it fill the word.
TcpOptionItem option(const std::string& text) {
  for (const char* const padding : {"", ",nop", ",nop,nop", ",nop,nop,nop"}) {
    const std::string event = "+0 > . 1:1(0) <" + text + padding + ">";
    if (error_of(event).find("multiple of 4") == std::string::npos) {
      const TcpPacket p = tcp(event.substr(3));
      return p.options.empty() ? TcpOptionItem{} : p.options[0];
    }
  }
  ADD_FAILURE() << text;
  return {};
}

TEST(TcpOptions, KindsAndNumbers) {
  const std::tuple<const char*, OptionKind, Numbers> cases[] = {
      {"nop", OptionKind::no_operation, {}},
      {"eol", OptionKind::end, {}},
      {"mss 1460", OptionKind::mss, {1460}},
      {"wscale 14", OptionKind::window_scale, {14}},
      {"sackOK", OptionKind::sack_permitted, {}},
      {"sack 1:2", OptionKind::sack, {1, 2}},
      {"sack 1:2 3:4 5:6 7:4294967295", OptionKind::sack, {1, 2, 3, 4, 5, 6, 7, 4294967295}},
      {"TS val 5 ecr 6", OptionKind::timestamp, {5, 6}},
      {"ECN e0b 1", OptionKind::acc_ecn0, {1}},
      {"ECN e0b 1 ceb 2 e1b 3", OptionKind::acc_ecn0, {1, 2, 3}},
      {"ECN e1b 1 ceb 2 e0b 16777215", OptionKind::acc_ecn1, {1, 2, 16777215}},
      {"AccECN0", OptionKind::acc_ecn0, {}},
      {"AccECN0 ee0b 1 eceb 2 ee1b 3", OptionKind::acc_ecn0, {1, 2, 3}},
      {"AccECN1 ee1b 1 eceb 2", OptionKind::acc_ecn1, {1, 2}},
      {"exp-AccECN0 ee0b 1", OptionKind::acc_ecn0_experimental, {1}},
      {"exp-AccECN1", OptionKind::acc_ecn1_experimental, {}},
      {"exp-tarr", OptionKind::ack_rate, {}},
      {"exp-tarr 127", OptionKind::ack_rate, {127}},
      {"cdata 300", OptionKind::connect_data, {300}},
      {"gen-77", OptionKind::generic, {}},
      {"exp-00AC", OptionKind::generic_experimental, {0xac}},
  };
  for (const auto& [text, kind, numbers] : cases) {
    const TcpOptionItem item = option(text);
    EXPECT_EQ(item.kind, kind) << text;
    EXPECT_EQ(item.numbers, numbers) << text;
  }
}

TEST(TcpOptions, BytesAreDigitsWhateverTheyLookLike) {
  const std::tuple<const char*, OptionKind, Bytes> cases[] = {
      {"FO", OptionKind::fast_open, {}},
      {"FO abcd1234", OptionKind::fast_open, {0xab, 0xcd, 0x12, 0x34}},
      {"FO 1234567890", OptionKind::fast_open, {0x12, 0x34, 0x56, 0x78, 0x90}},
      {"FO 00112233445566778899001122334455",
       OptionKind::fast_open,
       {0, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88, 0x99, 0, 0x11, 0x22, 0x33, 0x44, 0x55}},
      {"FO 1e05", OptionKind::fast_open, {0x1e, 5}},
      {"FOEXP 0aFF", OptionKind::fast_open_experimental, {0x0a, 0xff}},
      {"exp-FO ab", OptionKind::fast_open_experimental, {0xab}},
      {"EXP-FO", OptionKind::fast_open_experimental, {}},
      {"md5 0001", OptionKind::md5, {0, 1}},
      {"md5 valid", OptionKind::md5, {}},
      {"gen-254 aa00", OptionKind::generic, {0xaa, 0}},
      {"exp-1234 55", OptionKind::generic_experimental, {0x55}},
      {"0204", OptionKind::raw, {2, 4}},
      {"fe04ab", OptionKind::raw, {0xfe, 4, 0xab}},
  };
  for (const auto& [text, kind, bytes] : cases) {
    const TcpOptionItem item = option(text);
    EXPECT_EQ(item.kind, kind) << text;
    EXPECT_EQ(item.bytes, bytes) << text;
  }
}

TEST(TcpOptions, WireKinds) {
  EXPECT_EQ(option("gen-77 aa").wire_kind, 77);
  EXPECT_EQ(option("exp-f989 aa").wire_kind, 254);
}

TEST(TcpOptions, TimestampsOfTheFork) {
  const TcpOptionItem item = option("TS val ... ecr 9!");
  EXPECT_TRUE(item.any_value);
  EXPECT_TRUE(item.literal_echo);
  EXPECT_EQ(item.numbers, (Numbers{0, 9}));
}

TEST(TcpOptions, AreInTheOrderWritten) {
  const TcpPacket p = tcp("> S 0:0(0) <mss 1460, sackOK , TS val 7 ecr 0,nop, wscale 8>");
  ASSERT_EQ(p.options.size(), 5u);
  EXPECT_EQ(p.options[0].kind, OptionKind::mss);
  EXPECT_EQ(p.options[4].kind, OptionKind::window_scale);
  EXPECT_EQ(p.options[1].place.column, 26u);
}

TEST(TcpOptions, ADefinedCookieIsReplaced) {
  for (const Dialect dialect : {Dialect::google, Dialect::nplab}) {
    ParseOptions options;
    options.dialect = dialect;
    options.defines = {{"COOKIE", "3021b9d8"}};
    const Packet packet = only<Packet>("+0 > S 0:0(0) <FO COOKIE,nop,nop>", options);
    EXPECT_EQ(std::get<TcpPacket>(packet.body).options[0].bytes, (Bytes{0x30, 0x21, 0xb9, 0xd8}));
  }
}

TEST(TcpOptions, NoneAndAny) {
  EXPECT_TRUE(tcp("> . 1:1(0) <>").options.empty());
  EXPECT_FALSE(tcp("> . 1:1(0) <>").any_options);
  EXPECT_TRUE(tcp("> . 1:1(0) <...>").any_options);
}

// Forty bytes are the most, and whole words.
TEST(TcpOptions, Sizes) {
  EXPECT_EQ(error_of("0 > . 1:1(0) <TS val 1 ecr 2,nop,nop,nop,nop,sack 1:2 3:4 5:6>"), "");
  EXPECT_EQ(error_of("0 > . 1:1(0) <TS val 1 ecr 2,nop,nop,nop,nop,sack 1:2 3:4 5:6,nop>"),
            "1:63: found more than 40 bytes of options; expected no more, which is all that fit");
  EXPECT_EQ(error_of("0 > . 1:1(0) <mss 5,nop>"),
            "1:15: found 5 bytes of options; expected a multiple of 4, with nop or eol");
  EXPECT_EQ(error_of("0 > . 1:1(0) <md5 valid,eol,eol>"), "");
  EXPECT_EQ(error_of("0 > . 1:1(0) <cdata 5>"), "");
}

}  // namespace
}  // namespace anteroom::script
