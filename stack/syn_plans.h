// What is decided about a SYN before it leaves or is answered. Values between stack/*.cc only.
#pragma once

#include "stack/accept/fast_open.h"
#include "stack/tcp/context.h"
#include "stack/tcp/options.h"

namespace anteroom {

// What rides on our SYN, and behind which option.
struct SynPlan {
  std::uint16_t on_syn = 0;  // bytes of the caller data
  SynData syn_data = SynData::once;
  FastOpenOption option = FastOpenOption::none;
  bool fast_open = false;  // the answer will tell something
};

// What RFC 7413 makes of a SYN at an ordinary listener.
struct FastOpenAnswer {
  bool take_data = false;
  FastOpenOption cookie = FastOpenOption::none;
};

// A SYN that is to be answered and forgotten.
struct Challenge {
  const Flow& flow;
  std::uint64_t flow_hash;
  PeerSyn peer;
  FastOpenOption cookie = FastOpenOption::none;  // that the answer shall bring
  bool marked = false;
};

}  // namespace anteroom
