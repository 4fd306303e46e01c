// The loop against a second stack that sits inside the link: no descriptor, no thread, no
// privilege. Not here: real devices and signals (conformance/kernel).
#include <sys/eventfd.h>
#include <unistd.h>

#include <array>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include <anteroom/tap/loop.h>

namespace anteroom::tap {
namespace {

constexpr IpAddress kServer = IpAddress::v4(192, 0, 2, 1);
constexpr IpAddress kClient = IpAddress::v4(192, 0, 2, 2);
constexpr std::uint16_t kPort = 80;

Config config_of(IpAddress address, std::uint8_t number) {
  Config config;
  config.interface.addresses = {{address, 24}};
  config.interface.mac.octets[5] = number;
  config.seed[0] = number;
  config.tcp.no_delay = true;
  return config;
}

// A link whose far end is a stack: the client of each test.
class ClientLink final : public Link {
 public:
  ClientLink() : stack(config_of(kClient, 2)) {}

  std::size_t receive(Instant now, MutableBytes out) override {
    const std::optional<Deadline> deadline = stack.next_deadline();
    if (deadline && deadline->at <= now) stack.advance(now);
    while (const std::optional<Event> event = stack.next_event()) events.push_back(*event);
    const std::size_t size = stack.next_frame(now, out);
    may_have_frames_ = size > 0;
    return size;
  }
  bool send(Instant now, Bytes frame) override {
    stack.receive(now, frame);
    may_have_frames_ = true;
    return true;
  }
  std::optional<Instant> next_deadline() const override {
    if (may_have_frames_) return Instant::min();
    const std::optional<Deadline> deadline = stack.next_deadline();
    return deadline ? std::optional(deadline->at) : std::nullopt;
  }
  bool is_gone() const override { return gone; }
  Medium medium() const override { return Medium::ethernet; }

  bool saw(EventKind kind) const {
    for (const Event& event : events) {
      if (event.kind == kind) return true;
    }
    return false;
  }
  std::optional<Error> end() const {
    for (const Event& event : events) {
      if (event.kind == EventKind::closed && event.failed) return event.error;
    }
    return std::nullopt;
  }

  Stack stack;
  std::vector<Event> events;
  bool gone = false;

 private:
  bool may_have_frames_ = true;
};

class LoopTest : public testing::Test {
 protected:
  LoopTest() : server_(config_of(kServer, 1)) { make_loop({}); }

  void make_loop(const LoopOptions& options) {
    loop_ = *Loop::make(server_, link_, options);
    loop_->set_decision_handler(
        [this](const Decision& decision) { decisions_.push_back(decision); });
  }
  void listen(Deferral deferral) {
    ASSERT_TRUE(loop_->listen({.local = {{}, kPort}, .conditional = true, .deferral = deferral}));
  }
  ConnectionId connect(std::string_view caller_data) {
    return *link_.stack.connect(loop_->now(),
                                {.remote = {kServer, kPort}, .caller_data = bytes_of(caller_data)});
  }
  void turns(int count) {
    for (int i = 0; i < count; ++i) loop_->turn();
  }
  std::string read_client(ConnectionId id) {
    std::array<std::uint8_t, 256> buffer;
    const auto size = link_.stack.receive_into(loop_->now(), id, buffer);
    return size ? std::string(text_of(Bytes(buffer).first(*size))) : "";
  }

