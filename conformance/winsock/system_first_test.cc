// One file with both: the system's headers first, whose macros then have their names.
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/select.h>
#include <sys/socket.h>

#include <gtest/gtest.h>

#include <anteroom/winsock.h>

namespace ws = anteroom::winsock;

namespace {

// The macros are Linux's; WS_ names and what has no macro are Windows'.
TEST(SystemFirst, EachHasItsOwnNumbers) {
  EXPECT_EQ(SOL_SOCKET, 1);
  EXPECT_EQ(ws::WS_SOL_SOCKET, 0xffff);
  EXPECT_EQ(SO_REUSEADDR, 2);
  EXPECT_EQ(ws::WS_SO_REUSEADDR, 4);
  EXPECT_EQ(TCP_FASTOPEN, 23);
  EXPECT_EQ(ws::WS_TCP_FASTOPEN, 15);
  EXPECT_EQ(ws::SO_CONDITIONAL_ACCEPT, 0x3002);
}

TEST(SystemFirst, StructuresAreTwo) {
  EXPECT_EQ(sizeof(linger), 8u);
  EXPECT_EQ(sizeof(ws::linger), 4u);
  EXPECT_EQ(sizeof(ws::fd_set), 520u);
  EXPECT_EQ(sizeof(sockaddr_in), sizeof(ws::sockaddr_in));
}

// A name in parentheses is the function, not the macro.
TEST(SystemFirst, SetsAreTwo) {
  fd_set theirs;
  FD_ZERO(&theirs);
  FD_SET(3, &theirs);
  ws::fd_set ours;
  (ws::FD_ZERO)(&ours);
  (ws::FD_SET)(1 << 20, &ours);
  (ws::FD_SET)(1 << 20, &ours);
  EXPECT_TRUE(FD_ISSET(3, &theirs));
  EXPECT_TRUE((ws::FD_ISSET)(1 << 20, &ours));
  EXPECT_EQ(ours.fd_count, 1u);
}

TEST(SystemFirst, FunctionsAreTwo) {
  EXPECT_EQ(ws::socket(ws::WS_AF_INET, ws::WS_SOCK_STREAM, 0), ws::INVALID_SOCKET);
  EXPECT_EQ(ws::WSAGetLastError(), ws::WSANOTINITIALISED);
}

}  // namespace
