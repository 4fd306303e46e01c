// A deterministic stream of numbers from the seed: ports, identifications, jitter.
// Not for secrets that an attacker could search for (keyed_hash.h).
#pragma once

#include <array>
#include <cstdint>

#include "stack/base/bytes.h"
#include "stack/base/keyed_hash.h"

namespace anteroom {

class Rng {
 public:
  explicit Rng(const HashKey& key) : key_(key) {}

  std::uint64_t next() {
    std::array<std::uint8_t, 8> counter;
    store_be32(counter.data(), static_cast<std::uint32_t>(count_ >> 32));
    store_be32(counter.data() + 4, static_cast<std::uint32_t>(count_));
    ++count_;
    return keyed_hash(key_, counter);
  }

  // Uniform enough in [0, bound); bound > 0. The bias is below bound / 2^64.
  std::uint64_t below(std::uint64_t bound) { return next() % bound; }

 private:
  HashKey key_;
  std::uint64_t count_ = 0;
};

}  // namespace anteroom
