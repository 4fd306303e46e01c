// The one file that sees libsodium.
#include "stack/base/keyed_hash.h"

#include <sodium.h>

#include "stack/base/bytes.h"

namespace anteroom {

static_assert(crypto_shorthash_KEYBYTES == std::tuple_size_v<HashKey>);

std::uint64_t keyed_hash(const HashKey& key, Bytes data) {
  std::array<std::uint8_t, crypto_shorthash_BYTES> out;
  crypto_shorthash(out.data(), data.data(), data.size(), key.data());
  return std::uint64_t{load_be32(out.data())} << 32 | load_be32(out.data() + 4);
}

HashKey derive_key(const std::array<std::uint8_t, 32>& seed, std::uint8_t purpose) {
  // Both halves of the seed matter: the second is hashed under the first, twice for 128 bits.
  HashKey master;
  copy_bytes(master, Bytes(seed).first(16));
  std::array<std::uint8_t, 18> input{};
  copy_bytes(input, Bytes(seed).last(16));
  input[16] = purpose;
  HashKey key;
  for (std::uint8_t half = 0; half < 2; ++half) {
    input[17] = half;
    const std::uint64_t bits = keyed_hash(master, input);
    store_be32(key.data() + 8 * half, static_cast<std::uint32_t>(bits >> 32));
    store_be32(key.data() + 8 * half + 4, static_cast<std::uint32_t>(bits));
  }
  return key;
}

}  // namespace anteroom
