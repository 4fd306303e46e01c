// A counted network lives as long as its count is not 0.
#include "stack/accept/source_count.h"

#include "stack/base/bytes.h"

namespace anteroom {

SourceCount::SourceCount(std::uint32_t sources_max, const HashKey& key)
    : key_(key), index_(sources_max), sources_(sources_max) {}

std::uint64_t SourceCount::network_of(const IpAddress& source) {
  if (source.is_v4()) return source.v4_bits() >> 8;
  const std::uint8_t* octets = source.octets().data();
  // The top bit keeps the two families apart: 56 bits leave it free.
  return std::uint64_t{1} << 63 | std::uint64_t{load_be32(octets)} << 24 |
         load_be32(octets + 4) >> 8;
}

std::uint64_t SourceCount::hash(const Source& source) const {
  std::array<std::uint8_t, 12> bytes;
  store_be32(bytes.data(), static_cast<std::uint32_t>(source.network >> 32));
  store_be32(bytes.data() + 4, static_cast<std::uint32_t>(source.network));
  store_be32(bytes.data() + 8, source.listener);
  return keyed_hash(key_, bytes);
}

std::uint32_t SourceCount::find(const Source& source) const {
  return index_.find(hash(source), [&](std::uint32_t i) {
    return sources_[i].network == source.network && sources_[i].listener == source.listener;
  });
}

std::uint32_t SourceCount::of(std::uint32_t listener, const IpAddress& source) const {
  if (sources_.slots_max() == 0) return 0;
  const std::uint32_t found = find({network_of(source), listener});
  return found == FlatIndex::kNone ? 0 : sources_[found].count;
}

void SourceCount::add(std::uint32_t listener, const IpAddress& source) {
  if (sources_.slots_max() == 0) return;
  const Source wanted{network_of(source), listener};
  std::uint32_t found = find(wanted);
  if (found == FlatIndex::kNone) {
    found = sources_.emplace(wanted).index;
    index_.insert(hash(wanted), found);
  }
  ++sources_[found].count;
}

void SourceCount::remove(std::uint32_t listener, const IpAddress& source) {
  if (sources_.slots_max() == 0) return;
  const Source wanted{network_of(source), listener};
  const std::uint32_t found = find(wanted);
  STACK_ASSERT(found != FlatIndex::kNone);
  if (--sources_[found].count != 0) return;
  index_.erase(hash(wanted), found);
  sources_.erase(found);
}

}  // namespace anteroom
