// Commands and sysctls: how they are cut, what they set, which of them skip a script.
#include "conformance/runner/commands.h"

#include <gmock/gmock.h>

#include "conformance/runner/outcome.h"

namespace anteroom::runner {
namespace {

using testing::HasSubstr;

class Commands : public testing::Test {
 protected:
  std::string run(std::string_view text) {
    try {
      run_command(text, settings_, [this](const SocketQuery& query) {
        asked_ = query;
        return count_;
      });
    } catch (const Failed& failed) {
      return std::string("failed: ") + failed.what();
    } catch (const Skipped& skipped) {
      return std::string("skipped: ") + skipped.what();
    }
    return "";
  }

  Settings settings_ = settings_of(Profile::rfc, 1500);
  SocketQuery asked_{};
  std::size_t count_ = 0;
};

TEST_F(Commands, FormsOfASysctl) {
  EXPECT_EQ(run("sysctl -q -e net.ipv4.tcp_sack=0"), "");
  EXPECT_FALSE(settings_.config.tcp.sack);
  EXPECT_EQ(run("../x/set_sysctls.py /proc/sys/net/ipv4/tcp_sack=1 \\\n net/ipv4/tcp_timestamps=0"),
            "");
  EXPECT_TRUE(settings_.config.tcp.sack);
  EXPECT_FALSE(settings_.config.tcp.timestamps);
}

TEST_F(Commands, ListsCommentsAndRedirections) {
  EXPECT_EQ(run("true; sysctl net.ipv4.tcp_sack=0 # off; false\n"
                "sysctl net.ipv4.tcp_rto_max_ms=1000 &> /dev/null || modprobe x 2>&1 >>log"),
            "");
  EXPECT_FALSE(settings_.config.tcp.sack);
  EXPECT_EQ(settings_.config.tcp.rto_max, Duration{1s});
}

TEST_F(Commands, QuotesHoldTogether) {
  EXPECT_EQ(run("sysctl net.ipv4.tcp_rmem=\"4096 65536 1048576\""), "");
  EXPECT_EQ(settings_.config.limits.receive_buffer_bytes_max, 1'048'576u);
  EXPECT_EQ(settings_.config.limits.receive_buffer_bytes_initial, 65'536u);
}

TEST_F(Commands, NoSysctlOfTimeMakesTheStackSpin) {
  EXPECT_EQ(run("sysctl net.inet.tcp.keepintvl=0 net.inet.tcp.msl=-5"), "");
  EXPECT_EQ(settings_.config.tcp.keepalive->interval, Duration{1ms});
  EXPECT_EQ(settings_.config.tcp.msl, Duration{1ms});
  EXPECT_EQ(run("sysctl net.ipv4.tcp_rto_max_ms=9223372036854775807"), "");
  EXPECT_EQ(settings_.config.tcp.rto_max, Duration{24h});
}

TEST_F(Commands, WhatTheStackHasNotSkips) {
  EXPECT_EQ(run("sysctl net.ipv4.tcp_moon=1"),
            "skipped: the stack has nothing that net.ipv4.tcp_moon could set");
  EXPECT_THAT(run("modprobe x"), HasSubstr("skipped: `modprobe`"));
  EXPECT_THAT(run("sysctl net.ipv4.tcp_fastopen=0x605"), HasSubstr("skipped"));
  EXPECT_EQ(run("sysctl net.ipv4.tcp_fastopen=0x70403"), "");
  EXPECT_THAT(run("sysctl net.inet.tcp.drop_synfin=0"), HasSubstr("skipped"));
  EXPECT_EQ(run("sysctl net.inet.tcp.blackhole=2"), "");
}

TEST_F(Commands, SockstatCounts) {
  count_ = 1;
  EXPECT_EQ(run("sockstat -4 -P tcp -s | grep packetdril | grep -c TIME_WAIT | grep 1"), "");
  EXPECT_EQ(asked_.state, State::time_wait);
  EXPECT_TRUE(asked_.owned);
  EXPECT_EQ(run("sockstat -p 8080 | grep -c CLOSED | grep 0"),
            "failed: 1 connections are in CLOSED");
  EXPECT_EQ(asked_.port, 8080);
}

TEST_F(Commands, GrepKnowsListeners) {
  EXPECT_THAT(run("grep \" 0A \" /proc/net/tcp | grep \":1F90\""), HasSubstr("nobody listens"));
  EXPECT_EQ(asked_.state, State::listen);
  EXPECT_EQ(asked_.port, 8080);
  EXPECT_THAT(run("grep x y"), HasSubstr("skipped"));
}

TEST(Settings, ProfilesHaveNames) {
  EXPECT_EQ(profile_named("freebsd"), Profile::freebsd);
  EXPECT_EQ(profile_named("plan9"), std::nullopt);
  EXPECT_EQ(dialect_of(Profile::freebsd), script::Dialect::nplab);
  EXPECT_EQ(dialect_of(Profile::linux_kernel), script::Dialect::google);
}

TEST(Settings, Sysctls) {
  Settings settings = settings_of(Profile::freebsd, 1500);
  EXPECT_EQ(set_sysctl("net.inet.tcp.cc.algorithm", "newreno", settings), SetResult::done);
  EXPECT_EQ(settings.config.tcp.congestion, CongestionAlgorithm::new_reno);
  EXPECT_EQ(set_sysctl("net.inet.tcp.hostcache.purgenow", "1", settings), SetResult::no_effect);
  EXPECT_EQ(set_sysctl("net.ipv4.tcp_sack", "x", settings), SetResult::unknown);
  EXPECT_EQ(set_sysctl("kern.ipc.maxsockbuf", "2097152", settings), SetResult::done);
  EXPECT_EQ(settings.config.tcp.window_scale_announced, 6);
}

}  // namespace
}  // namespace anteroom::runner
