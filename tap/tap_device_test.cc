// What TapDevice refuses before it asks the system. Not here: real devices (conformance/kernel).
#include <cerrno>
#include <string>

#include <gtest/gtest.h>

#include <anteroom/tap/tap_device.h>

namespace anteroom::tap {
namespace {

TEST(TapDevice, RefusesNamesThatAreNone) {
  for (const std::string name : {"", "sixteen-bytes-ab"}) {
    const auto device = TapDevice::open({.name = name, .host_addresses = {}, .mtu = {}});
    ASSERT_FALSE(device) << name;
    EXPECT_EQ(device.error().sentence,
              "cannot use '" + name + "' as a device name: it needs 1 to 15 bytes");
  }
}

TEST(SystemProblem, IsOneSentence) {
  EXPECT_EQ(system_problem("cannot open it", EACCES, "run as root").sentence,
            "cannot open it: permission denied; run as root");
  EXPECT_EQ(system_problem("cannot open it", ENOENT, "").sentence,
            "cannot open it: no such file or directory");
}

}  // namespace
}  // namespace anteroom::tap
