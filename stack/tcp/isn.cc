// An IPv4 flow is hashed as its 12 bytes, any other as 36.
#include "stack/tcp/isn.h"

#include "stack/base/bytes.h"

namespace anteroom {

std::uint64_t flow_hash(const HashKey& key, const Flow& flow) {
  std::array<std::uint8_t, 36> bytes;
  std::size_t size;
  if (flow.local.address.is_v4()) {
    store_be32(bytes.data(), flow.local.address.v4_bits());
    store_be32(bytes.data() + 4, flow.remote.address.v4_bits());
    size = 8;
  } else {
    copy_bytes(bytes, flow.local.address.octets());
    copy_bytes(MutableBytes(bytes).subspan(16), flow.remote.address.octets());
    size = 32;
  }
  store_be16(bytes.data() + size, flow.local.port);
  store_be16(bytes.data() + size + 2, flow.remote.port);
  return keyed_hash(key, Bytes(bytes).first(size + 4));
}

InitialNumbers initial_numbers(std::uint64_t flow_hash, Instant now) {
  const auto ticks = now.time_since_epoch() / std::chrono::microseconds(4);
  const auto secret = static_cast<std::uint32_t>(flow_hash >> 32);
  // The multiplier (the golden ratio) keeps the two numbers from being each other's plain copy.
  constexpr std::uint32_t kSpread = 0x9e3779b1;
  return {Seq(static_cast<std::uint32_t>(ticks) + secret), secret * kSpread};
}

}  // namespace anteroom
