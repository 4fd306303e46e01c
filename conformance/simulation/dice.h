// Reproducible chance: the same seed and purpose give the same numbers on every machine, which the
// distributions of the standard library do not promise. Not here: what is drawn (faults.cc).
#pragma once

#include <cstdint>
#include <initializer_list>
#include <random>

#include <anteroom/time.h>

namespace anteroom::simulation {

class Dice {
 public:
  // Each user of chance has a purpose of its own, so that one more draw here moves nothing there.
  Dice(std::uint64_t seed, std::uint64_t purpose)
      : engine_(seed * 0x9e3779b97f4a7c15 + purpose * 0xd1342543de82ef95 + 1) {}

  std::uint64_t next() { return engine_(); }
  // 0 to n - 1; n is not 0.
  std::uint64_t below(std::uint64_t n) { return engine_() % n; }
  std::uint64_t between(std::uint64_t first, std::uint64_t last) {
    return first + below(last - first + 1);
  }
  Duration between(Duration first, Duration last) {
    return first + Duration(static_cast<std::int64_t>(
                       below(static_cast<std::uint64_t>((last - first).count()) + 1)));
  }
  bool happens(double probability) {
    return probability > 0 && static_cast<double>(engine_() >> 11) * 0x1p-53 < probability;
  }
  template <typename T>
  T one_of(std::initializer_list<T> choices) {
    return choices.begin()[below(choices.size())];
  }

 private:
  std::mt19937_64 engine_;
};

}  // namespace anteroom::simulation
