// Offsets in the RangeSet are offsets in the datagram's payload.
#include "stack/ip/reassembly.h"

#include <algorithm>
#include <utility>

namespace anteroom {
namespace {

// So that a datagram with its header has a length of 16 bits.
std::uint32_t payload_bytes_max(const IpHeader& header) {
  return static_cast<std::uint32_t>(UINT16_MAX - ip_header_bytes(header.source));
}

// RFC 791 3.2; IPv6 leaves the protocol out of it, because only the first fragment's counts (RFC
// 8200 4.5).
bool is_same_datagram(const IpHeader& a, const IpHeader& b) {
  return a.identification == b.identification && a.source == b.source &&
         a.destination == b.destination && (a.protocol == b.protocol || !a.is_v4());
}

}  // namespace

Reassembly::~Reassembly() {
  for (auto& datagram : datagrams_) kill(*datagram);
  pool_.give_back(finished_);
}

Reassembly::Datagram* Reassembly::find(const IpHeader& header) {
  for (auto& datagram : datagrams_) {
    if (is_same_datagram(datagram->first, header)) return datagram.get();
  }
  return nullptr;
}

Reassembly::Datagram* Reassembly::make(Instant now, const IpHeader& header) {
  if (datagrams_.size() >= limits_.reassemblies_max) return nullptr;
  datagrams_.push_back(std::make_unique<Datagram>());
  datagrams_.back()->first = header;
  datagrams_.back()->expires_at = now + limits_.reassembly_timeout;
  return datagrams_.back().get();
}

void Reassembly::kill(Datagram& datagram) {
  bytes_ -= datagram.data.size;
  pool_.give_back(datagram.data);
  datagram.data = {};
  datagram.got.clear(pool_);
  datagram.dead = true;
}

void Reassembly::erase(Datagram& datagram) {
  kill(datagram);
  std::erase_if(datagrams_, [&](const auto& entry) { return entry.get() == &datagram; });
}

bool Reassembly::grow(Datagram& datagram, std::uint32_t bytes) {
  if (bytes <= datagram.data.size) return true;
  Block larger = pool_.take(bytes, Reserve::use);
  if (!larger) return false;
  if (bytes_ - datagram.data.size + larger.size > limits_.reassembly_bytes_max) {
    pool_.give_back(larger);
    return false;
  }
  if (datagram.data) {
    copy_bytes({larger.data, larger.size}, {datagram.data.data, datagram.data.size});
  }
  bytes_ += larger.size;
  bytes_ -= datagram.data.size;
  pool_.give_back(datagram.data);
  datagram.data = larger;
  return true;
}

std::optional<DropReason> Reassembly::store(Datagram& datagram, std::uint32_t offset,
                                            Bytes payload) {
  const Range range{offset, offset + payload.size()};
  if (datagram.got.overlaps(range)) {
    const Range* known = datagram.got.find(range.begin);
    const bool again = known != nullptr && known->end >= range.end &&
                       std::equal(payload.begin(), payload.end(), datagram.data.data + offset);
    if (again) return std::nullopt;  // the network duplicated it
    kill(datagram);
    return DropReason::fragment_overlap;
  }
  if (++datagram.fragments > limits_.fragments_per_datagram_max ||
      !grow(datagram, static_cast<std::uint32_t>(range.end)) ||
      !datagram.got.add(range, limits_.fragments_per_datagram_max, pool_)) {
    kill(datagram);
    return DropReason::fragment_limit;
  }
  copy_bytes({datagram.data.data + offset, payload.size()}, payload);
  return std::nullopt;
}

Result<std::optional<Reassembled>, DropReason> Reassembly::add(Instant now, const IpHeader& header,
                                                               Bytes payload) {
  const std::uint32_t offset = header.fragment_offset_bytes;
  const std::uint32_t end = offset + static_cast<std::uint32_t>(payload.size());
  const bool last = !header.more_fragments;
  // All but the last fill whole units of eight bytes, RFC 791 3.2.
  if (payload.empty() || end > payload_bytes_max(header) || (!last && payload.size() % 8 != 0)) {
    return DropReason::fragment_malformed;
  }
  Datagram* datagram = find(header);
  if (datagram == nullptr) datagram = make(now, header);
  if (datagram == nullptr) return DropReason::fragment_limit;
  if (datagram->dead) return DropReason::fragment_overlap;
  const bool contradicts = (last && datagram->total_bytes != 0 && datagram->total_bytes != end) ||
                           (datagram->total_bytes != 0 && end > datagram->total_bytes);
  if (contradicts) {
    kill(*datagram);
    return DropReason::fragment_overlap;
  }
  if (const auto refused = store(*datagram, offset, payload)) return *refused;
  if (last) datagram->total_bytes = end;
  if (offset == 0) {
    datagram->first = header;
    datagram->has_first = true;
  }
  const RangeSet& got = datagram->got;
  const bool whole =
      datagram->total_bytes != 0 && got.count() == 1 && got[0] == Range{0, datagram->total_bytes};
  if (!whole) {
    // Data beyond the end that the last fragment told of was there before it.
    if (datagram->total_bytes != 0 && got[got.count() - 1].end > datagram->total_bytes) {
      kill(*datagram);
      return DropReason::fragment_overlap;
    }
    return std::optional<Reassembled>();
  }
  pool_.give_back(finished_);
  finished_ = std::exchange(datagram->data, {});
  bytes_ -= finished_.size;
  Reassembled result{datagram->first, {finished_.data, datagram->total_bytes}};
  result.header.more_fragments = false;
  result.header.fragment_offset_bytes = 0;
  result.header.payload_bytes = static_cast<std::uint16_t>(datagram->total_bytes);
  erase(*datagram);
  return std::optional<Reassembled>(result);
}

std::optional<Instant> Reassembly::next_deadline() const {
  if (datagrams_.empty()) return std::nullopt;
  return datagrams_.front()->expires_at;
}

bool Reassembly::expire_one(Instant now, std::optional<ReassemblyTimeout>& timeout) {
  if (datagrams_.empty() || datagrams_.front()->expires_at > now) return false;
  Datagram& oldest = *datagrams_.front();
  timeout.reset();
  if (oldest.has_first && !oldest.dead) {
    pool_.give_back(finished_);
    finished_ = std::exchange(oldest.data, {});
    bytes_ -= finished_.size;
    timeout = ReassemblyTimeout{oldest.first,
                                {finished_.data, std::min<std::size_t>(8, oldest.got[0].end)}};
  }
  erase(oldest);
  return true;
}

}  // namespace anteroom
