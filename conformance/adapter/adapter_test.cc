// The library as the tool uses it: loaded, its table filled, a handshake on its clock, a call that
// blocks in another thread, the files that it reads and writes.
#include <arpa/inet.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <netinet/in.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <sstream>
#include <thread>

#include <gtest/gtest.h>

#include "conformance/adapter/interface.h"
#include "conformance/runner/live_packet.h"

namespace anteroom::adapter {
namespace {

using runner::LivePacket;

constexpr IpAddress kLocal = IpAddress::v4(192, 168, 0, 1);
constexpr IpAddress kRemote = IpAddress::v4(192, 0, 2, 1);

class Adapter : public ::testing::Test {
 protected:
  void load(const char* flags) {
    library_ = dlopen(ADAPTER_PATH, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
    ASSERT_NE(library_, nullptr) << dlerror();
    using Init = void (*)(const char*, packetdrill_interface*);
    const auto init = reinterpret_cast<Init>(dlsym(library_, "packetdrill_interface_init"));
    ASSERT_NE(init, nullptr);
    init(flags, &table_);
  }
  ~Adapter() override {
    if (table_.free != nullptr) table_.free(table_.userdata);
    if (library_ != nullptr) dlclose(library_);
  }

  int listens() {
    const int fd = table_.socket(world(), AF_INET, SOCK_STREAM, IPPROTO_TCP);
    sockaddr_in name{};
    name.sin_family = AF_INET;
    name.sin_port = htons(8080);
    name.sin_addr.s_addr = htonl(kLocal.v4_bits());
    EXPECT_EQ(table_.bind(world(), fd, reinterpret_cast<const sockaddr*>(&name), sizeof name), 0);
    EXPECT_EQ(table_.listen(world(), fd, 1), 0);
    return fd;
  }
  void sends(std::uint16_t flags, std::uint32_t seq, std::uint32_t ack,
             const IpAddress& from = kRemote, const IpAddress& to = kLocal) {
    LivePacket packet;
    packet.source = from;
    packet.destination = to;
    packet.source_port = 40'000;
    packet.destination_port = 8080;
    packet.tcp = {seq, ack, flags, 1000, 0, {}};
    const std::vector<std::uint8_t> bytes = runner::put_together(packet);
    EXPECT_EQ(table_.netdev_send(world(), bytes.data(), bytes.size()), 0);
  }
  LivePacket sees(long long& time_us) {
    std::vector<std::uint8_t> buffer(65'536);
    std::size_t size = buffer.size();
    EXPECT_EQ(table_.netdev_receive(world(), buffer.data(), &size, &time_us), 0);
    std::string problem;
    return runner::take_apart(Bytes(buffer).first(size), problem).value_or(LivePacket{});
  }
  long long clock_us() {
    timeval time{};
    table_.gettimeofday(world(), &time, nullptr);
    return time.tv_sec * 1'000'000LL + time.tv_usec;
  }
  void* world() { return table_.userdata; }

  void* library_ = nullptr;
  packetdrill_interface table_{};
};

TEST_F(Adapter, FillsEverySlot) {
  load(nullptr);
  void* slots[33];
  std::memcpy(slots, &table_, sizeof slots);
  for (int i = 0; i < 33; ++i) EXPECT_NE(slots[i], nullptr) << "member " << i + 1;
}

TEST_F(Adapter, ClockMovesByItselfAndWithSleep) {
  load("local=192.168.0.1,mtu=1500,profile=linux");
  const long long first = clock_us();
  const long long second = clock_us();
  EXPECT_GT(second, first);
  EXPECT_LT(second - first, 100);
  table_.sleep_us(world(), 50'000);
  EXPECT_GE(clock_us() - second, 50'000);
}

TEST_F(Adapter, AnswersAHandshakeOnItsOwnClock) {
  load("local=192.168.0.1,profile=freebsd");
  listens();
  const long long before = clock_us();
  sends(runner::kSyn, 0, 0);
  long long time_us = 0;
  const LivePacket syn_ack = sees(time_us);
  EXPECT_EQ(syn_ack.tcp.flags, runner::kSyn | runner::kAck);
  EXPECT_EQ(time_us, before);
  // Nobody answers: the next one comes a second later, though nobody slept.
  EXPECT_EQ(sees(time_us).tcp.flags, runner::kSyn | runner::kAck);
  EXPECT_NEAR(static_cast<double>(time_us - before), 1e6, 3e5);
}

TEST_F(Adapter, NothingEverToComeIsAnEmptyPacket) {
  load(nullptr);
  listens();
  std::uint8_t byte = 0;
  std::size_t size = 1;
  long long time_us = 0;
  EXPECT_EQ(table_.netdev_receive(world(), &byte, &size, &time_us), 0);
  EXPECT_EQ(size, 0u);
}

TEST_F(Adapter, ACallBlocksInAnotherThreadUntilThePacketComes) {
  load(nullptr);
  const int listener = listens();
  int accepted = -2;
  std::thread helper([&] { accepted = table_.accept(world(), listener, nullptr, nullptr); });
  sends(runner::kSyn, 0, 0);
  long long time_us = 0;
  const LivePacket syn_ack = sees(time_us);
  sends(runner::kAck, 1, syn_ack.tcp.seq + 1);
  helper.join();
  EXPECT_GE(accepted, 0);
  EXPECT_EQ(table_.close(world(), accepted), 0);
}

TEST_F(Adapter, DescriptorsAreTheKernelsToo) {
  load(nullptr);
  const int fd = listens();
  EXPECT_GE(fcntl(fd, F_GETFD), 0);
  EXPECT_EQ(table_.fcntl(world(), fd, F_GETFL), O_RDWR);
  EXPECT_EQ(table_.close(world(), fd), 0);
  EXPECT_LT(fcntl(fd, F_GETFD), 0);
  EXPECT_EQ(table_.close(world(), fd), -1);
  EXPECT_EQ(errno, EBADF);
}

std::string contents(const std::string& path) {
  std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

TEST_F(Adapter, ReadsSysctlsFromAFileAndTellsStates) {
  const std::string folder = ::testing::TempDir();
  const std::string sysctls = folder + "/adapter_sysctls";
  const std::string states = folder + "/adapter_states";
  std::ofstream(sysctls) << "net.inet.tcp.sack.enable=0\n";
  setenv("PD_SYSCTL_FILE", sysctls.c_str(), 1);
  setenv("PD_STATE_FILE", states.c_str(), 1);
  load("profile=freebsd");
  listens();
  LivePacket syn;
  syn.source = kRemote;
  syn.destination = kLocal;
  syn.source_port = 40'000;
  syn.destination_port = 8080;
  syn.tcp = {0, 0, runner::kSyn, 1000, 0, {{4, {}}, {1, {}}, {1, {}}}};
  const std::vector<std::uint8_t> bytes = runner::put_together(syn);
  table_.netdev_send(world(), bytes.data(), bytes.size());
  long long time_us = 0;
  const LivePacket syn_ack = sees(time_us);
  EXPECT_EQ(syn_ack.tcp.options.size(), 1u);  // MSS: SACK is off
  EXPECT_NE(contents(states).find("tcp4 192.168.0.1:8080 192.0.2.1:40000 SYN_RCVD"),
            std::string::npos);
  unsetenv("PD_SYSCTL_FILE");
  unsetenv("PD_STATE_FILE");
}

// The same over IPv6: the address of the flags, AF_INET6 sockets, the packets, the word tcp6.
TEST_F(Adapter, SpeaksIPv6) {
  const std::string states = std::string(::testing::TempDir()) + "/adapter_states_v6";
  setenv("PD_STATE_FILE", states.c_str(), 1);
  load("local=fd3d:fa7b:d17d::1,mtu=1500,profile=freebsd");
  const int fd = table_.socket(world(), AF_INET6, SOCK_STREAM, IPPROTO_TCP);
  sockaddr_in6 name{};
  name.sin6_family = AF_INET6;
  name.sin6_port = htons(8080);
  inet_pton(AF_INET6, "fd3d:fa7b:d17d::1", &name.sin6_addr);
  EXPECT_EQ(table_.bind(world(), fd, reinterpret_cast<const sockaddr*>(&name), sizeof name), 0);
  EXPECT_EQ(table_.listen(world(), fd, 1), 0);
  const IpAddress local = IpAddress::parse("fd3d:fa7b:d17d::1").value();
  const IpAddress remote = IpAddress::parse("2001:db8::1").value();
  sends(runner::kSyn, 0, 0, remote, local);
  long long time_us = 0;
  const LivePacket syn_ack = sees(time_us);
  EXPECT_EQ(syn_ack.destination, remote);
  ASSERT_FALSE(syn_ack.tcp.options.empty());
  EXPECT_EQ(syn_ack.tcp.options[0].data, (std::vector<std::uint8_t>{1'440 >> 8, 1'440 & 0xff}));
  sends(runner::kAck, 1, syn_ack.tcp.seq + 1, remote, local);
  sockaddr_in6 peer{};
  socklen_t length = sizeof peer;
  const int accepted = table_.accept(world(), fd, reinterpret_cast<sockaddr*>(&peer), &length);
  EXPECT_GE(accepted, 0);
  EXPECT_EQ(peer.sin6_family, AF_INET6);
  EXPECT_EQ(ntohs(peer.sin6_port), 40'000);
  clock_us();
  table_.close(world(), fd);
  EXPECT_EQ(contents(states),
            "packetdrill " + std::to_string(accepted) +
                " tcp6 [fd3d:fa7b:d17d::1]:8080 [2001:db8::1]:40000 ESTABLISHED\n");
  EXPECT_EQ(table_.close(world(), accepted), 0);
  unsetenv("PD_STATE_FILE");
}

}  // namespace
}  // namespace anteroom::adapter
