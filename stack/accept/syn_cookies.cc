// The two layouts of the header.
#include "stack/accept/syn_cookies.h"

#include <algorithm>

#include "stack/base/bytes.h"

namespace anteroom {
namespace {

constexpr Duration kPeriod = SynCookies::kLifetimeMax / 2;

// From the least that anybody is sent for to jumbo frames; between them the common ones: tunnels,
// PPPoE, Ethernet with timestamps counted in, Ethernet.
constexpr std::uint16_t kMss[] = {48, 536, 1220, 1360, 1400, 1440, 1460, 8960};

constexpr std::uint32_t kMssBits = 7;
constexpr std::uint32_t kPeriodBit = 8;
constexpr std::uint32_t kHashBits = ~(kMssBits | kPeriodBit);

constexpr std::uint32_t kScaleBits = 15;
constexpr std::uint32_t kSackBit = 16;
constexpr std::uint32_t kEcnBit = 32;
constexpr std::uint32_t kOptionBits = kScaleBits | kSackBit | kEcnBit;

std::uint32_t period_of(Instant now) {
  return static_cast<std::uint32_t>(now.time_since_epoch() / kPeriod);
}

}  // namespace

std::uint32_t SynCookies::hash(std::uint32_t period, const Handshake& handshake,
                               std::uint32_t index) const {
  std::array<std::uint8_t, 20> bytes;
  store_be32(bytes.data(), static_cast<std::uint32_t>(handshake.flow_hash >> 32));
  store_be32(bytes.data() + 4, static_cast<std::uint32_t>(handshake.flow_hash));
  store_be32(bytes.data() + 8, handshake.irs.value());
  store_be32(bytes.data() + 12, period);
  store_be32(bytes.data() + 16, index << 1 | (handshake.timestamps ? 1 : 0));
  return static_cast<std::uint32_t>(keyed_hash(key_, bytes)) & kHashBits;
}

Seq SynCookies::make(Instant now, const Handshake& handshake, std::uint16_t mss) const {
  std::uint32_t index = std::size(kMss) - 1;
  while (index != 0 && kMss[index] > mss) --index;
  const std::uint32_t period = period_of(now);
  return Seq(hash(period, handshake, index) | ((period & 1) != 0 ? kPeriodBit : 0) | index);
}

std::optional<std::uint16_t> SynCookies::check(Instant now, const Handshake& handshake,
                                               Seq cookie) const {
  const std::uint32_t value = cookie.value();
  const std::uint32_t current = period_of(now);
  const bool odd = (value & kPeriodBit) != 0;
  const std::uint32_t period = ((current & 1) != 0) == odd ? current : current - 1;
  const std::uint32_t index = value & kMssBits;
  if (hash(period, handshake, index) != (value & kHashBits)) return std::nullopt;
  return kMss[index];
}

bool SynCookies::spend(const Handshake& handshake, Seq cookie) {
  spent_.resize(kBuckets);
  Bucket& bucket = spent_[handshake.flow_hash % kBuckets];
  if (std::find(bucket.begin(), bucket.end(), cookie.value()) != bucket.end()) return false;
  std::shift_right(bucket.begin(), bucket.end(), 1);
  bucket.front() = cookie.value();
  return true;
}

std::uint32_t SynCookies::timestamp(std::uint32_t clock, const SynOptions& options, bool ecn) {
  const std::uint32_t bits = std::uint32_t{options.window_scale.value_or(kScaleBits)} |
                             (options.sack_permitted ? kSackBit : 0) | (ecn ? kEcnBit : 0);
  const std::uint32_t value = (clock & ~kOptionBits) | bits;
  return bits > (clock & kOptionBits) ? value - (kOptionBits + 1) : value;
}

bool SynCookies::read_timestamp(std::uint32_t echo, SynOptions& options) {
  const auto scale = static_cast<std::uint8_t>(echo & kScaleBits);
  if (scale != kScaleBits) options.window_scale = scale;
  options.sack_permitted = (echo & kSackBit) != 0;
  return (echo & kEcnBit) != 0;
}

}  // namespace anteroom
