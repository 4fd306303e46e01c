// Initial sequence numbers: RFC 9293 3.4.1, RFC 6528 3.
#include "stack/tcp/isn.h"

#include <set>

#include <gtest/gtest.h>

namespace anteroom {
namespace {

const HashKey kKey = derive_key({1, 2, 3}, 1);
const HashKey kOtherKey = derive_key({1, 2, 4}, 1);

Flow flow_to(std::uint16_t port) {
  return {{IpAddress::v4(192, 0, 2, 1), 80}, {IpAddress::v4(192, 0, 2, 2), port}};
}

Seq iss_of(const HashKey& key, const Flow& flow, Instant now) {
  return initial_numbers(flow_hash(key, flow), now).iss;
}

// RFC 9293 3.4.1 [MUST-8]: of one flow they follow a clock of four microseconds, which wraps after
// more than four hours.
TEST(Isn, FollowsAClock) {
  const Instant start(1000s);
  const Seq first = iss_of(kKey, flow_to(1), start);
  EXPECT_EQ(iss_of(kKey, flow_to(1), start + 4us).since(first), 1u);
  EXPECT_EQ(iss_of(kKey, flow_to(1), start + 1s).since(first), 250'000u);
  EXPECT_TRUE(iss_of(kKey, flow_to(1), start + 2h).after(first));
  EXPECT_EQ(iss_of(kKey, flow_to(1), start + 4us * (1ll << 32)), first);
}

// RFC 9293 3.4.1 [SHLD-1], [MUST-9]: beside the clock, a keyed hash of both ends. Other flows, and
// other keys, tell nothing of it.
TEST(Isn, DependsOnEveryPartOfTheFlowAndOnTheKey) {
  const Instant now(1000s);
  const Flow flow = flow_to(1);
  Flow other_local = flow, other_local_port = flow, other_remote = flow;
  other_local.local.address = IpAddress::v4(192, 0, 2, 3);
  other_local_port.local.port = 81;
  other_remote.remote.address = IpAddress::v4(192, 0, 2, 3);
  std::set<std::uint32_t> seen;
  for (const Flow& each : {flow, other_local, other_local_port, other_remote, flow_to(2)}) {
    seen.insert(iss_of(kKey, each, now).value());
    seen.insert(iss_of(kOtherKey, each, now).value());
  }
  EXPECT_EQ(seen.size(), 10u);
  // Nor do neighbouring ports lie at one distance.
  std::set<std::uint32_t> steps;
  for (std::uint16_t port = 1; port < 100; ++port) {
    steps.insert(iss_of(kKey, flow_to(static_cast<std::uint16_t>(port + 1)), now)
                     .since(iss_of(kKey, flow_to(port), now)));
  }
  EXPECT_EQ(steps.size(), 99u);
}

}  // namespace
}  // namespace anteroom