  Stack server_;
  ClientLink link_;
  std::unique_ptr<Loop> loop_;
  std::vector<Decision> decisions_;
};

TEST_F(LoopTest, PushAcceptsWithResponseData) {
  std::string seen;
  loop_->set_condition([&](const Request& request) {
    seen = text_of(request.caller_data);
    return Verdict::accept(bytes_of("welcome"));
  });
  listen(Deferral::strict);
  const ConnectionId client = connect("hello");
  turns(10);
  EXPECT_EQ(seen, "hello");
  ASSERT_EQ(decisions_.size(), 1u);
  EXPECT_EQ(decisions_[0].kind, VerdictKind::accept);
  EXPECT_FALSE(decisions_[0].error);
  EXPECT_EQ(decisions_[0].response_bytes, 7u);
  EXPECT_TRUE(link_.saw(EventKind::connected));
  EXPECT_EQ(link_.stack.connection_info(client)->response_data_bytes, 7u);
  EXPECT_EQ(read_client(client), "welcome");
}

TEST_F(LoopTest, PushRejects) {
  loop_->set_condition([](const Request&) { return Verdict::reject(); });
  listen(Deferral::strict);
  connect("hello");
  turns(10);
  EXPECT_EQ(link_.end(), Error::refused);
}

TEST_F(LoopTest, PushIgnores) {
  loop_->set_condition([](const Request&) { return Verdict::ignore(); });
  listen(Deferral::strict);
  connect("hello");
  turns(10);
  EXPECT_EQ(server_.stats().requests_ignored, 1u);
  EXPECT_EQ(server_.stats().requests_held, 0u);
  EXPECT_FALSE(link_.saw(EventKind::connected));
  EXPECT_FALSE(link_.end());
}

TEST_F(LoopTest, NoOpinionIsTheDefaultVerdict) {
  make_loop({.default_verdict = Verdict::reject()});
  loop_->set_condition([](const Request&) { return std::nullopt; });
  listen(Deferral::strict);
  connect("");
  turns(10);
  EXPECT_EQ(link_.end(), Error::refused);
}

// A strict listener shows its deferred head again and again; the loop asks only when it is time.
TEST_F(LoopTest, ADeferredRequestIsAskedAgain) {
  for (const Deferral deferral : {Deferral::strict, Deferral::independent}) {
    SCOPED_TRACE(static_cast<int>(deferral));
    Stack server(config_of(kServer, 1));
    ClientLink link;
    auto loop = *Loop::make(server, link, {});
    std::vector<std::uint32_t> deferrals;
    loop->set_condition([&](const Request& request) {
      deferrals.push_back(request.deferrals);
      return request.deferrals < 2 ? Verdict::defer(1ns) : Verdict::accept({});
    });
    ASSERT_TRUE(loop->listen({.local = {{}, kPort}, .conditional = true, .deferral = deferral}));
    ASSERT_TRUE(link.stack.connect(loop->now(), {.remote = {kServer, kPort}}));
    for (int i = 0; i < 20; ++i) loop->turn();
    EXPECT_EQ(deferrals, (std::vector<std::uint32_t>{0, 1, 2}));
    EXPECT_TRUE(link.saw(EventKind::connected));
  }
}

TEST_F(LoopTest, PullHandsRequestsOutInOrder) {
  listen(Deferral::independent);
  connect("one");
  turns(5);
  connect("two");
  turns(5);
  const auto first = loop_->next_request();
  ASSERT_TRUE(first);
  EXPECT_FALSE(loop_->next_request())
      << "the second is indicated when the first is decided or deferred";
  EXPECT_EQ(text_of(server_.request(loop_->now(), *first)->caller_data), "one");
  EXPECT_FALSE(loop_->decide(*first, Verdict::defer()).error);
  turns(1);
  const auto second = loop_->next_request();
  ASSERT_TRUE(second);
  EXPECT_FALSE(loop_->decide(*second, Verdict::accept({})).error);
  EXPECT_FALSE(loop_->decide(*first, Verdict::reject()).error);
  turns(10);
  EXPECT_TRUE(link_.saw(EventKind::connected));
  EXPECT_EQ(link_.end(), Error::refused);
  EXPECT_EQ(loop_->decide(*first, Verdict::reject()).error, Error::stale_id);
}

// What cannot be accepted is refused, so that the client does not hang.
TEST_F(LoopTest, AResponseThatDoesNotFitIsAReject) {
  const std::string large(10'000, 'x');
  loop_->set_condition([&](const Request&) { return Verdict::accept(bytes_of(large)); });
  listen(Deferral::strict);
  connect("hello");
  turns(10);
  ASSERT_EQ(decisions_.size(), 1u);
  EXPECT_EQ(decisions_[0].error, Error::too_large);
  EXPECT_EQ(link_.end(), Error::refused);
}

TEST_F(LoopTest, OverflowFollowsAsStream) {
  const std::string large(2'000, 'x');
  loop_->set_condition(
      [&](const Request&) { return Verdict::accept_with_overflow(bytes_of(large)); });
  listen(Deferral::strict);
  const ConnectionId client = connect("hello");
  turns(20);
  EXPECT_EQ(link_.stack.connection_info(client)->bytes_received, 2'000u);
}

TEST_F(LoopTest, StopEndsConnectionsInOrderWherePeersAgree) {
  loop_->set_condition([](const Request&) { return Verdict::accept({}); });
  listen(Deferral::strict);
  const ConnectionId client = connect("");
  turns(10);
  ASSERT_TRUE(link_.saw(EventKind::connected));
  ASSERT_TRUE(link_.stack.shutdown(loop_->now(), client));
  loop_->request_stop();
  EXPECT_FALSE(loop_->run());
  EXPECT_TRUE(loop_->is_stopping());
  EXPECT_TRUE(link_.saw(EventKind::peer_closed));
  EXPECT_FALSE(link_.end());
}

TEST_F(LoopTest, StopResetsWhoDoesNotAgree) {
  make_loop({.grace = Duration::zero()});
  loop_->set_condition([](const Request&) { return Verdict::accept({}); });
  listen(Deferral::strict);
  connect("");
  turns(10);
  ASSERT_TRUE(link_.saw(EventKind::connected));
  loop_->request_stop();
  EXPECT_FALSE(loop_->run());
  turns(2);
  EXPECT_EQ(link_.end(), Error::reset_by_peer);
}

TEST_F(LoopTest, StopRefusesWhoStillWaits) {
  loop_->set_condition([](const Request&) { return Verdict::defer(1h); });
  listen(Deferral::strict);
  connect("hello");
  turns(10);
  EXPECT_EQ(server_.stats().requests_held, 1u);
  loop_->request_stop();
  EXPECT_FALSE(loop_->run());
  turns(2);
  EXPECT_EQ(link_.end(), Error::refused);
  EXPECT_EQ(server_.stats().requests_held, 0u);
}

// A whole window that comes at once is acknowledged more than once: one acknowledgment alone may be
// lost, and nothing would follow until a time-out.
TEST_F(LoopTest, ABatchIsAcknowledgedInParts) {
  loop_->set_condition([](const Request&) { return Verdict::accept({}); });
  listen(Deferral::strict);
  const ConnectionId client = connect("");
  turns(10);
  const LoopStats before = loop_->stats();
  const std::vector<std::uint8_t> window(10 * 1448);
  ASSERT_EQ(*link_.stack.send(loop_->now(), client, window), window.size());
  turns(1);
  EXPECT_EQ(loop_->stats().frames_in - before.frames_in, 10u);
  EXPECT_EQ(loop_->stats().frames_out - before.frames_out, 2u);
}

TEST_F(LoopTest, ADeviceThatGoesAwayEndsTheRun) {
  link_.gone = true;
  const Trouble trouble = loop_->run();
  ASSERT_TRUE(trouble);
  EXPECT_EQ(trouble->sentence, "the device is gone: somebody deleted its interface");
}

// Watched descriptors wake the sleeping loop, and a handler may unwatch itself.
TEST_F(LoopTest, WatchedDescriptorsAreServed) {
  const int descriptor = eventfd(1, EFD_NONBLOCK | EFD_CLOEXEC);
  ASSERT_GE(descriptor, 0);
  int calls = 0;
  const auto handler = [&](Readiness ready) {
    EXPECT_TRUE(ready.readable);
    ++calls;
    loop_->unwatch(descriptor);
    loop_->request_stop();
  };
  ASSERT_FALSE(loop_->watch(descriptor, {.readable = true}, handler));
  EXPECT_FALSE(loop_->run());
  EXPECT_EQ(calls, 1);
  close(descriptor);
}

}  // namespace
}  // namespace anteroom::tap
