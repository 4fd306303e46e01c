// Cutting down: what is left is short, still diverges in the same tier, survives being written and
// read again, and is a script that `anteroom drill` can run.
#include "conformance/replay/minimise.h"

#include <gtest/gtest.h>

#include "conformance/replay/capture_builder.h"
#include "conformance/runner/run.h"
#include "conformance/script/parser.h"

namespace anteroom::replay {
namespace {

TierSet only(Tier tier) {
  TierSet set{};
  set[static_cast<std::size_t>(tier)] = true;
  return set;
}

// Many exchanges, one of which is sent twice for no reason.
Talk long_talk() {
  Talk talk;
  talk.handshake();
  for (std::uint32_t i = 0; i < 40; ++i) {
    const Duration at = 10ms + 2ms * i;
    const std::string begin = std::to_string(1 + 100 * i);
    const std::string end = std::to_string(101 + 100 * i);
    talk.client(at, "P. " + begin + ":" + end + "(100) ack " + begin + " win 502");
    talk.server(at + 1ms, "P. " + begin + ":" + end + "(100) ack " + end + " win 509");
    if (i == 25) talk.server(at + 1ms + 500us, "P. " + begin + ":" + end + "(100) ack " + end);
  }
  return talk;
}

runner::Report drilled(const std::string& text) {
  const auto script = script::parse("minimised.pkt", text, {});
  if (!script) {
    ADD_FAILURE() << script.error().text() << '\n' << text;
    return {};
  }
  return runner::run(*script, {});
}

TEST(Minimise, LeavesWhatStillDiverges) {
  const TemporaryFile file(pcap_file(101, long_talk().packets()));
  const auto minimised = minimise(file.path(), {}, only(Tier::retransmission));
  ASSERT_TRUE(minimised) << minimised.error().sentence;
  EXPECT_EQ(minimised->packets_before, 84u);
  // All that both streams have up to the packet that is sent twice, and nothing behind it.
  EXPECT_EQ(minimised->segments.size(), 55u);
  EXPECT_EQ(minimised->report.finding(Tier::retransmission), Finding::diverged);

  const TemporaryFile out({});
  ASSERT_FALSE(write_capture(out.path(), minimised->segments));
  const Replayed replayed = replay_file(out.path());
  ASSERT_EQ(replayed.connections.size(), 1u);
  EXPECT_EQ(replayed.connections[0].finding(Tier::retransmission), Finding::diverged);

  const std::string script = script_of(*minimised);
  const runner::Report report = drilled(script);
  EXPECT_EQ(report.outcome, runner::Outcome::failed) << script;
  // The stack sends it again when its own timer says so, not at once.
  EXPECT_NE(report.reason.find("expected: 0.161500"), std::string::npos) << report.reason;
}

TEST(Minimise, AHandshakesScriptFailsAtItsAnswer) {
  Talk talk;
  talk.client(0ms, "S 0:0(0) win 64240 <mss 1460>");
  talk.server(1ms, "S. 0:0(0) ack 1 win 65160 <mss 1460,sackOK>");
  talk.client(2ms, ". 1:1(0) ack 1 win 502");
  talk.client(3ms, "P. 1:101(100) ack 1 win 502");
  talk.server(4ms, "P. 1:101(100) ack 101 win 502");
  const TemporaryFile file(pcap_file(101, talk.packets()));
  const auto minimised = minimise(file.path(), {}, only(Tier::handshake));
  ASSERT_TRUE(minimised) << minimised.error().sentence;
  EXPECT_EQ(minimised->segments.size(), 2u);
  const runner::Report report = drilled(script_of(*minimised));
  EXPECT_EQ(report.outcome, runner::Outcome::failed);
  EXPECT_NE(report.reason.find("is missing"), std::string::npos) << report.reason;
}

// What does not diverge makes a script that passes: the writer adds nothing of its own.
TEST(Minimise, AScriptOfWhatIsTheSamePasses) {
  Talk talk;
  talk.handshake();
  talk.client(3ms, "P. 1:101(100) ack 1 win 502");
  talk.server(4ms, "P. 1:501(500) ack 101 win 509");
  talk.client(5ms, ". 101:101(0) ack 501 win 500");
  talk.server(6ms, "F. 501:501(0) ack 101 win 509");
  talk.client(6ms, ". 101:101(0) ack 502 win 500");
  talk.client(7ms, "F. 101:101(0) ack 502 win 500");
  talk.server(8ms, ". 502:502(0) ack 102 win 509");
  for (const Side side : {Side::server, Side::client}) {
    Minimised whole;
    for (const Talk::Said& said : talk.said()) {
      whole.segments.push_back(said.segment);
      whole.segments.back().at = said.at;
      whole.segments.back().real_bytes = said.segment.payload.size();
    }
    whole.report.as = side;
    whole.tier = Tier::close;
    const std::string script = script_of(whole);
    const runner::Report report = drilled(script);
    EXPECT_EQ(report.outcome, runner::Outcome::passed)
        << report.place.line << ": " << report.reason << '\n'
        << report.actual << '\n'
        << script;
  }
}

TEST(Minimise, SaysWhereThereIsNothingToDo) {
  Talk talk;
  talk.handshake();
  const TemporaryFile file(pcap_file(101, talk.packets()));
  const auto minimised = minimise(file.path(), {}, kDefaultTiers);
  ASSERT_FALSE(minimised);
  EXPECT_NE(minimised.error().sentence.find("nothing of "), std::string::npos);
  EXPECT_FALSE(minimise("no/such/file.pcap", {}, kDefaultTiers));
}

}  // namespace
}  // namespace anteroom::replay
