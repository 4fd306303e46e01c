// The three flags as one number, RFC 9768 3.1 and 3.2.2: AE is the high bit, then CWR, then ECE.
#include "stack/tcp/ecn.h"

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

void Ecn::on_agreed(EcnMode mode, std::uint8_t ip_ecn) {
  mode_ = mode;
  handshake_ = kHandshake[ip_ecn & 3] & 7;
  tells_handshake_ = mode == EcnMode::accurate;
  shows_ = mode == EcnMode::accurate ? 2 : 0;
}

std::uint16_t Ecn::syn_ack_flags() const {
  switch (mode_) {
    case EcnMode::classic: return tcp_flag::ece;
    case EcnMode::accurate: return flags_of(handshake_);
    case EcnMode::none: return 0;
  }
  return 0;
}

void Ecn::on_handshake_ack(const Segment& segment) {
  tells_handshake_ = false;  // the server has told in its SYN-ACK
  if (mode_ != EcnMode::accurate || !segment.payload.empty()) return;
  const std::uint8_t ace = ace_of(segment.flags);
  if (ace == kHandshakeCe) peer_ce_packets_ = 6;  // the SYN-ACK was marked
  if (ace == 0) silent_ = true;                   // RFC 9768 3.2.2.1: somebody clears the flags
}

bool Ecn::on_segment(const Segment& segment) {
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
  if (segment.ecn == kEct0) ect0_bytes_ += bytes;
  if (segment.ecn == kEct1) ect1_bytes_ += bytes;
  if (!marked) return false;
  ++ce_packets_;
  ce_bytes_ += bytes;
  shows_ = 2;
  return bytes != 0;
}

bool Ecn::on_ack(const Segment& segment, bool delivered) {
  if (mode_ == EcnMode::none || segment.has(tcp_flag::syn)) return false;
  if (mode_ == EcnMode::classic) return segment.has(tcp_flag::ece);
  // An old acknowledgment has old counters: only what delivers something is heeded.
  if (!delivered) return false;
  const auto packets = static_cast<std::uint8_t>((ace_of(segment.flags) - peer_ce_packets_) & 7);
  peer_ce_packets_ = static_cast<std::uint8_t>(peer_ce_packets_ + packets);
  std::uint32_t bytes = 0;
  const AccEcnOption& option = segment.options.acc_ecn;
  if (option.has_ce_bytes()) {
    bytes = (option.ce_bytes - peer_ce_bytes_) & kCounterMask;
    peer_ce_bytes_ = option.ce_bytes;
    // RFC 9768 3.2.2.5.2: where the option is there, it decides.
    return bytes != 0;
  }
  return packets != 0;
}

void Ecn::mark(OutgoingSegment& segment, bool new_data) {
  if (mode_ == EcnMode::none) return;
  // RFC 3168 6.1.5: a retransmission is not ECN-capable, and neither is a pure ACK (6.1.4).
  if (new_data && !silent_) segment.ip_ecn = kEct0;
  if (mode_ == EcnMode::classic) {
    if (echoes_) segment.flags |= tcp_flag::ece;
    if (new_data && owes_reduced_) segment.flags |= tcp_flag::cwr;
    if (new_data) owes_reduced_ = false;
    return;
  }
  const bool pure_ack = segment.payload_bytes == 0;
  segment.flags |= flags_of(tells_handshake_ && pure_ack ? handshake_ : ce_packets_);
  tells_handshake_ = false;
  if (pure_ack && shows_ != 0) {
    --shows_;
    segment.options.acc_ecn = counters();
  }
}

AccEcnOption Ecn::counters() const {
  return {172, 3, ect0_bytes_ & kCounterMask, ce_bytes_ & kCounterMask, ect1_bytes_ & kCounterMask};
}

}  // namespace anteroom
