// SipHash-2-4 under a secret key (libsodium): initial sequence numbers, cookies, hash tables.
#pragma once

#include <array>
#include <cstdint>

#include <anteroom/bytes.h>

namespace anteroom {

using HashKey = std::array<std::uint8_t, 16>;

// 64 bits that nobody without the key can predict; the same key and bytes give the same value.
std::uint64_t keyed_hash(const HashKey& key, Bytes data);

// The key for one purpose, derived from the seed: two purposes never share a key.
HashKey derive_key(const std::array<std::uint8_t, 32>& seed, std::uint8_t purpose);

}  // namespace anteroom
