// What two stacks did on a virtual clock, recorded at either, and replayed by a third: it does the
// same in every tier. What recorded frames are commented with: conformance/kernel/recording.py.
#include "tools/anteroom/recorder.h"

#include <algorithm>
#include <cstdio>

#include <gtest/gtest.h>

#include <anteroom/testing/pair.h>

#include "conformance/replay/replay.h"

namespace anteroom::tools {
namespace {

using testing::Pair;
using testing::Toward;

struct Passed {
  Instant at{};
  std::vector<std::uint8_t> frame;
};

// One connection with caller data, response data, a download, an upload, and an end in order.
class Conversation {
 public:
  // Of the data segments toward the client these are lost behind the server's recording.
  explicit Conversation(std::vector<int> lost) : lost_(std::move(lost)) {
    pair_.set_latency(kLatency);
    pair_.set_wire(
        [this](Toward toward, std::vector<std::uint8_t>& frame) { return pass(toward, frame); });
  }

  void run() {
    const auto listener = pair_.server.listen({.local = {{}, 80}, .conditional = true});
    ASSERT_TRUE(listener);
    client_ = *pair_.client.connect(pair_.now(), {.remote = {pair_.server_address(), 80},
                                                  .caller_data = bytes_of("order: tea")});
    pair_.run_for(20ms);
    while (const auto event = pair_.next_event(pair_.server)) {
      if (event->kind != EventKind::connection_requested) continue;
      server_ = *pair_.server.accept(pair_.now(), event->pending, {bytes_of("coming up")});
    }
    pair_.settle();
    pair_.run_for(20ms);
    send(pair_.server, server_, 60'000);
    send(pair_.client, client_, 5'000);
    ASSERT_TRUE(pair_.client.shutdown(pair_.now(), client_));
    pair_.run_for(300ms);
    ASSERT_TRUE(pair_.server.shutdown(pair_.now(), server_));
    pair_.run_for(300ms);
  }

  std::size_t lost() const { return lost_frames_; }
  // As one end saw it.
  const std::vector<Passed>& at(Toward end) const {
    return end == Toward::server ? at_server_ : at_client_;
  }

 private:
  static constexpr Duration kLatency = 2ms;

  bool pass(Toward toward, const std::vector<std::uint8_t>& frame) {
    const bool to_client = toward == Toward::client;
    constexpr std::size_t kWithoutData = 200;
    const bool is_lost = to_client && frame.size() > kWithoutData &&
                         std::find(lost_.begin(), lost_.end(), ++data_) != lost_.end();
    (to_client ? at_server_ : at_client_).push_back({pair_.now(), frame});
    if (is_lost) ++lost_frames_;
    if (is_lost) return false;
    (to_client ? at_client_ : at_server_).push_back({pair_.now() + kLatency, frame});
    return true;
  }

  // The other end reads whatever there is.
  void send(Stack& stack, ConnectionId id, std::size_t size) {
    const std::vector<std::uint8_t> bytes(size, 'x');
    for (std::size_t done = 0; done < size;) {
      const auto taken = stack.send(pair_.now(), id, Bytes(bytes).subspan(done));
      ASSERT_TRUE(taken);
      done += *taken;
      for (int i = 0; i < 200; ++i) {
        pair_.run_for(1ms);
        read(pair_.server, server_);
        read(pair_.client, client_);
      }
    }
  }
  void read(Stack& stack, ConnectionId id) {
    std::vector<std::uint8_t> buffer(100'000);
    while (true) {
      const auto taken = stack.receive_into(pair_.now(), id, buffer);
      if (!taken || *taken == 0) return;
    }
  }

  Pair pair_;
  std::vector<int> lost_;
  int data_ = 0;
  std::size_t lost_frames_ = 0;
  ConnectionId server_{};
  ConnectionId client_{};
  std::vector<Passed> at_server_;
  std::vector<Passed> at_client_;
};

// Through the recorder into a file, and back.
std::vector<replay::ConnectionReport> replayed(std::vector<Passed> frames, Toward end) {
  std::stable_sort(frames.begin(), frames.end(),
                   [](const Passed& one, const Passed& other) { return one.at < other.at; });
  const std::string path = ::testing::TempDir() + "anteroom_" +
                           ::testing::UnitTest::GetInstance()->current_test_info()->name() +
                           ".pcapng";
  {
    auto recorder = Recorder::open(path, Medium::ethernet, "seed=00");
    EXPECT_TRUE(recorder);
    for (const Passed& passed : frames) (*recorder)->write(passed.at, passed.frame);
    EXPECT_FALSE((*recorder)->flush());
  }
  replay::Options options;
  options.as_server = end == Toward::server;
  options.as_client = end == Toward::client;
  std::vector<replay::ConnectionReport> reports;
  replay::Sinks sinks;
  sinks.on_connection = [&](const replay::ConnectionReport& report) { reports.push_back(report); };
  replay::replay_capture(path, options, sinks);
  std::remove(path.c_str());
  return reports;
}

void expect_the_same(const std::vector<int>& lost) {
  Conversation conversation(lost);
  conversation.run();
  EXPECT_EQ(conversation.lost(), lost.size());
  for (const Toward end : {Toward::server, Toward::client}) {
    const auto reports = replayed(conversation.at(end), end);
    ASSERT_EQ(reports.size(), 1u);
    EXPECT_EQ(reports[0].mode, replay::Mode::oracle);
    for (std::size_t i = 0; i < replay::kTiers; ++i) {
      EXPECT_EQ(reports[0].tiers[i], replay::Finding::held)
          << (end == Toward::server ? "server" : "client") << ": " << reports[0].as_text();
    }
  }
}

TEST(Recorder, ARecordingIsReplayedTheSameInEveryTierAtEitherEnd) { expect_the_same({}); }

TEST(Recorder, SoIsOneWithLosses) { expect_the_same({5, 17, 18}); }

}  // namespace
}  // namespace anteroom::tools
