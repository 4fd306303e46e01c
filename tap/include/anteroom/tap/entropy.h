// Randomness of the operating system: getrandom(2). Not here: generators (the stack has its own).
#pragma once

#include <array>
#include <cstdint>

namespace anteroom::tap {

// 32 bytes that nobody else knows, for Config::seed. Waits only while the machine's pool is not
// initialised, early at boot.
std::array<std::uint8_t, 32> random_seed();

}  // namespace anteroom::tap
