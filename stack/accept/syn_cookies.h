// SYN cookies (RFC 4987 3.6): a SYN-ACK whose sequence number says all that must be remembered, so
// that a listener under a flood of SYNs holds nothing for them. Not here: when they are used, the
// connection that the returning acknowledgment makes (../syn_cookies.cc).
#pragma once

#include <array>
#include <optional>
#include <vector>

#include <anteroom/time.h>

#include "stack/base/keyed_hash.h"
#include "stack/tcp/options.h"

namespace anteroom {

// The sequence number:   28 bits keyed hash | 1 bit period | 3 bits MSS
//
// The hash covers the flow, the client's sequence number, whether it has timestamps, the MSS and
// the period. The period's lowest bit tells the current from the previous one: a cookie lives for
// 64 to 128 seconds. Guessing one takes 2^28 acknowledgments.
//
// The timestamp:         26 bits of ours | 1 bit ECN | 1 bit SACK | 4 bits window scale (15: none)
//
// It is the largest that is not ahead of our clock, so that every later one is newer; what comes
// back in its low bits is only the client's own business. A client without timestamps has none of
// these options.
class SynCookies {
 public:
  explicit SynCookies(const HashKey& key) : key_(key) {}

  static constexpr Duration kLifetimeMax = 128s;

  // What a SYN and the acknowledgment of its SYN-ACK have in common.
  struct Handshake {
    std::uint64_t flow_hash = 0;
    Seq irs;
    bool timestamps = false;
  };
  Seq make(Instant now, const Handshake& handshake, std::uint16_t mss) const;
  // The MSS that the SYN announced, or the next lower one there is; nothing where this is no cookie
  // of ours, or too old.
  std::optional<std::uint16_t> check(Instant now, const Handshake& handshake, Seq cookie) const;
  // A cookie makes one connection: false where it has made one. Without this a late copy of the
  // acknowledgment, or of data behind it, would open it again once it is over. The last four
  // thousand are remembered.
  bool spend(const Handshake& handshake, Seq cookie);

  // A timestamp of ours, with what was agreed on in its low bits; and what they say.
  static std::uint32_t timestamp(std::uint32_t clock, const SynOptions& options, bool ecn);
  static bool read_timestamp(std::uint32_t echo, SynOptions& options);  // true: ECN

 private:
  std::uint32_t hash(std::uint32_t period, const Handshake& handshake, std::uint32_t index) const;

  // Cookies that made a connection: a bucket by the flow's hash, the newest in front.
  static constexpr std::size_t kBuckets = 1024;
  using Bucket = std::array<std::uint32_t, 4>;

  HashKey key_;
  std::vector<Bucket> spent_;
};

}  // namespace anteroom
