// Explicit congestion notification of one connection: what both ends agreed on, what is echoed of
// the marks received, and what the peer echoes. RFC 3168 (classic) and RFC 9768 (accurate). Not
// here: what follows from a mark (recovery.cc), the IP header's field as such (wire/ipv4.cc).
#pragma once

#include <anteroom/connection.h>

#include "stack/tcp/segment.h"

namespace anteroom {

// The IP header's ECN field, RFC 3168 5.
inline constexpr std::uint8_t kNotEct = 0;
inline constexpr std::uint8_t kEct1 = 1;
inline constexpr std::uint8_t kEct0 = 2;
inline constexpr std::uint8_t kCongestionExperienced = 3;

// What a connection that opens asks for.
constexpr EcnMode ecn_mode_of(EcnUse use) {
  if (use == EcnUse::accurate) return EcnMode::accurate;
  return use == EcnUse::classic ? EcnMode::classic : EcnMode::none;
}

// What the flags of a SYN ask for, and the flags that ask for it: RFC 3168 6.1.1, RFC 9768 3.1.1.
EcnMode ecn_asked_by(std::uint16_t syn_flags);
std::uint16_t ecn_request_flags(EcnMode mode);
// What the flags of a SYN-ACK answer to a SYN that asked for `asked`.
EcnMode ecn_answered_by(EcnMode asked, std::uint16_t syn_ack_flags);

class Ecn {
 public:
  EcnMode mode() const { return mode_; }

  // The SYN asks for it.
  void ask(EcnMode mode) { mode_ = mode; }
  // Both ends agree. `ip_ecn`: of the SYN (at the server) or SYN-ACK (at the client) that said so.
  void on_agreed(EcnMode mode, std::uint8_t ip_ecn);
  // At the server: the acknowledgment of its SYN-ACK, RFC 9768 3.2.2.1.
  void on_handshake_ack(const Segment& segment);

  // --- As the receiver ---
  // A segment in the window. True where the peer must hear of it at once.
  bool on_segment(const Segment& segment);

  // --- As the sender ---
  // True where the acknowledgment tells of marks; `delivered`: it delivered something.
  bool on_ack(const Segment& segment, bool delivered);
  // The window was reduced, RFC 3168 6.1.2: the next new data says so.
  void on_reduced() { owes_reduced_ = mode_ == EcnMode::classic; }

  // --- On what we send ---
  // Flags of the SYN-ACK at the server.
  std::uint16_t syn_ack_flags() const;
  // Completes a segment after the handshake; `new_data`: it brings bytes never sent before.
  void mark(OutgoingSegment& segment, bool new_data);
  // The counters, where it is time to show them.
  AccEcnOption counters() const;

 private:
  EcnMode mode_ = EcnMode::none;
  std::uint8_t ce_packets_ = 5;       // r.cep
  std::uint8_t peer_ce_packets_ = 5;  // s.cep, modulo 8
  std::uint8_t handshake_ : 3 = 0;    // the encoded field of the SYN or SYN-ACK
  bool tells_handshake_ : 1 = false;  // the next pure ACK carries it
  bool echoes_ : 1 = false;           // classic: a mark that the peer has not answered
  bool owes_reduced_ : 1 = false;     // classic: CWR
  bool silent_ : 1 = false;           // never set ECT: the path or the peer mangles it
  std::uint8_t shows_ = 0;            // pure ACKs that shall carry the option
  std::uint32_t ect0_bytes_ = 1;      // r.e0b, r.ceb, r.e1b, modulo 2^24
  std::uint32_t ce_bytes_ = 0;
  std::uint32_t ect1_bytes_ = 1;
  std::uint32_t peer_ce_bytes_ = 0;  // s.ceb
};

}  // namespace anteroom
