// Reads getrandom(2).
#include <sys/random.h>

#include <cstdlib>

#include <anteroom/tap/entropy.h>

namespace anteroom::tap {

std::array<std::uint8_t, 32> random_seed() {
  std::array<std::uint8_t, 32> seed{};
  std::size_t filled = 0;
  while (filled < seed.size()) {
    const ssize_t count = getrandom(seed.data() + filled, seed.size() - filled, 0);
    // A signal may interrupt the wait for the pool; a kernel without getrandom is older than ours.
    if (count > 0) filled += static_cast<std::size_t>(count);
  }
  return seed;
}

}  // namespace anteroom::tap
