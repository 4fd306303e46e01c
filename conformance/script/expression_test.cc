// Arguments of calls.
#include "conformance/script/parsing.h"

namespace anteroom::script {
namespace {

TEST(Expression, Forms) {
  const std::pair<const char*, const char*> cases[] = {
      {"...", "..."},
      {"12", "12"},
      {"-1", "-1"},
      {"0x1F", "31"},
      {"0xffffffffffffffff", "-1"},
      {"AF_INET", "AF_INET"},
      {"events", "events"},
      {"ack", "ack"},
      {"\"a b\"", "\"a b\""},
      {"A|B | C", "A|B|C"},
      {"1|0x2", "1|2"},
      {"[]", "[]"},
      {"[1, [A|B], ...]", "[1,[A|B],...]"},
      {"{}", "{}"},
      {"{..., 1000}", "{...,1000}"},
      {"{fd=3, events=POLLIN|POLLOUT}", "{fd=3,events=POLLIN|POLLOUT}"},
      {"{events=EPOLLIN, u64=0x1}", "{events=EPOLLIN,u64=1}"},
      {"{msg_iov(2)=[{...,1},{iov_base=..., iov_len=2}]}",
       "{msg_iov(2)=[{...,1},{iov_base=...,iov_len=2}]}"},
      {"{msg_name(...)=..., msg_flags=0}", "{msg_name(...)=...,msg_flags=0}"},
      {"{inet_addr(\"1.2.3.4\"), 3}", "{inet_addr(\"1.2.3.4\"),3}"},
      {"htons(80)", "htons(80)"},
      {"f()", "f()"},
      {"f(&a)", "f(a)"},
      {"inet6_addr(\"::1\")", "inet6_addr(\"::1\")"},
      {"192.0.2.1", "192.0.2.1"},
      {"2001:db8::1", "2001:db8::1"},
      {"[(label 7, tc 1, ttl 9), (label 8, tc 0, [S], ttl 3)]",
       "[{label=7,tc=1,ttl=9},{label=8,tc=0,S=S,ttl=3}]"},
      {"{enable=1, psk=00112233445566778899aabbccddeeff}",
       "{enable=1,psk=00112233445566778899aabbccddeeff}"},
      {"{psk=99999999999999999999999999999999}", "{psk=99999999999999999999999999999999}"},
      {"NULL", "NULL"},
  };
  for (const auto& [text, expected] : cases) EXPECT_EQ(shown(argument(text)), expected) << text;
}

TEST(Expression, EscapesInStrings) {
  EXPECT_EQ(argument(R"("\f\n\r\t\v")").text, "\f\n\r\t\v");
  EXPECT_EQ(argument(R"("\"\\\q")").text, "\"\\q");
  EXPECT_EQ(argument(R"("\x41\xfFg")").text, "A\xffg");
  EXPECT_EQ(argument(R"("a\x00b")").text, std::string("a\0b", 3));
  EXPECT_EQ(argument(R"("\x4")").text, "x4");
}

TEST(Expression, StringsSideBySideAreOne) { EXPECT_EQ(argument("\"ab\" \n \"cd\"").text, "abcd"); }

TEST(Expression, ControlMessages) {
  const Expression message = argument(
      "{msg_name(...)=...,\n msg_iov(1)=[{...,0}],\n msg_flags=MSG_ERRQUEUE|MSG_TRUNC,\n"
      " msg_control=[\n {cmsg_level=SOL_SOCKET,\n cmsg_type=SCM_TIMESTAMPING,\n"
      " cmsg_data={scm_sec=0,scm_nsec=20000000}}\n ]}");
  ASSERT_EQ(message.members.size(), 4u);
  EXPECT_EQ(message.members[3].name, "msg_control");
  EXPECT_EQ(shown(message.members[3].value),
            "[{cmsg_level=SOL_SOCKET,cmsg_type=SCM_TIMESTAMPING,"
            "cmsg_data={scm_sec=0,scm_nsec=20000000}}]");
}

TEST(Expression, ControlMessagesOfTheFork) {
  EXPECT_EQ(shown(argument("{msg_control(48)=[{cmsg_len=48, cmsg_data={ee_errno=EMSGSIZE}}]}")),
            "{msg_control(48)=[{cmsg_len=48,cmsg_data={ee_errno=EMSGSIZE}}]}");
}

TEST(Expression, PlacesAreThoseOfTheFirstToken) {
  const Expression list = argument("\n [A, B|C]");
  EXPECT_EQ(list.place.line, 2u);
  EXPECT_EQ(list.place.column, 2u);
  EXPECT_EQ(list.items[1].place.column, 6u);
}

TEST(Expression, NestingHasALimit) {
  const auto nested = [](std::size_t depth) {
    return "0 f(" + std::string(depth, '[') + std::string(depth, ']') + ") = 0";
  };
  EXPECT_EQ(error_of(nested(63)), "");
  EXPECT_EQ(error_of(nested(100)), "1:69: found brackets 64 deep; expected fewer");
  EXPECT_NE(error_of("0 f(" + std::string(1'000'000, '{')), "");
  EXPECT_NE(error_of([] {
              std::string text = "0 f(";
              for (int i = 0; i < 100'000; ++i) text += "g(";
              return text;
            }()),
            "");
}

}  // namespace
}  // namespace anteroom::script
