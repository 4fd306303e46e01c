// One step of the pair, or one action, at a time: the caller looks whether that was what it waits
// for.
#include <anteroom/testing/pair_driver.h>

namespace anteroom::testing {

bool PairDriver::wait(Instant deadline) {
  const bool acts = !actions_.empty() && actions_.begin()->first <= deadline;
  const Instant until = acts ? actions_.begin()->first : deadline;
  if (pair_.step(until)) return true;
  if (until == Instant::max()) return false;
  pair_.pass_until(until);
  if (acts) {
    const std::function<void()> action = std::move(actions_.begin()->second);
    actions_.erase(actions_.begin());
    action();
    pair_.settle();
  }
  return true;
}

}  // namespace anteroom::testing
