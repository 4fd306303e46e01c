// Bad input: random bytes, truncated and bit-flipped real frames, a million of them. Each is
// counted under a reason (or is as good as the real one), nothing breaks, and an established
// connection goes on.
#include <numeric>

#include <gtest/gtest.h>

#include <anteroom/testing/pair.h>

#include "stack/base/rng.h"
#include "stack/wire/ethernet.h"
#include "stack/wire/ipv4.h"

namespace anteroom::testing {
namespace {

using Frame = std::vector<std::uint8_t>;

// How many frames the stack has dropped for a reason, and how many it has heeded.
std::uint64_t accounted(const Stats& stats) {
  const std::uint64_t drops =
      std::accumulate(stats.drops.begin(), stats.drops.end(), std::uint64_t{0});
  return drops + stats.segments_in + stats.arp_in + stats.ndp_in + stats.icmp_in +
         stats.fragments_in;
}

// Two stacks with a connection that carries data, and every frame that its server was sent.
class Victim {
 public:
  explicit Victim(bool v6)
      : pair_(v6 ? test_config_v6(1) : test_config(1), v6 ? test_config_v6(2) : test_config(2)) {
    const auto listener = pair_.server.listen({.local = {{}, 80}});
    pair_.set_wire([this](Toward toward, Frame& frame) {
      // A changed ARP packet has no checksum to betray it; ours are left out of what is changed.
      const bool ip = frame[13] != 0x06;
      if (toward == Toward::server && ip && frames_.size() < 64) frames_.push_back(frame);
      return true;
    });
    client_ = *pair_.client.connect(pair_.now(), {.remote = {pair_.server_address(), 80}});
    pair_.run_for(10ms);
    server_ = *pair_.server.take(*listener);
    exchange();
    exchange();
  }

  Stack& stack() { return pair_.server; }
  Instant now() const { return pair_.now(); }
  const std::vector<Frame>& frames() const { return frames_; }

  // A message each way, whole.
  void exchange() {
    const std::string ping(3000, static_cast<char>('a' + count_ % 26));
    ASSERT_EQ(*pair_.client.send(pair_.now(), client_, bytes_of(ping)), ping.size());
    ASSERT_EQ(*pair_.server.send(pair_.now(), server_, bytes_of(ping)), ping.size());
    pair_.run_for(2s);
    for (auto [stack, id] :
         {std::pair(&pair_.server, server_), std::pair(&pair_.client, client_)}) {
      Frame got(ping.size() + 1);
      const auto size = stack->receive_into(pair_.now(), id, got);
      ASSERT_TRUE(size) << to_string(size.error().error) << " at " << count_;
      ASSERT_EQ(text_of(Bytes(got).first(*size)), ping);
    }
    ++count_;
  }

  // Everything that bad input made the stack say, thrown away.
  void drain() {
    Frame out(pair_.server.frame_bytes_max());
    while (pair_.server.next_frame(pair_.now(), out) != 0) {
    }
    while (pair_.server.next_event()) {
    }
  }

 private:
  Pair pair_;
  ConnectionId client_{};
  ConnectionId server_{};
  std::vector<Frame> frames_;
  int count_ = 0;
};

Frame random_frame(Rng& rng, const Frame& real) {
  Frame frame(rng.below(120));
  for (auto& byte : frame) byte = static_cast<std::uint8_t>(rng.next());
  // Half of them are addressed well, so that the upper layers get their share.
  const std::size_t honest = rng.below(2) == 0 ? 0 : rng.below(44);
  std::copy_n(real.begin(), std::min({honest, frame.size(), real.size()}), frame.begin());
  return frame;
}

Frame truncated(Rng& rng, Frame frame) {
  frame.resize(rng.below(frame.size()));
  return frame;
}

// One to four bits, each in another column of the 16-bit words that checksums add up: two flips in
// one column may cancel, and what the checksum cannot see no stack can.
Frame flipped(Rng& rng, Frame frame) {
  const std::uint64_t flips = 1 + rng.below(4);
  std::uint32_t columns = 0;
  for (std::uint64_t i = 0; i < flips; ++i) {
    const std::uint64_t at = rng.below(frame.size());
    const std::uint64_t bit = rng.below(8);
    const std::uint32_t column = 1u << (bit + 8 * (at % 2));
    if ((columns & column) != 0) continue;
    columns |= column;
    frame[at] ^= static_cast<std::uint8_t>(1u << bit);
  }
  return frame;
}

void hear_bad_frames(bool v6) {
  constexpr int kFrames = 500'000;
  Victim victim(v6);
  Rng rng(derive_key({1, 2, 3}, 99));
  for (int i = 0; i < kFrames; ++i) {
    const Frame& real = victim.frames()[rng.below(victim.frames().size())];
    const std::uint64_t kind = rng.below(3);
    const Frame bad = kind == 0   ? random_frame(rng, real)
                      : kind == 1 ? truncated(rng, real)
                                  : flipped(rng, real);
    const std::uint64_t before = accounted(victim.stack().stats());
    victim.stack().receive(victim.now(), bad);
    ASSERT_GT(accounted(victim.stack().stats()), before) << "frame " << i << " went uncounted";
    if (i % 16 == 0) victim.drain();
    if (i % 50'000 == 0) {
      victim.drain();
      victim.stack().check_invariants();
      victim.exchange();
      if (::testing::Test::HasFatalFailure()) return;
    }
  }
  victim.drain();
  victim.exchange();
}

TEST(BadInput, HalfAMillionIpv4FramesAreCountedAndTheConnectionGoesOn) { hear_bad_frames(false); }
TEST(BadInput, HalfAMillionIpv6FramesAreCountedAndTheConnectionGoesOn) { hear_bad_frames(true); }

}  // namespace
}  // namespace anteroom::testing
