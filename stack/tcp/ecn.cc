// The three flags as one number, RFC 9768 3.1 and 3.2.2: AE is the high bit, then CWR, then ECE.
#include "stack/tcp/ecn.h"

#include <algorithm>

#include "stack/tcp/sack_blocks.h"

namespace anteroom {
namespace {

constexpr std::uint16_t kFlags = tcp_flag::ae | tcp_flag::cwr | tcp_flag::ece;

constexpr std::uint8_t ace_of(std::uint16_t flags) {
  return static_cast<std::uint8_t>((flags & kFlags) >> 6);
}
constexpr std::uint16_t flags_of(std::uint8_t ace) {
  return static_cast<std::uint16_t>((ace & 7) << 6);
}
static_assert(flags_of(7) == kFlags);

// RFC 9768 3.1.1 and 3.2.2.1, tables 2 and 3: how the IP field of a SYN or SYN-ACK is fed back.
constexpr std::uint8_t kHandshake[] = {0b010, 0b011, 0b100, 0b110};
constexpr std::uint8_t kHandshakeCe = kHandshake[kCongestionExperienced];

constexpr std::uint32_t kCounterMask = 0xffffff;

// Bytes of an option with so many counters, as it stands in a header.
constexpr std::size_t option_bytes(std::size_t fields) { return (2 + 3 * fields + 3) / 4 * 4; }

// RFC 9768 3.2.3.3: as many counters as there is room for, those with news at least; for these one
// of three SACK blocks may go. False where there is no room.
bool fit(TcpOptions& options, std::uint8_t needed) {
  std::size_t room = kTcpOptionBytesMax;
  if (options.has_timestamp) room -= 12;
  if (options.has_connect_data) room -= kConnectDataOptionBytes;
  std::size_t blocks = std::min<std::size_t>(options.sack_count, (room - 4) / 8);
  for (;;) {
    const std::size_t sack_bytes = blocks == 0 ? 0 : 4 + 8 * blocks;
    for (std::size_t fields = 3; fields >= std::max<std::size_t>(needed, 1); --fields) {
      if (sack_bytes + option_bytes(fields) > room) continue;
      options.acc_ecn.fields = static_cast<std::uint8_t>(fields);
      options.sack_count = static_cast<std::uint8_t>(blocks);
      return true;
    }
    if (blocks <= 2 || needed == 0) return false;
    --blocks;
  }
}

}  // namespace

EcnMode ecn_asked_by(std::uint16_t syn_flags) {
  switch (ace_of(syn_flags)) {
    case 0b111: return EcnMode::accurate;
    case 0b011: return EcnMode::classic;
    default: return EcnMode::none;
  }
}

std::uint16_t ecn_request_flags(EcnMode mode) {
  if (mode == EcnMode::none) return 0;
  return flags_of(mode == EcnMode::accurate ? 0b111 : 0b011);
}

EcnMode ecn_answered_by(EcnMode asked, std::uint16_t syn_ack_flags) {
  const std::uint8_t ace = ace_of(syn_ack_flags);
  if (asked == EcnMode::none) return EcnMode::none;
  if (ace == 0b001) return EcnMode::classic;
  // 000: no ECN there; 111: flags reflected by a broken peer. RFC 9768 3.1.2, 3.1.3.
  const bool accurate = asked == EcnMode::accurate && ace != 0b000 && ace != 0b111;
  return accurate ? EcnMode::accurate : EcnMode::none;
}

void Ecn::on_agreed(EcnMode mode, std::uint8_t ip_ecn, const TcpConfig& tcp) {
  mode_ = mode;
  handshake_ = kHandshake[ip_ecn & 3] & 7;
  tells_handshake_ = mode == EcnMode::accurate;
  shows_ = mode == EcnMode::accurate ? 2 : 0;
  always_ = mode == EcnMode::accurate && tcp.ecn_option == EcnOptionUse::always;
}

void Ecn::on_syn_again(const Segment& syn) {
  if (mode_ != EcnMode::accurate) return;
  handshake_ = kHandshake[syn.ecn & 3] & 7;
  if (ecn_asked_by(syn.flags) != EcnMode::accurate) silent_ = true;
}

void Ecn::mark_syn_ack(OutgoingSegment& segment, std::uint8_t before, const TcpConfig& tcp) const {
  if (mode_ == EcnMode::classic) segment.flags |= tcp_flag::ece;
  // RFC 9768 3.2.3.2.2 and 3.1.4.2: the option, then all of it, may be what does not get through.
  if (mode_ != EcnMode::accurate || before >= 2) return;
  segment.flags |= flags_of(handshake_);
  if (before == 0 && tcp.ecn_option != EcnOptionUse::off) segment.options.acc_ecn = counters(tcp);
}

void Ecn::on_handshake_ack(const Segment& segment) {
  tells_handshake_ = false;  // the server has told in its SYN-ACK
  if (mode_ != EcnMode::accurate || !segment.payload.empty()) return;
  const std::uint8_t ace = ace_of(segment.flags);
  if (ace == kHandshakeCe) ++peer_ce_packets_;  // the SYN-ACK was marked
  if (ace == 0) silent_ = true;                 // RFC 9768 3.2.2.1: somebody clears the flags
}

// `place`: the counter's in the option, from 1.
void Ecn::note_counter(std::uint8_t place) { needed_ = std::max<std::uint8_t>(needed_, place) & 3; }

bool Ecn::on_segment(const Segment& segment, const TcpConfig& tcp) {
  if (mode_ == EcnMode::none || segment.has(tcp_flag::syn)) return false;
  const auto bytes = static_cast<std::uint32_t>(segment.payload.size());
  const bool marked = segment.ecn == kCongestionExperienced;
  if (mode_ == EcnMode::classic) {
    if (bytes == 0) return false;
    // RFC 3168 6.1.3: until the peer says that it has slowed down.
    if (segment.has(tcp_flag::cwr)) echoes_ = false;
    echoes_ = echoes_ || marked;
    return marked;
  }
  note_option(segment.options);
  if (segment.ecn == kEct0 && bytes != 0) {
    ect0_bytes_ += bytes;
    note_counter(tcp.ecn_option_ect1_first ? 3 : 1);
  }
  if (segment.ecn == kEct1 && bytes != 0) {
    ect1_bytes_ += bytes;
    note_counter(tcp.ecn_option_ect1_first ? 1 : 3);
  }
  if (!marked) return false;
  ce_packets_ = (ce_packets_ + 1) & 7;
  ce_bytes_ += bytes;
  if (bytes != 0) note_counter(2);
  shows_ = 2;
  return bytes != 0;
}

void Ecn::on_duplicate() {
  if (shown_to_duplicate_) option_fails_ = true;
}

// RFC 9768 3.2.2.5.2 and its appendix A.2: how often the counter has gone round is told by what
// was delivered; the option, where it is there, decides between the likely and the safe.
bool Ecn::on_ack(const Segment& segment, const DeliveredWith& delivered) {
  if (mode_ == EcnMode::none || segment.has(tcp_flag::syn)) return false;
  if (mode_ == EcnMode::classic) return segment.has(tcp_flag::ece);
  // An old acknowledgment has old counters: only what delivers something is heeded.
  if (!delivered.any) return false;
  note_option(segment.options);
  const std::uint32_t least = (ace_of(segment.flags) - peer_ce_packets_) & 7;
  const std::uint32_t segments = std::max(delivered.segments, least);
  const std::uint32_t most = segments - ((segments - least) & 7);
  const AccEcnOption& option = segment.options.acc_ecn;
  if (!option.has_ce_bytes()) {
    peer_ce_packets_ += segments <= 7 ? least : most;
    return (segments <= 7 ? least : most) != 0;
  }
  const std::uint32_t bytes = (option.ce_bytes - peer_ce_bytes_) & kCounterMask;
  peer_ce_bytes_ += bytes;
  peer_ce_packets_ += bytes == 0 || segments <= 7 ? least : most;
  return bytes != 0;
}

void Ecn::mark(OutgoingSegment& segment, bool new_data, const TcpConfig& tcp) {
  if (mode_ == EcnMode::none) return;
  // RFC 3168 6.1.5: a retransmission is not ECN-capable, and neither is a pure ACK (6.1.4); RFC
  // 8311 4.3 lifts that where somebody tries, and RFC 9768 2.5 has the feedback for it.
  const bool all = mode_ == EcnMode::accurate && tcp.ecn_on_all_segments;
  if ((new_data || all) && !silent_) segment.ip_ecn = kEct0;
  if (mode_ == EcnMode::classic) {
    if (echoes_) segment.flags |= tcp_flag::ece;
    if (new_data && owes_reduced_) segment.flags |= tcp_flag::cwr;
    if (new_data) owes_reduced_ = false;
    return;
  }
  const bool pure_ack = segment.payload_bytes == 0;
  segment.flags |= flags_of(tells_handshake_ && pure_ack ? handshake_ : ce_packets_);
  tells_handshake_ = false;
  show_counters(segment, tcp);
}

void Ecn::show_counters(OutgoingSegment& segment, const TcpConfig& tcp) {
  const bool on_change =
      tcp.ecn_option == EcnOptionUse::on_change && shows_ != 0 && segment.payload_bytes == 0;
  if (!on_change && !shows_always()) return;
  segment.options.acc_ecn = counters(tcp);
  if (!fit(segment.options, needed_)) {
    segment.options.acc_ecn = {};
    return;
  }
  if (on_change) shows_ = (shows_ - 1) & 3;
  needed_ = 0;
  shown_to_duplicate_ = reports_duplicate(segment.options, segment.ack);
}

AccEcnOption Ecn::counters(const TcpConfig& tcp) const {
  const std::uint8_t kind = tcp.ecn_option_ect1_first ? 174 : 172;
  return {kind, 3, ect0_bytes_ & kCounterMask, ce_bytes_ & kCounterMask,
          ect1_bytes_ & kCounterMask};
}

}  // namespace anteroom
