// One file with both: our header first, and the system's macros then hide what has their names.
// clang-format off
#include <anteroom/winsock.h>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <gtest/gtest.h>
// clang-format on

namespace {

TEST(OursFirst, WsNamesAreWindowsAndPlainOnesLinuxs) {
  EXPECT_EQ(SOL_SOCKET, 1);
  EXPECT_EQ(anteroom::winsock::WS_SOL_SOCKET, 0xffff);
  EXPECT_EQ(AF_INET6, 10);
  EXPECT_EQ(anteroom::winsock::WS_AF_INET6, 23);
  EXPECT_EQ(POLLIN, 1);
  EXPECT_EQ(anteroom::winsock::WS_POLLIN, 0x300);
}

}  // namespace
